import assert from "node:assert/strict";
import { test } from "node:test";
import { gridsInSight } from "../../api/web/static/cases_grids.mjs";
import { areaAddress, lookupAddress, questionAddress, shifted, telephoneAddress } from "../../api/web/static/urls.mjs";
import { around } from "../../api/web/static/bounds.mjs";
import { placeOnSketch, scaleOf } from "../../api/web/static/sketch.mjs";

const GRIDS = "/collections/grids/items?jurisdiction=town&limit=2000";
const PAGE = "https://geogrid.example/search?q=lamp";
const parameters = (address) => Object.fromEntries(new URL(address).searchParams);

test("of a large town the grids around the cases are asked for, in the order of OGC", () => {
  const address = gridsInSight(GRIDS, PAGE, [118.7, 31.8, 118.9, 32]);
  assert.ok(address.startsWith("https://geogrid.example/collections/grids/items?"));
  assert.deepEqual(parameters(address), { jurisdiction: "town", limit: "2000", bbox: "118.700000,31.800000,118.900000,32.000000" });
});

test("a box that leaves the world is cut at its edges", () => {
  assert.equal(parameters(gridsInSight(GRIDS, PAGE, [-500, -95, 500, 95])).bbox, "-180.000000,-90.000000,180.000000,90.000000");
});

test("of a large town without a case the top level is asked for", () => {
  assert.deepEqual(parameters(gridsInSight(GRIDS, PAGE, null)), { jurisdiction: "town", limit: "2000", level: "1" });
});

test("a question keeps the fields of its form and asks for the place", () => {
  const address = questionAddress("https://geogrid.example/", [["q", "old"], ["lang", "zh"], ["jurisdiction", "a&b"]], "人民路 12号 & 3");
  assert.deepEqual(parameters(address), { q: "人民路 12号 & 3", lang: "zh", jurisdiction: "a&b" });
});

test("a place is looked up to the centimetre, longitude first", () => {
  assert.equal(lookupAddress("/point/4326/PLACE?f=json", 112.5612345678, -28.1), "/point/4326/112.5612346,-28.1000000?f=json");
});

test("a code cannot leave its place in an address", () => {
  assert.equal(areaAddress("/area/CODE?lang=zh", "a/../b?c#d 网"), "/area/a%2F..%2Fb%3Fc%23d%20%E7%BD%91?lang=zh");
});

test("a telephone is called without the blanks of its writing", () => {
  assert.equal(telephoneAddress("+86 25 5555 0101"), "tel:+862555550101");
});

test("a click is told as it is to a page in WGS 84, without asking", async () => {
  const ask = () => assert.fail("nothing is asked");
  assert.deepEqual(await shifted(112.5, 28.2, "wgs84", ask), [112.5, 28.2]);
});

test("a click is told in the datum of the page as the server shifts it", async () => {
  const asked = [];
  const ask = async (address) => {
    asked.push(address);
    return { json: async () => ({ lat: 28.2031, lon: 112.5056 }) };
  };
  assert.deepEqual(await shifted(112.5, 28.2, "gcj02", ask), [112.5056, 28.2031]);
  assert.deepEqual(asked, ["/shift/112.5000000,28.2000000?coord_type=gcj02"]);
});

const polygon = (...rings) => ({ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: rings } });

test("the box around areas goes from the south-west to the north-east of all their parts", () => {
  const parts = { type: "Feature", properties: {}, geometry: { type: "MultiPolygon", coordinates: [[[[-3, 5], [-2, 6]]], [[[9, -1], [8, 0]]]] } };
  assert.deepEqual(around([polygon([[1, 2], [4, 3]], [[2, 2], [3, 7]]), parts]), [[-3, -1], [9, 7]]);
});

test("there is no box around nothing", () => {
  assert.equal(around([]), null);
});

test("a boundary of 300,000 positions has a box, too", () => {
  const ring = Array.from({ length: 300_000 }, (_, i) => [i / 1e4, i / 1e4 - 30]);
  const [[west, south], [east, north]] = around([polygon(ring)]);
  assert.deepEqual([west, south, east], [0, -30, 29.9999]);
  assert.ok(Math.abs(north + 0.0001) < 1e-9);
});

test("a place on the sketch is read by its scale, north up", () => {
  const scale = scaleOf({ west: "112.5", north: "28.3", left: "10", top: "20", lon: "2000", lat: "2500" });
  assert.equal(placeOnSketch({ x: 10, y: 20 }, scale), "112.500000, 28.300000");
  assert.equal(placeOnSketch({ x: 210, y: 270 }, scale), "112.600000, 28.200000");
});
