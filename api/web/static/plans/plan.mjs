// The page of a plan: comments on a map, a click that pins a new one, and who else is here.
import { mapData, ready, tag } from "../elements.mjs";
import { addBase, addGrids, emptyMap, fit, read } from "../town_map.mjs";
import { told } from "./others.mjs";
/** @import {BaseMap, Grids, PinnedComment, PlanChange, PlanData, PlanPeople} from "../../types" */

/** @type {PlanData} */
const data = mapData();
listen();
const place = document.getElementById("map");
if (place) await draw(place);

/** @param {HTMLElement} place */
async function draw(place) {
  const map = emptyMap(place, data.attribution);
  map.setView([0, 0], 1);
  for (const each of data.comments) pin(map, each);
  const [base, grids] = await Promise.all([
    /** @type {Promise<BaseMap | null>} */ (read(data.base)),
    /** @type {Promise<Grids | null>} */ (read(data.grids)),
  ]);
  if (base) addBase(map, base);
  if (grids?.features.length) {
    const bounds = addGrids(map, grids, true).getBounds();
    if (bounds.isValid()) fit(map, bounds);
  }
  takePlaces(map);
  ready();
}

/**
 * @param {L.Map} map
 * @param {PinnedComment} each
 */
function pin(map, each) {
  const [lon, lat] = each.lonlat;
  const title = each.words.slice(0, 60);
  const icon = L.divIcon({ className: "", html: '<div class="pin">!</div>', iconSize: [28, 28] });
  const marker = L.marker([lat, lon], { icon, title, alt: title, riseOnHover: true }).addTo(map);
  marker.bindPopup(() => {
    const box = tag("div");
    box.append(tag("p", each.words), tag("p", each.by || data.words.somebody, "muted"));
    return box;
  }, { maxWidth: 280 });
}

/**
 * A click on the map is the place of the comment that is being written.
 * @param {L.Map} map
 */
function takePlaces(map) {
  const field = document.getElementById("lonlat");
  if (!(field instanceof HTMLInputElement)) return;
  /** @type {L.CircleMarker | undefined} */
  let mark;
  map.on("click", ({ latlng }) => {
    mark?.remove();
    mark = L.circleMarker(latlng, { radius: 8, color: "#0b5cad", weight: 3 }).addTo(map);
    field.value = `${latlng.lng.toFixed(6)}, ${latlng.lat.toFixed(6)}`;
    mark.bindTooltip(tag("span", data.words.pinned)).openTooltip();
  });
}

/** Tells who else has the plan open, and that somebody has changed it. */
function listen() {
  const others = document.getElementById("others");
  if (!others || !("EventSource" in window)) return;
  let changed = "";
  /** @type {PlanPeople} */
  let around = { people: [], claims: [] };
  const tell = () => {
    others.textContent = [changed, told(around, data.words)].filter(Boolean).join(" ");
  };
  const source = new EventSource(`${data.events}?since=${data.version}`);
  source.addEventListener("people", ({ data: sent }) => {
    around = JSON.parse(sent);
    tell();
  });
  source.addEventListener("change", ({ data: sent }) => {
    /** @type {PlanChange} */
    const change = JSON.parse(sent);
    changed = data.words.changed_meanwhile.replace("{by}", change.by || data.words.somebody);
    tell();
  });
  addEventListener("pagehide", () => source.close());
}
