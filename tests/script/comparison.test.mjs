import assert from "node:assert/strict";
import { test } from "node:test";
import { carried, openPage } from "./browser.mjs";

const ROW = { code: "b", name: "<i>B</i>", fates: "moved", gained: [12346, "78"], lost: [0, "–"] };
const data = {
  attribution: [],
  words: { gained: "Gained", lost: "Lost", households: "households", area: "Area", open_cases: "Open cases" },
  before: [{ ...ROW, code: "old" }],
  after: [{ ...ROW, code: "new" }],
  moved: [{ from: "b", to: "–", area: 12346, households: "78", cases: 1002 }],
};
openPage(carried(data));
const { gridRows, movedRows } = await import("../../geogrid/maps/scripts/comparison.mjs");
const compare = window.geogridCompare;

/** A layer that only remembers what was bound to it. */
function fakeLayer() {
  const layer = { feature: { properties: { i: 0, style: { weight: 2 } } }, styles: [], handlers: {} };
  layer.bindTooltip = (content) => (layer.tooltip = content);
  layer.bindPopup = (content) => (layer.popup = content);
  layer.setStyle = (style) => layer.styles.push(style);
  layer.on = (name, handler) => (layer.handlers[name] = handler);
  return layer;
}

test("a grid tells what it gained and lost", () => {
  assert.deepEqual(gridRows(ROW), [["", "moved"], ["Gained", "12,346 m² · 78 households"], ["Lost", "0 m² · – households"]]);
});

test("moved land tells its area, households and open cases", () => {
  assert.deepEqual(movedRows(data.moved[0]), [["Area", "12,346 m²"], ["households", "78"], ["Open cases", "1,002"]]);
});

test("moved land names both grids, as text", () => {
  const layer = fakeLayer();
  compare.moved(layer.feature, layer);
  assert.equal(layer.popup().querySelector("h3").textContent, "b → –");
});

test("the pointer makes an outline heavier, and leaving it gives the style back", () => {
  const layer = fakeLayer();
  compare.moved(layer.feature, layer);
  layer.handlers.mouseover();
  layer.handlers.mouseout();
  assert.deepEqual(layer.styles, [{ weight: 2 }, { weight: 3.5 }, { weight: 2 }]);
});

test("a grid is looked up on the side that its map is", () => {
  const fakeMap = () => {
    const container = document.createElement("div");
    return { on() {}, setView() {}, invalidateSize() {}, getContainer: () => container, attributionControl: { setPrefix() {}, addAttribution() {} } };
  };
  globalThis.L = { control: { scale: () => ({ addTo() {} }) } };
  const [before, after] = [fakeMap(), fakeMap()];
  const layers = [before, after].map((map) => Object.assign(fakeLayer(), { _map: map }));
  for (const layer of layers) compare.grid(layer.feature, layer);
  compare(before, after);
  assert.deepEqual(layers.map((layer) => layer.popup().querySelector("h3").textContent), ["old <i>B</i>", "new <i>B</i>"]);
});

test("whoever moves one map moves the other, once", () => {
  const moves = [];
  const fakeMap = (name) => {
    const handlers = {};
    return {
      name,
      handlers,
      on: (event, handler) => (handlers[event] = handler),
      setView: (...view) => {
        moves.push([name, ...view.slice(0, 2)]);
        handlers.move?.();
      },
      getCenter: () => `centre of ${name}`,
      getZoom: () => 15,
      invalidateSize() {},
      getContainer: () => document.createElement("div"),
      attributionControl: { setPrefix() {}, addAttribution() {} },
    };
  };
  const [left, right] = [fakeMap("left"), fakeMap("right")];
  compare(left, right);
  moves.length = 0;
  right.handlers.move();
  assert.deepEqual(moves, [["left", "centre of right", 15]]);
  left.handlers.move();
  assert.deepEqual(moves.slice(1), [["right", "centre of left", 15]]);
});
