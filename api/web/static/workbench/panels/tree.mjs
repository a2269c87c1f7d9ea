// The tree of grids: found by code, name or person, walked with the arrow keys.
/** @import {Claim, Grid, Words} from "../../../workbench" */
/** @import {PlanModel} from "../model.mjs" */
import { tag } from "../../elements.mjs";
import { clock } from "./together.mjs";
import { amount, say } from "../words.mjs";

const MOST = 400;

/**
 * Rows that are shown, in order.
 * @param {PlanModel} model
 * @param {ReadonlySet<number>} open grids that show their children
 * @param {{text: string, offOnly: boolean}} filter
 * @returns {Grid[]}
 */
export function shownRows(model, open, { text, offOnly }) {
  const wanted = text.trim().toLowerCase();
  const isOff = (/** @type {Grid} */ grid) => grid.kind !== "parent" && ["under", "over"].includes(model.standing(grid.index));
  if (wanted || offOnly) {
    const has = (/** @type {Grid} */ { code, name, duties }) => [code, name, ...duties].some((each) => each.toLowerCase().includes(wanted));
    return model.grids.filter((grid) => has(grid) && (!offOnly || isOff(grid)));
  }
  /** @type {Grid[]} */
  const rows = [];
  const add = (/** @type {Grid} */ grid) => {
    rows.push(grid);
    if (open.has(grid.index)) for (const child of grid.children) add(model.grids[child]);
  };
  for (const grid of model.grids) if (grid.parent < 0) add(grid);
  return rows;
}

export class Tree {
  #open = new Set([0]);
  #focused = 0;
  /** @type {PlanModel | null} */
  model = null;
  /** @type {readonly Claim[]} */
  claims = [];

  /**
   * @param {HTMLElement} list
   * @param {HTMLInputElement} search
   * @param {HTMLInputElement} offOnly
   * @param {Words} words
   * @param {(grid: number, adds: boolean) => void} choose
   */
  constructor(list, search, offOnly, words, choose) {
    this.list = list;
    this.search = search;
    this.offOnly = offOnly;
    this.words = words;
    this.choose = choose;
    this.chosen = /** @type {ReadonlySet<number>} */ (new Set());
    search.addEventListener("input", () => this.draw());
    offOnly.addEventListener("change", () => this.draw());
    list.addEventListener("keydown", (event) => this.#key(event));
    list.addEventListener("click", (event) => this.#click(event));
  }

  draw() {
    const { model } = this;
    if (!model) return;
    const rows = shownRows(model, this.#open, { text: this.search.value, offOnly: this.offOnly.checked });
    if (!rows.some(({ index }) => index === this.#focused)) this.#focused = rows[0]?.index ?? 0;
    const items = rows.slice(0, MOST).map((grid) => this.#row(model, grid));
    if (!rows.length) items.push(note(this.words.nothing_found));
    if (rows.length > MOST) items.push(note(this.words.more_rows.replace("{count}", String(rows.length - MOST))));
    this.list.replaceChildren(...items);
  }

  /**
   * @param {PlanModel} model
   * @param {Grid} grid
   */
  #row(model, grid) {
    const row = tag("li", "", "wb-row");
    row.setAttribute("role", "treeitem");
    row.setAttribute("aria-level", String(grid.level));
    row.setAttribute("aria-selected", String(this.chosen.has(grid.index)));
    if (grid.children.length) row.setAttribute("aria-expanded", String(this.#open.has(grid.index)));
    row.tabIndex = grid.index === this.#focused ? 0 : -1;
    row.dataset.grid = String(grid.index);
    row.style.setProperty("--level", String(grid.level - 1));
    const standing = grid.kind === "parent" ? "parent" : model.standing(grid.index);
    const dot = tag("span", "", `wb-dot ${standing}`);
    const name = tag("span", grid.name || grid.code, "wb-name");
    const code = tag("span", grid.code, "wb-code");
    const load = tag("span", amount(model.sum(grid.index, model.head.load)), "wb-load number");
    const twist = tag("span", grid.children.length ? (this.#open.has(grid.index) ? "▾" : "▸") : "", "wb-twist");
    twist.setAttribute("aria-hidden", "true");
    row.append(twist, dot, name, " ", code, " ", load);
    if (grid.kind !== "parent") row.append(tag("span", ` ${this.words[`standing_${standing}`]}`, "hidden-text"));
    const claim = this.claims.find(({ grid: code }) => code === grid.code);
    if (claim) {
      const sign = tag("span", claim.by || this.words.somebody, "wb-claim");
      sign.title = say(this.words, "claim_of", { by: claim.by || this.words.somebody, grid: claim.grid, until: clock(claim.until) });
      row.append(" ", sign);
    }
    if (grid.locked !== null) row.append(tag("span", this.words.locked, "wb-lock"));
    return row;
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const row = event.target instanceof Element ? event.target.closest("li[data-grid]") : null;
    if (!(row instanceof HTMLElement)) return;
    const grid = Number(row.dataset.grid);
    this.#focused = grid;
    if (event.target instanceof Element && event.target.classList.contains("wb-twist")) this.#toggle(grid);
    else this.choose(grid, event.shiftKey || event.ctrlKey || event.metaKey);
    this.#focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { model } = this;
    if (!model || event.ctrlKey || event.altKey || event.metaKey) return;
    const rows = [...this.list.querySelectorAll("li[data-grid]")].map((row) => Number(/** @type {HTMLElement} */ (row).dataset.grid));
    const at = rows.indexOf(this.#focused);
    const grid = model.grids[this.#focused];
    const isOpen = this.#open.has(this.#focused);
    /** @type {Record<string, () => void>} */
    const moves = {
      ArrowDown: () => (this.#focused = rows[Math.min(at + 1, rows.length - 1)]),
      ArrowUp: () => (this.#focused = rows[Math.max(at - 1, 0)]),
      Home: () => (this.#focused = rows[0]),
      End: () => (this.#focused = rows[rows.length - 1]),
      ArrowRight: () => (grid.children.length && !isOpen ? this.#toggle(grid.index) : (this.#focused = grid.children[0] ?? grid.index)),
      ArrowLeft: () => (isOpen ? this.#toggle(grid.index) : (this.#focused = Math.max(grid.parent, 0))),
      Enter: () => this.choose(this.#focused, event.shiftKey),
      " ": () => this.choose(this.#focused, true),
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    moves[event.key]();
    this.draw();
    this.#focus();
  }

  /** @param {number} grid */
  #toggle(grid) {
    if (!this.#open.delete(grid)) this.#open.add(grid);
    this.draw();
  }

  #focus() {
    const row = this.list.querySelector(`li[data-grid="${this.#focused}"]`);
    if (row instanceof HTMLElement) row.focus();
  }

  /**
   * Shows a grid: those above it open.
   * @param {number} grid
   */
  reveal(grid) {
    const { model } = this;
    if (!model) return;
    for (let above = model.grids[grid].parent; above >= 0; above = model.grids[above].parent) this.#open.add(above);
    this.#focused = grid;
    this.draw();
    this.list.querySelector(`li[data-grid="${grid}"]`)?.scrollIntoView({ block: "nearest" });
  }
}

/** @param {string} text */
function note(text) {
  const item = tag("li", text, "wb-note");
  item.setAttribute("role", "none");
  return item;
}
