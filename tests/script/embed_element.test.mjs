import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./browser.mjs";

const HOME = "https://geogrid.example";
const window = openPage("", "https://town.example/news");
Object.defineProperty(document, "currentScript", { value: { src: `${HOME}/under/embed.js?x=1` }, configurable: true });
await import("../../api/web/static/embed.js");

async function embedded(attributes) {
  document.body.innerHTML = `<geogrid-map ${attributes}></geogrid-map>`;
  const map = document.querySelector("geogrid-map");
  const frame = map.shadowRoot.querySelector("iframe");
  return { map, frame, asked: () => Object.fromEntries(new URL(frame.src).searchParams) };
}

function hear(frame, data, { origin = HOME, source = frame.contentWindow } = {}) {
  window.dispatchEvent(new MessageEvent("message", { data, origin, source }));
}

test("the map is framed from where the script came, with the attributes as parameters", async () => {
  const { frame, asked } = await embedded('jurisdiction="a&amp;b" coord-type="gcj02" point="112.56,28.26" level="" class="wide"');
  assert.ok(frame.src.startsWith(`${HOME}/under/embed/map?`));
  assert.deepEqual(asked(), { jurisdiction: "a&b", coord_type: "gcj02", point: "112.56,28.26" });
});

test("the frame has a title for those who hear the page", async () => {
  assert.equal((await embedded('title="Our grids"')).frame.title, "Our grids");
  assert.equal((await embedded("")).frame.title, "GeoGrid");
});

test("several changed attributes load the map once, and the last values count", async () => {
  const { map, frame, asked } = await embedded('grids="a"');
  const loads = [];
  const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(frame), "src");
  Object.defineProperty(frame, "src", { get: () => own.get.call(frame), set: (value) => { loads.push(value); own.set.call(frame, value); } });
  map.setAttribute("grids", "b");
  map.setAttribute("level", "2");
  map.setAttribute("grids", "c");
  await Promise.resolve();
  assert.equal(loads.length, 1);
  assert.deepEqual(asked(), { grids: "c", level: "2" });
  map.setAttribute("grids", "c");
  await Promise.resolve();
  assert.equal(loads.length, 1);
});

test("what the framed map tells becomes an event that leaves any shadow around it", () => {
  document.body.innerHTML = "<div></div>";
  const shadow = document.querySelector("div").attachShadow({ mode: "open" });
  shadow.innerHTML = "<geogrid-map></geogrid-map>";
  const frame = shadow.querySelector("geogrid-map").shadowRoot.querySelector("iframe");
  const events = [];
  document.addEventListener("geogrid-click", (event) => events.push(event.detail), { once: true });
  hear(frame, { geogrid: "click", detail: { lon: 112.5 } });
  assert.deepEqual(events, [{ lon: 112.5 }]);
});

test("what others tell, and kinds that are not known, are not passed on", async () => {
  const { map, frame } = await embedded("");
  const events = [];
  window.addEventListener("error", (event) => events.push(event), { once: true });
  for (const kind of ["click", "evil"]) map.addEventListener(`geogrid-${kind}`, (event) => events.push(event));
  hear(frame, { geogrid: "click" }, { origin: "https://evil.example" });
  hear(frame, { geogrid: "click" }, { source: window });
  hear(frame, { geogrid: "evil" });
  hear(frame, null);
  assert.equal(events.length, 0);
});

test("a map that was taken away hears nothing more", async () => {
  const { map, frame } = await embedded("");
  const events = [];
  map.addEventListener("geogrid-click", (event) => events.push(event));
  const source = frame.contentWindow;
  map.remove();
  hear(frame, { geogrid: "click" }, { source });
  assert.equal(events.length, 0);
});
