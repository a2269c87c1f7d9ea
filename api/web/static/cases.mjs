// The map beside the list of cases: streets and grids of our own server, one marker a case, lit together with its line.
import { gridsInSight } from "./cases_grids.mjs";
import { mapData, ready, tag } from "./elements.mjs";
import { addBase, addGrids, emptyMap, fit, read } from "./town_map.mjs";
/** @import {BaseMap, CaseMark, CasesData, Grids, PlacedCase} from "../types" */

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
