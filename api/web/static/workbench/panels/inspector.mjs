// What is chosen, in figures: load against the band, loads, cases, pieces, and what the stroke under way changes.
/** @import {Measure, Words} from "../../../workbench" */
/** @import {PlanModel} from "../model.mjs" */
/** @import {Stroke} from "../stroke.mjs" */
import { tag } from "../../elements.mjs";
import { levelTitle } from "../operations.mjs";
import { amount, say, signed } from "../words.mjs";

/** @type {Measure[]} */
const SHOWN = ["households", "population", "buildings", "cases", "blocks"];

/**
 * @typedef {object} Looked
 * @property {PlanModel} model
 * @property {ReadonlySet<number>} grids
 * @property {ReadonlySet<number>} blocks
 * @property {Stroke | null} stroke
 * @property {number[]} pieces numbers of pieces of each chosen leaf
 * @property {(grid: number) => HTMLElement[]} claim who works on a grid
 */

/**
 * @param {HTMLElement} place
 * @param {Looked} looked
 * @param {Words} words
 */
export function drawInspector(place, looked, words) {
  const { model, grids, blocks, stroke } = looked;
  const parts = [];
  if (stroke && stroke.move.blocks.length) parts.push(strokePart(model, stroke, words));
  if (grids.size === 1) parts.push(...gridParts(looked, [...grids][0], words));
  else if (grids.size > 1) parts.push(...severalParts(model, grids, words));
  if (blocks.size) parts.push(tag("h3", say(words, "chosen_blocks", { count: amount(blocks.size) })), facts((measure) => model.sumOfBlocks(blocks, measure), words));
  if (!parts.length) parts.push(...wholeParts(model, words));
  place.replaceChildren(...parts);
}

/**
 * @param {(measure: Measure) => number | null} value
 * @param {Words} words
 * @param {[string, string][]} [more]
 */
function facts(value, words, more = []) {
  const list = tag("dl", "", "wb-facts");
  for (const measure of SHOWN) list.append(fact(words[measure], amount(value(measure)), measure));
  for (const [name, text] of more) list.append(fact(name, text));
  return list;
}

/** @param {string} name @param {string} text @param {string} [measure] */
function fact(name, text, measure = "") {
  const row = tag("div");
  const value = tag("dd", text, "number");
  if (measure) value.dataset.measure = measure;
  row.append(tag("dt", name), value);
  return row;
}

/**
 * @param {Looked} looked
 * @param {number} index
 * @param {Words} words
 */
function gridParts({ model, pieces, claim }, index, words) {
  const grid = model.grids[index];
  const title = tag("h2", grid.name || grid.code);
  const level = model.head.levels[grid.level - 1];
  const levelName = levelTitle(level, document.documentElement.lang);
  const parent = grid.parent < 0 ? "" : ` · ${model.grids[grid.parent].name || model.grids[grid.parent].code}`;
  /** @type {HTMLElement[]} */
  const parts = [title, tag("p", `${grid.code} · ${levelName}${parent}`, "muted small")];
  if (grid.locked !== null) parts.push(tag("p", say(words, "locked_by", { login: grid.locked || "–" }), "wb-warn small"));
  parts.push(...claim(index));
  if (grid.kind !== "parent") parts.push(loadBar(model, index, words));
  /** @type {[string, string][]} */
  const more = [];
  if (grid.children.length) more.push([words.leaves, amount(model.leavesBelow(index).length)]);
  else if (pieces.length) more.push([words.pieces, String(pieces[0])]);
  const figures = model.figures.get(grid.code);
  if (figures) more.push([words.compactness, figures.compactness.toFixed(2)]);
  if (grid.duties.length) more.push([words.duty, grid.duties.join(", ")]);
  return [...parts, facts((measure) => model.sum(index, measure), words, more)];
}

/**
 * @param {PlanModel} model
 * @param {number} index
 * @param {Words} words
 */
function loadBar(model, index, words) {
  const load = model.sum(index, model.head.load);
  const { band } = model.head;
  const standing = model.standing(index);
  const box = tag("div", "", `wb-bar ${standing}`);
  const told = tag("p", "", "small");
  told.append(tag("b", amount(load), "number"), ` ${words[model.head.load]} · ${words[`standing_${standing}`]}`);
  if (band) {
    const most = Math.max(band[1] * 1.5, load ?? 0);
    const track = tag("div", "", "wb-track");
    track.setAttribute("aria-hidden", "true");
    const allowed = tag("span", "", "wb-band");
    Object.assign(allowed.style, { left: `${(100 * band[0]) / most}%`, width: `${(100 * (band[1] - band[0])) / most}%` });
    const filled = tag("span", "", "wb-fill");
    filled.style.width = `${(100 * (load ?? 0)) / most}%`;
    track.append(filled, allowed);
    box.append(track);
    told.append(` (${amount(band[0])}–${amount(band[1])})`);
  }
  box.append(told);
  return box;
}

/**
 * @param {PlanModel} model
 * @param {ReadonlySet<number>} grids
 * @param {Words} words
 */
function severalParts(model, grids, words) {
  const leaves = new Set([...grids].flatMap((grid) => model.leavesBelow(grid)));
  const value = (/** @type {Measure} */ measure) => [...leaves].reduce((sum, leaf) => sum + (model.sum(leaf, measure) ?? 0), 0);
  const names = [...grids].slice(0, 8).map((grid) => model.grids[grid].code).join(", ");
  return [tag("h2", say(words, "chosen_grids", { count: grids.size })), tag("p", names + (grids.size > 8 ? " …" : ""), "muted small"), facts(value, words)];
}

/**
 * @param {PlanModel} model
 * @param {Words} words
 */
function wholeParts(model, words) {
  const tops = model.grids.filter(({ parent }) => parent < 0);
  const leaves = model.grids.filter(({ kind }) => kind !== "parent");
  const value = (/** @type {Measure} */ measure) => tops.reduce((/** @type {number | null} */ sum, { index }) => {
    const own = model.sum(index, measure);
    return own === null ? sum : (sum ?? 0) + own;
  }, null);
  /** @type {[string, string][]} */
  const more = [[words.leaves, amount(leaves.length)]];
  for (const standing of /** @type {const} */ (["under", "in", "over"])) {
    more.push([words[`standing_${standing}`], amount(leaves.filter(({ index }) => model.standing(index) === standing).length)]);
  }
  return [tag("h2", words.whole_plan), tag("p", words.choose_hint, "muted small"), facts(value, words, more)];
}

/**
 * @param {PlanModel} model
 * @param {Stroke} stroke
 * @param {Words} words
 */
function strokePart(model, { move }, words) {
  /** @type {Map<number, number>} */
  const change = new Map();
  move.blocks.forEach((block, at) => {
    const load = model.sumOfBlocks([block], model.head.load);
    change.set(move.from[at], (change.get(move.from[at]) ?? 0) - load);
    change.set(move.to, (change.get(move.to) ?? 0) + load);
  });
  const part = tag("section", "", "wb-stroke");
  const list = tag("ul");
  for (const [grid, load] of [...change].slice(0, 8)) {
    const line = tag("li", "", model.standing(grid));
    line.append(tag("span", model.grids[grid].name || model.grids[grid].code), tag("b", `${signed(load)} → ${amount(model.sum(grid, model.head.load))}`, "number"));
    list.append(line);
  }
  part.append(tag("h3", say(words, "stroke_moves", { count: amount(move.blocks.length) })), list);
  return part;
}
