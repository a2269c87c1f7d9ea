import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { carried, openPage, written } from "./browser.mjs";

const WORDS = { status: "Status", open: "Open", reported_at: "Reported", undated: "Undated", grid: "Grid", outside: "Outside", id: "No.", text: "Text", category: "Category", channel: "Channel", address: "Address", open_case: "Open the case", no_count: "No case", cases_unit: "cases", play: "Play", pause: "Pause" };
const hot = {
  ...written.hotspots.data,
  words: WORDS,
  details: Array.from({ length: 47 }, (_, i) => ({ title: `Grid ${i}`, rows: [["Code", `T-${i}`]] })),
  periods: ["1 – 7 Jan", "8 – 14 Jan", "15 – 21 Jan"],
  span: "2025-01-01 – 2025-12-31",
};
const PAGE = `${carried(hot)}
  <section id="gg-counts"><ul><li>old</li></ul></section>
  <section class="gg-time"><div class="gg-bars"></div><input type="range" min="0" max="2">
  ${["earlier", "play", "later", "all"].map((name) => `<button data-do="${name}"></button>`).join("")}<output></output></section>`;

openPage(PAGE);
const { credit, element, isNarrow, layerOf, panel, part, whole } = await import("../../geogrid/maps/scripts/page.mjs");
const { readCases } = await import("../../geogrid/maps/scripts/packed.mjs");
const { caseRows, describe } = await import("../../geogrid/maps/scripts/clusters.mjs");
const { countAt, paintLevel } = await import("../../geogrid/maps/scripts/levels.mjs");
const { margins } = await import("../../geogrid/maps/scripts/details.mjs");
const { barHeights, steps, timeControl } = await import("../../geogrid/maps/scripts/periods.mjs");
const { shared } = await import("../../geogrid/maps/scripts/shared.mjs");

const cases = readCases(hot.cases);
beforeEach(() => openPage(PAGE));

test("what a user wrote is text, never markup", () => {
  const hostile = "<img src=x onerror=alert(1)>";
  assert.equal(element("b", hostile).children.length, 0);
  const box = panel(hostile, [["name", hostile]]);
  assert.equal(box.querySelector("img"), null);
  assert.equal(box.querySelector("dd").textContent, hostile);
});

test("addresses in an attribution become links, the rest stays text", () => {
  const line = document.createElement("p");
  line.innerHTML = credit("© Town <b>, ODbL https://example.org/copyright/, 2026");
  const link = line.querySelector("a");
  assert.equal(link.getAttribute("href"), "https://example.org/copyright/,");
  assert.equal(line.querySelector("b"), null);
  assert.equal(link.rel, "noopener");
  assert.equal(line.textContent, "© Town <b>, ODbL example.org/copyright/, 2026");
});

test("an address that is not of the web stays text", () => {
  assert.equal(credit("javascript:alert(1)"), "javascript:alert(1)");
});

test("a link shows its address without scheme and last slash", () => {
  assert.match(credit("see http://example.org/"), />example\.org<\/a>$/);
});

test("thousands are set apart", () => {
  assert.equal(whole(1234567), "1,234,567");
});

test("a part or a layer that the page lacks is named", () => {
  assert.throws(() => part(document, ".none", HTMLElement), /The page has no \.none/);
  assert.throws(() => part(document, "ul", HTMLInputElement), /The page has no ul/);
  assert.throws(() => layerOf("heat_1", Map), /no layer heat_1/);
});

test("panels take their room from a wide map, and from a narrow one above and below", () => {
  document.body.insertAdjacentHTML("beforeend", '<p class="gg-legend"></p><p class="leaflet-control-layers"></p><p class="gg-title"></p>');
  const sized = (selector, name, value) => Object.defineProperty(document.querySelector(selector), name, { value });
  sized(".gg-legend", "offsetWidth", 200);
  sized(".leaflet-control-layers", "offsetWidth", 150);
  sized(".gg-title", "offsetHeight", 70);
  sized(".gg-time", "offsetHeight", 100);
  const at = (width) => {
    window.innerWidth = width;
    return margins();
  };
  assert.deepEqual(at(1280), { topLeft: [224, 24], bottomRight: [174, 140] });
  assert.deepEqual(at(1000), { topLeft: [12, 24], bottomRight: [60, 140] });
  assert.deepEqual(at(390), { topLeft: [12, 90], bottomRight: [12, 184] });
  assert.equal(isNarrow(), true);
});

test("a case tells what is known of it, its grid and its town's time", () => {
  const i = cases.leaf.findIndex((leaf, i) => leaf >= 0 && cases.status[i] === "open" && cases.period[i] >= 0);
  const rows = Object.fromEntries(caseRows(hot, cases, i));
  assert.equal(rows.Status, "Open");
  assert.equal(rows.Reported, written.hotspots.cases[i].at);
  const place = hot.leafPlaces[cases.leaf[i]];
  assert.equal(rows.Grid, `Grid ${place} (T-${place})`);
  assert.equal(rows.Text, written.hotspots.cases[i].text);
});

test("a case outside every grid, without a date, of an unknown status and without an address says so", () => {
  const one = { ...cases, leaf: [-1], period: [-1], status: ["parked"], address: [""] };
  const rows = Object.fromEntries(caseRows(hot, one, 0));
  assert.deepEqual([rows.Grid, rows.Reported, rows.Status], ["Outside", "Undated", "parked"]);
  assert.equal("Address" in rows, false);
});

test("the page of a case is linked by its number, whatever that holds", () => {
  const page = { ...hot, casePage: "/search/{id}?lang=zh" };
  const link = (id) => describe(page, { ...cases, id: [id] }, 0).querySelector("a").getAttribute("href");
  assert.equal(link("17"), "/search/17?lang=zh");
  assert.equal(link("a/b $&?"), "/search/a%2Fb%20%24%26%3F?lang=zh");
  assert.equal(describe(hot, cases, 0).querySelector("a"), null);
});

function fakeLayers(gridsCount) {
  class GeoJSON {
    layers = Array.from({ length: gridsCount }, (_, i) => ({ feature: { properties: { i: i + 100 } }, setStyle: (style) => Object.assign(this.styles, { [i]: style }) }));
    styles = {};
    getLayers() { return this.layers; }
  }
  globalThis.L = { GeoJSON };
  return (window.layer_1 = new GeoJSON());
}

test("a level is painted by Python's classes and its legend tells them", () => {
  const layer = fakeLayers(47);
  const view = { period: -1, level: 0, counts: [] };
  const page = { ...hot, levels: [{ ...hot.levels[0], layer: "layer_1" }] };
  paintLevel(page, view, cases.lat.map((_, i) => i), cases);
  assert.deepEqual(view.counts, written.hotspots.counts);
  const empty = view.counts.indexOf(0);
  const fullest = view.counts.indexOf(Math.max(...view.counts));
  assert.deepEqual([layer.styles[empty].fillColor, layer.styles[empty].fillOpacity], ["#ffffff", 0.3]);
  assert.deepEqual([layer.styles[fullest].fillColor, layer.styles[fullest].fillOpacity], [hot.colors.counts.at(-1), 0.68]);
  const told = [...document.querySelectorAll("#gg-counts li")].map((row) => row.textContent);
  assert.equal(told[0], "No case");
  assert.equal(told.length, hot.levels[0].bounds.all.length + 1);
  assert.equal(countAt(page, view, fullest + 100), view.counts[fullest]);
  assert.equal(countAt(page, view, 1), 0);
});

test("a period is painted by the classes that serve every period", () => {
  fakeLayers(47);
  const page = { ...hot, levels: [{ ...hot.levels[0], layer: "layer_1", bounds: { all: [1, 2, 3], each: [9] } }] };
  paintLevel(page, { period: 0, level: 0, counts: [] }, [0], cases);
  assert.deepEqual([...document.querySelectorAll("#gg-counts li")].map((row) => row.textContent), ["No case", "1 – 9"]);
});

test("without a level there is no legend of counts", () => {
  const view = { period: -1, level: -1, counts: [] };
  paintLevel(hot, view, [], cases);
  assert.equal(document.getElementById("gg-counts").hidden, true);
  assert.equal(countAt(hot, view, 0), 0);
});

test("bars are as high as their share, and seen where there is any case", () => {
  assert.deepEqual(barHeights([0, 1, 50, 100]), [0, 6, 50, 100]);
  assert.deepEqual(barHeights([0, 0]), [0, 0]);
});

test("buttons lead to the neighbours, and from the whole time to either end", () => {
  assert.deepEqual(steps(1, 2), { earlier: 0, later: 2, playFrom: 1 });
  assert.deepEqual(steps(0, 2), { earlier: 0, later: 1, playFrom: 0 });
  assert.deepEqual(steps(2, 2), { earlier: 1, later: 2, playFrom: 0 });
  assert.deepEqual(steps(-1, 2), { earlier: 2, later: 0, playFrom: 0 });
});

function controlled() {
  shared.view = { period: -1, level: -1, counts: [] };
  shared.select = (period) => {
    shared.view.period = period;
    shared.showPeriod(period, period < 0 ? 6 : period + 1);
  };
  timeControl(hot, [[0], [1, 2], [3, 4, 5]]);
  shared.select(-1);
  const click = (name) => document.querySelector(`[data-do=${name}]`).click();
  return { click, period: () => shared.view.period, box: document.querySelector(".gg-time") };
}

test("the chosen period is told by name, count, slider and bar", () => {
  const { click, box } = controlled();
  assert.equal(box.querySelector("output").textContent, "2025-01-01 – 2025-12-316 cases");
  assert.equal(box.querySelector("[data-do=all]").getAttribute("aria-pressed"), "true");
  click("later");
  click("later");
  assert.equal(box.querySelector("output").textContent, "8 – 14 Jan2 cases");
  assert.equal(box.querySelector("input").value, "1");
  assert.equal(box.querySelector("input").getAttribute("aria-valuetext"), "8 – 14 Jan");
  assert.deepEqual([...box.querySelector(".gg-bars").children].map((slot) => slot.classList.contains("gg-now")), [false, true, false]);
  assert.equal(box.querySelector("[data-do=all]").getAttribute("aria-pressed"), "false");
});

test("playing goes on by itself to the last period and stops", (context) => {
  context.mock.timers.enable({ apis: ["setInterval"] });
  const { click, period, box } = controlled();
  click("play");
  assert.equal(period(), 0);
  assert.equal(box.querySelector("[data-do=play]").getAttribute("aria-label"), "Pause");
  context.mock.timers.tick(900);
  assert.equal(period(), 1);
  context.mock.timers.tick(900);
  assert.equal(period(), 2);
  context.mock.timers.tick(900);
  assert.equal(period(), 2);
  assert.equal(box.classList.contains("gg-playing"), false);
  assert.equal(box.querySelector("[data-do=play]").getAttribute("aria-label"), "Play");
});

test("any choice stops the play", (context) => {
  context.mock.timers.enable({ apis: ["setInterval"] });
  const { click, period } = controlled();
  click("play");
  click("earlier");
  context.mock.timers.tick(5000);
  assert.equal(period(), 0);
  click("play");
  click("play");
  context.mock.timers.tick(5000);
  assert.equal(period(), 0);
});

test("a map without periods needs no bar", () => {
  document.querySelector(".gg-time").remove();
  assert.doesNotThrow(() => timeControl(hot, []));
  mock.restoreAll();
});
