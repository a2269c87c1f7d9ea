import assert from "node:assert/strict";
import { test } from "node:test";
import { classColors, classOf, classRanges, clusterMark, countsByGrid, heatCeiling } from "../../geogrid/maps/scripts/counts.mjs";
import { casesByPeriod } from "../../geogrid/maps/scripts/packed.mjs";
import { written } from "./browser.mjs";

const { data, counts, communities, leaves } = written.hotspots;
const everyCase = data.cases.leaf.map((_, i) => i);
const RAMP = data.colors.counts;

test("counts of the leaf grids are those of Python's table", () => {
  assert.deepEqual(countsByGrid(everyCase, data.cases.leaf, data.levels[0].ofLeaf, leaves.length), counts);
});

test("counts of the communities are those of Python's table", () => {
  assert.deepEqual(countsByGrid(everyCase, data.cases.leaf, data.levels[1].ofLeaf, 2), communities);
});

test("counts of all periods and of undated cases add up to the whole", () => {
  const lists = [...casesByPeriod(data.cases.period, data.periods.length), everyCase.filter((i) => data.cases.period[i] < 0)];
  const sums = new Array(leaves.length).fill(0);
  for (const list of lists) {
    countsByGrid(list, data.cases.leaf, data.levels[0].ofLeaf, leaves.length).forEach((count, i) => (sums[i] += count));
  }
  assert.deepEqual(sums, counts);
});

test("a leaf without a grid at the level is not counted", () => {
  assert.deepEqual(countsByGrid([0, 1, 2], [0, 1, 1], [-1, 0], 1), [2]);
});

test("every count of the map has one of Python's classes", () => {
  for (const { ofLeaf, bounds } of data.levels) {
    const gridsCount = Math.max(...ofLeaf) + 1;
    for (const count of countsByGrid(everyCase, data.cases.leaf, ofLeaf, gridsCount).filter(Boolean)) {
      assert.notEqual(classOf(count, bounds.all), -1);
    }
  }
});

test("a count on an upper limit belongs to the class below it", () => {
  assert.deepEqual([1, 11, 12, 18, 19].map((count) => classOf(count, [11, 18])), [0, 0, 1, 1, -1]);
});

test("classes are told from the count after the last limit", () => {
  assert.deepEqual(classRanges([1, 11, 12, 1225]), ["1", "2 – 11", "12", "13 – 1,225"]);
});

test("colours run from the first of the ramp to the last", () => {
  assert.deepEqual(classColors(RAMP, 5), RAMP);
  assert.deepEqual(classColors(RAMP, 2), [RAMP[0], RAMP[4]]);
  assert.deepEqual(classColors(RAMP, 3), [RAMP[0], RAMP[2], RAMP[4]]);
});

test("a single class has the middle colour", () => {
  assert.deepEqual(classColors(RAMP, 1), [RAMP[2]]);
});

test("heat is full where most cases share a cell, and cells shrink as one zooms in", () => {
  const points = [[31, 118], [31.00001, 118.00001], [31.00001, 118.00002], [31.01, 118.01], [31.2, 118.2]];
  assert.equal(heatCeiling(22, points), 1);
  assert.equal(heatCeiling(15, points), 3);
  assert.equal(heatCeiling(4, points), 5);
  assert.equal(heatCeiling(10, []), 1);
});

test("clusters grow with their counts and shorten what is long", () => {
  const marks = [9, 10, 99, 100, 999, 1000, 9999, 10000, 74401].map(clusterMark);
  assert.deepEqual(marks.map(({ size }) => size), [30, 36, 36, 44, 44, 54, 54, 54, 54]);
  assert.deepEqual(marks.slice(5).map(({ text }) => text), ["1,000", "9,999", "10.0k", "74.4k"]);
});
