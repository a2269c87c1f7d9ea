// What a form has in it when it opens: what is chosen on the map, and what its lists offer.
/** @import {Choices, FormValues, WorkbenchData, Words} from "../../../workbench" */
/** @import {PlanModel} from "../model.mjs" */
import { choicesOf } from "../operations.mjs";

/**
 * @param {string} kind of the operation
 * @param {PlanModel} model
 * @param {{grids: ReadonlySet<number>, blocks: ReadonlySet<number>}} chosen
 * @param {WorkbenchData} data
 * @returns {{values: FormValues, texts: {words: Words, choices: Choices, changed?: (values: FormValues) => FormValues}}}
 */
export function filledWith(kind, model, chosen, data) {
  const { levels, band } = model.head;
  const codes = [...chosen.grids].map((grid) => model.grids[grid].code);
  const first = model.byCode.get(codes[0] ?? "");
  const position = String(first?.level ?? levels.length);
  const code = first?.code ?? "";
  /** @type {FormValues} */
  const values = { grid: code, grids: codes.join(", "), to: code, blocks: model.idsOf(chosen.blocks).join(", "), position, below: position };
  if (kind === "rename") values.name = first?.name ?? "";
  if (kind === "set_band") [values.low, values.high] = band ? band.map(String) : ["", ""];
  const titles = (/** @type {FormValues} */ { position: at }) => {
    const { name, name_zh } = levels[Number(at) - 1] ?? { name: "", name_zh: "" };
    return { name, name_zh };
  };
  const isRenamed = kind === "rename_level";
  if (isRenamed) Object.assign(values, titles(values));
  return { values, texts: { words: data.words, choices: choicesOf(levels, data), changed: isRenamed ? titles : undefined } };
}
