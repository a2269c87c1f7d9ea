// Cases as points that join into clusters, and what opens on one.
import { element, layerOf, panel, ready, say } from "./page.mjs";
import { clusterMark } from "./counts.mjs";
import { popupOptions } from "./details.mjs";
import { shared } from "./shared.mjs";
/** @import {MarkerCluster} from "leaflet" */
/** @import {Cases, HotspotData, Rows} from "./types" */

/** @typedef {L.CircleMarker & { geogridCase: number }} CaseMarker */

/**
 * What is known of a case, in the order of its panel; what is not known has no row.
 * @param {HotspotData} hot
 * @param {Cases} cases
 * @param {number} i
 * @returns {Rows}
 */
export function caseRows(hot, cases, i) {
  const at = new Date(cases.minute[i] * 60000).toISOString().slice(0, 16).replace("T", " ");
  const grid = cases.leaf[i] < 0 ? null : hot.details[hot.leafPlaces[cases.leaf[i]]];
  /** @type {Rows} */
  const rows = [
    [say("status"), say(cases.status[i]) ?? cases.status[i]],
    [say("category"), cases.category[i]],
    [say("channel"), cases.channel[i]],
    [say("reported_at"), cases.period[i] < 0 ? say("undated") : at],
    [say("address"), cases.address[i]],
    [say("grid"), grid ? `${grid.title} (${grid.rows[0][1]})` : say("outside")],
    [say("text"), cases.text[i]],
  ];
  return rows.filter(([, value]) => value);
}

/**
 * @param {HotspotData} hot
 * @param {Cases} cases
 * @param {number} i
 */
export function describe(hot, cases, i) {
  const box = panel(`${say("id")} ${cases.id[i]}`, caseRows(hot, cases, i));
  if (hot.casePage) {
    const link = element("a", say("open_case"));
    link.href = hot.casePage.replace("{id}", encodeURIComponent(cases.id[i]));
    box.append(link);
  }
  return box;
}

/**
 * @param {L.Map} map
 * @param {HotspotData} hot
 * @param {Cases} cases
 */
export function clustersOf(map, hot, cases) {
  const layer = layerOf(hot.clusters, L.MarkerClusterGroup);
  const colors = hot.colors.status;
  const markers = cases.lat.map((lat, i) => {
    const marker = L.circleMarker([lat, cases.lng[i]], {
      pane: "gg-cases",
      radius: 6.5,
      color: "#ffffff",
      weight: 1.5,
      fillColor: colors[cases.status[i]] ?? colors.open,
      fillOpacity: 1,
    });
    return /** @type {CaseMarker} */ (Object.assign(marker, { geogridCase: i }));
  });
  layer.on("click", (event) => {
    /** @type {CaseMarker} */
    const marker = event.propagatedFrom ?? event.layer;
    if (marker.geogridCase === undefined) return;
    L.popup({ ...popupOptions(), offset: [0, -4] })
      .setLatLng(marker.getLatLng())
      .setContent(describe(hot, cases, marker.geogridCase))
      .openOn(map);
  });
  layer.on("animationend", () => shared.placeNames?.());
  /** @type {number | undefined} */
  let waiting;
  return {
    /**
     * Rebuilding the tree of clusters takes a second for 70,000 cases: once the slider rests, not at each step.
     * @param {number[]} chosen
     */
    show(chosen) {
      clearTimeout(waiting);
      document.documentElement.dataset.geogrid = "busy";
      waiting = setTimeout(() => {
        layer.clearLayers();
        layer.addLayers(chosen.map((i) => markers[i]));
        shared.placeNames?.();
        ready();
      }, 120);
    },
  };
}

/** @param {MarkerCluster} cluster */
export function clusterIcon(cluster) {
  const { text, size } = clusterMark(cluster.getChildCount());
  return L.divIcon({ html: element("span", text), className: "gg-cluster", iconSize: [size, size] });
}
