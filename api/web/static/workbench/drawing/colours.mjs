// Colours of grids: by load against the band, or one beside another so that neighbours differ.
/** @import {PlanModel} from "../model.mjs" */

/** As the coverage map and the tiles have them. */
export const STANDING = {
  under: [74, 155, 212, 130],
  in: [168, 213, 181, 150],
  over: [224, 112, 42, 140],
  dedicated: [94, 60, 153, 90],
  unknown: [195, 202, 209, 130],
};
export const PALETTE = [
  [102, 166, 206], [244, 165, 96], [127, 191, 123], [214, 137, 178], [230, 205, 90], [140, 140, 200], [120, 200, 195], [205, 140, 110], [170, 190, 110],
];
const ALPHA = 130;

/**
 * Four bytes a grid; the last bit of the last one says whether it is hatched.
 * @param {PlanModel} model
 * @param {"band" | "grid"} mode
 */
export function coloursOf(model, mode) {
  const bytes = new Uint8Array(4 * Math.max(model.grids.length, 1));
  for (const { index, kind } of model.grids) {
    if (kind === "parent") continue;
    bytes.set(colourOf(model, index, mode), 4 * index);
    // An odd alpha is a grid that is hatched (shaders.mjs): whatever it is coloured by, it is seen to be dedicated.
    bytes[4 * index + 3] = (bytes[4 * index + 3] & ~1) | Number(kind === "dedicated");
  }
  return bytes;
}

/**
 * @param {PlanModel} model
 * @param {number} grid
 * @param {"band" | "grid"} mode
 */
export function colourOf(model, grid, mode) {
  return mode === "band" ? STANDING[model.standing(grid)] : [...PALETTE[(grid * 5) % PALETTE.length], ALPHA];
}
