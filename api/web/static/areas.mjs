// The map beside the grids of a lookup: the town's own style, the grids found on top, the point asked for.
import { Map, Marker, NavigationControl, ScaleControl } from "/assets/vendor/maplibre/maplibre-gl.mjs";

const data = JSON.parse(document.getElementById("map-data").textContent);
const place = document.getElementById("map");
const map = new Map({
  container: place,
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
  if (data.point) new Marker({ color: "#a11a2b" }).setLngLat(data.point).addTo(map);
  map.once("idle", () => { document.documentElement.dataset.geogrid = "ready"; });
});

function around(areas) {
  const found = areas.flatMap((each) => each.geometry.coordinates.flat(each.geometry.type === "Polygon" ? 1 : 2));
  if (!found.length) return null;
  const [x, y] = [0, 1].map((axis) => found.map((each) => each[axis]));
  const least = (values) => values.reduce((low, each) => Math.min(low, each));
  const most = (values) => values.reduce((high, each) => Math.max(high, each));
  return [[least(x), least(y)], [most(x), most(y)]];
}
