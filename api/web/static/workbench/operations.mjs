// What a planner can do, as forms: each field by name and kind, and the operation that the filled form is.
/** @import {Choices, Field, Form, FormValues, Operation, Words} from "../../workbench" */

/** What is missing or cannot be read in a form: names of fields. */
export class FormFault extends Error {
  /** @param {string[]} fields */
  constructor(fields) {
    super(fields.join(", "));
    this.fields = fields;
  }
}

/**
 * Texts between commas, semicolons, Chinese ones too, or line breaks.
 * @param {string} text
 */
export const listed = (text) => text.split(/[,，、;；\n]+/).map((each) => each.trim()).filter(Boolean);

/**
 * Places as "longitude latitude" pairs.
 * @param {string} text
 * @returns {[number, number][] | null} null where one cannot be read
 */
export function placesOf(text) {
  const places = text.split(/[,，;；\n]+/).filter((each) => each.trim()).map((each) => each.trim().split(/\s+/).map(Number));
  const isPlace = (/** @type {number[]} */ each) => each.length === 2 && each.every(Number.isFinite) && Math.abs(each[0]) <= 180 && Math.abs(each[1]) <= 90;
  return places.every(isPlace) ? /** @type {[number, number][]} */ (places) : null;
}

/** @param {[number, number][]} places */
export const textOfPlaces = (places) => places.map((place) => place.map((degrees) => degrees.toFixed(7)).join(" ")).join(", ");

/** @param {string} name @param {Field["kind"]} kind @param {boolean} [needed] @returns {Field} */
const field = (name, kind, needed = false) => ({ name, kind, needed });

/** @param {FormValues} values */
function bandOf({ low, high }) {
  return low || high ? [Number(low), Number(high)] : undefined;
}

/** @param {string} text */
const polygon = (text) => {
  const ring = placesOf(text) ?? [];
  return { type: "Polygon", coordinates: [[...ring, ring[0]]] };
};

/** @type {Form[]} */
export const FORMS = [
  {
    kind: "move_blocks", key: "", fields: [field("blocks", "blocks", true), field("to", "grid", true)],
    build: ({ blocks, to }) => ({ kind: "move_blocks", blocks: listed(blocks).map(Number), to }),
  },
  {
    kind: "split_by_line", key: "s", fields: [field("grid", "grid", true), field("line", "places", true), field("names", "text"), field("cut", "check")],
    build: ({ grid, line, names, cut }) => ({
      kind: "split_by_line", grid, line: { type: "LineString", coordinates: placesOf(line) }, names: names ? listed(names) : undefined, cut: cut === "yes" || undefined,
    }),
  },
  {
    kind: "split_into", key: "e", fields: [field("grid", "grid", true), field("count", "number"), field("low", "number"), field("high", "number")],
    build: (values) => ({ kind: "split_into", grid: values.grid, count: values.count ? Number(values.count) : undefined, band: bandOf(values) }),
  },
  {
    kind: "merge", key: "m", fields: [field("grids", "grids", true), field("keep", "grid"), field("name", "text"), field("code", "text"), field("apart", "grids")],
    build: ({ grids, keep, name, code, apart }) => ({
      kind: "merge", grids: listed(grids), keep: keep || undefined, name: name || undefined, code: code || undefined, apart: apart ? listed(apart) : undefined,
    }),
  },
  {
    kind: "carve", key: "c", fields: [field("blocks", "blocks"), field("patch", "places"), field("name", "text", true), field("category", "category", true), field("code", "text")],
    build: ({ blocks, patch, name, category, code }) => ({
      kind: "carve", blocks: patch ? undefined : listed(blocks).map(Number), patch: patch ? polygon(patch) : undefined, name, category, code: code || undefined,
    }),
  },
  {
    kind: "dissolve", key: "d", fields: [field("grid", "grid", true), field("into", "grid"), field("apart", "check")],
    build: ({ grid, into, apart }) => ({ kind: "dissolve", grid, into: into || undefined, apart: apart === "yes" ? [grid] : undefined }),
  },
  {
    kind: "move_land", key: "p", fields: [field("patch", "places", true), field("to", "grid", true)],
    build: ({ patch, to }) => ({ kind: "move_land", patch: polygon(patch), to }),
  },
  {
    kind: "rebalance", key: "r", fields: [field("grids", "grids"), field("low", "number"), field("high", "number")],
    build: (values) => ({ kind: "rebalance", grids: listed(values.grids), band: bandOf(values) }),
  },
  {
    kind: "rename", key: "n", fields: [field("grid", "grid", true), field("name", "text", true)],
    build: ({ grid, name }) => ({ kind: "rename", names: { [grid]: name } }),
  },
  {
    kind: "recode", key: "", fields: [field("grid", "grid", true), field("code", "text", true)],
    build: ({ grid, code }) => ({ kind: "recode", codes: { [grid]: code } }),
  },
  {
    kind: "change_parent", key: "", fields: [field("grids", "grids", true), field("parent", "grid", true)],
    build: ({ grids, parent }) => ({ kind: "change_parent", grids: listed(grids), parent }),
  },
  { kind: "lock", key: "k", fields: [field("grids", "grids", true)], build: ({ grids }) => ({ kind: "lock", grids: listed(grids) }) },
  { kind: "unlock", key: "", fields: [field("grids", "grids", true)], build: ({ grids }) => ({ kind: "unlock", grids: listed(grids) }) },
  {
    kind: "assign_duty", key: "", fields: [field("grid", "grid", true), field("role", "text", true), field("holder", "text", true), field("phone", "text")],
    build: ({ grid, role, holder, phone }) => ({ kind: "assign_duty", grid, role, holder, phone: phone || undefined }),
  },
  {
    kind: "end_duty", key: "", fields: [field("grid", "grid", true), field("role", "text", true), field("holder", "text", true)],
    build: ({ grid, role, holder }) => ({ kind: "end_duty", grid, role, holder }),
  },
  {
    kind: "set_band", key: "", fields: [field("low", "number", true), field("high", "number", true), field("load", "load")],
    build: (values) => ({ kind: "set_band", band: bandOf(values), load: values.load || undefined }),
  },
  {
    kind: "insert_level", key: "", fields: [field("below", "level", true), field("name", "text", true), field("name_zh", "text")],
    build: ({ below, name, name_zh }) => ({ kind: "insert_level", position: Number(below) + 1, name, name_zh: name_zh || undefined }),
  },
  {
    kind: "remove_level", key: "", fields: [field("position", "inner_level", true)],
    build: ({ position }) => ({ kind: "remove_level", position: Number(position) }),
  },
  {
    kind: "rename_level", key: "", fields: [field("position", "level", true), field("name", "text", true), field("name_zh", "text")],
    build: ({ position, name, name_zh }) => ({ kind: "rename_level", position: Number(position), name, name_zh: name_zh || undefined }),
  },
];

/**
 * What the fields offer that are chosen from a list.
 * @param {{name: string, name_zh: string}[]} levels
 * @param {{words: Words, categories: Record<string, string>, lang: "en" | "zh"}} texts
 * @returns {Choices}
 */
export function choicesOf(levels, { words, categories, lang }) {
  const titles = /** @type {[string, string][]} */ (levels.map((level, at) => [String(at + 1), levelTitle(level, lang)]));
  const loads = /** @type {[string, string][]} */ (["households", "population", "buildings"].map((load) => [load, words[load]]));
  return { category: Object.entries(categories), level: titles, inner_level: titles.slice(1, -1), load: [["", words.as_it_is], ...loads] };
}

/**
 * How a page calls a level.
 * @param {{name: string, name_zh: string} | undefined} level
 * @param {string} lang
 */
export const levelTitle = (level, lang) => (lang.startsWith("zh") ? level?.name_zh || level?.name : level?.name) ?? "";

/**
 * The operation of a filled form.
 * @param {Form} form
 * @param {FormValues} values
 * @returns {Operation}
 * @throws {FormFault} naming every field that is empty or cannot be read
 */
export function operationOf(form, values) {
  const wrong = form.fields.filter(({ name, kind, needed }) => {
    const text = (values[name] ?? "").trim();
    if (!text) return needed;
    if (kind === "number") return !Number.isFinite(Number(text));
    if (kind === "places") return (placesOf(text)?.length ?? 0) < (name === "line" ? 2 : 3);
    if (kind === "blocks") return !listed(text).every((each) => /^[1-9]\d*$/.test(each));
    return false;
  }).map(({ name }) => name);
  const has = (/** @type {string} */ name) => Boolean((values[name] ?? "").trim());
  if (form.kind === "carve" && !has("blocks") && !has("patch")) wrong.push("blocks");
  if (has("low") !== has("high")) wrong.push(has("low") ? "high" : "low");
  if (wrong.length) throw new FormFault([...new Set(wrong)]);
  const trimmed = Object.fromEntries(form.fields.map(({ name }) => [name, (values[name] ?? "").trim()]));
  return JSON.parse(JSON.stringify(form.build(trimmed)));
}

/** @type {Record<string, (operation: any) => string[]>} */
const TOUCHED = {
  move_blocks: ({ to }) => [to],
  split_by_line: ({ grid }) => [grid],
  split_into: ({ grid }) => [grid],
  merge: ({ grids }) => grids,
  carve: () => [],
  rename: ({ names }) => Object.keys(names),
  recode: ({ codes }) => Object.keys(codes),
  change_parent: ({ grids }) => grids,
  lock: ({ grids }) => grids,
  unlock: ({ grids }) => grids,
  assign_duty: ({ grid }) => [grid],
  end_duty: ({ grid }) => [grid],
};

/**
 * Codes of the grids that an operation touches.
 * @param {Operation} operation
 * @param {(ids: number[]) => string[]} ownersOf grids of blocks
 * @returns {string[] | null} null where it is about the whole plan, or what it touches is known when it is done
 */
export function touchedBy(operation, ownersOf) {
  const { kind, blocks } = operation;
  if (!(kind in TOUCHED) || (kind === "carve" && !blocks)) return null;
  return [...new Set([...TOUCHED[kind](operation), ...(Array.isArray(blocks) ? ownersOf(blocks) : [])])];
}

const PROPOSALS = 3;

/**
 * What is looked at before it is done: three ways of the engine to split, and what a rebalancing would move.
 * @param {Operation} operation
 * @returns {Operation[]} nothing for what is done at once
 */
export function proposalsOf(operation) {
  if (operation.kind === "rebalance") return [operation];
  if (operation.kind !== "split_into") return [];
  return Array.from({ length: PROPOSALS }, (_, seed) => ({ ...operation, seed }));
}
