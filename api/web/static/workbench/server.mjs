// What talks to the server: reads columns, sends operations one after the other, and is the one place that knows of 412.
/** @import {EditAnswer, Operation, PlanHead, PlanStep, Preview, Verdict} from "../../workbench" */
import { unpack } from "./columns.mjs";

/** The server said no, or did not answer: `message` is its sentence. */
export class Refusal extends Error {
  /**
   * @param {number} status 0 where there was no answer
   * @param {string} message
   * @param {[number, number] | null} place
   * @param {PlanStep[]} changes what others did meanwhile
   */
  constructor(status, message, place = null, changes = []) {
    super(message);
    this.status = status;
    this.place = place;
    this.changes = changes;
  }

  /** Whether somebody else changed the plan meanwhile. */
  get isConflict() {
    return this.status === 412;
  }
}

export class PlanServer {
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();

  /**
   * @param {string} path of the plan
   * @param {typeof fetch} ask
   * @param {{isOwn?: boolean, lang?: string}} how whether somebody is signed in, whose own edits are taken back; the language of sentences
   */
  constructor(path, ask = (...request) => fetch(...request), { isOwn = false, lang = "en" } = {}) {
    this.path = path;
    this.ask = ask;
    this.isOwn = isOwn;
    this.lang = lang;
    /** What the next write is about: the plan with all that this page has seen of it. */
    this.version = 0;
  }

  /** @returns {Promise<{head: PlanHead, owner: Uint32Array}>} */
  async columns() {
    const { head, columns } = unpack(await (await this.#asked("/columns")).arrayBuffer());
    this.version = head.plan.version;
    return { head, owner: /** @type {Uint32Array} */ (columns.owner) };
  }

  /** @returns {Promise<{blocks: number[], cases: number[]}>} */
  async cases() {
    return (await this.#asked("/columns/cases")).json();
  }

  /** @returns {Promise<Verdict>} */
  async validation() {
    return (await this.#asked("/validation")).json();
  }

  /** @returns {Promise<{edits: {position: number, at: string, by: string, reason: string, operation: Operation, undone: boolean}[]}>} */
  async edits() {
    return (await this.#asked("/edits")).json();
  }

  /**
   * @param {Operation[]} operations
   * @param {(() => Record<string, number>) | null} [grids] versions of all grids that are touched, when it is sent; else the plan's
   * @returns {Promise<EditAnswer>}
   */
  edit(operations, grids = null) {
    return grids ? this.#write("/edits", () => ({ operations, grids: grids() }), false) : this.#write("/edits", () => ({ operations }));
  }

  /** Waits until no write is under way. */
  async settled() {
    await this.#last;
  }

  /**
   * Says for ten minutes that one works on a grid and those below it, or no longer.
   * @param {string} grid
   * @param {boolean} release
   */
  async claim(grid, release) {
    const headers = { "Content-Type": "application/json" };
    return (await this.#asked("/claims", { method: "POST", headers, body: JSON.stringify({ grid, release }) })).json();
  }

  /**
   * What operations would do; the plan stays as it is.
   * @param {Operation[]} operations
   * @returns {Promise<Preview>}
   */
  preview(operations) {
    return this.#write("/previews", () => ({ operations }));
  }

  /** @returns {Promise<EditAnswer>} */
  undo() {
    return this.#write("/undo", () => ({}), !this.isOwn);
  }

  /** @returns {Promise<EditAnswer>} */
  redo() {
    return this.#write("/redo", () => ({}), !this.isOwn);
  }

  /**
   * @param {string} kind
   * @param {string} subject
   * @param {string} reason
   */
  accept(kind, subject, reason) {
    return this.#write("/acceptances", () => ({ kind, subject, reason }));
  }

  /**
   * Writes wait for one another: each says what it has seen, of the plan or of its grids.
   * @param {string} path
   * @param {() => unknown} body
   * @param {boolean} isOfPlan whether it is about the whole plan
   * @returns {Promise<any>}
   */
  #write(path, body, isOfPlan = true) {
    const sent = this.#last.then(async () => {
      const headers = { "Content-Type": "application/json", ...(isOfPlan ? { "If-Match": `"${this.version}"` } : {}) };
      const answer = await (await this.#asked(path, { method: "POST", headers, body: JSON.stringify(body()) })).json();
      // A preview has no version: it changes nothing. What others did in between has not been seen yet.
      if (answer.version === this.version + 1) this.version = answer.version;
      return answer;
    });
    this.#last = sent.catch(() => undefined);
    return sent;
  }

  /**
   * @param {string} path
   * @param {RequestInit} [request]
   */
  async #asked(path, request = {}) {
    let answer;
    try {
      answer = await this.ask(this.path + path, { ...request, headers: { Accept: "application/json, */*;q=0.5", "Accept-Language": this.lang, ...request.headers } });
    } catch (error) {
      throw new Refusal(0, String(error instanceof Error ? error.message : error));
    }
    if (!answer.ok) throw await refusalOf(answer);
    return answer;
  }
}

/**
 * @param {Response} answer
 * @returns {Promise<Refusal>}
 */
async function refusalOf(answer) {
  const text = await answer.text();
  try {
    const { detail, errors = [], changes = [] } = JSON.parse(text);
    const place = errors.find((/** @type {{lonlat?: [number, number]}} */ each) => each.lonlat)?.lonlat ?? null;
    const others = errors.map((/** @type {{detail?: string}} */ each) => each.detail).filter((/** @type {string} */ each) => each && !detail.includes(each));
    return new Refusal(answer.status, [detail, ...others].join(" "), place, changes);
  } catch {
    return new Refusal(answer.status, text.slice(0, 300) || answer.statusText);
  }
}
