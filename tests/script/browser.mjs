// A page without a browser: happy-dom's document as the globals that scripts expect.
import { readFileSync } from "node:fs";
import { Window } from "happy-dom";

export const written = JSON.parse(readFileSync(new URL("written_by_python.json", import.meta.url), "utf-8"));

const NAMES = ["document", "location", "history", "customElements", "DOMParser", "FormData", "Event", "CustomEvent", "MessageEvent"];

/** Make a page of some HTML the page of this process, and return its window. */
export function openPage(body, url = "https://geogrid.example/") {
  const window = new Window({ url, settings: { disableIframePageLoading: true } });
  window.document.body.innerHTML = body;
  globalThis.window = window;
  const classes = Object.getOwnPropertyNames(window).filter((name) => /^(HTML|SVG)\w*Element$|^(Element|Node)$/.test(name));
  for (const name of [...NAMES, ...classes]) {
    Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true });
  }
  for (const name of ["addEventListener", "removeEventListener"]) globalThis[name] = window[name].bind(window);
  return window;
}

/** The HTML that carries the data of a map's page. */
export const carried = (data) => `<script type="application/json" id="geogrid-data">${JSON.stringify(data).replaceAll("<", "\\u003c")}</script>`;

/** Let what was promised happen. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
