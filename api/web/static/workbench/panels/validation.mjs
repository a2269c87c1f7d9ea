// Asks for the problems of the plan, leads to their places, and mends what an operation or a reason can mend.
/** @import {FormValues, Problem, WorkbenchData} from "../../../workbench" */
/** @import {Board} from "../board.mjs" */
/** @import {Tree} from "./tree.mjs" */
import { tag } from "../../elements.mjs";
import { Refusal } from "../server.mjs";
import { askReason } from "./dialogs.mjs";
import { drawProblems } from "./problems.mjs";

/**
 * @typedef {object} Around
 * @property {Board} board
 * @property {WorkbenchData} data
 * @property {Tree} tree
 * @property {(kind: string, given: FormValues) => Promise<void>} form opens the form of an operation
 * @property {(sentence: string, kind: string) => void} say
 * @property {(lonlat: [number, number]) => void} show
 */

export class Validation {
  /**
   * @param {HTMLElement} place
   * @param {Around} around
   */
  constructor(place, around) {
    this.place = place;
    this.around = around;
  }

  async ask() {
    const { board, data } = this.around;
    this.place.replaceChildren(tag("p", data.words.validating, "muted small"));
    try {
      drawProblems(this.place, await board.server.validation(), data.words, {
        goTo: (problem) => this.#goTo(problem),
        mend: (problem) => void this.#mend(problem),
        accept: (problem) => void this.#accept(problem),
        canEdit: data.can_edit,
      });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.place.replaceChildren(tag("p", error.message, "wb-fault"));
    }
  }

  /** @param {Problem} problem */
  #goTo({ lonlat, subject }) {
    const { board, tree, show } = this.around;
    const grid = board.model?.byCode.get(subject);
    if (grid) {
      board.choose(grid.index, false);
      tree.reveal(grid.index);
    }
    if (lonlat) show(lonlat);
  }

  /** @param {Problem} problem */
  async #mend(problem) {
    const { board, data, form, say } = this.around;
    const { kind, subject } = problem;
    if (kind === "fragments") {
      const loose = board.looseAt(problem);
      if (!loose || loose.to < 0) return say(data.words.no_neighbour, "refused");
      await board.give(loose.piece, loose.to);
    } else if (kind === "band") {
      const parent = board.model?.grids[board.model.byCode.get(subject)?.parent ?? -1];
      await form("rebalance", { grids: parent?.code ?? subject });
    } else await form(kind === "no-duty" ? "assign_duty" : "rename", { grid: subject });
    await this.ask();
  }

  /** @param {Problem} problem */
  async #accept({ kind, subject, message }) {
    const { board, data, say } = this.around;
    const reason = await askReason(data.words.accept, `${message} ${data.words.accept_reason}`, data.words);
    if (!reason) return;
    try {
      await board.server.accept(kind, subject, reason);
      await this.ask();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      say(error.message, "refused");
    }
  }
}
