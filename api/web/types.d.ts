// What Python writes into the pages (api/*/page.py) and what their scripts read.
import type { GeoJSONFeature, LngLatBoundsLike, StyleSpecification } from "maplibre-gl";

type Point = [lon: number, lat: number];

export interface AreasData {
  style: string | StyleSpecification;
  areas: GeoJSON.Feature<GeoJSON.Point | GeoJSON.Polygon | GeoJSON.MultiPolygon>[];
  /** The point that was asked for. */
  point: Point | null;
  town: LngLatBoundsLike;
}

export interface CaseMark {
  id: number;
  number: number;
  lon: number | null;
  lat: number | null;
  error_m: number | null;
  title: string;
  grid: string | null;
  grid_name: string;
  url: string;
}

export type PlacedCase = CaseMark & { lon: number; lat: number };

export interface CasesData {
  cases: CaseMark[];
  grids: string;
  is_large: boolean;
  base: string;
  attribution: string[];
}

/** A comment that is pinned on the map of a plan. */
export interface PinnedComment {
  id: number;
  words: string;
  by: string;
  grid: string | null;
  lonlat: Point;
}

export interface PlanData {
  grids: string;
  base: string;
  attribution: string[];
  comments: PinnedComment[];
  events: string;
  version: number;
  words: Record<"who_else" | "nobody_else" | "changed_meanwhile" | "pinned" | "somebody", string>;
}

/** What the stream of a plan tells. */
export interface PlanChange {
  version: number;
  by: string;
  kind: string;
}

export interface PlanPeople {
  people: string[];
  claims: { grid: string; by: string; until: string }[];
}

export type BaseMap = GeoJSON.FeatureCollection<GeoJSON.Geometry, { kind: "building" | "street" | "main" }>;

export type Grids = GeoJSON.FeatureCollection<
  GeoJSON.Geometry,
  { code: string; name: string | null; level: number; kind: string; duty: string | null }
>;

export interface Duty {
  role: string;
  holder: string;
  phone: string | null;
}

export interface Grid {
  code: string;
  name: string | null;
  level: number;
  duties: Duty[];
}

export interface EmbedData {
  style: string;
  bounds: [west: number, south: number, east: number, north: number];
  codes: string[];
  cases: string | null;
  point: Point | null;
  coord_type: string;
  level: number;
  /** Addresses with PLACE, and with CODE, in the place of what is asked for. */
  lookup: string;
  area: string;
  levels: Record<string, string>;
  words: Record<"outside" | "failed" | "no_webgl" | "open" | "no_duty" | "close" | "no_cases", string>;
}

/** How the landing page's sketch of the town is drawn: its corner in degrees and in its own units, and units a degree. */
export type SketchScale = Record<"west" | "north" | "left" | "top" | "lon" | "lat", number>;

declare global {
  /** Of swagger-ui-dist. */
  function SwaggerUIBundle(options: Record<string, unknown>): void;
}
