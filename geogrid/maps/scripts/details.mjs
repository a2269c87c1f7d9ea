// What opens on a grid or a gap, and the room on the map that panels leave for it.
import { data, element, isNarrow, panel, part, say } from "./page.mjs";
import { shared } from "./shared.mjs";
/** @import {CoverageData, GridLayer, MapData} from "./types" */

/** @type {WeakMap<L.Path, L.PathOptions>} */
const styles = new WeakMap();

/**
 * @param {L.Path} layer
 * @param {L.PathOptions} style
 */
export function setRestingStyle(layer, style) {
  styles.set(layer, style);
}

/**
 * @param {string} title
 * @param {string} line
 */
export function tip(title, line) {
  const box = element("div");
  box.append(element("strong", title));
  if (line) box.append(element("br"), element("span", line));
  return box;
}

/** @param {string} selector */
export function heightOf(selector) {
  /** @type {HTMLElement | null} */
  const found = document.querySelector(selector);
  return found?.offsetHeight ?? 0;
}

/**
 * Room that the panels take from the map, so that nothing opens or starts under them.
 * @returns {{ topLeft: L.PointTuple, bottomRight: L.PointTuple }}
 */
export function margins() {
  if (isNarrow()) return { topLeft: [12, heightOf(".gg-title") + 20], bottomRight: [12, heightOf(".gg-time") + 84] };
  /** @type {HTMLElement | null} */
  const legend = document.querySelector(".gg-legend");
  const isWide = window.innerWidth > 1100;
  const left = isWide && legend ? legend.offsetWidth + 24 : 12;
  const right = isWide ? part(document, ".leaflet-control-layers", HTMLElement).offsetWidth + 24 : 60;
  return { topLeft: [left, 24], bottomRight: [right, heightOf(".gg-time") + 40] };
}

/** @returns {L.PopupOptions} */
export function popupOptions() {
  const { topLeft, bottomRight } = margins();
  return { minWidth: 240, maxWidth: 320, autoPanPaddingTopLeft: topLeft, autoPanPaddingBottomRight: bottomRight };
}

/**
 * The room is measured when a popup opens, before Leaflet's own listener pans the map for it.
 * @param {L.Layer} layer
 * @param {() => HTMLElement} content
 */
function bindDetails(layer, content) {
  layer.on("click", () => Object.assign(layer.getPopup()?.options ?? {}, popupOptions()));
  layer.bindPopup(content);
}

/**
 * @param {GridLayer["feature"]} feature
 * @param {GridLayer} layer
 */
export function grid(feature, layer) {
  /** @type {MapData} */
  const { details } = data();
  const place = feature.properties.i;
  const { title, rows } = details[place];
  setRestingStyle(layer, feature.properties.style);
  const style = () => styles.get(layer) ?? {};
  layer.bindTooltip(() => tip(title, shared.tip(place, details[place])), { sticky: true, className: "gg-tip" });
  bindDetails(layer, () => panel(title, [...rows, ...shared.more(place, details[place])]));
  layer.on("mouseover", () => layer.setStyle({ weight: (style().weight ?? 1) + 1.5, opacity: 1 }));
  layer.on("mouseout", () => layer.setStyle(style()));
}

/**
 * @param {GridLayer["feature"]} feature
 * @param {GridLayer} layer
 */
export function uncovered(feature, layer) {
  /** @type {CoverageData} */
  const areas = data();
  const area = areas.uncovered[feature.properties.i];
  layer.bindTooltip(() => tip(say("uncovered"), area), { sticky: true, className: "gg-tip" });
  bindDetails(layer, () => panel(say("uncovered"), [[say("area"), area]]));
}
