import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./browser.mjs";

openPage("");
const { cardParts, gridAtLevel } = await import("../../api/web/static/embed_card.mjs");
const { mapData, part } = await import("../../api/web/static/elements.mjs");

const DATA = { words: { open: "Details", no_duty: "Nobody on duty" }, levels: { 1: "township", 3: "grid" }, area: "/area/CODE?lang=en" };
const grid = (code, level, more = {}) => ({ code, name: `Grid ${code}`, level, duties: [], ...more });
const chain = [grid("a-1-1", 3), grid("a-1", 2), grid("a", 1)];

function card(shown, above = []) {
  const box = document.createElement("div");
  box.append(...cardParts(shown, above, DATA));
  return box;
}

test("the grid that is shown is the deepest that is not below the level of the map", () => {
  assert.deepEqual(gridAtLevel(chain, 3), { grid: chain[0], above: chain.slice(1) });
  assert.deepEqual(gridAtLevel(chain, 2), { grid: chain[1], above: [chain[2]] });
  assert.deepEqual(gridAtLevel(chain, 9), { grid: chain[0], above: chain.slice(1) });
  assert.deepEqual(gridAtLevel([chain[0]], 2), { grid: null, above: [] });
  assert.deepEqual(gridAtLevel([], 2), { grid: null, above: [] });
});

test("the chain is told from the top down and stays as it was", () => {
  const above = chain.slice(1);
  const names = [...card(chain[0], above).querySelectorAll(".chain li")].map((each) => each.textContent);
  assert.deepEqual(names, ["Grid a", "Grid a-1"]);
  assert.deepEqual(above.map(({ code }) => code), ["a-1", "a"]);
});

test("a grid without a name goes by its code, a level without a name is left out", () => {
  const box = card(grid("a-1", 2, { name: null }));
  assert.equal(box.querySelector("h2").textContent, "a-1");
  assert.equal(box.querySelector(".muted").textContent, "a-1");
  assert.equal(card(chain[0]).querySelector(".muted").textContent, "a-1-1 · grid");
  assert.equal(box.querySelector(".chain"), null);
});

test("who is on duty can be called; without a number there is no link", () => {
  const duties = [{ role: "Chief", holder: "王芳", phone: "139 0000 0001" }, { role: "Police", holder: "<b>Li</b>", phone: null }];
  const box = card(grid("a", 1, { duties }));
  const [first, second] = box.querySelectorAll(".duties li");
  assert.equal(first.querySelector("a").getAttribute("href"), "tel:13900000001");
  assert.equal(first.querySelector(".who").textContent, "Chief王芳");
  assert.equal(second.querySelector("a"), null);
  assert.equal(second.querySelector("b"), null);
  assert.doesNotMatch(box.textContent, /Nobody/);
});

test("nobody on duty is said", () => {
  assert.match(card(chain[0]).textContent, /Nobody on duty/);
});

test("details open beside the page, which they cannot reach", () => {
  const link = card(grid("a/b", 1)).querySelector("a.more");
  assert.equal(link.getAttribute("href"), "/area/a%2Fb?lang=en");
  assert.deepEqual([link.target, link.rel], ["_blank", "noopener"]);
});

test("a page gives its data, and names a part that it lacks", () => {
  openPage('<script type="application/json" id="map-data">{"cases": [1]}</script>');
  assert.deepEqual(mapData(), { cases: [1] });
  assert.throws(() => part("map", HTMLElement), /The page has no #map/);
});
