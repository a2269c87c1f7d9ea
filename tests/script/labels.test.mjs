import assert from "node:assert/strict";
import { test } from "node:test";
import { streetScale } from "../../geogrid/maps/scripts/base.mjs";
import { halfBox, isBlocked, placedLabels, textWidth, upright } from "../../geogrid/maps/scripts/labels.mjs";

const VIEW = { pixelsPerDegree: 1000, isInSight: () => true, pixelOf: ([lat, lon]) => ({ x: lon * 1000, y: -lat * 1000 }) };
const label = (text, at, more = {}) => ({ text, at, room: 1, angle: 0, className: "gg-name", ...more });
const drawn = (labels, taken = [], view = {}) => placedLabels(labels, taken, { ...VIEW, ...view }).map(({ text }) => text);

test("Chinese characters take almost twice the room of Latin ones", () => {
  assert.equal(textWidth(""), 10);
  assert.equal(textWidth("网格"), 35);
  assert.ok(Math.abs(textWidth("ab") - 23.6) < 1e-9);
});

test("text is never upside down", () => {
  assert.deepEqual([0, 90, 91, 180, -90, -91, -180].map(upright), [0, 90, -89, 0, -90, 89, 0]);
});

test("a text turned upright takes its length in height", () => {
  const close = (a, b) => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);
  const [[flatX, flatY], [tallX, tallY], [slantX]] = [halfBox(100, 0), halfBox(100, 90), halfBox(100, -45)];
  [[flatX, 50], [flatY, 8], [tallX, 8], [tallY, 50], [slantX, (116 * Math.SQRT1_2) / 2]].forEach(([a, b]) => close(a, b));
});

test("what only touches does not block", () => {
  const taken = [{ x: 0, y: 0, half: [10, 10], text: "" }];
  const at = (x, y) => ({ x, y, half: [5, 5], text: "new" });
  assert.equal(isBlocked(at(14, 14), taken), true);
  assert.equal(isBlocked(at(15, 0), taken), false);
  assert.equal(isBlocked(at(0, 15), taken), false);
});

test("the same name stands again only far away", () => {
  const taken = [{ x: 0, y: 0, half: [10, 10], text: "人民路" }];
  const at = (x, text) => ({ x, y: 0, half: [5, 5], text });
  assert.equal(isBlocked(at(319, "人民路"), taken), true);
  assert.equal(isBlocked(at(320, "人民路"), taken), false);
  assert.equal(isBlocked(at(319, "解放路"), taken), false);
});

test("the first of two names in one place is drawn", () => {
  assert.deepEqual(drawn([label("first", [0, 0]), label("second", [0, 0.01]), label("third", [0.2, 0])]), ["first", "third"]);
});

test("a name without room of its own is not drawn", () => {
  assert.deepEqual(drawn([label("网格", [0, 0], { room: 0.0349 })]), []);
  assert.deepEqual(drawn([label("网格", [0, 0], { room: 0.035 })]), ["网格"]);
});

test("names out of sight and names over a cluster are not drawn, and the list of clusters stays as it was", () => {
  const clusters = [{ x: 0, y: 0, half: [15, 15], text: "" }];
  const labels = [label("under", [0, 0]), label("away", [1, 1]), label("free", [0.5, 0.5])];
  assert.deepEqual(drawn(labels, clusters, { isInSight: ([lat]) => lat < 0.9 }), ["free"]);
  assert.equal(clusters.length, 1);
});

test("streets are as wide as said at zoom 15, and between limits elsewhere", () => {
  assert.equal(streetScale(15), 1);
  assert.ok(streetScale(16) > 1.4 && streetScale(16) < 1.5);
  assert.equal(streetScale(22), 3);
  assert.equal(streetScale(5), 0.45);
});
