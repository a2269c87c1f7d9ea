// Script of GeoGrid's maps of one plan. Everything a user wrote reaches the page as text content, never as markup.
import { data, isNarrow, sign } from "./page.mjs";
import { buildings, nothing, streets, water } from "./base.mjs";
import { clusterIcon } from "./clusters.mjs";
import { coverage } from "./coverage.mjs";
import { grid, heightOf, margins, uncovered } from "./details.mjs";
import { findings } from "./findings.mjs";
import { hotspots } from "./hotspots.mjs";
import { names } from "./names.mjs";
import { shared } from "./shared.mjs";

/** @param {L.Map} map */
function fit(map) {
  const { bounds } = data();
  if (!bounds) return map.setView([35, 105], 4);
  const { topLeft, bottomRight } = margins();
  return map.fitBounds(bounds, { paddingTopLeft: topLeft, paddingBottomRight: bottomRight });
}

/**
 * @param {L.Map} map
 * @param {(map: L.Map) => void} begin
 */
function start(map, begin) {
  shared.map = map;
  document.documentElement.lang = data().language;
  sign(map);
  /** @type {HTMLDetailsElement | null} */
  const legend = document.querySelector(".gg-legend");
  const foldLegend = () => legend && isNarrow() && (legend.open = false);
  foldLegend();
  map.on("popupopen", foldLegend);
  begin(map);
  for (const [name, panel] of [["time", ".gg-time, .gg-said"], ["credit", ".leaflet-control-attribution"]]) {
    document.documentElement.style.setProperty(`--gg-${name}-height`, `${heightOf(panel)}px`);
  }
  fit(map);
  shared.placeNames?.();
}

// Folium's own script, which comes after, knows this name.
Object.assign(window, {
  geogrid: { start, coverage, findings, hotspots, grid, uncovered, streets, buildings, water, names, nothing, clusterIcon, isNarrow, shared },
});
