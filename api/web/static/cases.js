// The map beside the list of cases: streets and grids of our own server, one marker a case, lit together with its line.
"use strict";
addEventListener("DOMContentLoaded", async () => {
  const place = document.getElementById("map");
  if (!place) return;
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const map = L.map(place, { preferCanvas: true, zoomSnap: 0.5, attributionControl: true });
  map.attributionControl.setPrefix(false);
  for (const line of data.attribution) map.attributionControl.addAttribution(text(line).innerHTML);
  L.control.scale({ imperial: false }).addTo(map);
  for (const [name, level, clicks] of [["base", 210, false], ["grids", 300, true], ["errors", 350, false]]) {
    map.createPane(name).style.zIndex = level;
    if (!clicks) map.getPane(name).style.pointerEvents = "none";
  }
  const cases = data.cases.filter((each) => each.lon !== null);
  const markers = new Map();

  for (const each of cases) {
    const icon = L.divIcon({ className: "", html: `<div class="pin">${each.number || ""}</div>`, iconSize: [28, 28] });
    const marker = L.marker([each.lat, each.lon], { icon, title: each.title, alt: each.title, riseOnHover: true });
    marker.bindPopup(() => details(each), { maxWidth: 280 }).addTo(map);
    marker.on("mouseover", () => light(each.id, true)).on("mouseout", () => light(each.id, false));
    markers.set(String(each.id), marker);
    if (each.error_m > 0) {
      L.circle([each.lat, each.lon], { pane: "errors", radius: each.error_m, color: "#0b5cad", weight: 1, fillOpacity: 0.1, interactive: false }).addTo(map);
    }
  }
  if (cases.length) fit(L.latLngBounds(cases.map((each) => [each.lat, each.lon])));
  for (const line of document.querySelectorAll("[data-case]")) {
    line.addEventListener("mouseenter", () => light(line.dataset.case, true));
    line.addEventListener("mouseleave", () => light(line.dataset.case, false));
  }

  const [base, grids] = await Promise.all([read(data.base), read(gridsInSight())]);
  if (base) {
    const looks = {
      building: { stroke: false, fillColor: "#dfe4e9", fillOpacity: 1 },
      street: { color: "#cdd5dc", weight: 1.2 },
      main: { color: "#b9c4ce", weight: 2.4 },
    };
    L.geoJSON(base, { pane: "base", interactive: false, style: (feature) => looks[feature.properties.kind] }).addTo(map);
  }
  if (grids) {
    const deepest = Math.max(...grids.features.map((each) => each.properties.level));
    const leaves = L.geoJSON(grids, {
      pane: "grids",
      filter: (each) => each.properties.kind !== "parent" || (data.is_large && !cases.length),
      style: (each) => ({
        color: "#46525e", weight: 1.2, opacity: 0.8,
        fillColor: each.properties.kind === "dedicated" ? "#5e3c99" : "#0b5cad",
        fillOpacity: each.properties.kind === "dedicated" ? 0.16 : 0.04,
      }),
      onEachFeature: (each, layer) => layer.bindTooltip(text(`${each.properties.name || each.properties.code} · ${each.properties.duty || each.properties.code}`), { sticky: true }),
    }).addTo(map);
    L.geoJSON(grids, {
      pane: "grids",
      filter: (each) => each.properties.kind === "parent",
      interactive: false,
      style: (each) => ({ color: "#1b2733", weight: 1.5 + deepest - each.properties.level, fill: false, opacity: 0.7 }),
    }).addTo(map);
    if (!cases.length && leaves.getBounds().isValid()) fit(leaves.getBounds());
  } else if (!cases.length) {
    map.setView([0, 0], 1);
  }
  document.documentElement.dataset.geogrid = "ready";

  // Of a city with thousands of grids only those around the cases are drawn, or the top level where there is no case.
  function gridsInSight() {
    if (!data.is_large) return data.grids;
    const address = new URL(data.grids, location.href);
    if (cases.length) {
      const within = (degrees, most) => Math.min(Math.max(degrees, -most), most);
      const sight = map.getBounds().pad(0.25);
      const corners = [sight.getWest(), sight.getSouth(), sight.getEast(), sight.getNorth()];
      address.searchParams.set("bbox", corners.map((each, i) => within(each, i % 2 ? 90 : 180).toFixed(6)).join(","));
    } else {
      address.searchParams.set("level", "1");
    }
    return address.href;
  }

  function fit(bounds) {
    map.fitBounds(bounds, { padding: [32, 32], maxZoom: 17, animate: false });
  }

  function light(id, on) {
    const marker = markers.get(String(id));
    if (marker) {
      marker.getElement().firstChild.classList.toggle("is-lit", on);
      marker.setZIndexOffset(on ? 1000 : 0);
    }
    const line = document.querySelector(`[data-case="${CSS.escape(String(id))}"]`);
    if (line) line.classList.toggle("is-lit", on);
  }

  function details(each) {
    const box = document.createElement("div");
    const title = document.createElement("p");
    const link = document.createElement("a");
    link.href = each.url;
    link.textContent = each.title;
    title.append(link);
    const grid = document.createElement("p");
    grid.className = "muted";
    grid.textContent = each.grid_name;
    box.append(title, grid);
    return box;
  }

  function text(words) {
    const box = document.createElement("span");
    box.textContent = words;
    return box;
  }

  async function read(address) {
    try {
      const reply = await fetch(address);
      return reply.ok ? await reply.json() : null;
    } catch {
      return null;
    }
  }
});
