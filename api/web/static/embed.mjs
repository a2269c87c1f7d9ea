// The embedded map. It tells the page around it what is clicked, and takes a new marker, grids, level or cases from it.
import { Map, Marker, NavigationControl } from "/assets/vendor/maplibre/maplibre-gl.mjs";
import { lookupAddress, shifted } from "./urls.mjs";
import { mapData, part, ready, tag } from "./elements.mjs";
import { cardParts, gridAtLevel } from "./embed_card.mjs";
/** @import {EmbedData, Grid} from "../types" */

/** @type {EmbedData} */
const data = mapData();
const card = part("card", HTMLElement);
const room = { top: 80, bottom: 40, left: 24, right: 24 };
/** @type {Marker | undefined} */
let marker;
/** Takes the outline from the grid that the card is about. */
let forget = () => {};

const map = emptyMap();
if (map) start(map);

/** @returns {Map | null} null where the browser cannot draw it, which the card says */
function emptyMap() {
  try {
    return new Map({
      container: "map",
      style: data.style,
      bounds: data.bounds,
      fitBoundsOptions: { padding: room, maxZoom: 16 },
      attributionControl: { compact: innerWidth < 520 },
      dragRotate: false,
      pitchWithRotate: false,
    });
  } catch {
    say(data.words.no_webgl);
    return null;
  }
}

/** @param {Map} map */
function start(map) {
  const look = grids(map);
  const lookup = asking(look);
  forget = () => look.show(null);
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.on("load", async () => {
    data.codes.forEach(look.outline);
    if (data.point) mark(map, data.point);
    if (data.cases) await showCases(map, data.cases);
    map.once("idle", () => {
      ready();
      tell("ready", { bounds: data.bounds });
    });
  });
  map.on("error", ({ error }) => {
    if (!map.isStyleLoaded()) say(data.words.failed);
    tell("error", { message: String(error?.message ?? error) });
  });
  map.on("click", (event) => lookup(event.lngLat.lng, event.lngLat.lat));
  map.on("mousemove", "grid-fill", ({ features }) => look.hover(features?.[0].id ?? null));
  map.on("mouseleave", "grid-fill", () => look.hover(null));
  addEventListener("message", (event) => {
    if (event.source === parent && event.data && event.data.geogrid === "point") {
      if (event.data.point) mark(map, event.data.point, true);
      else marker?.remove();
    }
  });
}

/**
 * How grids look that are chosen or under the pointer.
 * @param {Map} map
 */
function grids(map) {
  /** @type {string | number | null} */
  let hovered = null;
  /**
   * @param {string | number} id
   * @param {Record<string, boolean>} state
   */
  const set = (id, state) => map.setFeatureState({ source: "geogrid", sourceLayer: "grids", id }, state);
  /** @type {string | null} */
  let shown = null;
  return {
    /** @param {string | number | null} code */
    hover(code) {
      if (code === hovered) return;
      if (hovered !== null) set(hovered, { hovered: false });
      if (code !== null) set(code, { hovered: true });
      hovered = code;
      map.getCanvas().style.cursor = code === null ? "" : "pointer";
    },
    /** @param {string} code */
    outline(code) {
      set(code, { chosen: true });
    },
    /**
     * Outline the grid that the card is about instead of the last one; those that the page asked for stay.
     * @param {string | null} code
     */
    show(code) {
      if (shown && !data.codes.includes(shown)) set(shown, { chosen: false });
      if (code) set(code, { chosen: true });
      shown = code;
    },
  };
}

/**
 * @param {Map} map
 * @param {[number, number]} lonlat
 */
function mark(map, lonlat, moves = false) {
  marker?.remove();
  marker = new Marker({ color: "#a11a2b" }).setLngLat(lonlat).addTo(map);
  if (moves) map.easeTo({ center: lonlat, zoom: Math.max(map.getZoom(), 14) });
}

/**
 * @param {Map} map
 * @param {string} address
 */
async function showCases(map, address) {
  const answer = await fetch(address);
  if (!answer.ok) return say(data.words.no_cases);
  map.addSource("cases", { type: "geojson", data: await answer.json() });
  map.addLayer({
    id: "cases",
    type: "circle",
    source: "cases",
    paint: {
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 11, 2, 16, 5.5],
      "circle-color": ["match", ["get", "status"], "closed", "#1d6b3f", "in_progress", "#b96a00", "#a11a2b"],
      "circle-opacity": 0.75,
      "circle-stroke-width": 1,
      "circle-stroke-color": "#ffffff",
    },
  });
}

/**
 * Returns what asks the server for the grid of a place and shows it; only the latest question is answered.
 * @param {ReturnType<typeof grids>} look
 */
function asking(look) {
  let latest = 0;
  /**
   * @param {number} lng
   * @param {number} lat
   */
  return async (lng, lat) => {
    const own = ++latest;
    const answer = await fetch(lookupAddress(data.lookup, lng, lat)).catch(() => null);
    if (own !== latest) return;
    if (!answer?.ok) return say(data.words.failed);
    /** @type {Grid[]} */
    const chain = Object.values(await answer.json());
    const { grid, above } = gridAtLevel(chain, data.level);
    look.show(grid?.code ?? null);
    if (grid) show(cardParts(grid, above, data));
    else say(data.words.outside);
    const [lon, shiftedLat] = await shifted(lng, lat, data.coord_type, fetch);
    tell("click", { lon, lat: shiftedLat, coord_type: data.coord_type, grid, chain });
  };
}

/** @param {string} sentence */
function say(sentence) {
  show([tag("p", sentence)]);
}

/** @param {HTMLElement[]} parts */
function show(parts) {
  const button = tag("button", "×", "close");
  button.type = "button";
  button.setAttribute("aria-label", data.words.close);
  button.addEventListener("click", () => {
    card.hidden = true;
    forget();
  });
  card.replaceChildren(button, ...parts);
  card.hidden = false;
}

/**
 * What is told is what everybody may look up; which sites may frame the map is the policy's business.
 * @param {string} kind
 * @param {Record<string, unknown>} detail
 */
function tell(kind, detail) {
  if (parent !== window) parent.postMessage({ geogrid: kind, detail }, "*");
}
