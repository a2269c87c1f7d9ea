// Names of grids and streets, drawn where there is room, never over each other.
import { data, element } from "./page.mjs";
import { placedLabels, upright } from "./labels.mjs";
import { shared } from "./shared.mjs";
/** @import {Label, MapData, Taken} from "./types" */

const STREET_NAMES_FROM_ZOOM = 15;

export function names() {
  const group = L.layerGroup();
  let isBound = false;
  group.on("add", ({ target }) => {
    /** @type {L.Map} */
    const map = target._map;
    const place = () => map.hasLayer(group) && placeNames(map, group);
    if (!isBound) map.on("moveend", place);
    isBound = true;
    shared.placeNames = place;
    place();
  });
  return group;
}

/**
 * @param {number} zoom
 * @returns {Generator<Label>}
 */
function* candidates(zoom) {
  for (const [text, lon, lat, radius] of shared.namedPlaces()) {
    yield { text, at: [lat, lon], room: 2 * radius, angle: 0, className: "gg-name" };
  }
  if (zoom < STREET_NAMES_FROM_ZOOM) return;
  /** @type {MapData} */
  const { streetNames } = data();
  for (const [text, lon, lat, angle, length] of streetNames ?? []) {
    yield { text, at: [lat, lon], room: length, angle: -upright(angle), className: "gg-street-name" };
  }
}

/**
 * @param {L.Map} map
 * @returns {Taken[]}
 */
function clustersInSight(map) {
  const corner = map.getContainer().getBoundingClientRect();
  return [...map.getContainer().querySelectorAll(".leaflet-marker-pane .gg-cluster")].map((icon) => {
    const box = icon.getBoundingClientRect();
    const half = box.width / 2;
    return { x: box.left + half - corner.left, y: box.top + half - corner.top, half: [half, half], text: "" };
  });
}

/**
 * @param {L.Map} map
 * @param {L.LayerGroup} group
 */
function placeNames(map, group) {
  group.clearLayers();
  const sight = map.getBounds();
  const placed = placedLabels(candidates(map.getZoom()), clustersInSight(map), {
    pixelsPerDegree: (256 * 2 ** map.getZoom()) / 360,
    isInSight: (at) => sight.contains(at),
    pixelOf: (at) => map.latLngToContainerPoint(at),
  });
  for (const name of placed) {
    const text = element("span", name.text, name.className);
    if (name.angle) text.style.setProperty("--gg-turn", `${name.angle}deg`);
    const icon = L.divIcon({ html: text, className: "gg-label", iconSize: [0, 0] });
    group.addLayer(L.marker(name.at, { icon, interactive: false, keyboard: false, pane: "gg-labels" }));
  }
}
