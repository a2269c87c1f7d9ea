// Who else has the plan open, where each says that he works, and what was done last.
/** @import {Words} from "../../../workbench" */
/** @import {Together} from "./together.mjs" */
import { tag } from "../../elements.mjs";
import { clock } from "./together.mjs";
import { say } from "../words.mjs";

const MOST = 6;

/**
 * @param {HTMLElement} list
 * @param {Together} together
 * @param {Words} words
 */
export function drawPeople(list, together, words) {
  const { others, claims, isConnected } = together;
  const items = others.slice(0, MOST).map((name) => {
    const grids = claims.filter(({ by }) => name && by === name).map(({ grid }) => grid);
    return tag("li", [name || words.somebody, ...grids].join(" · "), grids.length ? "wb-person claims" : "wb-person");
  });
  if (others.length > MOST) items.push(tag("li", `+${others.length - MOST}`, "wb-person"));
  if (!isConnected) items.splice(0, items.length, tag("li", words.not_connected, "wb-person away"));
  list.replaceChildren(...items);
  list.hidden = !items.length;
}

/**
 * Who works on a grid, as a line with a button to say that one does so oneself, or no longer.
 * @param {import("../../../workbench").Claim | null} claim
 * @param {{isMine: boolean, canEdit: boolean, code: string}} about
 * @param {Words} words
 */
export function claimPart(claim, { isMine, canEdit, code }, words) {
  const part = tag("p", "", claim && !isMine ? "wb-warn wb-claimed small" : "wb-claimed small");
  const values = claim && { by: claim.by || words.somebody, until: clock(claim.until), grid: claim.grid };
  if (values) part.append(tag("span", say(words, isMine ? "claim_mine" : "claim_of", values)));
  if (canEdit && (!claim || (isMine && claim.grid === code))) {
    const button = tag("button", claim ? words.claim_release : words.claim, "button quiet small");
    button.type = "button";
    button.dataset.do = "claim";
    button.title = "W";
    part.append(button);
  }
  return part.childNodes.length ? [part] : [];
}
