// Planners beside each other in the workbench.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lattice, smallModel } from "./workbench_land.mjs";
import { nearbyOf } from "../../api/web/static/workbench/nearby.mjs";
import { touchedBy } from "../../api/web/static/workbench/operations.mjs";
import { PlanServer } from "../../api/web/static/workbench/server.mjs";
import { Stroke } from "../../api/web/static/workbench/stroke.mjs";
import { Together, conflictTold, stepTold } from "../../api/web/static/workbench/panels/together.mjs";

const WORDS = {
  op_rename: "Rename", op_move_blocks: "Give blocks", step_undo: "took back", step_state: "moved on", state_in_review: "In review", somebody: "somebody",
  step_at_grids: "{by}: {what} ({grids}).", step_of_plan: "{by}: {what}.", more_changes: "{count} before.",
};
const step = (version, more = {}) => ({ version, by: "li", at: "2027-01-04T08:05:00Z", kind: "edit", detail: { operations: ["rename"], grids: ["A1"] }, ...more });

const boardOf = (load, more = {}) => ({ read: 3, own: new Set(), load, server: { settled: async () => undefined }, ...more });

test("what others did is read once, however many edits came meanwhile, and what this page did is not", async () => {
  const told = [];
  let loads = 0;
  let answer = () => {};
  const board = boardOf(() => {
    loads++;
    return new Promise((resolve) => (answer = resolve));
  }, { own: new Set([5]) });
  const together = new Together(board, "wang", { step: ({ version }) => told.push(version), around: () => {} });
  await Promise.all([together.take(step(3)), together.take(step(5))]);
  assert.equal(loads, 0);
  const first = together.take(step(4));
  await new Promise((resolve) => setTimeout(resolve));
  await Promise.all([together.take(step(6)), together.take(step(7))]);
  assert.equal(loads, 1);
  answer();
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(loads, 2);
  answer();
  await first;
  assert.deepEqual(told, [4, 6, 7]);
});

test("others are those who are here but for one page of mine; a claim holds for all below it", () => {
  const together = new Together(boardOf(async () => {}), "wang", { step: () => {}, around: () => {} });
  together.people = ["", "li", "wang"];
  together.claims = [{ grid: "A", by: "li", until: "2027-01-04T08:15:00Z" }];
  assert.deepEqual(together.others, ["", "li"]);
  const model = smallModel();
  assert.equal(together.claimOn(model, 3).grid, "A");
  assert.equal(together.claimOn(model, 0), null);
  assert.equal(together.isMine(together.claims[0]), false);
});

test("a conflict names who, what and where, the last ones of many", () => {
  assert.equal(conflictTold([step(4)], WORDS), "li: Rename (A1).");
  assert.equal(stepTold(step(4, { by: "", kind: "undo" }), WORDS), "somebody: took back – Rename (A1).");
  assert.equal(stepTold(step(4, { kind: "state", detail: { to: "in_review" } }), WORDS), "li: moved on – In review.");
  assert.equal(conflictTold([4, 5, 6, 7, 8].map((version) => step(version)), WORDS), `2 before. ${"li: Rename (A1). ".repeat(3).trim()}`);
});

test("a stroke goes on upon another reading of the plan with the blocks that it had, and comes back whole", () => {
  const former = smallModel();
  const stroke = new Stroke(former, nearbyOf(lattice(4, 2)), 4, { within: false });
  stroke.take([0, 1]);
  // Somebody else has taken block 4 meanwhile.
  const model = smallModel();
  model.move([4], 4);
  assert.equal(stroke.carryTo(model, nearbyOf(lattice(4, 2))), true);
  assert.deepEqual([...model.owner], [4, 4, 4, 4, 4, 3, 4, 4]);
  stroke.takeBack();
  assert.deepEqual([...model.owner], [3, 3, 4, 4, 4, 3, 4, 4]);
});

test("an edit names the grids that it touches, and what is about the whole plan none", () => {
  const owners = (ids) => ids.map((id) => (id < 102 ? "A1" : "B1"));
  assert.deepEqual(touchedBy({ kind: "move_blocks", blocks: [100, 102], to: "B1" }, owners), ["B1", "A1"]);
  assert.deepEqual(touchedBy({ kind: "merge", grids: ["A1", "B1"] }, owners), ["A1", "B1"]);
  assert.deepEqual(touchedBy({ kind: "rename", names: { A1: "x" } }, owners), ["A1"]);
  assert.deepEqual(touchedBy({ kind: "carve", blocks: [101] }, owners), ["A1"]);
  for (const kind of ["set_band", "insert_level", "rebalance", "move_land", "dissolve"]) assert.equal(touchedBy({ kind, grid: "A1" }, owners), null);
});

test("an edit of named grids has their versions of the moment when it is sent, and passes over what others did", async () => {
  const asked = [];
  const answers = [{ version: 8 }, { version: 9 }, { version: 10 }];
  const server = new PlanServer("/plans/1", async (address, { headers, body }) => {
    asked.push([headers["If-Match"], JSON.parse(body).grids]);
    return new Response(JSON.stringify(answers.shift()));
  }, { isOwn: true });
  server.version = 6;
  let version = 1;
  const sent = [server.edit([{ kind: "lock" }], () => ({ A1: version }))];
  version = 2;
  sent.push(server.edit([{ kind: "lock" }]), server.undo());
  await Promise.all(sent);
  // 7 was somebody else's and is not seen yet: what is about the whole plan may not pass over it.
  assert.deepEqual(asked, [[undefined, { A1: 2 }], ['"6"', undefined], [undefined, undefined]]);
  assert.equal(server.version, 6);
});
