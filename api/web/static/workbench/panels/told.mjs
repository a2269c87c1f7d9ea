// The line that says what came of something, with what can be done about it.
/** @import {Words} from "../../../workbench" */
/** @import {Told} from "../board.mjs" */
import { part, tag } from "../../elements.mjs";
import { clock, conflictTold } from "./together.mjs";
import { say } from "../words.mjs";
import { action } from "./problems.mjs";

/** Characters of a sentence of the server that are shown. */
const LONGEST = 400;

/**
 * @param {Told} told
 * @param {{words: Words, goTo: ((place: [number, number]) => void) | null, undo: (() => void) | null}} does
 */
export function tellWhat({ kind, key, values = {}, sentence = "", place = null, again = null, changes = [], claims = [] }, { words, goTo, undo }) {
  const named = key === "operation_done" ? { ...values, operation: words[`op_${values.operation}`] } : values;
  const buttons = [];
  if (place && goTo) buttons.push(action(words.show_place, () => goTo(place)));
  if (again) buttons.push(action(words.do_again, again));
  if (undo && kind === "done" && ["stroke_done", "operation_done"].includes(key)) buttons.push(action(words.undo, undo));
  const own = conflictTold(changes, words) || (sentence.length > LONGEST ? `${sentence.slice(0, LONGEST)} …` : sentence);
  const others = claims.map(({ by, grid, until }) => say(words, "claim_of", { by: by || words.somebody, grid, until: clock(until) }));
  showTold([key && say(words, key, named), own, ...others].filter(Boolean).join(" "), kind, words, buttons);
}

/**
 * @param {string} sentence
 * @param {string} kind
 * @param {Words} words
 * @param {HTMLElement[]} [buttons]
 */
export function showTold(sentence, kind, words, buttons = []) {
  const place = part("wb-told", HTMLElement);
  place.dataset.kind = kind;
  place.replaceChildren(tag("span", sentence), ...buttons, action("×", () => place.replaceChildren(), words.close));
}
