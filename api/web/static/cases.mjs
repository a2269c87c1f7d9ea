// The map beside the list of cases: streets and grids of our own server, one marker a case, lit together with its line.
import { gridsInSight } from "./cases_grids.mjs";
import { mapData, ready, tag } from "./elements.mjs";
/** @import {BaseMap, CaseMark, CasesData, Grids, PlacedCase} from "../types" */

const BASE_LOOKS = {
  building: { stroke: false, fillColor: "#dfe4e9", fillOpacity: 1 },
  street: { color: "#cdd5dc", weight: 1.2 },
  main: { color: "#b9c4ce", weight: 2.4 },
};

const place = document.getElementById("map");
if (place) await draw(place);

/** @param {HTMLElement} place */
async function draw(place) {
  /** @type {CasesData} */
  const data = mapData();
  const cases = data.cases.filter(isPlaced);
  const map = emptyMap(place, data.attribution);
  addCases(map, cases);
  if (cases.length) fit(map, L.latLngBounds(cases.map((each) => [each.lat, each.lon])));
  const [base, grids] = await Promise.all([
    /** @type {Promise<BaseMap | null>} */ (read(data.base)),
    /** @type {Promise<Grids | null>} */ (read(addressOfGrids(map, data, cases.length > 0))),
  ]);
  if (base) addBase(map, base);
  if (grids) {
    const leaves = addGrids(map, grids, data.is_large && !cases.length);
    if (!cases.length && leaves.getBounds().isValid()) fit(map, leaves.getBounds());
  } else if (!cases.length) {
    map.setView([0, 0], 1);
  }
  ready();
}

/**
 * @param {CaseMark} each
 * @returns {each is PlacedCase}
 */
function isPlaced(each) {
  return each.lon !== null;
}

/**
 * @param {HTMLElement} place
 * @param {string[]} attribution
 */
function emptyMap(place, attribution) {
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
 * @param {PlacedCase[]} cases
 */
function addCases(map, cases) {
  /** @type {Map<string, L.Marker>} */
  const markers = new Map();
  /**
   * @param {string} id
   * @param {boolean} on
   */
  const light = (id, on) => {
    const marker = markers.get(id);
    if (marker) {
      marker.getElement()?.firstElementChild?.classList.toggle("is-lit", on);
      marker.setZIndexOffset(on ? 1000 : 0);
    }
    document.querySelector(`[data-case="${CSS.escape(id)}"]`)?.classList.toggle("is-lit", on);
  };
  for (const each of cases) {
    const id = String(each.id);
    const icon = L.divIcon({ className: "", html: `<div class="pin">${each.number || ""}</div>`, iconSize: [28, 28] });
    const marker = L.marker([each.lat, each.lon], { icon, title: each.title, alt: each.title, riseOnHover: true });
    marker.bindPopup(() => details(each), { maxWidth: 280 }).addTo(map);
    marker.on("mouseover", () => light(id, true)).on("mouseout", () => light(id, false));
    markers.set(id, marker);
    if (each.error_m !== null && each.error_m > 0) {
      L.circle([each.lat, each.lon], { pane: "errors", radius: each.error_m, color: "#0b5cad", weight: 1, fillOpacity: 0.1, interactive: false }).addTo(map);
    }
  }
  for (const line of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-case]"))) {
    line.addEventListener("mouseenter", () => light(line.dataset.case ?? "", true));
    line.addEventListener("mouseleave", () => light(line.dataset.case ?? "", false));
  }
}

/**
 * @param {L.Map} map
 * @param {CasesData} data
 * @param {boolean} hasCases
 */
function addressOfGrids(map, data, hasCases) {
  if (!data.is_large) return data.grids;
  if (!hasCases) return gridsInSight(data.grids, location.href, null);
  const sight = map.getBounds().pad(0.25);
  const box = /** @type {const} */ ([sight.getWest(), sight.getSouth(), sight.getEast(), sight.getNorth()]);
  return gridsInSight(data.grids, location.href, [...box]);
}

/**
 * @param {L.Map} map
 * @param {BaseMap} base
 */
function addBase(map, base) {
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
function addGrids(map, grids, parentsToo) {
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
function fit(map, bounds) {
  map.fitBounds(bounds, { padding: [32, 32], maxZoom: 17, animate: false });
}

/** @param {PlacedCase} each */
function details(each) {
  const box = tag("div");
  const title = tag("p");
  const link = tag("a", each.title);
  link.href = each.url;
  title.append(link);
  box.append(title, tag("p", each.grid_name, "muted"));
  return box;
}

/**
 * @param {string} address
 * @returns {Promise<unknown>} null where there is no answer
 */
async function read(address) {
  try {
    const reply = await fetch(address);
    return reply.ok ? await reply.json() : null;
  } catch {
    return null;
  }
}
