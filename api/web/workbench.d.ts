// What the scripts of the workbench share.
export type Words = Record<string, string>;

/** What Python writes into the page (api/plans/workbench/page.py). */
export interface WorkbenchData {
  lang: "en" | "zh";
  plan: string;
  /** The account that looks; null for whoever has none. */
  me: string | null;
  can_edit: boolean;
  base: string;
  /** The edition in force, or the last one; null where there was none, or where the plan is it. */
  edition: { tiles: string; maxzoom: number; bounds: [number, number, number, number] } | null;
  attribution: string[];
  categories: Record<string, string>;
  words: Words;
}

export type Column = Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>;

export interface PlanHead {
  plan: { id: number; name: string; state: string; version: number };
  steps: { undo: boolean; redo: boolean };
  load: Load;
  band: [low: number, high: number] | null;
  land: string;
  levels: { name: string; name_zh: string }[];
  grids: GridColumns;
}

export type Load = "households" | "population" | "buildings";
export type Measure = Load | "cases" | "blocks";

export interface GridColumns {
  code: string[];
  name: string[];
  level: number[];
  parent: number[];
  kind: string[];
  category: (string | null)[];
  locked_by: (string | null)[];
  /** Versions of the plan after the last edits that touched them. */
  edited: number[];
  duties: string[][];
  households: (number | null)[];
  population: (number | null)[];
  buildings: (number | null)[];
}

export interface Grid {
  /** Its place among the grids. */
  index: number;
  code: string;
  name: string;
  level: number;
  parent: number;
  kind: string;
  category: string | null;
  locked: string | null;
  duties: string[];
  children: number[];
  stored: (number | null)[];
}

/** Blocks in local units: metres at the equator of web Mercator, east and south of the origin. */
export interface Land {
  key: string;
  count: number;
  ids: BigInt64Array;
  loads: Float64Array[];
  /** Corner of the origin in web Mercator, 0 to 1. */
  origin: [x: number, y: number];
  points: Float32Array;
  ringPoints: Uint32Array;
  ringStarts: Uint32Array;
  blockRings: Uint32Array;
  edgePoints: Uint32Array;
  edgeStarts: Uint32Array;
  edgeOne: Int32Array;
  edgeOther: Int32Array;
}

/** Triangles of the blocks: corners, the block of each, three corners a triangle, and where each cell begins among these. */
export interface Mesh {
  position: Float32Array;
  block: Uint32Array;
  index: Uint32Array;
  starts: Uint32Array;
}

/** Square cells of the land: what they reach over, and their blocks and edges, one cell after the other. */
export interface Cells {
  count: number;
  extents: Float32Array;
  blocks: Uint32Array;
  starts: Uint32Array;
  edges: Uint32Array;
  edgeStarts: Uint32Array;
}

/** The block at each point of a lattice, row by row from the north-west. */
export interface Raster {
  block: Uint32Array;
  width: number;
  height: number;
  left: number;
  top: number;
  unit: number;
}

/** What is drawn of the land from near. */
export interface DrawnLand {
  mesh: Mesh;
  lines: { lines: Float32Array; starts: Uint32Array };
}

/** The land with what is found out about it beside the page. */
export interface LoadedLand {
  land: Land;
  cells: Cells;
  raster: Raster | null;
  places: import("./static/workbench/nearby.mjs").Places;
  rows: import("./static/workbench/pieces.mjs").BlockEdges;
  /** Cuts it into triangles, once. */
  draw(): Promise<DrawnLand>;
}

export interface Move {
  to: number;
  blocks: number[];
  from: number[];
}

export interface Problem {
  kind: string;
  severity: "error" | "warning";
  subject: string;
  message: string;
  remedy: string;
  lonlat: [number, number] | null;
}

export interface Verdict {
  publishable: boolean;
  errors: Problem[];
  warnings: Problem[];
  accepted: Problem[];
}

export interface Figures {
  code: string;
  load: number | null;
  off_band: number;
  compactness: number;
  area_m2: number;
  open_cases: number;
  fragments: [number, number][];
}

export interface EditAnswer {
  version: number;
  blocks_moved: number;
  figures: Figures[];
  /** Of the grids that it touched. */
  versions: Record<string, number>;
  /** Of others who had said that they work there. */
  claims: Claim[];
}

/** Somebody works on a grid and those below it. */
export interface Claim {
  grid: string;
  by: string;
  until: string;
}

/** What happened to a plan, as its events and conflicts tell it. */
export interface PlanStep {
  version: number;
  by: string;
  at: string;
  kind: string;
  detail: { operations?: string[]; grids?: string[]; to?: string };
}

/** What operations would do (api/plans/workbench/routes.py): where each block would go. */
export interface Preview {
  blocks: number[];
  to: string[];
  households: number;
  figures: Figures[];
}

export type FieldKind = "text" | "number" | "grid" | "grids" | "blocks" | "places" | "check" | ChoiceKind;
export type ChoiceKind = "category" | "level" | "inner_level" | "load";
export type Choices = Record<ChoiceKind, [value: string, name: string][]>;

export interface Field {
  name: string;
  kind: FieldKind;
  needed?: boolean;
}

export type FormValues = Record<string, string>;
export type Operation = { kind: string } & Record<string, unknown>;

export interface Form {
  kind: string;
  key: string;
  fields: Field[];
  build(values: FormValues): Operation;
}

export type Point = [x: number, y: number];
