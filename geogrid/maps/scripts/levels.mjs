// Grids of one level, coloured by the number of their cases.
import { element, layerOf, part, say } from "./page.mjs";
import { classColors, classOf, classRanges, countsByGrid } from "./counts.mjs";
import { setRestingStyle } from "./details.mjs";
/** @import {Cases, GridLayer, HotspotData, Level, View} from "./types" */

/** @param {Level} level */
const gridsOf = (level) => /** @type {GridLayer[]} */ (layerOf(level.layer, L.GeoJSON).getLayers());

/**
 * @param {HotspotData} hot
 * @param {View} view
 * @param {number} place
 */
export function countAt(hot, view, place) {
  if (view.level < 0) return 0;
  const layers = gridsOf(hot.levels[view.level]);
  return view.counts[layers.findIndex((layer) => layer.feature.properties.i === place)] ?? 0;
}

/**
 * @param {HotspotData} hot
 * @param {View} view
 * @param {number[]} chosen
 * @param {Cases} cases
 */
export function paintLevel(hot, view, chosen, cases) {
  const legend = part(document, "#gg-counts", HTMLElement);
  legend.hidden = view.level < 0;
  if (view.level < 0) return;
  const level = hot.levels[view.level];
  const layers = gridsOf(level);
  const bounds = view.period < 0 ? level.bounds.all : level.bounds.each;
  const colors = classColors(hot.colors.counts, bounds.length);
  view.counts = countsByGrid(chosen, cases.leaf, level.ofLeaf, layers.length);
  layers.forEach((layer, i) => {
    const count = view.counts[i];
    const fill = count ? colors[classOf(count, bounds)] : "#ffffff";
    const style = { color: "#5b6875", weight: 1, opacity: 0.9, fillColor: fill, fillOpacity: count ? 0.68 : 0.3 };
    setRestingStyle(layer, style);
    layer.setStyle(style);
  });
  showClasses(legend, bounds, colors);
}

/**
 * @param {HTMLElement} legend
 * @param {number[]} bounds
 * @param {string[]} colors
 */
function showClasses(legend, bounds, colors) {
  const list = part(legend, "ul", HTMLUListElement);
  list.replaceChildren();
  /**
   * @param {string} color
   * @param {string} text
   */
  const add = (color, text) => {
    const row = element("li");
    const swatch = element("i", undefined, "gg-box");
    swatch.style.background = color;
    row.append(swatch, element("span", text));
    list.append(row);
  };
  add("#ffffff", say("no_count"));
  classRanges(bounds).forEach((range, i) => add(colors[i], range));
}
