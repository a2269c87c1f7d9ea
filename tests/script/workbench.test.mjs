import assert from "node:assert/strict";
import { test } from "node:test";
import { lattice, smallModel } from "./workbench_land.mjs";
import { written } from "./browser.mjs";
import { coloursOf } from "../../api/web/static/workbench/drawing/colours.mjs";
import { unpack } from "../../api/web/static/workbench/columns.mjs";
import { simplified } from "../../api/web/static/workbench/gestures.mjs";
import { labelsWithin, placesOfNames } from "../../api/web/static/workbench/drawing/labels.mjs";
import { boundsOf, lengthOf, toLocal, toLonLat } from "../../api/web/static/workbench/land.mjs";
import { nearbyOf } from "../../api/web/static/workbench/nearby.mjs";
import { FORMS, FormFault, listed, operationOf, placesOf } from "../../api/web/static/workbench/operations.mjs";
import { bestNeighbour, edgesOfBlocks, pieceAround, piecesOf } from "../../api/web/static/workbench/pieces.mjs";
import { PlanServer, Refusal } from "../../api/web/static/workbench/server.mjs";
import { Stroke } from "../../api/web/static/workbench/stroke.mjs";
import { amount, metres, say, signed } from "../../api/web/static/workbench/words.mjs";

const sums = (model, measure) => model.grids.map(({ index }) => model.sum(index, measure));
const form = (kind) => FORMS.find((each) => each.kind === kind);

test("columns that Python packed are read as they were written", () => {
  const { head, columns } = unpack(Uint8Array.from(Buffer.from(written.columns, "base64")).buffer);
  assert.equal(head.name, "大屯营");
  assert.deepEqual([...columns.owner], [3, 1, 2]);
  assert.deepEqual([...columns.block], [1n, 9007199254740993n]);
  assert.deepEqual([...columns.load], [0.5, NaN]);
});

test("what is no columns is refused", () => assert.throws(() => unpack(new Uint8Array(16).buffer), TypeError));

test("sums of leaves and of those above change with each block that moves, and the whole stays", () => {
  const model = smallModel();
  assert.deepEqual(sums(model, "households"), [80, 40, 40, 40, 40]);
  const move = model.move([0, 4], 4);
  assert.deepEqual(sums(model, "households"), [80, 20, 60, 20, 60]);
  assert.deepEqual(sums(model, "blocks"), [8, 2, 6, 2, 6]);
  model.takeBack(move);
  assert.deepEqual(sums(model, "households"), [80, 40, 40, 40, 40]);
  assert.deepEqual([...model.owner], [3, 3, 4, 4, 3, 3, 4, 4]);
});

test("a load that nobody counted is unknown, not nought", () => assert.deepEqual(sums(smallModel(), "buildings"), [null, null, null, null, null]));

test("load of a leaf that no block has stays with it when blocks leave", () => {
  const model = smallModel((head) => ({ ...head, grids: { ...head.grids, households: [90, 50, 40, 50, 40] } }));
  assert.deepEqual(sums(model, "households"), [90, 50, 40, 50, 40]);
  model.move([0], 4);
  assert.deepEqual(sums(model, "households"), [90, 40, 50, 40, 50]);
});

test("open cases come by the numbers of blocks, move with them and are counted once", () => {
  const model = smallModel();
  model.setCases([100, 103, 999], [2, 5, 7]);
  assert.deepEqual(sums(model, "cases"), [7, 2, 5, 2, 5]);
  model.move([0], 4);
  assert.deepEqual(sums(model, "cases"), [7, 0, 7, 0, 7]);
  model.setCases([100], [1]);
  assert.deepEqual(sums(model, "cases"), [1, 0, 1, 0, 1]);
});

test("a leaf stands to the band by its load, limits included", () => {
  const model = smallModel();
  assert.equal(model.standing(3), "in");
  model.move([0], 4);
  assert.deepEqual([model.standing(3), model.standing(4)], ["under", "over"]);
  assert.notDeepEqual([...coloursOf(model, "band").slice(12, 15)], [...coloursOf(model, "band").slice(16, 19)]);
});

test("a lock above a leaf keeps its blocks from the stroke", () => {
  const model = smallModel((head) => ({ ...head, grids: { ...head.grids, locked_by: [null, null, "li.na", null, null] } }));
  const stroke = new Stroke(model, nearbyOf(model.land), 3, { within: false });
  assert.deepEqual(stroke.paint([1.5, 0.5], [2.5, 0.5], 0.1), []);
  assert.deepEqual([...stroke.locked], ["B"]);
});

test("a stroke takes what the brush touches on its way, once, and is taken back whole", () => {
  const model = smallModel();
  const stroke = new Stroke(model, nearbyOf(model.land), 3, { within: false });
  assert.deepEqual(stroke.paint([1.5, 0.5], [2.5, 0.5], 0.1), [2]);
  assert.deepEqual(stroke.paint([2.5, 0.5], [3.5, 0.5], 0.1), [3]);
  assert.deepEqual(stroke.paint([3.5, 0.5], [2.5, 0.5], 0.1), []);
  assert.deepEqual(stroke.move, { to: 3, blocks: [2, 3], from: [4, 4] });
  stroke.takeBack();
  assert.equal(model.sum(4, "households"), 40);
});

test("a stroke within the parent leaves blocks of other parents", () => {
  const model = smallModel();
  assert.deepEqual(new Stroke(model, nearbyOf(model.land), 3, { within: true }).paint([1.5, 0.5], [3.5, 0.5], 0.1), []);
});

test("blocks are found at a place, under a disk, in a box and within a line", () => {
  const nearby = nearbyOf(lattice(10, 10));
  assert.equal(nearby.at(3.5, 2.5), 23);
  assert.equal(nearby.at(-1, 2.5), -1);
  assert.deepEqual(nearby.inDisk(1, 1, 0.2).sort((a, b) => a - b), [0, 1, 10, 11]);
  assert.deepEqual(nearby.inDisk(0.5, 0.5, 0.01), [0]);
  assert.deepEqual(nearby.middlesInBox([2.2, 1.2], [0.2, 0.2]).sort((a, b) => a - b), [0, 1]);
  assert.deepEqual(nearby.middlesWithin([[0, 0], [3, 0], [0, 3]]).sort((a, b) => a - b), [0, 1, 10]);
});

test("blocks under a disk are those that brute force finds", () => {
  const land = lattice(20, 20);
  const nearby = nearbyOf(land);
  for (const [x, y, radius] of [[3.3, 7.9, 2.1], [19.9, 0.1, 3.7], [10, 10, 0.5]]) {
    const near = (block) => Math.hypot(Math.max(block % 20 - x, 0, x - (block % 20) - 1), Math.max(Math.floor(block / 20) - y, 0, y - Math.floor(block / 20) - 1)) < radius;
    assert.deepEqual(nearby.inDisk(x, y, radius).sort((a, b) => a - b), Array.from({ length: 400 }, (_, block) => block).filter(near));
  }
});

test("pieces hang together by edges, and a loose one goes to the sister with the longest edge", () => {
  const model = smallModel();
  const rows = edgesOfBlocks(model.land);
  model.move([3], 3);
  assert.deepEqual(piecesOf(model, rows, 3).map((piece) => [...piece].sort()), [[0, 1, 4, 5], [3]]);
  const loose = pieceAround(model, rows, 3);
  assert.equal(bestNeighbour(model, rows, loose), 4);
});

test("a name stands on its own land, the deepest level first of which not too many are in sight", () => {
  const model = smallModel();
  const places = placesOfNames(model, nearbyOf(model.land).middles);
  assert.equal(places.length, 5);
  const whole = [-180, -90, 180, 90];
  const names = (most, box = whole) => labelsWithin(model, places, box, most).features.map(({ properties }) => properties.name);
  assert.deepEqual(names(2), ["one", "two"]);
  assert.deepEqual(names(1), ["Town"]);
  const [lon, lat] = places[4].lonlat;
  assert.deepEqual(names(1, [lon - 1e-9, lat - 1e-9, lon + 1e-9, lat + 1e-9]), ["two"]);
  const [x, y] = toLocal(model.land, lon, lat);
  assert.equal(model.grids[model.owner[nearbyOf(model.land).at(x, y)]].code, "B1");
});

test("places go to local units and back, and lengths are metres", () => {
  const land = { ...lattice(1, 1), origin: [0.8, 0.4] };
  const back = toLonLat(land, ...toLocal(land, 112.55, 28.25));
  assert.ok(Math.abs(back[0] - 112.55) < 1e-9 && Math.abs(back[1] - 28.25) < 1e-9);
  assert.ok(Math.abs(lengthOf([[112, 28], [112, 29]]) - 111_195) < 1);
  assert.equal(boundsOf(land, []), null);
  const [west, south, east, north] = boundsOf(land);
  assert.ok(west < east && south < north);
});

test("a drawn line keeps its corners and loses the rest", () => {
  assert.deepEqual(simplified([[0, 0], [5, 0.5], [10, 0], [10, 5], [10, 10]], 1), [[0, 0], [10, 0], [10, 10]]);
});

test("each operation is what its form says", () => {
  assert.deepEqual(operationOf(form("merge"), { grids: "A1， B1", keep: "", name: "", code: "", apart: "" }), { kind: "merge", grids: ["A1", "B1"] });
  assert.deepEqual(operationOf(form("move_blocks"), { blocks: "1, 2", to: "A1" }), { kind: "move_blocks", blocks: [1, 2], to: "A1" });
  assert.deepEqual(operationOf(form("split_into"), { grid: "A1", count: "3", low: "", high: "" }), { kind: "split_into", grid: "A1", count: 3 });
  assert.deepEqual(operationOf(form("rebalance"), { grids: "", low: "300", high: "500" }), { kind: "rebalance", grids: [], band: [300, 500] });
  assert.deepEqual(operationOf(form("rename"), { grid: "A1", name: " 东 " }), { kind: "rename", names: { A1: "东" } });
  const split = operationOf(form("split_by_line"), { grid: "A1", line: "1 2, 3 4", names: "", cut: "yes" });
  assert.deepEqual(split, { kind: "split_by_line", grid: "A1", line: { type: "LineString", coordinates: [[1, 2], [3, 4]] }, cut: true });
  const carve = operationOf(form("carve"), { blocks: "", patch: "0 0, 1 0, 1 1", name: "School", category: "school", code: "" });
  assert.deepEqual(carve.patch.coordinates, [[[0, 0], [1, 0], [1, 1], [0, 0]]]);
});

test("a form names every field that is empty or cannot be read", () => {
  const faults = (kind, values) => {
    try {
      operationOf(form(kind), values);
    } catch (error) {
      assert.ok(error instanceof FormFault);
      return error.fields;
    }
    return [];
  };
  assert.deepEqual(faults("move_blocks", { blocks: "1, x", to: "" }), ["blocks", "to"]);
  assert.deepEqual(faults("carve", { name: "", category: "school" }), ["name", "blocks"]);
  assert.deepEqual(faults("split_by_line", { grid: "A", line: "1 200, 3 4" }), ["line"]);
  assert.deepEqual(faults("rebalance", { grids: "", low: "300", high: "" }), ["high"]);
  assert.deepEqual(listed("a、b;c\n d"), ["a", "b", "c", "d"]);
  assert.equal(placesOf("1"), null);
});

test("keys of operations are given once, and not those of other tools", () => {
  const keys = FORMS.map(({ key }) => key).filter(Boolean);
  assert.equal(new Set([...keys, ..."vblxgzyt[]?"]).size, keys.length + 11);
});

const answering = (...answers) => {
  const asked = [];
  const ask = async (address, request) => {
    asked.push([address, request.headers?.["If-Match"]]);
    const [status, body] = answers.shift();
    return new Response(JSON.stringify(body), { status });
  };
  return { asked, ask };
};

test("writes wait for one another, each about the version of the last answer", async () => {
  const { asked, ask } = answering([200, { version: 5 }], [200, { version: 6 }]);
  const server = new PlanServer("/plans/1", ask);
  server.version = 4;
  await Promise.all([server.edit([{ kind: "lock" }]), server.undo()]);
  assert.deepEqual(asked, [["/plans/1/edits", '"4"'], ["/plans/1/undo", '"5"']]);
  assert.equal(server.version, 6);
});

test("a refusal says what the server said, with its place; the next write goes on", async () => {
  const { ask } = answering([409, { detail: "It cuts houses.", errors: [{ detail: "House 1 is in the way.", lonlat: [1, 2] }] }], [200, { version: 5 }]);
  const server = new PlanServer("/plans/1", ask);
  await assert.rejects(server.undo(), (error) => error instanceof Refusal && error.message === "It cuts houses. House 1 is in the way." && error.place[1] === 2 && !error.isConflict);
  assert.equal((await server.redo()).version, 5);
});

test("412 is a conflict, and no answer is one of its own kind", async () => {
  const { ask } = answering([412, { detail: "changed" }]);
  await assert.rejects(new PlanServer("/p", ask).undo(), (error) => error.isConflict);
  const silent = new PlanServer("/p", async () => { throw new TypeError("fetch failed"); });
  await assert.rejects(silent.undo(), (error) => error.status === 0);
});

test("words take values, and numbers are for people", () => {
  assert.equal(say({ done: "{count} in {code} {other}" }, "done", { count: 3, code: "A" }), "3 in A {other}");
  assert.deepEqual([amount(null), amount(12345.6), signed(5), signed(-1200), metres(999.4), metres(12345)], ["–", "12,346", "+5", "−1,200", "999 m", "12.35 km"]);
});
