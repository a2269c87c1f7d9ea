// Pieces of grids: which blocks hang together, and which neighbour a loose piece would best go to.
/** @import {Land} from "../../workbench" */
/** @import {PlanModel} from "./model.mjs" */

/**
 * Edges of each block, in rows: those of block b are `edges[starts[b]]` to `edges[starts[b + 1]]`.
 * @param {Land} land
 */
export function edgesOfBlocks({ count, edgeOne, edgeOther }) {
  const starts = new Uint32Array(count + 1);
  for (let edge = 0; edge < edgeOne.length; edge++) {
    starts[edgeOne[edge] + 1]++;
    if (edgeOther[edge] >= 0) starts[edgeOther[edge] + 1]++;
  }
  for (let block = 0; block < count; block++) starts[block + 1] += starts[block];
  const next = starts.slice();
  const edges = new Uint32Array(starts[count]);
  for (let edge = 0; edge < edgeOne.length; edge++) {
    edges[next[edgeOne[edge]]++] = edge;
    if (edgeOther[edge] >= 0) edges[next[edgeOther[edge]]++] = edge;
  }
  return { starts, edges };
}

/** @typedef {ReturnType<typeof edgesOfBlocks>} BlockEdges */

/**
 * The blocks of the same grid that hang together with one.
 * @param {PlanModel} model
 * @param {BlockEdges} rows
 * @param {number} start
 */
export function pieceAround(model, { starts, edges }, start) {
  const { edgeOne, edgeOther } = model.land;
  const piece = new Set([start]);
  const waiting = [start];
  for (let block = waiting.pop(); block !== undefined; block = waiting.pop()) {
    for (let at = starts[block]; at < starts[block + 1]; at++) {
      const other = edgeOne[edges[at]] === block ? edgeOther[edges[at]] : edgeOne[edges[at]];
      if (other < 0 || piece.has(other) || model.owner[other] !== model.owner[start]) continue;
      piece.add(other);
      waiting.push(other);
    }
  }
  return piece;
}

/**
 * The pieces of a leaf, the one with most blocks first.
 * @param {PlanModel} model
 * @param {BlockEdges} rows
 * @param {number} leaf
 */
export function piecesOf(model, rows, leaf) {
  const left = new Set(model.blocksOf(leaf));
  const pieces = [];
  for (const block of left) {
    const piece = pieceAround(model, rows, block);
    for (const each of piece) left.delete(each);
    pieces.push(piece);
  }
  return pieces.sort((a, b) => b.size - a.size);
}

/**
 * The leaf with the longest edges to some blocks, of the same parent if any touches; -1 for none.
 * @param {PlanModel} model
 * @param {BlockEdges} rows
 * @param {ReadonlySet<number>} blocks
 */
export function bestNeighbour(model, { starts, edges }, blocks) {
  const { edgeOne, edgeOther, edgeStarts, edgePoints, points } = model.land;
  /** @type {Map<number, number>} */
  const lengths = new Map();
  let own = -1;
  for (const block of blocks) {
    own = model.owner[block];
    for (let at = starts[block]; at < starts[block + 1]; at++) {
      const edge = edges[at];
      const other = edgeOne[edge] === block ? edgeOther[edge] : edgeOne[edge];
      if (other < 0 || blocks.has(other)) continue;
      let length = lengths.get(model.owner[other]) ?? 0;
      for (let point = edgeStarts[edge]; point + 1 < edgeStarts[edge + 1]; point++) {
        const [a, b] = [2 * edgePoints[point], 2 * edgePoints[point + 1]];
        length += Math.hypot(points[b] - points[a], points[b + 1] - points[a + 1]);
      }
      lengths.set(model.owner[other], length);
    }
  }
  lengths.delete(own);
  const isSister = (/** @type {number} */ grid) => Number(model.grids[grid].parent === model.grids[own].parent && model.grids[grid].kind !== "dedicated");
  const best = [...lengths].sort(([a, x], [b, y]) => isSister(b) - isSister(a) || y - x)[0];
  return best ? best[0] : -1;
}
