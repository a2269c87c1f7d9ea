// Land in square cells: the map draws those in sight, and makes anew those that changed.
/** @import {Cells, Land} from "../../../workbench" */

/** About as many blocks are in a cell. */
const BLOCKS_A_CELL = 1_500;

/**
 * @param {Land} land
 * @param {Float32Array} boxes of the blocks: left, top, right, bottom
 * @param {number} [most] blocks of a cell, about
 * @returns {Cells}
 */
export function cellsOf({ count, edgeOne }, boxes, most = BLOCKS_A_CELL) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < boxes.length; at += 4) {
    left = Math.min(left, boxes[at]);
    top = Math.min(top, boxes[at + 1]);
    right = Math.max(right, boxes[at + 2]);
    bottom = Math.max(bottom, boxes[at + 3]);
  }
  const side = Math.max(Math.sqrt(((right - left) * (bottom - top) * most) / Math.max(count, 1)), 1e-6) || 1;
  const columns = Math.max(1, Math.ceil((right - left) / side) || 1);
  const rows = Math.max(1, Math.ceil((bottom - top) / side) || 1);
  const cell = new Uint32Array(count);
  const extents = new Float32Array(4 * columns * rows);
  for (let each = 0; each < columns * rows; each++) extents.set([Infinity, Infinity, -Infinity, -Infinity], 4 * each);
  for (let block = 0; block < count; block++) {
    const [x0, y0, x1, y1] = [boxes[4 * block], boxes[4 * block + 1], boxes[4 * block + 2], boxes[4 * block + 3]];
    const column = Math.min(Math.max(Math.floor(((x0 + x1) / 2 - left) / side), 0), columns - 1);
    const row = Math.min(Math.max(Math.floor(((y0 + y1) / 2 - top) / side), 0), rows - 1);
    const own = row * columns + column;
    cell[block] = own;
    extents[4 * own] = Math.min(extents[4 * own], x0);
    extents[4 * own + 1] = Math.min(extents[4 * own + 1], y0);
    extents[4 * own + 2] = Math.max(extents[4 * own + 2], x1);
    extents[4 * own + 3] = Math.max(extents[4 * own + 3], y1);
  }
  const [blocks, starts] = sorted(count, columns * rows, (block) => cell[block]);
  const [edges, edgeStarts] = sorted(edgeOne.length, columns * rows, (edge) => cell[edgeOne[edge]]);
  return { count: columns * rows, extents, blocks, starts, edges, edgeStarts };
}

/**
 * Numbers sorted by their cell, and where each cell begins.
 * @param {number} count
 * @param {number} cells
 * @param {(number: number) => number} cellOf
 * @returns {[Uint32Array, Uint32Array]}
 */
function sorted(count, cells, cellOf) {
  const starts = new Uint32Array(cells + 1);
  for (let each = 0; each < count; each++) starts[cellOf(each) + 1]++;
  for (let cell = 0; cell < cells; cell++) starts[cell + 1] += starts[cell];
  const next = starts.slice();
  const order = new Uint32Array(count);
  for (let each = 0; each < count; each++) order[next[cellOf(each)]++] = each;
  return [order, starts];
}

/**
 * Cells that touch a box.
 * @param {Cells} cells
 * @param {readonly [left: number, top: number, right: number, bottom: number]} box
 */
export function cellsWithin({ count, extents }, [left, top, right, bottom]) {
  const within = [];
  for (let cell = 0; cell < count; cell++) {
    const at = 4 * cell;
    if (extents[at] <= right && extents[at + 2] >= left && extents[at + 1] <= bottom && extents[at + 3] >= top) within.push(cell);
  }
  return within;
}
