// Where the names of grids stand: at the block nearest to the middle of the grid, so that a name lies on its own land.
/** @import {PlanModel} from "../model.mjs" */
import { toLonLat } from "../land.mjs";

/** Names that the map is given at once: more cannot be read, and each costs time to place. */
const MOST = 400;

/**
 * @typedef {object} Place
 * @property {number} grid
 * @property {number} level
 * @property {number} size blocks of the grid
 * @property {[lon: number, lat: number]} lonlat
 */

/**
 * A place for each grid that has land.
 * @param {PlanModel} model
 * @param {Float32Array} middles of the blocks
 * @returns {Place[]}
 */
export function placesOfNames(model, middles) {
  const { grids, owner } = model;
  const sums = new Float64Array(3 * grids.length);
  for (let block = 0; block < model.land.count; block++) {
    for (let grid = owner[block]; grid >= 0; grid = grids[grid].parent) {
      sums[3 * grid] += middles[2 * block];
      sums[3 * grid + 1] += middles[2 * block + 1];
      sums[3 * grid + 2]++;
    }
  }
  const best = new Int32Array(grids.length).fill(-1);
  const least = new Float64Array(grids.length).fill(Infinity);
  for (let block = 0; block < model.land.count; block++) {
    for (let grid = owner[block]; grid >= 0; grid = grids[grid].parent) {
      const away = (middles[2 * block] - sums[3 * grid] / sums[3 * grid + 2]) ** 2 + (middles[2 * block + 1] - sums[3 * grid + 1] / sums[3 * grid + 2]) ** 2;
      if (away >= least[grid]) continue;
      least[grid] = away;
      best[grid] = block;
    }
  }
  return grids.flatMap(({ index, level }) => {
    if (best[index] < 0) return [];
    const lonlat = toLonLat(model.land, middles[2 * best[index]], middles[2 * best[index] + 1]);
    return [{ grid: index, level, size: sums[3 * index + 2], lonlat }];
  });
}

/**
 * Names of the deepest level of which there are not too many in sight.
 * @param {PlanModel} model
 * @param {Place[]} places
 * @param {[west: number, south: number, east: number, north: number]} box in sight
 * @returns {GeoJSON.FeatureCollection<GeoJSON.Point, {name: string, size: number}>}
 */
export function labelsWithin(model, places, [west, south, east, north], most = MOST) {
  const seen = places.filter(({ lonlat: [lon, lat] }) => lon >= west && lon <= east && lat >= south && lat <= north);
  let shown = /** @type {Place[]} */ ([]);
  for (let level = 1; level <= model.head.levels.length; level++) {
    const own = seen.filter((place) => place.level === level);
    if (own.length && own.length <= most) shown = own;
  }
  return {
    type: "FeatureCollection",
    features: shown.map(({ grid, size, lonlat }) => ({
      type: "Feature",
      properties: { name: model.grids[grid].name || model.grids[grid].code, size },
      geometry: { type: "Point", coordinates: lonlat },
    })),
  };
}
