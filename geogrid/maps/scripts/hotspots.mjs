// The hotspot map: heat, clusters and counts of the same cases, all of them or those of one period.
import { data, layerOf, say, whole } from "./page.mjs";
import { casesByPeriod, readCases } from "./packed.mjs";
import { clustersOf } from "./clusters.mjs";
import { heatCeiling } from "./counts.mjs";
import { countAt, paintLevel } from "./levels.mjs";
import { timeControl } from "./periods.mjs";
import { shared } from "./shared.mjs";
/** @import {Cases, HotspotData, View} from "./types" */

/** @param {L.Map} map */
export function hotspots(map) {
  /** @type {HotspotData} */
  const hot = data();
  const cases = readCases(hot.cases);
  /** @type {View} */
  const view = { period: -1, level: hot.levels.length ? 0 : -1, counts: [] };
  const byPeriod = casesByPeriod(cases.period, hot.periods.length);
  const everyCase = cases.lat.map((_, i) => i);
  const chosen = () => (view.period < 0 ? everyCase : byPeriod[view.period]);
  const clusters = clustersOf(map, hot, cases);
  const heat = heatOf(map, hot, cases);
  const paint = () => paintLevel(hot, view, chosen(), cases);
  /** @param {number} place */
  const told = (place) => `${whole(countAt(hot, view, place))} ${say("cases_unit")}`;
  shared.view = view;
  shared.cases = cases;
  shared.tip = told;
  shared.more = (place) => [[view.period < 0 ? say("all_time") : hot.periods[view.period], told(place)]];
  shared.namedPlaces = () =>
    view.level < 0
      ? []
      : hot.levels[view.level].names.map(([place, ...circle]) => [hot.details[place].title, ...circle]);
  map.on("baselayerchange", ({ layer }) => {
    view.level = hot.levels.findIndex((level) => layerOf(level.layer, L.GeoJSON) === layer);
    paint();
    shared.placeNames?.();
  });
  shared.select = (period) => {
    view.period = period;
    paint();
    heat.show(chosen());
    clusters.show(chosen());
    shared.showPeriod?.(period, chosen().length);
  };
  timeControl(hot, byPeriod);
  shared.select(-1);
}

/**
 * @param {L.Map} map
 * @param {HotspotData} hot
 * @param {Cases} cases
 */
function heatOf(map, hot, cases) {
  const layer = layerOf(hot.heat, L.HeatLayer);
  /** @type {[number, number][]} */
  let points = [];
  // Leaflet.heat redraws at once, which fails while it is not on a map.
  const draw = () => {
    if (!map.hasLayer(layer)) return;
    // Leaflet.heat weakens each case by 2 per zoom under maxZoom, 12 times at most: always 12 here, at any zoom.
    layer.setOptions({ max: heatCeiling(map.getZoom(), points) / 2 ** 12, maxZoom: 40 });
    layer.setLatLngs(points);
  };
  map.on("layeradd", (event) => event.layer === layer && draw());
  map.on("zoomend", draw);
  return {
    /** @param {number[]} chosen */
    show(chosen) {
      points = chosen.map((i) => [cases.lat[i], cases.lng[i]]);
      draw();
    },
  };
}
