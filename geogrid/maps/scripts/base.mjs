// The streets, buildings and water that lie under the grids.
import { data } from "./page.mjs";
import { unpacked } from "./packed.mjs";
/** @import {MapData, PackedPath} from "./types" */

const STREET_CLASSES = [
  { casing: null, color: "#c3cad1", width: 0.9 },
  { casing: "#c9d0d8", color: "#ffffff", width: 1.8 },
  { casing: "#b9b19d", color: "#fff3cf", width: 3 },
];

/**
 * How much wider than at zoom 15 streets are drawn.
 * @param {number} zoom
 */
export const streetScale = (zoom) => Math.min(3, Math.max(0.45, 2 ** ((zoom - 15) * 0.55)));

export function streets() {
  const renderer = L.canvas({ pane: "gg-streets", padding: 0.3 });
  /** @type {MapData} */
  const packed = data();
  const lines = packed.streets.map((group) => group.map(unpacked));
  const group = L.layerGroup();
  /** @type {{ line: L.Polyline, width: number, extra: number }[]} */
  const drawn = [];
  /**
   * @param {[number, number][][]} path
   * @param {string} color
   * @param {number} width
   * @param {number} extra
   */
  const draw = (path, color, width, extra) => {
    const line = L.polyline(path, { renderer, pane: "gg-streets", interactive: false, color, weight: width });
    drawn.push({ line, width, extra });
    group.addLayer(line);
  };
  STREET_CLASSES.forEach((look, i) => look.casing && draw(lines[i], look.casing, look.width, 1.4));
  STREET_CLASSES.forEach((look, i) => draw(lines[i], look.color, look.width, 0));
  /** @param {number} zoom */
  const rescale = (zoom) => {
    for (const { line, width, extra } of drawn) line.setStyle({ weight: width * streetScale(zoom) + extra });
  };
  group.on("add", ({ target }) => {
    /** @type {L.Map} */
    const map = target._map;
    rescale(map.getZoom());
    map.on("zoomend", () => map.hasLayer(group) && rescale(map.getZoom()));
  });
  return group;
}

export function buildings() {
  /** @type {MapData} */
  const packed = data();
  return areas(packed.buildings, "#b8b0a4", "#d8d2c8");
}

export function water() {
  /** @type {MapData} */
  const packed = data();
  return areas(packed.water, "#7fb2d9", "#a9d0ee");
}

/**
 * @param {PackedPath[][]} packed
 * @param {string} line
 * @param {string} fill
 */
function areas(packed, line, fill) {
  const renderer = L.canvas({ pane: "gg-buildings", padding: 0.3 });
  const shapes = packed.map((rings) => rings.map(unpacked));
  return L.polygon(shapes, {
    renderer,
    pane: "gg-buildings",
    interactive: false,
    color: line,
    weight: 0.6,
    fillColor: fill,
    fillOpacity: 1,
  });
}

export const nothing = () => L.layerGroup();
