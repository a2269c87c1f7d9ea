// The validation: each problem leads to its place, and has a button where an operation or a reason can mend it.
/** @import {Problem, Verdict, Words} from "../../../workbench" */
import { tag } from "../../elements.mjs";
import { say } from "../words.mjs";

/** Errors that are accepted one by one, each with a reason. */
export const ACCEPTABLE = new Set(["uncovered", "outside-limit", "building-cut", "code", "stale-base", "joined-apart"]);
const MENDED = new Set(["fragments", "band", "no-duty", "same-name"]);
const MOST = 300;

/**
 * @param {HTMLElement} place
 * @param {Verdict} verdict
 * @param {Words} words
 * @param {{goTo: (problem: Problem) => void, mend: (problem: Problem) => void, accept: (problem: Problem) => void, canEdit: boolean}} does
 */
export function drawProblems(place, { errors, warnings, accepted }, words, does) {
  const all = [...errors, ...warnings];
  const list = tag("ul", "", "wb-problems");
  for (const problem of all.slice(0, MOST)) list.append(problemPart(problem, words, does));
  const told = say(words, "verdict", { errors: errors.length, warnings: warnings.length, accepted: accepted.length });
  const more = all.length > MOST ? [tag("p", say(words, "more_rows", { count: all.length - MOST }), "muted small")] : [];
  place.replaceChildren(tag("p", all.length ? told : words.no_problems, all.length ? "small" : "wb-good small"), list, ...more);
}

/**
 * @param {Problem} problem
 * @param {Words} words
 * @param {Parameters<typeof drawProblems>[3]} does
 */
function problemPart(problem, words, does) {
  const item = tag("li", "", problem.severity);
  const to = tag("button", "", "wb-place");
  to.type = "button";
  to.append(tag("b", words[`problem_${problem.kind}`] ?? problem.kind), tag("span", problem.message));
  to.title = problem.remedy;
  to.addEventListener("click", () => does.goTo(problem));
  item.append(to);
  if (!does.canEdit) return item;
  if (MENDED.has(problem.kind)) item.append(action(words[`mend_${problem.kind}`], () => does.mend(problem)));
  if (ACCEPTABLE.has(problem.kind)) item.append(action(words.accept, () => does.accept(problem)));
  return item;
}

/**
 * A small button.
 * @param {string} text
 * @param {() => void} act
 * @param {string} [name] what it is called where the text is a sign
 */
export function action(text, act, name = "") {
  const button = tag("button", text, "button quiet small");
  button.type = "button";
  if (name) button.setAttribute("aria-label", name);
  button.addEventListener("click", act);
  return button;
}
