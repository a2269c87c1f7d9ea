// Who else has a plan open, as a sentence.
/** @import {PlanPeople} from "../../types" */

/**
 * @param {PlanPeople} around
 * @param {Record<"who_else" | "nobody_else" | "somebody", string>} words
 */
export function told({ people, claims }, words) {
  const names = people.map((name) => {
    const own = claims.filter((claim) => claim.by === name).map((claim) => claim.grid);
    return own.length ? `${name || words.somebody} (${own.join(", ")})` : name || words.somebody;
  });
  return people.length > 1 ? words.who_else.replace("{names}", names.join(", ")) : words.nobody_else;
}
