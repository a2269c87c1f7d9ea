// Cases counted by grid, their classes and colours: numbers, no page.
import { whole } from "./page.mjs";

/**
 * The number of cases of each grid of a level.
 * @param {Iterable<number>} chosen positions of cases
 * @param {number[]} leaf leaf grid by case; -1 outside
 * @param {number[]} ofLeaf grid of the level by leaf grid; -1 for none
 * @param {number} gridsCount
 */
export function countsByGrid(chosen, leaf, ofLeaf, gridsCount) {
  /** @type {number[]} */
  const counts = new Array(gridsCount).fill(0);
  for (const i of chosen) {
    const place = leaf[i] < 0 ? -1 : ofLeaf[leaf[i]];
    if (place >= 0) counts[place] += 1;
  }
  return counts;
}

/**
 * As many colours of a ramp as there are classes, from its first to its last; one class has the middle.
 * @param {string[]} ramp
 * @param {number} count
 */
export function classColors(ramp, count) {
  if (count === 1) return [ramp[2]];
  return Array.from({ length: count }, (_, i) => ramp[Math.round((i * (ramp.length - 1)) / (count - 1))]);
}

/**
 * The class of a count: the first whose upper limit it does not pass.
 * @param {number} count
 * @param {number[]} bounds
 */
export const classOf = (count, bounds) => bounds.findIndex((bound) => count <= bound);

/**
 * What a legend says of each class.
 * @param {number[]} bounds
 */
export const classRanges = (bounds) =>
  bounds.map((bound, i) => {
    const low = i ? bounds[i - 1] + 1 : 1;
    return low === bound ? whole(bound) : `${whole(low)} – ${whole(bound)}`;
  });

/**
 * Full colour where cases lie thickest, at every zoom: the largest number of cases in a cell as wide as a blot.
 * @param {number} zoom
 * @param {[lat: number, lng: number][]} points
 */
export function heatCeiling(zoom, points) {
  const cell = (360 / (256 * 2 ** zoom)) * 18;
  const counts = new Map();
  let most = 1;
  for (const [lat, lng] of points) {
    const key = Math.floor(lat / cell) * 1e7 + Math.floor(lng / cell);
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count > most) most = count;
  }
  return most;
}

/**
 * Text and diameter of a cluster's mark.
 * @param {number} count
 */
export function clusterMark(count) {
  return {
    text: count < 10000 ? whole(count) : `${(count / 1000).toFixed(1)}k`,
    size: count < 10 ? 30 : count < 100 ? 36 : count < 1000 ? 44 : 54,
  };
}
