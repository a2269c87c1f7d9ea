// The map of the workbench: the one module that touches MapLibre.
import { AttributionControl, Map, NavigationControl, ScaleControl } from "/assets/vendor/maplibre/maplibre-gl.mjs";
/** @import {Cells, DrawnLand, Land, Point, Raster, WorkbenchData} from "../../workbench" */
/** @import {StyleSpecification} from "maplibre-gl" */
import { tag } from "../elements.mjs";
import { WORLD, toLocal, toLonLat } from "./land.mjs";
import { BlockLayer } from "./drawing/layer.mjs";

const EMPTY = /** @type {GeoJSON.FeatureCollection} */ ({ type: "FeatureCollection", features: [] });

/** @param {string} kind @param {string} colour @param {number} narrow @param {number} wide */
const street = (kind, colour, narrow, wide) => /** @type {const} */ ({
  id: `base-${kind}`, type: "line", source: "base", filter: ["==", ["get", "kind"], kind],
  layout: { "line-cap": "round", "line-join": "round" },
  paint: { "line-color": colour, "line-width": ["interpolate", ["linear"], ["zoom"], 12, narrow, 17, wide] },
});

/** @returns {StyleSpecification} */
const style = () => /** @type {StyleSpecification} */ ({
  version: 8,
  sources: { base: { type: "geojson", data: EMPTY }, cases: { type: "geojson", data: EMPTY }, labels: { type: "geojson", data: EMPTY } },
  layers: [
    { id: "ground", type: "background", paint: { "background-color": "#f6f8fa" } },
    { id: "base-building", type: "fill", source: "base", minzoom: 13, filter: ["==", ["get", "kind"], "building"], paint: { "fill-color": "#dfe4e9" } },
    street("street", "#cdd5dc", 0.6, 3),
    street("main", "#b9c4ce", 1.4, 6),
    {
      id: "cases", type: "circle", source: "cases", layout: { visibility: "none" },
      paint: { "circle-color": "#b3261e", "circle-opacity": 0.75, "circle-stroke-color": "#ffffff", "circle-stroke-width": 1, "circle-radius": ["interpolate", ["linear"], ["sqrt", ["get", "cases"]], 1, 3.5, 10, 16] },
    },
    {
      id: "names", type: "symbol", source: "labels",
      layout: { "text-field": ["get", "name"], "text-font": ["Noto Sans SC", "Noto Sans", "sans-serif"], "text-size": 12.5, "text-max-width": 8, "text-padding": 6, "symbol-sort-key": ["-", 0, ["get", "size"]] },
      paint: { "text-color": "#1b2733", "text-halo-color": "#ffffff", "text-halo-width": 1.4 },
    },
  ],
});

/**
 * @param {HTMLElement} container
 * @param {WorkbenchData} data
 * @param {[number, number, number, number] | null} bounds
 */
export function openMap(container, data, bounds) {
  const map = new Map({
    container, style: style(), attributionControl: false, dragRotate: false, pitchWithRotate: false, touchPitch: false, boxZoom: false, maxPitch: 0, renderWorldCopies: false, fadeDuration: 0,
    ...(bounds ? { bounds, fitBoundsOptions: { padding: 40, maxZoom: 17 } } : {}),
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "bottom-right");
  map.addControl(new ScaleControl({}), "bottom-left");
  // MapLibre takes it for markup.
  map.addControl(new AttributionControl({ compact: true, customAttribution: data.attribution.map((line) => tag("span", line).innerHTML) }), "bottom-right");
  return new TownMap(map);
}

export class TownMap {
  /** @type {Land | null} */
  #land = null;
  /** @type {BlockLayer | null} */
  layer = null;

  /** @param {Map} map */
  constructor(map) {
    this.map = map;
    this.loaded = new Promise((resolve) => map.once("load", resolve));
  }

  /**
   * @param {Land} land
   * @param {{cells: Cells, raster: Raster | null, draw: () => Promise<DrawnLand>}} parts triangles come after the first view, if that can do without
   */
  async show(land, { cells, raster, draw }) {
    await this.loaded;
    const layer = new BlockLayer(land, cells, raster);
    if (!raster) layer.setDrawn(await draw());
    if (this.map.getLayer("blocks")) this.map.removeLayer("blocks");
    this.#land = land;
    this.layer = layer;
    this.map.addLayer(layer, "cases");
    if (raster) this.afterPaint(async () => layer.setDrawn(await draw()));
  }

  /**
   * The outlines of the grids of an edition.
   * @param {NonNullable<WorkbenchData["edition"]>} edition
   */
  addEdition({ tiles, maxzoom, bounds }) {
    if (this.map.getLayer("edition")) return;
    this.map.addSource("edition", { type: "vector", tiles: [location.origin + tiles], maxzoom, bounds });
    this.map.addLayer({
      id: "edition", type: "line", source: "edition", "source-layer": "grids", filter: ["!=", ["get", "kind"], "parent"],
      paint: { "line-color": "#8c1d82", "line-width": ["interpolate", ["linear"], ["zoom"], 9, 0.6, 15, 2.2], "line-dasharray": [3, 2] },
    }, "cases");
  }

  /**
   * @param {import("./switches.mjs").LayerName} name
   * @param {boolean} isShown
   */
  switch(name, isShown) {
    if (this.layer && name === "blocks") this.layer.hasBlocks = isShown;
    if (this.layer && name === "grids") this.layer.hasGrids = isShown;
    const own = { blocks: [], grids: ["names"], streets: ["base-street", "base-main"], buildings: ["base-building"], cases: ["cases"], edition: ["edition"] }[name];
    for (const id of own) if (this.map.getLayer(id)) this.map.setLayoutProperty(id, "visibility", isShown ? "visible" : "none");
    this.map.triggerRepaint();
  }

  /**
   * @param {"labels" | "cases" | "base"} name
   * @param {GeoJSON.FeatureCollection} features
   */
  fill(name, features) {
    const source = this.map.getSource(name);
    if (source && "setData" in source) /** @type {import("maplibre-gl").GeoJSONSource} */ (source).setData(features);
  }

  /**
   * Streets and buildings; null where there are none to be had.
   * @param {string} address
   * @returns {Promise<GeoJSON.FeatureCollection | null>}
   */
  async showBase(address) {
    const answer = await fetch(address);
    if (!answer.ok) return null;
    const base = await answer.json();
    await this.loaded;
    this.fill("base", base);
    return base;
  }

  /** @returns {[west: number, south: number, east: number, north: number]} what is in sight */
  get sight() {
    const box = this.map.getBounds();
    return [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()];
  }

  /** @param {[number, number, number, number] | null} bounds */
  fit(bounds) {
    if (bounds) this.map.fitBounds(bounds, { padding: 60, maxZoom: 17, duration: 0 });
  }

  /** @param {[number, number]} lonlat */
  goTo(lonlat) {
    this.map.jumpTo({ center: lonlat, zoom: Math.max(this.map.getZoom(), 15.5) });
  }

  /** How many local units a pixel is. */
  get unitsAPixel() {
    return WORLD / (512 * 2 ** this.map.getZoom());
  }

  /**
   * A place of the screen in local units.
   * @param {Point} pixel
   * @returns {Point}
   */
  local([x, y]) {
    if (!this.#land) return [NaN, NaN];
    const { lng, lat } = this.map.unproject([x, y]);
    return toLocal(this.#land, lng, lat);
  }

  /**
   * Local units as pixels: `pixel = (local - at) / unit`.
   * @returns {{at: Point, unit: number}}
   */
  frame() {
    return { at: this.local([0, 0]), unit: this.unitsAPixel };
  }

  /** @param {Point} pixel @returns {[lon: number, lat: number]} */
  lonlat(pixel) {
    const { lng, lat } = this.map.unproject(pixel);
    return [lng, lat];
  }

  /** @param {Point} local */
  lonlatOf(local) {
    return this.#land ? toLonLat(this.#land, ...local) : [NaN, NaN];
  }

  /** @param {(pixel: Point, adds: boolean) => void} clicked */
  onClick(clicked) {
    this.map.on("click", ({ point, originalEvent: { shiftKey, ctrlKey, metaKey } }) => clicked([point.x, point.y], shiftKey || ctrlKey || metaKey));
  }

  /** Calls back once what was asked for is on the screen. @param {() => unknown} done */
  afterPaint(done) {
    this.map.once("render", () => requestAnimationFrame(done));
    this.map.triggerRepaint();
  }
}
