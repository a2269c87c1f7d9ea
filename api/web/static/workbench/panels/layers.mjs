// The panel of layers: a switch for each that there is data for, kept by the browser.
/** @import {WorkbenchData} from "../../../workbench" */
/** @import {Board} from "../board.mjs" */
/** @import {TownMap} from "../map.mjs" */
/** @import {LayerName} from "../switches.mjs" */
import { tag } from "../../elements.mjs";
import { LAYERS, casesWithin, keptOf, presentOf, shownOf } from "../switches.mjs";

const KEPT = "geogrid.workbench.layers";

export class LayerPanel {
  /** @type {GeoJSON.FeatureCollection | null} */
  #base = null;
  #shown = shownOf(localStorage.getItem(KEPT));
  /** What the panel was made for. */
  #made = "";

  /**
   * @param {HTMLElement} place
   * @param {{board: Board, view: TownMap, data: WorkbenchData}} page
   */
  constructor(place, { board, view, data }) {
    this.place = place;
    this.board = board;
    this.view = view;
    this.data = data;
    place.addEventListener("change", ({ target }) => target instanceof HTMLInputElement && this.#switch(/** @type {LayerName} */ (target.value), target.checked));
    view.map.on("moveend", () => this.#showCases());
  }

  /** Reads streets and buildings, once. */
  async readBase() {
    this.#base = await this.view.showBase(this.data.base);
    this.draw();
  }

  /** Brings panel and map to what there is. */
  draw() {
    const { model } = this.board;
    const { layer } = this.view;
    if (!model || !layer) return;
    const cases = model.grids.length ? (model.sum(0, "cases") ?? 0) : 0;
    const present = presentOf({ base: this.#base, cases, hasEdition: Boolean(this.data.edition) });
    const made = `${[...present]}|${cases}|${layer.land.key}`;
    if (made === this.#made) return;
    this.#made = made;
    this.place.replaceChildren(...LAYERS.filter((name) => present.has(name)).map((name) => this.#row(name)));
    for (const name of LAYERS) this.#apply(name);
  }

  /** @param {LayerName} name */
  #row(name) {
    const row = tag("label", "", "wb-check");
    const box = tag("input");
    Object.assign(box, { type: "checkbox", value: name, checked: this.#shown.has(name) });
    row.append(box, ` ${this.data.words[`layer_${name}`]}`);
    return row;
  }

  /**
   * @param {LayerName} name
   * @param {boolean} isShown
   */
  #switch(name, isShown) {
    if (isShown) this.#shown.add(name);
    else this.#shown.delete(name);
    localStorage.setItem(KEPT, keptOf(this.#shown));
    this.#apply(name);
  }

  /** @param {LayerName} name */
  #apply(name) {
    const isShown = this.#shown.has(name);
    if (name === "edition" && isShown && this.data.edition) this.view.addEdition(this.data.edition);
    this.view.switch(name, isShown);
    if (name === "cases") this.#showCases();
  }

  #showCases() {
    const { model, nearby } = this.board;
    if (!model || !nearby || !this.#shown.has("cases")) return;
    this.view.fill("cases", casesWithin(model, nearby.middles, this.view.sight));
  }
}
