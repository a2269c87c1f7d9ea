// Blocks on the canvas while the brush moves: the map below stands still until the stroke is let go.
/** @import {Land, Point} from "../../../workbench" */

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Land} land
 * @param {{at: Point, unit: number}} frame where the canvas lies: `pixel = (local - at) / unit`
 * @param {number[]} blocks
 * @param {string} colour
 */
export function fillBlocks(context, land, { at, unit }, blocks, colour) {
  if (!blocks.length) return;
  context.fillStyle = colour;
  context.strokeStyle = "rgb(27 39 51 / 35%)";
  context.lineWidth = 0.7;
  context.beginPath();
  for (const block of blocks) {
    for (let ring = land.blockRings[block]; ring < land.blockRings[block + 1]; ring++) {
      for (let place = land.ringStarts[ring]; place < land.ringStarts[ring + 1]; place++) {
        const point = 2 * land.ringPoints[place];
        const [x, y] = [(land.points[point] - at[0]) / unit, (land.points[point + 1] - at[1]) / unit];
        if (place === land.ringStarts[ring]) context.moveTo(x, y);
        else context.lineTo(x, y);
      }
      context.closePath();
    }
  }
  context.fill("evenodd");
  context.stroke();
}
