// Script of the comparison map. Everything a user wrote reaches the page as text content, never as markup.
import { data, element, isNarrow, panel, part, ready, say, sign, whole } from "./page.mjs";
import { moveTogether } from "./follow.mjs";
/** @import {ComparedGrid, ComparisonData, GridLayer, Rows} from "./types" */

/** @type {WeakMap<L.Map, "before" | "after">} */
const sideOf = new WeakMap();

/** @returns {ComparisonData} */
const compared = () => data();

/**
 * @param {GridLayer} layer
 * @param {() => string} title
 * @param {() => Rows} rows
 */
function bind(layer, title, rows) {
  layer.bindTooltip(() => panel(title(), rows()), { sticky: true, className: "gg-tip" });
  layer.bindPopup(() => panel(title(), rows()), { maxWidth: 320 });
  const style = layer.feature.properties.style;
  layer.setStyle(style);
  layer.on("mouseover", () => layer.setStyle({ weight: (style.weight ?? 1) + 1.5 }));
  layer.on("mouseout", () => layer.setStyle(style));
}

/**
 * What became of a grid.
 * @param {ComparedGrid} row
 * @returns {Rows}
 */
export function gridRows({ fates, gained, lost }) {
  /** @param {ComparedGrid["gained"]} change */
  const change = ([area, households]) => `${whole(area)} m² · ${households} ${say("households")}`;
  return [["", fates], [say("gained"), change(gained)], [say("lost"), change(lost)]];
}

/**
 * What changes hands with a piece of land.
 * @param {ComparisonData["moved"][number]} row
 * @returns {Rows}
 */
export const movedRows = ({ area, households, cases }) => [
  [say("area"), `${whole(area)} m²`],
  [say("households"), households],
  [say("open_cases"), whole(cases)],
];

/**
 * Folium adds layers before the page knows which map is which side, so rows are looked up when they are shown.
 * @param {GridLayer["feature"]} feature
 * @param {GridLayer & { _map?: L.Map }} layer
 */
function grid(feature, layer) {
  const row = () => {
    const side = layer._map && sideOf.get(layer._map);
    return compared()[side ?? "before"][feature.properties.i];
  };
  bind(layer, () => `${row().code} ${row().name}`, () => gridRows(row()));
}

/**
 * @param {GridLayer["feature"]} feature
 * @param {GridLayer} layer
 */
function moved(feature, layer) {
  const row = compared().moved[feature.properties.i];
  bind(layer, () => `${row.from} → ${row.to}`, () => movedRows(row));
}

/**
 * @param {L.Map} before
 * @param {L.Map} after
 */
function start(before, after) {
  sideOf.set(before, "before").set(after, "after");
  document.documentElement.lang = data().language;
  document.body.append(element("div", undefined, "gg-divider"));
  if (isNarrow()) part(document, ".gg-legend", HTMLDetailsElement).open = false;
  sign(after);
  const { bounds } = data();
  const height = (/** @type {string} */ name) => (isNarrow() ? 0 : document.querySelector(name)?.clientHeight ?? 0);
  // Nothing that changes is under the title or the legend at first sight.
  /** @type {L.FitBoundsOptions} */
  const room = { animate: false, paddingTopLeft: [0, height(".gg-title")], paddingBottomRight: [0, height(".gg-legend") + 26] };
  for (const map of [before, after]) {
    map.invalidateSize({ animate: false });
    if (bounds) map.fitBounds(bounds, room);
    else map.setView([35, 105], 4, { animate: false });
  }
  moveTogether(before, after);
  Object.assign(window, { geogridMaps: [before, after] });
  ready();
}

// Folium's own script, which comes after, knows this name.
Object.assign(window, { geogridCompare: Object.assign(start, { grid, moved }) });
