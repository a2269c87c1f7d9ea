// The land of blocks in local units, so that float32 keeps centimetres: web Mercator metres from the town's corner.
/** @import {Land, Point} from "../../workbench" */

/** Local units in the width of the world. */
export const WORLD = 40_075_016.68;

/** @param {number} lat */
const mercatorY = (lat) => 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);

/**
 * @param {{head: any, columns: Record<string, any>}} packed
 * @returns {Land}
 */
export function landOf({ head, columns }) {
  const [west, south] = head.origin;
  const corners = /** @type {Int32Array} */ (columns.corners);
  const origin = /** @type {Point} */ ([west / 360 + 0.5, mercatorY(south)]);
  const points = new Float32Array(corners.length);
  for (let at = 0; at < corners.length; at += 2) {
    points[at] = ((corners[at] * head.unit) / 360) * WORLD;
    points[at + 1] = (mercatorY(south + corners[at + 1] * head.unit) - origin[1]) * WORLD;
  }
  return {
    key: head.land,
    count: columns.block.length,
    ids: columns.block,
    loads: [columns.households, columns.population, columns.buildings],
    origin,
    points,
    ringPoints: columns.ring_points,
    ringStarts: columns.ring_starts,
    blockRings: columns.block_rings,
    edgePoints: columns.edge_points,
    edgeStarts: columns.edge_starts,
    edgeOne: columns.edge_one,
    edgeOther: columns.edge_other,
  };
}

/**
 * @param {Land} land
 * @param {number} lon
 * @param {number} lat
 * @returns {Point}
 */
export const toLocal = (land, lon, lat) => [(lon / 360 + 0.5 - land.origin[0]) * WORLD, (mercatorY(lat) - land.origin[1]) * WORLD];

/**
 * @param {Land} land
 * @param {number} x
 * @param {number} y
 * @returns {[lon: number, lat: number]}
 */
export function toLonLat(land, x, y) {
  const lat = (Math.atan(Math.sinh(Math.PI * (1 - 2 * (land.origin[1] + y / WORLD)))) * 180) / Math.PI;
  return [(land.origin[0] + x / WORLD - 0.5) * 360, lat];
}

/**
 * The box of some blocks, or of all.
 * @param {Land} land
 * @param {Iterable<number>} [blocks]
 * @returns {[west: number, south: number, east: number, north: number] | null} degrees; null for no block
 */
export function boundsOf(land, blocks) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const block of blocks ?? Array.from({ length: land.count }, (_, each) => each)) {
    for (let at = land.ringStarts[land.blockRings[block]]; at < land.ringStarts[land.blockRings[block] + 1]; at++) {
      const x = land.points[2 * land.ringPoints[at]];
      const y = land.points[2 * land.ringPoints[at] + 1];
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  if (left > right) return null;
  return [...toLonLat(land, left, bottom), ...toLonLat(land, right, top)];
}

/**
 * Metres along places on the ground.
 * @param {[number, number][]} places
 */
export function lengthOf(places) {
  const radians = places.map((place) => place.map((degrees) => (degrees * Math.PI) / 180));
  let length = 0;
  for (let at = 1; at < radians.length; at++) {
    const [[west, south], [east, north]] = [radians[at - 1], radians[at]];
    length += 6_371_008.8 * Math.hypot((east - west) * Math.cos((south + north) / 2), north - south);
  }
  return length;
}
