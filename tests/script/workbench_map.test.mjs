import assert from "node:assert/strict";
import { test } from "node:test";
import earcut from "earcut";
import { lattice, smallModel } from "./workbench_land.mjs";
import { cellsOf, cellsWithin } from "../../api/web/static/workbench/drawing/cells.mjs";
import { coloursOf } from "../../api/web/static/workbench/drawing/colours.mjs";
import { meshOf } from "../../api/web/static/workbench/drawing/mesh.mjs";
import { nearbyOf, placesOf } from "../../api/web/static/workbench/nearby.mjs";
import { CORNER, Outlines, STYLE, edgeLines } from "../../api/web/static/workbench/drawing/outline.mjs";
import { NOBODY, rasterOf } from "../../api/web/static/workbench/drawing/raster.mjs";
import { casesWithin, keptOf, presentOf, shownOf } from "../../api/web/static/workbench/switches.mjs";

const cellsFor = (land, most) => cellsOf(land, placesOf(land).boxes, most);
/** A square with a square hole, and an arrowhead beside it. */
const holed = () => {
  const points = Float32Array.from([0, 0, 4, 0, 4, 4, 0, 4, 1, 1, 1, 2, 2, 2, 2, 1, 5, 0, 9, 0, 9, 4, 7, 1, 5, 4]);
  return { count: 2, points, ringPoints: Uint32Array.from(Array.from({ length: 13 }, (_, each) => each)), ringStarts: Uint32Array.of(0, 4, 8, 13), blockRings: Uint32Array.of(0, 2, 3), edgeOne: new Int32Array(0) };
};

test("triangles cover each block once, also one with a hole and one that is no fan", () => {
  const { index, position, block } = meshOf(holed(), cellsFor(holed()), earcut);
  const areas = [0, 0];
  for (let at = 0; at < index.length; at += 3) {
    const [a, b, c] = [0, 1, 2].map((corner) => [position[2 * index[at + corner]], position[2 * index[at + corner] + 1]]);
    areas[block[index[at]]] += Math.abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2;
  }
  assert.deepEqual(areas, [15, 10]);
});

test("a convex block is a fan that needs no earcut", () => {
  const land = lattice(2, 1);
  const { index } = meshOf(land, cellsFor(land), () => assert.fail());
  assert.deepEqual([...index], [0, 1, 2, 0, 2, 3, 4, 5, 6, 4, 6, 7]);
});

test("each block and each edge is in one cell, and cells in sight hold all blocks in sight", () => {
  const land = lattice(20, 20);
  const cells = cellsFor(land, 16);
  assert.ok(cells.count > 9);
  assert.deepEqual([...cells.blocks].sort((a, b) => a - b), Array.from({ length: 400 }, (_, block) => block));
  assert.deepEqual([...cells.edges].sort((a, b) => a - b), Array.from(land.edgeOne, (_, edge) => edge));
  const shown = new Set(cellsWithin(cells, [3.5, 6.5, 9.5, 7.5]).flatMap((cell) => [...cells.blocks.subarray(cells.starts[cell], cells.starts[cell + 1])]));
  for (const block of nearbyOf(land).inBox(3.5, 6.5, 9.5, 7.5)) assert.ok(shown.has(block));
  assert.ok(shown.size < 200);
  assert.deepEqual(cellsWithin(cells, [30, 30, 40, 40]), []);
});

test("triangles and lines of a cell are those of its own blocks and edges", () => {
  const land = lattice(20, 20);
  const cells = cellsFor(land, 16);
  const { index, block, starts } = meshOf(land, cells, earcut);
  const { starts: lineStarts } = edgeLines(land, cells);
  for (let cell = 0; cell < cells.count; cell++) {
    const drawn = new Set(Array.from(index.subarray(starts[cell], starts[cell + 1]), (corner) => block[corner]));
    assert.deepEqual([...drawn].sort((a, b) => a - b), [...cells.blocks.subarray(cells.starts[cell], cells.starts[cell + 1])]);
    assert.equal(lineStarts[cell + 1] - lineStarts[cell], 2 * (cells.edgeStarts[cell + 1] - cells.edgeStarts[cell]));
  }
  assert.equal(index.length, starts[cells.count]);
});

test("outlines are the edges whose sides differ: within the parent, between parents, at the limit, around what is chosen", () => {
  const model = smallModel();
  const cells = cellsFor(model.land);
  const styles = (chosen) => {
    const outlines = new Outlines(model.land, cells);
    outlines.update(model.owner, model.grids, chosen);
    assert.equal(outlines.cornersOf(0, true).length, 0);
    const corners = outlines.cornersOf(0, false);
    return [0, 1, 2, 3].map((style) => Array.from({ length: corners.length / CORNER / 4 }, (_, quad) => corners[quad * 4 * CORNER + 4]).filter((each) => each === style).length);
  };
  assert.deepEqual(styles(new Set()), [0, 2, 12, 0]);
  assert.deepEqual(styles(new Set([3])), [0, 0, 6, 8]);
  model.move([0], 4);
  assert.equal(styles(new Set())[STYLE.parent], 4);
});

test("an outline between sisters is drawn by itself, so that it can be left out from afar", () => {
  const model = smallModel((head) => ({ ...head, grids: { ...head.grids, parent: [-1, 0, 0, 1, 1] } }));
  const outlines = new Outlines(model.land, cellsFor(model.land));
  outlines.update(model.owner, model.grids, new Set());
  assert.deepEqual([true, false].map((isInner) => outlines.cornersOf(0, isInner).length / CORNER / 4), [2, 12]);
});

test("only cells in which an outline changed are made anew", () => {
  const model = smallModel();
  const cells = cellsFor(model.land, 1);
  const outlines = new Outlines(model.land, cells);
  const all = outlines.update(model.owner, model.grids, new Set());
  assert.deepEqual(outlines.update(model.owner, model.grids, new Set()), []);
  model.move([0], 4);
  const changed = outlines.update(model.owner, model.grids, new Set());
  assert.ok(changed.length > 0 && changed.length < all.length, `${changed} of ${all}`);
});

test("from afar each point is the block that covers it; holes, and what is beyond, are nobody's", () => {
  const land = holed();
  const { block, width, height, left, top, unit } = rasterOf(land, 1);
  const nearby = nearbyOf(land);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const covering = nearby.at(left + (column + 0.5) * unit, top + (row + 0.5) * unit);
      assert.equal(block[row * width + column], covering < 0 ? NOBODY : covering, `${column}, ${row}`);
    }
  }
});

test("a town of few blocks needs no picture from afar", () => assert.equal(rasterOf(lattice(4, 4)), null));

test("layers are shown as they were chosen last, and before that all but two", () => {
  assert.deepEqual([...shownOf(null)], ["blocks", "grids", "streets", "buildings"]);
  assert.deepEqual([...shownOf(keptOf(new Set(["edition", "grids"])))], ["grids", "edition"]);
  assert.deepEqual([...shownOf(keptOf(new Set()))], []);
  assert.deepEqual([...shownOf("grids,no such layer")], ["grids"]);
});

test("what there is no data for is no layer", () => {
  const feature = (kind, coordinates) => ({ type: "Feature", properties: { kind }, geometry: { type: "MultiLineString", coordinates } });
  const base = { type: "FeatureCollection", features: [feature("building", []), feature("street", []), feature("main", [[[0, 0], [1, 1]]])] };
  assert.deepEqual([...presentOf({ base: null, cases: 0, hasEdition: false })], ["blocks", "grids"]);
  assert.deepEqual([...presentOf({ base, cases: 0, hasEdition: true })], ["blocks", "grids", "streets", "edition"]);
  assert.deepEqual([...presentOf({ base, cases: 3, hasEdition: false })], ["blocks", "grids", "streets", "cases"]);
});

test("open cases stand at the middles of blocks in sight, the most first where there are too many", () => {
  const model = smallModel();
  model.setCases([100, 101, 103], [2, 5, 1]);
  const { middles } = placesOf(model.land);
  const world = [-180, -85, 180, 85];
  assert.deepEqual(casesWithin(model, middles, world).features.map(({ properties }) => properties.cases), [2, 5, 1]);
  assert.deepEqual(casesWithin(model, middles, world, 1).features.map(({ properties }) => properties.cases), [5]);
  assert.deepEqual(casesWithin(model, middles, [100, 0, 101, 1]).features, []);
});

test("dedicated grids are hatched, whatever they are coloured by", () => {
  const model = smallModel((head) => ({ ...head, grids: { ...head.grids, kind: ["parent", "parent", "parent", "dedicated", "comprehensive"] } }));
  for (const mode of ["band", "grid"]) {
    const bytes = coloursOf(model, mode);
    assert.deepEqual([3, 4].map((grid) => bytes[4 * grid + 3] & 1), [1, 0]);
  }
});
