/** @import {AreasData} from "../types" */

/**
 * South-west and north-east corner of the box around areas; null where there is none.
 * @param {AreasData["areas"]} areas
 * @returns {[[number, number], [number, number]] | null}
 */
export function around(areas) {
  const found = areas.flatMap(({ geometry }) => {
    if (geometry.type === "Point") return [geometry.coordinates];
    return geometry.type === "Polygon" ? geometry.coordinates.flat(1) : geometry.coordinates.flat(2);
  });
  if (!found.length) return null;
  const [x, y] = [0, 1].map((axis) => found.map((each) => each[axis]));
  // Spread over arguments, a long boundary would pass the limit of a call.
  /** @param {number[]} values */
  const least = (values) => values.reduce((low, each) => Math.min(low, each));
  /** @param {number[]} values */
  const most = (values) => values.reduce((high, each) => Math.max(high, each));
  return [[least(x), least(y)], [most(x), most(y)]];
}
