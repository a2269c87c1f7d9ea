// What the engine would do, as pictures to choose from.
/** @import {Operation, Preview, Words} from "../../../workbench" */
/** @import {PlanModel} from "../model.mjs" */
import { tag } from "../../elements.mjs";
import { PALETTE } from "../drawing/colours.mjs";
import { fillBlocks } from "../drawing/painting.mjs";
import { amount, say } from "../words.mjs";
import { opened } from "./dialogs.mjs";

const WIDTH = 260;
const HEIGHT = 170;
const MARGIN = 6;
const MOST_FIGURES = 6;

/**
 * @param {PlanModel} model
 * @param {{operation: Operation, seen: Preview}[]} previews
 * @param {Words} words
 * @returns {Promise<Operation | null>} null if none is wanted
 */
export function askWhich(model, previews, words) {
  const { dialog, body, close } = opened(words[`op_${previews[0].operation.kind}`], words);
  dialog.classList.add("wide");
  const row = tag("div", "", "wb-proposals");
  body.append(row, close);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(null));
    previews.forEach(({ operation, seen }, place) => {
      const part = tag("section", "", "wb-proposal");
      part.append(tag("h3", say(words, "proposal", { number: place + 1 })), pictureOf(model, seen));
      part.append(tag("p", say(words, "would_move", { blocks: amount(seen.blocks.length), households: amount(seen.households) }), "small"));
      const list = tag("ul", "", "small");
      for (const { code, load } of seen.figures.slice(0, MOST_FIGURES)) list.append(tag("li", `${code}: ${amount(load)}`));
      const go = tag("button", words.do_it, "button");
      go.type = "button";
      go.disabled = !seen.blocks.length;
      go.addEventListener("click", () => {
        resolve(operation);
        dialog.close();
      });
      part.append(list, go);
      row.append(part);
    });
  });
}

/**
 * The leaves that would change, each block in the colour of the leaf that would have it.
 * @param {PlanModel} model
 * @param {Preview} seen
 */
function pictureOf(model, { blocks, to }) {
  const canvas = tag("canvas");
  Object.assign(canvas, { width: WIDTH, height: HEIGHT });
  canvas.setAttribute("aria-hidden", "true");
  const context = canvas.getContext("2d");
  const moved = model.places(blocks);
  const leaves = new Set([...moved.map((block) => model.owner[block]), ...to.flatMap((code) => model.byCode.get(code)?.index ?? [])]);
  const shown = [...leaves].flatMap((leaf) => model.blocksOf(leaf));
  if (!context || !shown.length) return canvas;
  const codes = new Map(shown.map((block) => [block, model.grids[model.owner[block]].code]));
  moved.forEach((block, at) => codes.set(block, to[at]));
  const frame = frameOf(model, shown);
  const names = [...new Set(codes.values())];
  names.forEach((name, at) => {
    const [red, green, blue] = PALETTE[at % PALETTE.length];
    fillBlocks(context, model.land, frame, shown.filter((block) => codes.get(block) === name), `rgb(${red} ${green} ${blue})`);
  });
  return canvas;
}

/**
 * @param {PlanModel} model
 * @param {number[]} blocks
 * @returns {{at: [number, number], unit: number}}
 */
function frameOf({ land }, blocks) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const block of blocks) {
    for (let place = land.ringStarts[land.blockRings[block]]; place < land.ringStarts[land.blockRings[block] + 1]; place++) {
      const [x, y] = [land.points[2 * land.ringPoints[place]], land.points[2 * land.ringPoints[place] + 1]];
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
    }
  }
  const unit = Math.max((right - left) / (WIDTH - 2 * MARGIN), (bottom - top) / (HEIGHT - 2 * MARGIN), 1e-9);
  return { at: [(left + right - WIDTH * unit) / 2, (top + bottom - HEIGHT * unit) / 2], unit };
}
