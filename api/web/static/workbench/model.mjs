// The plan in the browser: whose each block is, and the sums of every grid, which change with each block that moves.
/** @import {Figures, Grid, Land, Measure, Move, PlanHead} from "../../workbench" */

/** @type {Measure[]} */
export const MEASURES = ["households", "population", "buildings", "cases", "blocks"];
const LOADS = 3;
const CASES = 3;
const BLOCKS = 4;
const WIDTH = MEASURES.length;

export class PlanModel {
  /**
   * @param {PlanHead} head
   * @param {Uint32Array} owner
   * @param {Land} land
   */
  constructor(head, owner, land) {
    this.head = head;
    this.land = land;
    this.owner = Uint32Array.from(owner);
    this.grids = gridsOf(head);
    /** @type {Map<string, Grid>} */
    this.byCode = new Map(this.grids.map((grid) => [grid.code, grid]));
    this.cases = /** @type {Float64Array} */ (new Float64Array(land.count));
    this.sums = new Float64Array(this.grids.length * WIDTH);
    this.known = new Uint32Array(this.grids.length * LOADS);
    for (let block = 0; block < land.count; block++) this.#count(block, this.owner[block], 1);
    this.#addUnplaced();
    /** @type {Map<string, Figures>} */
    this.figures = new Map();
  }

  /**
   * A leaf may have load that none of its blocks has: it stays with it.
   */
  #addUnplaced() {
    for (const grid of this.grids) {
      if (grid.kind === "parent") continue;
      for (let load = 0; load < LOADS; load++) {
        const stored = grid.stored[load];
        if (stored === null) continue;
        const beyond = stored - this.sums[grid.index * WIDTH + load];
        this.#eachAbove(grid.index, (above) => {
          this.known[above * LOADS + load]++;
          if (beyond > 1e-6 * Math.max(stored, 1)) this.sums[above * WIDTH + load] += beyond;
        });
      }
    }
  }

  /**
   * @param {number} grid
   * @param {(grid: number) => void} visit
   */
  #eachAbove(grid, visit) {
    for (let above = grid; above >= 0; above = this.grids[above].parent) visit(above);
  }

  /**
   * @param {number} block
   * @param {number} grid
   * @param {1 | -1} sign
   */
  #count(block, grid, sign) {
    for (let above = grid; above >= 0; above = this.grids[above].parent) {
      const at = above * WIDTH;
      for (let load = 0; load < LOADS; load++) {
        const value = this.land.loads[load][block];
        if (value === value) {
          this.sums[at + load] += sign * value;
          this.known[above * LOADS + load] += sign;
        }
      }
      this.sums[at + CASES] += sign * this.cases[block];
      this.sums[at + BLOCKS] += sign;
    }
  }

  /**
   * Open cases by number of the block; they may come later than the plan.
   * @param {number[]} blocks
   * @param {number[]} counts
   */
  setCases(blocks, counts) {
    this.cases.fill(0);
    for (let grid = 0; grid < this.grids.length; grid++) this.sums[grid * WIDTH + CASES] = 0;
    blocks.forEach((id, at) => {
      for (const block of this.places([id])) {
        this.cases[block] = counts[at];
        this.#eachAbove(this.owner[block], (above) => (this.sums[above * WIDTH + CASES] += counts[at]));
      }
    });
  }

  /**
   * Open cases of blocks as they stand.
   * @param {Float64Array} cases
   */
  keepCases(cases) {
    this.cases = cases;
    cases.forEach((count, block) => {
      if (count) this.#eachAbove(this.owner[block], (above) => (this.sums[above * WIDTH + CASES] += count));
    });
  }

  /**
   * Where blocks stand, by their numbers; those that there are not are left out.
   * @param {number[]} ids
   */
  places(ids) {
    const { ids: all } = this.land;
    return ids.flatMap((id) => {
      let [low, high] = [0, all.length];
      const wanted = BigInt(id);
      while (low < high) {
        const middle = (low + high) >> 1;
        if (all[middle] < wanted) low = middle + 1;
        else high = middle;
      }
      return all[low] === wanted ? [low] : [];
    });
  }

  /**
   * Give blocks to a leaf. Those that it has, and those of locked grids, stay.
   * @param {Iterable<number>} blocks
   * @param {number} to
   * @param {(block: number) => boolean} [may]
   * @returns {Move} what moved: `takeBack` undoes it
   */
  move(blocks, to, may = () => true) {
    /** @type {Move} */
    const done = { to, blocks: [], from: [] };
    for (const block of blocks) {
      const from = this.owner[block];
      if (from === to || !may(block)) continue;
      done.blocks.push(block);
      done.from.push(from);
      this.#count(block, from, -1);
      this.owner[block] = to;
      this.#count(block, to, 1);
    }
    return done;
  }

  /** @param {Move} move */
  takeBack({ blocks, from }) {
    for (let at = blocks.length - 1; at >= 0; at--) {
      this.#count(blocks[at], this.owner[blocks[at]], -1);
      this.owner[blocks[at]] = from[at];
      this.#count(blocks[at], from[at], 1);
    }
  }

  /**
   * @param {number} grid
   * @param {Measure} measure
   * @returns {number | null} null where nothing is known
   */
  sum(grid, measure) {
    const at = MEASURES.indexOf(measure);
    if (at < LOADS && this.known[grid * LOADS + at] === 0) return null;
    return Math.round(this.sums[grid * WIDTH + at] * 1e6) / 1e6;
  }

  /**
   * @param {Iterable<number>} blocks
   * @param {Measure} measure
   */
  sumOfBlocks(blocks, measure) {
    const at = MEASURES.indexOf(measure);
    let sum = 0;
    for (const block of blocks) sum += at === BLOCKS ? 1 : at === CASES ? this.cases[block] : this.land.loads[at][block] || 0;
    return Math.round(sum * 1e6) / 1e6;
  }

  /**
   * How a leaf stands to the band.
   * @param {number} grid
   * @returns {"under" | "in" | "over" | "dedicated" | "unknown"}
   */
  standing(grid) {
    if (this.grids[grid].kind === "dedicated") return "dedicated";
    const load = this.sum(grid, this.head.load);
    const { band } = this.head;
    if (!band || load === null) return "unknown";
    return load < band[0] ? "under" : load > band[1] ? "over" : "in";
  }

  /**
   * Who locked a grid or one above it.
   * @param {number} grid
   * @returns {Grid | null}
   */
  lockOf(grid) {
    for (let above = grid; above >= 0; above = this.grids[above].parent) {
      if (this.grids[above].locked !== null) return this.grids[above];
    }
    return null;
  }

  /**
   * Blocks of a grid, at any level.
   * @param {number} grid
   */
  blocksOf(grid) {
    const below = new Set(this.leavesBelow(grid));
    const found = [];
    for (let block = 0; block < this.land.count; block++) if (below.has(this.owner[block])) found.push(block);
    return found;
  }

  /**
   * @param {number} grid
   * @returns {number[]}
   */
  leavesBelow(grid) {
    const { children } = this.grids[grid];
    return children.length ? children.flatMap((child) => this.leavesBelow(child)) : [grid];
  }

  /** @param {Iterable<number>} blocks */
  idsOf(blocks) {
    return Array.from(blocks, (block) => Number(this.land.ids[block]));
  }
}

/**
 * @param {PlanHead} head
 * @returns {Grid[]}
 */
function gridsOf({ grids: columns }) {
  const grids = columns.code.map((code, index) => ({
    index,
    code,
    name: columns.name[index],
    level: columns.level[index],
    parent: columns.parent[index],
    kind: columns.kind[index],
    category: columns.category[index],
    locked: columns.locked_by[index],
    duties: columns.duties[index],
    children: /** @type {number[]} */ ([]),
    stored: [columns.households[index], columns.population[index], columns.buildings[index]],
  }));
  for (const grid of grids) if (grid.parent >= 0) grids[grid.parent].children.push(grid.index);
  return grids;
}
