// The embedded map. It tells the page around it what is clicked, and takes a new marker, grids, level or cases from it.
import { Map, Marker, NavigationControl } from "/assets/vendor/maplibre/maplibre-gl.mjs";

const data = JSON.parse(document.getElementById("map-data").textContent);
const card = document.getElementById("card");
const chosen = new Set();
let map;
let marker;

try {
  map = new Map({
    container: "map",
    style: data.style,
    bounds: data.bounds,
    fitBoundsOptions: { padding: room(), maxZoom: 16 },
    attributionControl: { compact: innerWidth < 520 },
    dragRotate: false,
    pitchWithRotate: false,
  });
} catch {
  say(data.words.no_webgl);
}
if (map) start();

function start() {
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.on("load", async () => {
    outline(data.codes);
    if (data.point) mark(data.point);
    if (data.cases) await showCases(data.cases);
    map.once("idle", () => {
      document.documentElement.dataset.geogrid = "ready";
      tell("ready", { bounds: data.bounds });
    });
  });
  map.on("error", ({ error }) => {
    if (!map.isStyleLoaded()) say(data.words.failed);
    tell("error", { message: String(error?.message ?? error) });
  });
  map.on("click", (event) => { ask(event.lngLat); });
  map.on("mousemove", "grid-fill", ({ features }) => { hover(features[0].id); });
  map.on("mouseleave", "grid-fill", () => { hover(null); });
  addEventListener("message", (event) => {
    if (event.source === parent && event.data && event.data.geogrid === "point") {
      if (event.data.point) mark(event.data.point, true);
      else marker?.remove();
    }
  });
}

let hovered = null;
function hover(code) {
  if (code === hovered) return;
  for (const [each, is] of [[hovered, false], [code, true]]) {
    if (each !== null && each !== undefined) map.setFeatureState({ source: "geogrid", sourceLayer: "grids", id: each }, { hovered: is });
  }
  hovered = code ?? null;
  map.getCanvas().style.cursor = code === null ? "" : "pointer";
}

function outline(codes) {
  for (const code of codes) choose(code, true);
}

function choose(code, is) {
  if (is) chosen.add(code);
  else chosen.delete(code);
  map.setFeatureState({ source: "geogrid", sourceLayer: "grids", id: code }, { chosen: is });
}

function mark(lonlat, moves = false) {
  marker?.remove();
  marker = new Marker({ color: "#a11a2b" }).setLngLat(lonlat).addTo(map);
  if (moves) map.easeTo({ center: lonlat, zoom: Math.max(map.getZoom(), 14) });
}

async function showCases(address) {
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

let asked = 0;
let shown = null;
async function ask({ lng, lat }) {
  const own = ++asked;
  const answer = await fetch(data.lookup.replace("PLACE", `${lng.toFixed(7)},${lat.toFixed(7)}`)).catch(() => null);
  if (own !== asked) return;
  if (!answer?.ok) return say(data.words.failed);
  const chain = Object.values(await answer.json());
  const place = chain.findIndex((each) => each.level <= data.level);
  const grid = chain[place] ?? null;
  if (shown && !data.codes.includes(shown)) choose(shown, false);
  shown = grid?.code ?? null;
  if (shown) choose(shown, true);
  if (grid) describe(grid, chain.slice(place + 1));
  else say(data.words.outside);
  const [lon, shiftedLat] = await reported(lng, lat);
  tell("click", { lon, lat: shiftedLat, coord_type: data.coord_type, grid, chain });
}

// Clicks are reported in the datum that the page asked for; the shift is the server's own.
async function reported(lng, lat) {
  if (data.coord_type === "wgs84") return [lng, lat];
  const answer = await fetch(`/shift/${lng.toFixed(7)},${lat.toFixed(7)}?coord_type=${data.coord_type}`);
  const found = await answer.json();
  return [found.lon, found.lat];
}

function describe(grid, above) {
  const parts = [close(), tag("h2", grid.name || grid.code)];
  parts.push(tag("p", [grid.code, data.levels[grid.level]].filter(Boolean).join(" · "), "muted"));
  if (above.length) {
    const chain = tag("ul", "", "chain");
    chain.append(...above.reverse().map((each) => tag("li", each.name || each.code)));
    parts.push(chain);
  }
  if (grid.duties.length) {
    const duties = tag("ul", "", "duties");
    for (const duty of grid.duties) {
      const line = tag("li", "");
      const who = tag("span", duty.holder, "who");
      who.prepend(tag("span", duty.role, "role"));
      line.append(who);
      if (duty.phone) {
        const call = tag("a", duty.phone);
        call.href = `tel:${duty.phone.replaceAll(" ", "")}`;
        line.append(call);
      }
      duties.append(line);
    }
    parts.push(duties);
  } else {
    parts.push(tag("p", data.words.no_duty, "muted"));
  }
  const more = tag("a", `${data.words.open} ↗`, "more");
  more.href = data.area.replace("CODE", encodeURIComponent(grid.code));
  more.target = "_blank";
  more.rel = "noopener";
  parts.push(more);
  show(parts);
}

function say(sentence) {
  show([close(), tag("p", sentence)]);
}

function show(parts) {
  card.replaceChildren(...parts);
  card.hidden = false;
}

function close() {
  const button = tag("button", "×", "close");
  button.type = "button";
  button.setAttribute("aria-label", data.words.close);
  button.addEventListener("click", () => {
    card.hidden = true;
    if (shown && !data.codes.includes(shown)) choose(shown, false);
    shown = null;
  });
  return button;
}

function tag(name, text, style = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (style) made.className = style;
  return made;
}

function room() {
  return { top: 80, bottom: 40, left: 24, right: 24 };
}

// What is told is what everybody may look up; which sites may frame the map is the policy's business.
function tell(kind, detail) {
  if (parent !== window) parent.postMessage({ geogrid: kind, detail }, "*");
}
