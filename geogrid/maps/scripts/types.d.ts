// What Python writes into a map's page (geogrid/maps/*.py) and what the scripts keep of it.
import type * as L from "leaflet";

export type Rows = [name: string, value: string][];

/** Longitude and latitude, then the steps from each position to the next, in millionths of a degree. */
export type PackedPath = number[];

export interface PageData {
  attribution: string[];
  language: string;
  words: Record<string, string>;
  bounds?: L.LatLngBoundsLiteral | null;
}

export interface Details {
  title: string;
  rows: Rows;
  code?: string;
  /** Who is on duty in the grid and those above it, with telephones. */
  calls?: [grid: string, contact: string][];
}

export interface MapData extends PageData {
  details: Details[];
  /** Where a grid leads to: a label and an address with {code}. */
  links?: [label: string, address: string][];
  /** Paths, small streets, main streets. */
  streets: PackedPath[][];
  streetNames?: [name: string, lon: number, lat: number, angle: number, length: number][];
  /** Rings of each building, the outer one first. */
  buildings: PackedPath[][];
  water: PackedPath[][];
}

/** A circle, in degrees, that a name has to itself. */
export type NamedPlace = [name: string, lon: number, lat: number, radius: number];

export interface CoverageData extends MapData {
  names: NamedPlace[];
  uncovered: string[];
  uncoveredLayer?: string;
}

export interface Offsets {
  from: number;
  steps: number[];
}

export type PackedColumn = { values: string[] } | { words: string[]; codes: number[] };

export interface PackedCases {
  x: Offsets;
  y: Offsets;
  /** Minutes since 1970 on the clocks of the town. */
  minute: Offsets;
  /** Position among the leaf grids; -1 outside. */
  leaf: number[];
  /** Position among the periods; -1 undated. */
  period: number[];
  id: PackedColumn;
  channel: PackedColumn;
  category: PackedColumn;
  status: PackedColumn;
  text: PackedColumn;
  address: PackedColumn;
}

export interface Cases {
  lng: number[];
  lat: number[];
  minute: number[];
  leaf: number[];
  period: number[];
  id: string[];
  channel: string[];
  category: string[];
  status: string[];
  text: string[];
  address: string[];
}

export interface Level {
  /** Name of the variable that holds Folium's layer. */
  layer: string;
  name: string;
  /** Position in the layer by leaf grid; -1 for none. */
  ofLeaf: number[];
  /** Upper limits of the classes: of the whole time, of each period. */
  bounds: { all: number[]; each: number[] };
  names: [place: number, lon: number, lat: number, radius: number][];
}

export interface HotspotData extends MapData {
  periods: string[];
  span: string;
  cases: PackedCases;
  leafPlaces: number[];
  casePage: string;
  colors: { counts: string[]; status: Record<string, string> };
  levels: Level[];
  heat: string;
  clusters: string;
}

export interface FoundData extends MapData {
  names: NamedPlace[];
  /** Variables of the layers that hold the grids. */
  layers: string[];
  views: { key: string; layer: string; styles: L.PathOptions[]; classes: number[] }[];
  bare: L.PathOptions;
  /** Variable of the map of the earlier period. */
  other?: string;
  /** Layers of the later map and those of the earlier that show the same. */
  pairs: [string, string][];
}

/** What the hotspot map shows; -1 is the whole time, or no level. */
export interface View {
  period: number;
  level: number;
  counts: number[];
}

type Change = [area_m2: number, households: string];

export interface ComparedGrid {
  code: string;
  name: string;
  fates: string;
  gained: Change;
  lost: Change;
}

export interface ComparisonData extends PageData {
  before: ComparedGrid[];
  after: ComparedGrid[];
  moved: { from: string; to: string; area: number; households: string; cases: number }[];
}

/** A name that may be drawn: the room and the angle that it has, in degrees. */
export interface Label {
  text: string;
  at: [lat: number, lon: number];
  room: number;
  angle: number;
  className: string;
}

/** Pixels that something takes: its middle and half its width and height. */
export interface Taken {
  x: number;
  y: number;
  half: [number, number];
  text: string;
}

/** What the parts of one page tell each other. */
export interface Shared {
  map?: L.Map;
  view?: View;
  cases?: Cases;
  namedPlaces: () => NamedPlace[];
  tip: (place: number, details: Details) => string;
  more: (place: number, details: Details) => Rows;
  select?: (period: number) => void;
  showPeriod?: (period: number, count: number) => void;
  placeNames?: () => void;
}

export type GridLayer = L.Path & { feature: GeoJSON.Feature<GeoJSON.Geometry, { i: number; style: L.PathOptions }> };

declare module "leaflet" {
  /** Leaflet.heat, of which no types are kept: what is used of it. */
  class HeatLayer extends Layer {
    setOptions(options: { max: number; maxZoom: number }): this;
    setLatLngs(points: [lat: number, lng: number][]): this;
  }
}
