// The map beside the grids of a lookup: the town's own style, the grids found on top, the point asked for.
import { Map, Marker, NavigationControl, ScaleControl } from "/assets/vendor/maplibre/maplibre-gl.mjs";
import { around } from "./bounds.mjs";
import { mapData, part, ready } from "./elements.mjs";
/** @import {AreasData} from "../types" */

/** @type {AreasData} */
const data = mapData();
const map = new Map({
  container: part("map", HTMLElement),
  style: data.style,
  bounds: around(data.point ? data.areas.slice(0, 1) : data.areas) ?? data.town,
  fitBoundsOptions: { padding: data.point && data.areas.length ? 90 : 40, maxZoom: 15.5 },
  attributionControl: { compact: false },
  cooperativeGestures: matchMedia("(max-width: 719px)").matches,
});
map.addControl(new NavigationControl({ showCompass: false }));
map.addControl(new ScaleControl());
map.on("error", ({ error }) => console.warn(error));
map.once("load", () => {
  const names = map.getStyle().layers.find((each) => each.type === "symbol")?.id;
  const shown = data.areas.map((each, place) => ({ ...each, properties: { is_first: place === 0 } }));
  map.addSource("found", { type: "geojson", data: { type: "FeatureCollection", features: shown } });
  map.addLayer({
    id: "found-line",
    type: "line",
    source: "found",
    layout: { "line-join": "round" },
    paint: { "line-color": "#0b5cad", "line-width": data.point ? ["case", ["get", "is_first"], 4, 2] : 3 },
  }, names);
  map.addLayer({
    id: "found-point",
    type: "circle",
    source: "found",
    filter: ["==", ["geometry-type"], "Point"],
    paint: { "circle-radius": 5, "circle-color": "#0b5cad", "circle-stroke-color": "#fff", "circle-stroke-width": 1.5 },
  });
  if (data.point) new Marker({ color: "#a11a2b" }).setLngLat(data.point).addTo(map);
  map.once("idle", ready);
});
