// Which blocks are under the brush, in a box or within a drawn line: boxes of blocks in square cells.
/** @import {Land, Point} from "../../workbench" */

const BLOCKS_A_CELL = 4;

/**
 * Boxes and middles of blocks, and which blocks are in which cell.
 * @param {Land} land
 */
export function placesOf({ count, points, ringPoints, ringStarts, blockRings }) {
  const boxes = new Float32Array(4 * count);
  const middles = new Float32Array(2 * count);
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let block = 0; block < count; block++) {
    let [x0, y0, x1, y1, sumX, sumY] = [Infinity, Infinity, -Infinity, -Infinity, 0, 0];
    const from = ringStarts[blockRings[block]];
    const to = ringStarts[blockRings[block] + 1];
    for (let at = from; at < to; at++) {
      const x = points[2 * ringPoints[at]];
      const y = points[2 * ringPoints[at] + 1];
      if (x < x0) x0 = x;
      if (x > x1) x1 = x;
      if (y < y0) y0 = y;
      if (y > y1) y1 = y;
      sumX += x;
      sumY += y;
    }
    boxes.set([x0, y0, x1, y1], 4 * block);
    middles.set([sumX / (to - from), sumY / (to - from)], 2 * block);
    left = Math.min(left, x0);
    top = Math.min(top, y0);
    right = Math.max(right, x1);
    bottom = Math.max(bottom, y1);
  }
  const size = Math.max(Math.sqrt(((right - left) * (bottom - top) * BLOCKS_A_CELL) / Math.max(count, 1)), 1e-6);
  const columns = Math.max(1, Math.ceil((right - left) / size) || 1);
  const rows = Math.max(1, Math.ceil((bottom - top) / size) || 1);
  const lattice = { left, top, right, bottom, size, columns, rows };
  const { column, row } = lookup(lattice);
  const starts = new Uint32Array(columns * rows + 1);
  /** @param {(cell: number, block: number) => void} visit */
  const eachCell = (visit) => {
    for (let block = 0; block < count; block++) {
      const [right, below] = [column(boxes[4 * block + 2]), row(boxes[4 * block + 3])];
      for (let y = row(boxes[4 * block + 1]); y <= below; y++) for (let x = column(boxes[4 * block]); x <= right; x++) visit(y * columns + x, block);
    }
  };
  eachCell((cell) => starts[cell + 1]++);
  for (let cell = 0; cell < columns * rows; cell++) starts[cell + 1] += starts[cell];
  const held = new Uint32Array(starts[columns * rows]);
  const next = starts.slice(0, -1);
  eachCell((cell, block) => (held[next[cell]++] = block));
  return { boxes, middles, lattice, starts, held };
}

/** @typedef {ReturnType<typeof placesOf>} Places */

/** @param {{left: number, top: number, size: number, columns: number, rows: number}} lattice */
const lookup = ({ left, top, size, columns, rows }) => ({
  column: (/** @type {number} */ x) => Math.min(Math.max(Math.floor((x - left) / size), 0), columns - 1),
  row: (/** @type {number} */ y) => Math.min(Math.max(Math.floor((y - top) / size), 0), rows - 1),
});

/**
 * @param {Land} land
 * @param {Places} places
 */
export function nearbyOf(land, { boxes, middles, lattice, starts, held } = placesOf(land)) {
  const { left, top, right, bottom, columns } = lattice;
  const { column, row } = lookup(lattice);
  const seen = new Uint32Array(land.count);
  let round = 0;

  /**
   * Blocks whose boxes touch a box, each once.
   * @param {number} x0
   * @param {number} y0
   * @param {number} x1
   * @param {number} y1
   */
  function inBox(x0, y0, x1, y1) {
    /** @type {number[]} */
    const found = [];
    if (x1 < left || y1 < top || x0 > right || y0 > bottom) return found;
    round++;
    for (let y = row(y0); y <= row(y1); y++) {
      for (let x = column(x0); x <= column(x1); x++) {
        for (let at = starts[y * columns + x]; at < starts[y * columns + x + 1]; at++) {
          const block = held[at];
          if (seen[block] === round) continue;
          seen[block] = round;
          const box = 4 * block;
          if (boxes[box] <= x1 && boxes[box + 2] >= x0 && boxes[box + 1] <= y1 && boxes[box + 3] >= y0) found.push(block);
        }
      }
    }
    return found;
  }

  return {
    middles,
    inBox,
    /**
     * The block at a place.
     * @param {number} x
     * @param {number} y
     * @returns {number} -1 for none
     */
    at(x, y) {
      return inBox(x, y, x, y).find((block) => covers(land, block, x, y)) ?? -1;
    },
    /**
     * Blocks that a disk touches.
     * @param {number} x
     * @param {number} y
     * @param {number} radius
     */
    inDisk(x, y, radius) {
      const near = inBox(x - radius, y - radius, x + radius, y + radius);
      return near.filter((block) => distance2(land, block, x, y) < radius * radius || covers(land, block, x, y));
    },
    /**
     * Blocks whose middle is in a box.
     * @param {Point} one
     * @param {Point} other
     */
    middlesInBox(one, other) {
      const [x0, x1] = [Math.min(one[0], other[0]), Math.max(one[0], other[0])];
      const [y0, y1] = [Math.min(one[1], other[1]), Math.max(one[1], other[1])];
      const isIn = (/** @type {number} */ x, /** @type {number} */ y) => x >= x0 && x <= x1 && y >= y0 && y <= y1;
      return inBox(x0, y0, x1, y1).filter((block) => isIn(middles[2 * block], middles[2 * block + 1]));
    },
    /**
     * Blocks whose middle is within a drawn line, which is closed.
     * @param {Point[]} line
     */
    middlesWithin(line) {
      const xs = line.map(([x]) => x);
      const ys = line.map(([, y]) => y);
      const near = inBox(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys));
      return near.filter((block) => isWithin(line, middles[2 * block], middles[2 * block + 1]));
    },
  };
}

/**
 * @param {Point[]} ring
 * @param {number} x
 * @param {number} y
 */
export function isWithin(ring, x, y) {
  let inside = false;
  for (let at = 0, before = ring.length - 1; at < ring.length; before = at++) {
    const [ax, ay] = ring[at];
    const [bx, by] = ring[before];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

/**
 * Visits the segments of a block's rings until one is enough.
 * @param {Land} land
 * @param {number} block
 * @param {(ax: number, ay: number, bx: number, by: number) => void} visit
 */
function eachSegment(land, block, visit) {
  const { points, ringPoints, ringStarts, blockRings } = land;
  for (let ring = blockRings[block]; ring < blockRings[block + 1]; ring++) {
    let before = ringPoints[ringStarts[ring + 1] - 1];
    for (let at = ringStarts[ring]; at < ringStarts[ring + 1]; at++) {
      const here = ringPoints[at];
      visit(points[2 * before], points[2 * before + 1], points[2 * here], points[2 * here + 1]);
      before = here;
    }
  }
}

/**
 * @param {Land} land
 * @param {number} block
 * @param {number} x
 * @param {number} y
 */
export function covers(land, block, x, y) {
  let inside = false;
  eachSegment(land, block, (ax, ay, bx, by) => {
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  });
  return inside;
}

/**
 * @param {Land} land
 * @param {number} block
 * @param {number} x
 * @param {number} y
 */
function distance2(land, block, x, y) {
  let least = Infinity;
  eachSegment(land, block, (ax, ay, bx, by) => {
    const [dx, dy] = [bx - ax, by - ay];
    const along = Math.min(Math.max(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1), 0), 1);
    least = Math.min(least, (ax + along * dx - x) ** 2 + (ay + along * dy - y) ** 2);
  });
  return least;
}
