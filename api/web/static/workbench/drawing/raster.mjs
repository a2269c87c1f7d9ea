// The block at each point of a lattice: from afar, where a block is a few pixels, the map draws this instead of triangles.
/** @import {Land, Raster} from "../../../workbench" */

/** No block is there. */
export const NOBODY = 0xffffffff;
/** Fewer blocks than these are drawn as triangles in no time. */
const FROM_BLOCKS = 20_000;
/** Points a block, along and across together. */
const POINTS_A_BLOCK = 16;
/** What every graphics card takes. */
const LONGEST_SIDE = 4_096;

/**
 * @param {Land} land
 * @param {number} [from] blocks from which there is one
 * @returns {Raster | null}
 */
export function rasterOf(land, from = FROM_BLOCKS) {
  const { points, count } = land;
  if (count < from) return null;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < points.length; at += 2) {
    left = Math.min(left, points[at]);
    right = Math.max(right, points[at]);
    top = Math.min(top, points[at + 1]);
    bottom = Math.max(bottom, points[at + 1]);
  }
  const [across, down] = [right - left, bottom - top];
  const unit = Math.max(Math.sqrt((across * down) / (POINTS_A_BLOCK * count)), across / LONGEST_SIDE, down / LONGEST_SIDE);
  if (!(unit > 0)) return null;
  const [width, height] = [Math.ceil(across / unit), Math.ceil(down / unit)];
  const block = new Uint32Array(width * height).fill(NOBODY);
  for (let each = 0; each < count; each++) fill(land, each, { block, width, height, left, top, unit });
  return { block, width, height, left, top, unit };
}

/** @type {number[]} */
const crossings = [];

/**
 * Sets the points whose middle a block covers.
 * @param {Land} land
 * @param {number} block
 * @param {Raster} raster
 */
function fill({ points, ringPoints, ringStarts, blockRings }, block, raster) {
  const { width, height, left, top, unit } = raster;
  const [from, to] = [ringStarts[blockRings[block]], ringStarts[blockRings[block] + 1]];
  let [least, most] = [Infinity, -Infinity];
  for (let at = from; at < to; at++) {
    const y = points[2 * ringPoints[at] + 1];
    if (y < least) least = y;
    if (y > most) most = y;
  }
  const last = Math.min(height - 1, Math.floor((most - top) / unit));
  for (let row = Math.max(0, Math.floor((least - top) / unit)); row <= last; row++) {
    const y = top + (row + 0.5) * unit;
    crossings.length = 0;
    for (let ring = blockRings[block]; ring < blockRings[block + 1]; ring++) {
      let before = 2 * ringPoints[ringStarts[ring + 1] - 1];
      for (let at = ringStarts[ring]; at < ringStarts[ring + 1]; at++) {
        const here = 2 * ringPoints[at];
        const [ay, by] = [points[before + 1], points[here + 1]];
        if (ay > y !== by > y) crossings.push(points[before] + ((points[here] - points[before]) * (y - ay)) / (by - ay));
        before = here;
      }
    }
    if (crossings.length > 2) crossings.sort((a, b) => a - b);
    else if (crossings.length === 2 && crossings[0] > crossings[1]) crossings.reverse();
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const first = Math.max(0, Math.ceil((crossings[pair] - left) / unit - 0.5));
      const end = Math.min(width, Math.ceil((crossings[pair + 1] - left) / unit - 0.5));
      if (end > first) raster.block.fill(block, row * width + first, row * width + end);
    }
  }
}
