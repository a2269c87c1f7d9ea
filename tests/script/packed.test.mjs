import assert from "node:assert/strict";
import { test } from "node:test";
import { casesByPeriod, column, numbers, readCases, unpacked } from "../../geogrid/maps/scripts/packed.mjs";
import { written } from "./browser.mjs";

const turned = ([lon, lat]) => [lat, lon];

test("a line that Python packed has its positions, latitude first", () => {
  const { packed, lonlat } = written.lines;
  assert.equal(packed.length, 4);
  assert.deepEqual(packed.map(unpacked), lonlat.map((path) => path.map(turned)));
});

test("a polygon that Python packed keeps its hole and its order", () => {
  const { packed, lonlat } = written.polygons;
  assert.deepEqual(packed.map((rings) => rings.length), [2, 1]);
  assert.deepEqual(packed.map((rings) => rings.map(unpacked)), lonlat.map((rings) => rings.map((ring) => ring.map(turned))));
});

test("an empty path has no position", () => {
  assert.deepEqual(unpacked([]), []);
});

test("numbers are counted from the smallest, in their unit", () => {
  assert.deepEqual(numbers({ from: -3, steps: [0, 5, 1003] }, 1000), [-0.003, 0.002, 1]);
});

test("a column comes back from either form", () => {
  assert.deepEqual(column({ values: ["a", "b"] }), ["a", "b"]);
  assert.deepEqual(column({ words: ["噪音", "垃圾"], codes: [1, 0, 1] }), ["垃圾", "噪音", "垃圾"]);
});

test("cases that Python packed are read as they were", () => {
  const { data, cases } = written.hotspots;
  const read = readCases(data.cases);
  const back = cases.map((_, i) => ({
    ...Object.fromEntries(["id", "channel", "category", "status", "text", "address"].map((name) => [name, read[name][i]])),
    lng: read.lng[i],
    lat: read.lat[i],
    at: read.period[i] < 0 ? null : new Date(read.minute[i] * 60000).toISOString().slice(0, 16).replace("T", " "),
    grid: read.leaf[i] < 0 ? null : written.hotspots.leaves[read.leaf[i]],
  }));
  assert.deepEqual(back, cases);
  assert.ok(cases.some(({ at }) => at === null) && cases.some(({ grid }) => grid === null));
});

test("some columns of the cases are packed as words and some are not", () => {
  const { status, text } = written.hotspots.data.cases;
  assert.ok("words" in status && "values" in text);
});

test("every dated case is in the list of its period, an undated one in none", () => {
  assert.deepEqual(casesByPeriod([1, -1, 0, 1], 3), [[2], [0, 3], []]);
});

test("text that would end its script element comes back whole", () => {
  const { script_json: carrier, text } = written.escaped;
  assert.doesNotMatch(carrier, /[<>&]/);
  assert.equal(JSON.parse(carrier).text, text);
});
