// The plan on the table: the model, what is chosen, the stroke in the hand, and what the server makes of it.
/** @import {Claim, EditAnswer, Land, LoadedLand, Operation, PlanStep, Point, Problem, WorkbenchData} from "../../workbench" */
import { PlanModel } from "./model.mjs";
import { LandReader } from "./land_loading.mjs";
import { nearbyOf } from "./nearby.mjs";
import { touchedBy } from "./operations.mjs";
import { bestNeighbour, pieceAround, piecesOf } from "./pieces.mjs";
import { PlanServer, Refusal } from "./server.mjs";
import { Stroke } from "./stroke.mjs";
import { toLocal } from "./land.mjs";

/**
 * @typedef {"land" | "plan" | "chosen" | "stroke" | "stroked" | "taken"} Change
 * What changed: the land; whose blocks are; what is chosen; the stroke goes on, ends, or was taken back.
 */

/**
 * @typedef {object} Told
 * @property {"done" | "refused" | "conflict" | "failed"} kind
 * @property {string} key of a word, empty for the server's own sentence
 * @property {Record<string, string | number>} [values]
 * @property {string} [sentence]
 * @property {[number, number] | null} [place]
 * @property {(() => void) | null} [again] does it again on top of what others did
 * @property {PlanStep[]} [changes] what others did
 * @property {Claim[]} [claims] of others, where it was done
 */

export class Board {
  /** @type {Land | null} */
  land = null;
  /** What the map draws the land from. */
  parts = /** @type {Omit<LoadedLand, "land" | "places" | "rows"> | null} */ (null);
  /** @type {PlanModel | null} */
  model = null;
  /** @type {ReturnType<typeof nearbyOf> | null} */
  nearby = null;
  /** @type {Set<number>} */
  chosen = new Set();
  /** @type {Set<number>} */
  blocks = new Set();
  /** @type {Stroke | null} */
  stroke = null;
  within = false;
  /** Writes under way. */
  busy = 0;
  /** Whether there is something to take back, and to do again. */
  steps = { undo: false, redo: false };
  /** Of the plan when it was read last. */
  read = 0;
  /** Versions that edits of this page have made. @type {Set<number>} */
  own = new Set();
  /** Of the grids, as they were seen. @type {Map<string, number>} */
  versions = new Map();
  /** Let go and not answered yet. @type {Set<Stroke>} */
  #sent = new Set();
  #rows = /** @type {LoadedLand["rows"] | null} */ (null);

  /**
   * @param {WorkbenchData} data
   * @param {PlanServer} server
   * @param {(change: Change) => void} changed
   * @param {(told: Told) => void} tell
   */
  constructor(data, server, changed, tell) {
    this.data = data;
    this.server = server;
    this.changed = changed;
    this.tell = tell;
    this.lands = new LandReader(`${data.plan}/columns/land`);
    this.lands.begin();
  }

  /** Reads the plan; the land only where it is another. */
  async load() {
    let { head, owner } = await this.server.columns();
    // An edit of this page was answered while an older state was on its way.
    while (head.plan.version < Math.max(this.read, ...this.own)) ({ head, owner } = await this.server.columns());
    const chosen = [...this.chosen].map((grid) => this.model?.grids[grid].code ?? "");
    const hasNewLand = this.land?.key !== head.land;
    if (hasNewLand) {
      const { land, places, rows, ...parts } = await this.lands.read(head.land);
      this.land = land;
      this.parts = parts;
      this.nearby = nearbyOf(land, places);
      this.#rows = rows;
      this.blocks.clear();
    }
    const { figures, cases } = this.model ?? { figures: undefined, cases: undefined };
    this.model = new PlanModel(head, owner, /** @type {Land} */ (this.land));
    const versions = new Map(head.grids.code.map((code, at) => [code, head.grids.edited[at]]));
    for (const [code, told] of figures ?? []) if (versions.get(code) === this.versions.get(code)) this.model.figures.set(code, told);
    if (cases && !hasNewLand) this.model.keepCases(cases);
    this.versions = versions;
    this.steps = head.steps;
    this.read = head.plan.version;
    for (const version of this.own) if (version <= this.read) this.own.delete(version);
    this.#carry();
    this.chosen = new Set(chosen.flatMap((code) => this.model?.byCode.get(code)?.index ?? []));
    this.changed(hasNewLand ? "land" : "plan");
    if (hasNewLand) await this.loadCases();
  }

  /** Strokes in the hand and on their way go on upon what was read. */
  #carry() {
    const { model, nearby } = this;
    if (!model || !nearby) return;
    for (const stroke of this.#sent) stroke.carryTo(model, nearby);
    if (this.stroke && !this.stroke.carryTo(model, nearby)) this.stroke = null;
  }

  async loadCases() {
    const { blocks, cases } = await this.server.cases();
    this.model?.setCases(blocks, cases);
    this.changed("chosen");
  }

  /** The leaf that strokes go to: the one that is chosen alone. */
  get target() {
    const [only] = this.chosen;
    return this.chosen.size === 1 && this.model && this.model.grids[only].kind !== "parent" ? only : -1;
  }

  /**
   * @param {number} grid -1 for none
   * @param {boolean} adds
   */
  choose(grid, adds) {
    if (adds && this.chosen.has(grid)) this.chosen.delete(grid);
    else this.chosen = new Set([...(adds ? this.chosen : []), ...(grid < 0 ? [] : [grid])]);
    if (!adds) this.blocks.clear();
    this.changed("chosen");
  }

  /**
   * @param {Iterable<number>} blocks
   * @param {boolean} adds
   */
  chooseBlocks(blocks, adds) {
    this.blocks = new Set([...(adds ? this.blocks : []), ...blocks]);
    this.changed("chosen");
  }

  /** Chosen leaves, those below chosen parents too. */
  get chosenLeaves() {
    return new Set([...this.chosen].flatMap((grid) => this.model?.leavesBelow(grid) ?? []));
  }

  /** @param {Point} at local units */
  gridAt(at) {
    const block = this.nearby?.at(...at) ?? -1;
    return block < 0 || !this.model ? -1 : this.model.owner[block];
  }

  /** How many pieces the chosen leaf is in. */
  get pieces() {
    return this.target < 0 || !this.model || !this.#rows || this.stroke ? [] : [piecesOf(this.model, this.#rows, this.target).length];
  }

  /**
   * @param {Point} at
   * @returns {boolean} whether a stroke begins
   */
  begin(at) {
    const { model, nearby } = this;
    if (!model || !nearby || !this.data.can_edit) return false;
    if (this.target < 0) this.choose(this.gridAt(at), false);
    const to = this.target;
    if (to < 0) return this.#refuse("no_target");
    const lock = model.lockOf(to);
    if (lock) return this.#refuse("target_locked", { code: lock.code });
    this.stroke = new Stroke(model, nearby, to, { within: this.within });
    return true;
  }

  /**
   * @param {string} key
   * @param {Record<string, string | number>} [values]
   */
  #refuse(key, values) {
    this.tell({ kind: "refused", key, values });
    return false;
  }

  /** The stroke is let go: it stands at once, and is taken back if the server refuses it. */
  async end() {
    const { stroke, model } = this;
    this.stroke = null;
    if (!stroke || !model) return;
    this.changed("stroked");
    if (!stroke.move.blocks.length) {
      if (stroke.locked.size) this.#refuse("blocks_locked", { codes: [...stroke.locked].slice(0, 5).join(", ") });
      return;
    }
    const emptied = [...new Set(stroke.move.from)].filter((leaf) => model.sum(leaf, "blocks") === 0).map((leaf) => model.grids[leaf].code);
    if (emptied.length) {
      stroke.takeBack();
      this.changed("taken");
      this.#refuse("emptied", { count: emptied.length, codes: emptied.slice(0, 5).join(", ") });
      return;
    }
    const operation = { kind: "move_blocks", blocks: model.idsOf(stroke.move.blocks), to: model.grids[stroke.move.to].code };
    const codes = [...new Set([stroke.move.to, ...stroke.move.from])].map((leaf) => model.grids[leaf].code);
    this.#sent.add(stroke);
    const answer = await this.#edited(operation, codes, () => this.#sent.delete(stroke));
    if (answer) {
      this.took(answer);
      this.tell({ kind: "done", key: "stroke_done", values: { count: answer.blocks_moved, code: operation.to }, claims: answer.claims });
    } else if (this.model === stroke.model) {
      stroke.takeBack();
      this.changed("taken");
    }
  }

  cancel() {
    this.stroke?.takeBack();
    this.stroke = null;
    this.changed("taken");
  }

  /**
   * Gives blocks to a leaf as one stroke.
   * @param {Iterable<number>} blocks
   * @param {number} to
   */
  async give(blocks, to) {
    if (!this.model || !this.nearby) return;
    this.stroke = new Stroke(this.model, this.nearby, to, { within: this.within });
    this.stroke.take(blocks);
    this.blocks.clear();
    await this.end();
  }

  /** @param {EditAnswer} answer */
  took(answer) {
    for (const figures of answer.figures) this.model?.figures.set(figures.code, figures);
    for (const [code, version] of Object.entries(answer.versions)) this.versions.set(code, version);
    this.own.add(answer.version);
    this.steps = { undo: true, redo: false };
    if (this.model) this.model.head.plan.version = answer.version;
    this.changed("chosen");
  }

  /**
   * Any other operation: what it did is read again.
   * @param {Operation} operation
   * @param {boolean} [isOfPlan] whether it is about the plan as it was read, whatever it touches
   * @returns {Promise<boolean>} whether it was done
   */
  async commit(operation, isOfPlan = false) {
    const owners = (/** @type {number[]} */ ids) => (this.model ? this.model.places(ids).map((block) => this.model?.grids[this.model.owner[block]].code ?? "") : []);
    const answer = await this.#edited(operation, isOfPlan ? null : touchedBy(operation, owners));
    if (!answer) return false;
    await this.#again(answer);
    this.tell({ kind: "done", key: "operation_done", values: { operation: operation.kind, count: answer.blocks_moved }, claims: answer.claims });
    return true;
  }

  /** @param {EditAnswer} answer */
  async #again(answer) {
    this.took(answer);
    await this.load().catch((error) => this.#failed(error, null));
  }

  /** @param {string} code @param {boolean} release */
  async claim(code, release) {
    await this.#guarded(() => this.server.claim(code, release), null);
  }

  /** @param {"undo" | "redo"} way */
  async step(way) {
    const answer = await this.#guarded(() => this.server[way](), null);
    if (!answer) return;
    await this.#again(answer);
    this.tell({ kind: "done", key: way === "undo" ? "undone_one" : "redone_one" });
  }

  /**
   * What operations would do, each by itself; null if one was refused, which is told.
   * @param {Operation[]} operations
   */
  async preview(operations) {
    const previews = [];
    for (const operation of operations) {
      const seen = await this.#guarded(() => this.server.preview([operation]), null);
      if (!seen) return null;
      previews.push({ operation, seen });
    }
    return previews;
  }

  /**
   * @param {Operation} operation
   * @param {string[] | null} codes of what it touches; null for the whole plan
   * @param {() => void} [answered]
   */
  #edited(operation, codes, answered = () => {}) {
    // Asked for when it is sent: an edit before it may have been answered by then.
    const grids = codes && (() => Object.fromEntries(codes.map((code) => [code, this.versions.get(code) ?? 0])));
    return this.#guarded(() => this.server.edit([operation], grids).finally(answered), () => void this.commit(operation, true));
  }

  /**
   * @template Answer
   * @param {() => Promise<Answer>} ask
   * @param {(() => void) | null} again
   * @returns {Promise<Answer | null>} null if it was refused, which is told
   */
  async #guarded(ask, again) {
    this.busy++;
    this.changed("chosen");
    try {
      return await ask();
    } catch (error) {
      await this.#failed(error, again);
      return null;
    } finally {
      this.busy--;
      this.changed("chosen");
    }
  }

  /**
   * @param {unknown} error
   * @param {(() => void) | null} again
   */
  async #failed(error, again) {
    if (!(error instanceof Refusal)) throw error;
    const { message: sentence, place, status } = error;
    if (error.isConflict) {
      await this.load();
      this.tell({ kind: "conflict", key: "conflict", sentence, place, again, changes: error.changes });
    } else this.tell({ kind: status ? "refused" : "failed", key: status ? "" : "no_answer", sentence, place });
  }

  /**
   * Blocks of the loose piece that a problem shows, and the leaf that they would best go to.
   * @param {Problem} problem
   */
  looseAt({ lonlat }) {
    if (!lonlat || !this.model || !this.land || !this.nearby || !this.#rows) return null;
    const block = this.nearby.at(...toLocal(this.land, ...lonlat));
    if (block < 0) return null;
    // The place of a problem may lie in any of the pieces: the largest stays.
    const [largest, ...loose] = piecesOf(this.model, this.#rows, this.model.owner[block]);
    const piece = largest.has(block) ? loose[0] : pieceAround(this.model, this.#rows, block);
    return piece ? { piece, to: bestNeighbour(this.model, this.#rows, piece) } : null;
  }
}
