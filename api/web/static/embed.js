// <geogrid-map>: a map of the grids in any page. Load this file once; nothing else is needed.
//   <script src="https://geogrid.example/embed.js"></script>
//   <geogrid-map jurisdiction="town" point="112.56,28.26"></geogrid-map>
// Events: geogrid-ready, geogrid-click (detail: lon, lat, grid, chain), geogrid-error (detail: message).
(() => {
  "use strict";
  if (customElements.get("geogrid-map")) return;
  const { src } = /** @type {HTMLScriptElement} */ (document.currentScript);
  const home = new URL(src).origin;
  const root = new URL(".", src).href;
  const names = ["jurisdiction", "grids", "level", "cases", "point", "coord-type", "at", "lang", "base"];

  class GeogridMap extends HTMLElement {
    static observedAttributes = names;
    /** @type {HTMLIFrameElement | null} */
    #frame = null;
    #waiting = false;
    #heard = (/** @type {MessageEvent} */ event) => { this.#hear(event); };

    connectedCallback() {
      const shadow = this.shadowRoot ?? this.attachShadow({ mode: "open" });
      if (!this.#frame) {
        const looks = document.createElement("style");
        looks.textContent =
          ":host{display:block;height:420px;min-height:200px}:host([hidden]){display:none}" +
          "iframe{display:block;width:100%;height:100%;border:0;border-radius:inherit}";
        const frame = document.createElement("iframe");
        frame.loading = "lazy";
        frame.title = this.getAttribute("title") || "GeoGrid";
        shadow.append(looks, frame);
        this.#frame = frame;
      }
      addEventListener("message", this.#heard);
      this.#load();
    }

    disconnectedCallback() {
      removeEventListener("message", this.#heard);
    }

    /**
     * @param {string} _name
     * @param {string | null} before
     * @param {string | null} after
     */
    attributeChangedCallback(_name, before, after) {
      if (!this.#frame || before === after) return;
      this.#waiting ||= (queueMicrotask(() => { this.#waiting = false; this.#load(); }), true);
    }

    #load() {
      if (!this.#frame) return;
      const address = new URL("embed/map", root);
      for (const name of names) {
        const value = this.getAttribute(name);
        if (value !== null && value !== "") address.searchParams.set(name.replace("-", "_"), value);
      }
      if (this.#frame.src !== address.href) this.#frame.src = address.href;
    }

    /** @param {MessageEvent} event */
    #hear(event) {
      if (event.origin !== home || event.source !== this.#frame?.contentWindow) return;
      const { geogrid, detail } = event.data ?? {};
      if (!["ready", "click", "error"].includes(geogrid)) return;
      this.dispatchEvent(new CustomEvent(`geogrid-${geogrid}`, { detail, bubbles: true, composed: true }));
    }
  }
  customElements.define("geogrid-map", GeogridMap);
})();
