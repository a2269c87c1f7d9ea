// Planners beside each other: what others do appears here, who has the plan open, and who says that he works where.
/** @import {Claim, PlanStep, Words} from "../../../workbench" */
/** @import {PlanModel} from "../model.mjs" */
import { say } from "../words.mjs";

/** Before the plan is read again where that failed. */
const AGAIN_MS = 2000;
/** Changes and grids of one sentence. */
const MOST = 3;

/**
 * What is read and written.
 * @typedef {object} Shared
 * @property {number} read version that was read last
 * @property {Set<number>} own versions that this page has made
 * @property {() => Promise<void>} load
 * @property {{settled: () => Promise<void>}} server
 */

/**
 * @typedef {object} Heard
 * @property {(step: PlanStep) => void} step somebody else did something
 * @property {() => void} around others came or went, or said where they work; or nothing is heard any more
 */

export class Together {
  /** @type {string[]} */
  people = [];
  /** @type {Claim[]} */
  claims = [];
  isConnected = true;
  #isDue = false;
  #reads = false;

  /**
   * @param {Shared} board
   * @param {string | null} me
   * @param {Heard} heard
   */
  constructor(board, me, heard) {
    this.board = board;
    this.me = me;
    this.heard = heard;
  }

  /** @param {EventSource} source */
  listen(source) {
    source.addEventListener("people", ({ data }) => {
      ({ people: this.people, claims: this.claims } = JSON.parse(data));
      this.#connected(true);
    });
    source.addEventListener("change", ({ data }) => void this.take(JSON.parse(data)));
    source.addEventListener("open", () => this.#connected(true));
    source.addEventListener("error", () => this.#connected(false));
  }

  /** @param {boolean} is */
  #connected(is) {
    this.isConnected = is;
    this.heard.around();
  }

  /**
   * Something happened to the plan: it is read again, unless this page did it.
   * @param {PlanStep} step
   */
  async take(step) {
    const { board } = this;
    // The answer to an edit of this page may come later than the news of it.
    await board.server.settled();
    if (step.version <= board.read || board.own.has(step.version)) return;
    this.#isDue = true;
    this.heard.step(step);
    if (!this.#reads) await this.#read();
  }

  async #read() {
    this.#reads = true;
    while (this.#isDue) {
      this.#isDue = false;
      try {
        await this.board.load();
      } catch {
        // The server is away for a moment, which the stream of events tells too.
        this.#isDue = true;
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
    this.#reads = false;
  }

  /** Who else is here: one page of my own is left out. */
  get others() {
    const own = this.people.indexOf(this.me ?? "");
    return this.people.filter((_, at) => at !== own);
  }

  /**
   * Who works on a grid: says so of it or of one above it.
   * @param {PlanModel} model
   * @param {number} grid
   * @returns {Claim | null}
   */
  claimOn({ grids }, grid) {
    for (let above = grid; above >= 0; above = grids[above].parent) {
      const found = this.claims.find((claim) => claim.grid === grids[above].code);
      if (found) return found;
    }
    return null;
  }

  /** @param {Claim} claim */
  isMine({ by }) {
    return by === (this.me ?? "");
  }
}

/**
 * What somebody did, as a sentence.
 * @param {PlanStep} step
 * @param {Words} words
 */
export function stepTold({ by, at, kind, detail }, words) {
  const codes = detail.grids ?? [];
  const grids = codes.slice(0, MOST).join(", ") + (codes.length > MOST ? " …" : "");
  const names = [...new Set(detail.operations ?? [])].map((operation) => words[`op_${operation}`] ?? operation).join(", ");
  const what = kind === "edit" ? names : [words[`step_${kind}`] ?? kind, names || words[`state_${detail.to}`]].filter(Boolean).join(" – ");
  return say(words, grids ? "step_at_grids" : "step_of_plan", { by: by || words.somebody, what, grids, time: clock(at) });
}

/**
 * Who was faster, with what and where; empty where that is not known.
 * @param {PlanStep[]} changes
 * @param {Words} words
 */
export function conflictTold(changes, words) {
  const told = changes.slice(-MOST).map((step) => stepTold(step, words));
  if (changes.length > MOST) told.unshift(say(words, "more_changes", { count: changes.length - MOST }));
  return told.join(" ");
}

/**
 * Hours and minutes where the page is read.
 * @param {string} moment
 */
export function clock(moment) {
  const at = new Date(moment);
  return [at.getHours(), at.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
}

/**
 * A stream of events that ends with the page.
 * @param {string} address
 */
export function eventsFrom(address) {
  const source = new EventSource(address);
  addEventListener("pagehide", () => source.close());
  return source;
}
