// Which layers the map shows: chosen by a planner, kept by the browser. What a town has no data for is no layer.
/** @import {PlanModel} from "./model.mjs" */
import { toLonLat } from "./land.mjs";

/** In the order of the panel. */
export const LAYERS = /** @type {const} */ (["blocks", "grids", "streets", "buildings", "cases", "edition"]);
/** Not shown until somebody asks for them. */
const OFF_AT_FIRST = ["cases", "edition"];
/** Blocks with cases that the map is given at once. */
const MOST = 3_000;

/** @typedef {typeof LAYERS[number]} LayerName */

/**
 * The layers that are shown.
 * @param {string | null} kept what `keptOf` made of an earlier choice
 * @returns {Set<LayerName>}
 */
export function shownOf(kept) {
  const named = kept === null ? null : kept.split(",");
  return new Set(LAYERS.filter((name) => (named ? named.includes(name) : !OFF_AT_FIRST.includes(name))));
}

/** @param {ReadonlySet<LayerName>} shown */
export const keptOf = (shown) => LAYERS.filter((name) => shown.has(name)).join(",");

/**
 * The layers that there is something to show in.
 * @param {{base: GeoJSON.FeatureCollection | null, cases: number, hasEdition: boolean}} data
 * @returns {Set<LayerName>}
 */
export function presentOf({ base, cases, hasEdition }) {
  // A town without streets has a feature of them that is empty.
  const drawn = (base?.features ?? []).filter(({ geometry }) => "coordinates" in geometry && geometry.coordinates.length);
  const kinds = new Set(drawn.map(({ properties }) => properties?.kind));
  const has = { blocks: true, grids: true, streets: kinds.has("street") || kinds.has("main"), buildings: kinds.has("building"), cases: cases > 0, edition: hasEdition };
  return new Set(LAYERS.filter((name) => has[name]));
}

/**
 * Open cases in sight, at the middles of their blocks: those with most cases, where there are too many.
 * @param {PlanModel} model
 * @param {Float32Array} middles of the blocks
 * @param {[west: number, south: number, east: number, north: number]} box in sight
 * @returns {GeoJSON.FeatureCollection<GeoJSON.Point, {cases: number}>}
 */
export function casesWithin(model, middles, [west, south, east, north], most = MOST) {
  const found = [];
  for (let block = 0; block < model.cases.length; block++) {
    if (!model.cases[block]) continue;
    const [lon, lat] = toLonLat(model.land, middles[2 * block], middles[2 * block + 1]);
    if (lon >= west && lon <= east && lat >= south && lat <= north) found.push({ cases: model.cases[block], coordinates: [lon, lat] });
  }
  const shown = found.length > most ? found.sort((one, other) => other.cases - one.cases).slice(0, most) : found;
  return {
    type: "FeatureCollection",
    features: shown.map(({ cases, coordinates }) => ({ type: "Feature", properties: { cases }, geometry: { type: "Point", coordinates } })),
  };
}
