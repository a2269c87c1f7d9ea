// A stroke of the brush: the blocks that it touched go to one leaf, and come back whole if it is refused.
/** @import {Move, Point} from "../../workbench" */
/** @import {PlanModel} from "./model.mjs" */
/** @import {nearbyOf} from "./nearby.mjs" */

export class Stroke {
  /** @type {Move} */
  move;
  /** Codes of locked grids that the brush met. */
  locked = new Set();
  #tried = new Set();

  /**
   * @param {PlanModel} model
   * @param {ReturnType<typeof nearbyOf>} nearby
   * @param {number} to leaf
   * @param {{within: boolean}} rule whether only blocks of the same parent are taken
   */
  constructor(model, nearby, to, { within }) {
    this.model = model;
    this.nearby = nearby;
    this.within = within;
    this.move = { to, blocks: [], from: [] };
  }

  /**
   * Paint from one place to another.
   * @param {Point} from local units
   * @param {Point} to
   * @param {number} radius
   * @returns {number[]} blocks that moved by it
   */
  paint(from, to, radius) {
    const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / Math.max(radius, 1e-9)));
    /** @type {number[]} */
    const moved = [];
    for (let step = 0; step <= steps; step++) {
      const [x, y] = [0, 1].map((axis) => from[axis] + ((to[axis] - from[axis]) * step) / steps);
      moved.push(...this.take(this.nearby.inDisk(x, y, radius)));
    }
    return moved;
  }

  /** @param {Iterable<number>} blocks */
  take(blocks) {
    const fresh = [...blocks].filter((block) => !this.#tried.has(block) && this.#tried.add(block));
    const done = this.model.move(fresh, this.move.to, (block) => this.#may(block));
    for (const block of done.blocks) this.move.blocks.push(block);
    for (const leaf of done.from) this.move.from.push(leaf);
    return done.blocks;
  }

  /** @param {number} block */
  #may(block) {
    const { grids, owner } = this.model;
    const lock = this.model.lockOf(owner[block]);
    if (lock) this.locked.add(lock.code);
    return !lock && (!this.within || grids[owner[block]].parent === grids[this.move.to].parent);
  }

  /**
   * Goes on upon another reading of the plan, with the blocks that it has by now.
   * @param {PlanModel} model
   * @param {ReturnType<typeof nearbyOf>} nearby
   * @returns {boolean} whether there still is the leaf that it goes to
   */
  carryTo(model, nearby) {
    const { model: former, move } = this;
    const to = model.byCode.get(former.grids[move.to].code);
    if (!to || to.kind === "parent") return false;
    const ids = former.idsOf(move.blocks);
    Object.assign(this, { model, nearby, move: { to: to.index, blocks: [], from: [] } });
    this.#tried = new Set();
    this.take(model.places(ids));
    return true;
  }

  takeBack() {
    this.model.takeBack(this.move);
  }
}
