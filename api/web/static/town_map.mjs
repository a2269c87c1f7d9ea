// A Leaflet map of the town for the pages: streets and buildings of our own server, grids on them.
import { tag } from "./elements.mjs";
/** @import {BaseMap, Grids} from "../types" */

const BASE_LOOKS = {
  building: { stroke: false, fillColor: "#dfe4e9", fillOpacity: 1 },
  street: { color: "#cdd5dc", weight: 1.2 },
  main: { color: "#b9c4ce", weight: 2.4 },
};

/**
 * @param {HTMLElement} place
 * @param {string[]} attribution
 */
export function emptyMap(place, attribution) {
  const map = L.map(place, { preferCanvas: true, zoomSnap: 0.5, attributionControl: true });
  map.attributionControl.setPrefix(false);
  for (const line of attribution) map.attributionControl.addAttribution(tag("span", line).innerHTML);
  L.control.scale({ imperial: false }).addTo(map);
  for (const { name, level, clicks } of [
    { name: "base", level: 210, clicks: false },
    { name: "grids", level: 300, clicks: true },
    { name: "errors", level: 350, clicks: false },
  ]) {
    const pane = map.createPane(name);
    pane.style.zIndex = String(level);
    if (!clicks) pane.style.pointerEvents = "none";
  }
  return map;
}

/**
 * @param {L.Map} map
 * @param {BaseMap} base
 */
export function addBase(map, base) {
  /** @param {GeoJSON.Feature<GeoJSON.Geometry, { kind: keyof typeof BASE_LOOKS }>} [feature] */
  const style = (feature) => (feature ? BASE_LOOKS[feature.properties.kind] : {});
  L.geoJSON(base, { pane: "base", interactive: false, style }).addTo(map);
}

/**
 * The leaf grids, or the top level of a large town without a case, and the outlines of the parents above.
 * @param {L.Map} map
 * @param {Grids} grids
 * @param {boolean} parentsToo
 */
export function addGrids(map, grids, parentsToo) {
  const deepest = Math.max(...grids.features.map((each) => each.properties.level));
  const leaves = L.geoJSON(grids, {
    pane: "grids",
    filter: (each) => each.properties.kind !== "parent" || parentsToo,
    style: (each) => ({
      color: "#46525e", weight: 1.2, opacity: 0.8,
      fillColor: each?.properties.kind === "dedicated" ? "#5e3c99" : "#0b5cad",
      fillOpacity: each?.properties.kind === "dedicated" ? 0.16 : 0.04,
    }),
    onEachFeature: ({ properties }, layer) => layer.bindTooltip(tag("span", `${properties.name || properties.code} · ${properties.duty || properties.code}`), { sticky: true }),
  }).addTo(map);
  L.geoJSON(grids, {
    pane: "grids",
    filter: (each) => each.properties.kind === "parent",
    interactive: false,
    style: (each) => ({ color: "#1b2733", weight: 1.5 + deepest - (each?.properties.level ?? 0), fill: false, opacity: 0.7 }),
  }).addTo(map);
  return leaves;
}

/**
 * @param {L.Map} map
 * @param {L.LatLngBounds} bounds
 */
export function fit(map, bounds) {
  map.fitBounds(bounds, { padding: [32, 32], maxZoom: 17, animate: false });
}

/**
 * @param {string} address
 * @returns {Promise<unknown>} null where there is no answer
 */
export async function read(address) {
  try {
    const reply = await fetch(address);
    return reply.ok ? await reply.json() : null;
  } catch {
    return null;
  }
}
