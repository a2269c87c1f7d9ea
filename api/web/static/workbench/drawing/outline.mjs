// Outlines of grids: the edges whose two blocks are of different grids, as quads that the map gives a width.
/** @import {Cells, Grid, Land} from "../../../workbench" */

/** Numbers a corner of a quad: place, direction across, and style. */
export const CORNER = 5;
export const STYLE = { leaf: 0, parent: 1, limit: 2, chosen: 3 };
/** An edge that is not drawn, and one that nobody has looked at. */
const [NONE, UNSEEN] = [-1, -2];

export class Outlines {
  /**
   * @param {Land} land
   * @param {Cells} cells
   */
  constructor(land, cells) {
    this.land = land;
    this.cells = cells;
    this.styles = new Int8Array(land.edgeOne.length).fill(UNSEEN);
  }

  /**
   * Looks at every edge, and returns the cells in which one is drawn otherwise than before.
   * @param {Uint32Array} owner
   * @param {Grid[]} grids
   * @param {ReadonlySet<number>} chosen leaves
   * @returns {number[]}
   */
  update(owner, grids, chosen) {
    const { edges, edgeStarts, count } = this.cells;
    const { edgeOne, edgeOther } = this.land;
    const { styles } = this;
    const parent = Int32Array.from(grids, (grid) => grid.parent);
    const isChosen = new Uint8Array(grids.length);
    for (const leaf of chosen) isChosen[leaf] = 1;
    const changed = [];
    for (let cell = 0; cell < count; cell++) {
      let differs = false;
      for (let at = edgeStarts[cell]; at < edgeStarts[cell + 1]; at++) {
        const edge = edges[at];
        const one = owner[edgeOne[edge]];
        const beside = edgeOther[edge];
        const other = beside < 0 ? -1 : owner[beside];
        let style = NONE;
        // Once an edge of a whole town: no call is made here.
        if (one !== other) {
          if (isChosen[one] !== (other < 0 ? 0 : isChosen[other])) style = STYLE.chosen;
          else if (other < 0) style = STYLE.limit;
          else style = parent[one] === parent[other] ? STYLE.leaf : STYLE.parent;
        }
        if (styles[edge] === style) continue;
        styles[edge] = style;
        differs = true;
      }
      if (differs) changed.push(cell);
    }
    return changed;
  }

  /**
   * Four corners a segment of the edges of a cell: of those within a parent, or of all others, the chosen ones last.
   * @param {number} cell
   * @param {boolean} isInner
   */
  cornersOf(cell, isInner) {
    const { edges, edgeStarts } = this.cells;
    const { edgeStarts: pointStarts } = this.land;
    /** @type {number[][]} */
    const byStyle = [[], [], [], []];
    let segments = 0;
    for (let at = edgeStarts[cell]; at < edgeStarts[cell + 1]; at++) {
      const edge = edges[at];
      const style = this.styles[edge];
      if (style < 0 || (style === STYLE.leaf) !== isInner) continue;
      byStyle[style].push(edge);
      segments += pointStarts[edge + 1] - pointStarts[edge] - 1;
    }
    const corners = new Float32Array(segments * 4 * CORNER);
    let reach = 0;
    byStyle.forEach((group, style) => {
      for (const edge of group) reach = this.#quads(edge, style, corners, reach);
    });
    return corners;
  }

  /**
   * @param {number} edge
   * @param {number} style
   * @param {Float32Array} corners
   * @param {number} reach
   */
  #quads(edge, style, corners, reach) {
    const { edgeStarts, edgePoints, points } = this.land;
    for (let at = edgeStarts[edge]; at + 1 < edgeStarts[edge + 1]; at++) {
      const a = 2 * edgePoints[at];
      const b = 2 * edgePoints[at + 1];
      const dx = points[b] - points[a];
      const dy = points[b + 1] - points[a + 1];
      const length = Math.hypot(dx, dy) || 1;
      for (let corner = 0; corner < 4; corner++) {
        const end = corner < 2 ? a : b;
        const side = (corner & 1 ? -1 : 1) / length;
        corners[reach] = points[end];
        corners[reach + 1] = points[end + 1];
        corners[reach + 2] = -dy * side;
        corners[reach + 3] = dx * side;
        corners[reach + 4] = style;
        reach += CORNER;
      }
    }
    return reach;
  }
}

/**
 * All edges as pairs of places, cell by cell, and where each cell begins among the places.
 * @param {Land} land
 * @param {Cells} cells
 */
export function edgeLines({ edgeStarts, edgePoints, points }, { count, edges, edgeStarts: cellStarts }) {
  const lines = new Float32Array(4 * (edgePoints.length - (edgeStarts.length - 1)));
  const starts = new Uint32Array(count + 1);
  let reach = 0;
  for (let cell = 0; cell < count; cell++) {
    for (let each = cellStarts[cell]; each < cellStarts[cell + 1]; each++) {
      const edge = edges[each];
      for (let at = edgeStarts[edge]; at + 1 < edgeStarts[edge + 1]; at++) {
        for (let end = at; end < at + 2; end++) {
          lines[reach++] = points[2 * edgePoints[end]];
          lines[reach++] = points[2 * edgePoints[end] + 1];
        }
      }
    }
    starts[cell + 1] = reach / 2;
  }
  return { lines, starts };
}
