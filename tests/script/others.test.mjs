// Who else has a plan open.
import assert from "node:assert/strict";
import { test } from "node:test";
import { told } from "../../api/web/static/plans/others.mjs";

const WORDS = { who_else: "Here now: {names}", nobody_else: "Nobody else is here.", somebody: "somebody" };

test("who looks alone is told so", () => {
  assert.equal(told({ people: ["Li"], claims: [] }, WORDS), "Nobody else is here.");
});

test("others are named with what they claim, and who has no account is somebody", () => {
  const claims = [{ grid: "D-a", by: "Li", until: "" }];
  assert.equal(told({ people: ["", "Li"], claims }, WORDS), "Here now: somebody, Li (D-a)");
});
