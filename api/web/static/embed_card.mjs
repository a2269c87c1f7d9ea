// What the card of the embedded map says of a grid.
import { areaAddress, telephoneAddress } from "./urls.mjs";
import { tag } from "./elements.mjs";
/** @import {Duty, EmbedData, Grid} from "../types" */

/**
 * The grid of a chain that the map shows: the deepest that is not below its level; null for none.
 * @param {Grid[]} chain deepest first
 * @param {number} level
 * @returns {{ grid: Grid | null, above: Grid[] }}
 */
export function gridAtLevel(chain, level) {
  const place = chain.findIndex((each) => each.level <= level);
  return place < 0 ? { grid: null, above: [] } : { grid: chain[place], above: chain.slice(place + 1) };
}

/**
 * @param {Grid} grid
 * @param {Grid[]} above the chain above it, from below
 * @param {Pick<EmbedData, "words" | "levels" | "area">} data
 */
export function cardParts(grid, above, { words, levels, area }) {
  const line = [grid.code, levels[grid.level]].filter(Boolean).join(" · ");
  /** @type {HTMLElement[]} */
  const parts = [tag("h2", grid.name || grid.code), tag("p", line, "muted")];
  if (above.length) {
    const chain = tag("ul", "", "chain");
    chain.append(...[...above].reverse().map((each) => tag("li", each.name || each.code)));
    parts.push(chain);
  }
  parts.push(grid.duties.length ? dutyList(grid.duties) : tag("p", words.no_duty, "muted"));
  const more = tag("a", `${words.open} ↗`, "more");
  more.href = areaAddress(area, grid.code);
  more.target = "_blank";
  more.rel = "noopener";
  parts.push(more);
  return parts;
}

/** @param {Duty[]} duties */
function dutyList(duties) {
  const list = tag("ul", "", "duties");
  for (const duty of duties) {
    const line = tag("li");
    const who = tag("span", duty.holder, "who");
    who.prepend(tag("span", duty.role, "role"));
    line.append(who);
    if (duty.phone) {
      const call = tag("a", duty.phone);
      call.href = telephoneAddress(duty.phone);
      line.append(call);
    }
    list.append(line);
  }
  return list;
}
