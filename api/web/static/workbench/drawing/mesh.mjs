// Triangles of the blocks. Most blocks turn one way all around and are cut as a fan; earcut does the others.
/** @import {Cells, Land, Mesh} from "../../../workbench" */

/**
 * @param {Land} land
 * @param {Cells} cells whose blocks come one cell after the other
 * @param {(flat: ArrayLike<number>, holes?: number[]) => number[]} earcut
 * @returns {Mesh}
 */
export function meshOf(land, cells, earcut) {
  const { points, ringPoints, ringStarts, blockRings, count } = land;
  const position = new Float32Array(2 * ringPoints.length);
  const block = new Uint32Array(ringPoints.length);
  // A polygon of n corners and h holes has n - 2 + 2 h triangles.
  const index = new Uint32Array(3 * (ringPoints.length + 2 * (ringStarts.length - 1 - count)));
  for (let at = 0; at < ringPoints.length; at++) {
    position[2 * at] = points[2 * ringPoints[at]];
    position[2 * at + 1] = points[2 * ringPoints[at] + 1];
  }
  let reach = 0;
  const starts = new Uint32Array(cells.count + 1);
  let cell = 0;
  for (let place = 0; place < count; place++) {
    while (place === cells.starts[cell + 1]) starts[++cell] = reach;
    const each = cells.blocks[place];
    const first = blockRings[each];
    const last = blockRings[each + 1];
    const from = ringStarts[first];
    const to = ringStarts[last];
    block.fill(each, from, to);
    if (last === first + 1 && isConvex(position, from, to)) {
      for (let at = from + 1; at + 1 < to; at++) {
        index[reach++] = from;
        index[reach++] = at;
        index[reach++] = at + 1;
      }
      continue;
    }
    const holes = [];
    for (let ring = first + 1; ring < last; ring++) holes.push(ringStarts[ring] - from);
    for (const corner of earcut(position.subarray(2 * from, 2 * to), holes)) index[reach++] = from + corner;
  }
  starts.fill(reach, cell + 1);
  return { position, block, index: index.slice(0, reach), starts };
}

/**
 * @param {Float32Array} position
 * @param {number} from
 * @param {number} to
 */
function isConvex(position, from, to) {
  let turn = 0;
  const count = to - from;
  let turned = 0;
  for (let at = 0; at < count; at++) {
    const [a, b, c] = [from + at, from + ((at + 1) % count), from + ((at + 2) % count)];
    const [inX, inY] = [position[2 * b] - position[2 * a], position[2 * b + 1] - position[2 * a + 1]];
    const [outX, outY] = [position[2 * c] - position[2 * b], position[2 * c + 1] - position[2 * b + 1]];
    const cross = inX * outY - inY * outX;
    if (cross === 0) continue;
    if (turn !== 0 && Math.sign(cross) !== turn) return false;
    turn = Math.sign(cross);
    turned += Math.atan2(Math.abs(cross), inX * outX + inY * outY);
  }
  return turned < 2 * Math.PI + 0.1;
}
