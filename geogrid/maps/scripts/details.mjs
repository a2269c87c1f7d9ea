// What opens on a grid or a gap, and the room on the map that panels leave for it.
import { data, element, isNarrow, panel, part, say } from "./page.mjs";
import { shared } from "./shared.mjs";
/** @import {CoverageData, Details, GridLayer, MapData} from "./types" */

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

/**
 * The height of a part of the page, or of the highest of several.
 * @param {string} selector
 */
export function heightOf(selector) {
  /** @type {NodeListOf<HTMLElement>} */
  const found = document.querySelectorAll(selector);
  return Math.max(0, ...[...found].map((each) => each.offsetHeight));
}

/**
 * Room that the panels take from the map, so that nothing opens or starts under them.
 * @returns {{ topLeft: L.PointTuple, bottomRight: L.PointTuple }}
 */
export function margins() {
  const below = heightOf(".gg-time, .gg-said");
  if (document.querySelectorAll(".folium-map").length > 1) {
    const last = isNarrow() ? below + 24 : Math.max(below, heightOf(".gg-legend"));
    return { topLeft: [12, heightOf(".gg-title") + 20], bottomRight: [12, last + 40] };
  }
  if (isNarrow()) return { topLeft: [12, heightOf(".gg-title") + 20], bottomRight: [12, below + 84] };
  /** @type {HTMLElement | null} */
  const legend = document.querySelector(".gg-legend");
  const isWide = window.innerWidth > 1100;
  const left = isWide && legend ? legend.offsetWidth + 24 : 12;
  const right = isWide ? part(document, ".leaflet-control-layers", HTMLElement).offsetWidth + 24 : 60;
  return { topLeft: [left, 24], bottomRight: [right, below + 40] };
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
 * Who is to be called, the grid first, then those above it; and where the grid leads to.
 * @param {Details} details
 * @returns {HTMLElement[]}
 */
export function onward({ code = "", calls = [] }) {
  const parts = [];
  if (calls.length) {
    const list = element("ul", undefined, "gg-calls");
    for (const [grid, contact] of calls) {
      const line = element("li");
      line.append(element("span", grid, "gg-of"), ...callable(contact));
      list.append(line);
    }
    parts.push(list);
  }
  const { links = [] } = /** @type {MapData} */ (data());
  if (links.length && code) {
    const line = element("p", undefined, "gg-links");
    for (const [label, address] of links) {
      const link = element("a", label);
      link.href = address.replace("{code}", encodeURIComponent(code));
      line.append(link, " ");
    }
    parts.push(line);
  }
  return parts;
}

/**
 * A text whose telephone numbers call.
 * @param {string} text
 * @returns {(string | HTMLElement)[]}
 */
export function callable(text) {
  return text.split(/(\+?\d[\d -]{4,}\d)/).map((part, at) => {
    if (at % 2 === 0) return part;
    const link = element("a", part);
    link.href = `tel:${part.replace(/[ -]/g, "")}`;
    link.setAttribute("aria-label", `${say("call")} ${part}`);
    return link;
  });
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
  bindDetails(layer, () => {
    const box = panel(title, [...rows, ...shared.more(place, details[place])]);
    box.append(...onward(details[place]));
    return box;
  });
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
