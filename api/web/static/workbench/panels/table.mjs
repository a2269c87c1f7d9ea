// The grids as a table: all that the map tells, for those who do not see or have no map.
/** @import {Measure, Words} from "../../../workbench" */
/** @import {PlanModel} from "../model.mjs" */
import { tag } from "../../elements.mjs";
import { amount, say } from "../words.mjs";

/** @type {Measure[]} */
const SHOWN = ["households", "population", "buildings", "cases", "blocks"];
const MOST = 500;

/**
 * @param {HTMLElement} place
 * @param {PlanModel} model
 * @param {ReadonlySet<number>} chosen
 * @param {Words} words
 * @param {(grid: number, adds: boolean) => void} choose
 */
export function drawTable(place, model, chosen, words, choose) {
  const leaves = model.grids.filter(({ kind }) => kind !== "parent");
  const table = tag("table", "", "wb-table");
  table.append(tag("caption", say(words, "table_of", { count: amount(leaves.length) })));
  const head = table.createTHead().insertRow();
  for (const name of [words.choose, words.field_code, words.field_name, words.parent, words.state, ...SHOWN.map((measure) => words[measure]), words.duty]) {
    const cell = tag("th", name);
    cell.scope = "col";
    head.append(cell);
  }
  const body = table.createTBody();
  for (const grid of leaves.slice(0, MOST)) {
    const row = body.insertRow();
    const box = tag("input");
    box.type = "checkbox";
    box.checked = chosen.has(grid.index);
    box.setAttribute("aria-label", say(words, "choose_grid", { code: grid.code }));
    box.addEventListener("change", () => choose(grid.index, true));
    row.insertCell().append(box);
    const code = tag("th", grid.code);
    code.scope = "row";
    row.append(code);
    const standing = model.standing(grid.index);
    for (const text of [grid.name, grid.parent < 0 ? "" : model.grids[grid.parent].code]) row.insertCell().textContent = text;
    const state = row.insertCell();
    state.append(tag("span", "", `wb-dot ${standing}`), ` ${words[`standing_${standing}`]}${grid.locked === null ? "" : ` · ${words.locked}`}`);
    for (const measure of SHOWN) Object.assign(row.insertCell(), { textContent: amount(model.sum(grid.index, measure)), className: "number" });
    row.insertCell().textContent = grid.duties.join(", ");
  }
  const more = leaves.length > MOST ? [tag("p", say(words, "more_rows", { count: amount(leaves.length - MOST) }), "muted small")] : [];
  place.replaceChildren(table, ...more);
}
