// Script of GeoGrid's maps. Everything a user wrote reaches the page as text content, never as markup.
var geogrid = (() => {
  "use strict";
  const DEGREE = 1e6;
  const shared = { namedPlaces: () => [], tip: () => "", more: () => [] };
  const { data, isNarrow, say, whole, element, panel, sign, ready } = geogridPage;
  const layerOf = (name) => window[name];

  function tip(title, line) {
    const box = element("div");
    box.append(element("strong", title));
    if (line) box.append(element("br"), element("span", line));
    return box;
  }

  const heightOf = (selector) => document.querySelector(selector)?.offsetHeight ?? 0;

  // Room that the panels take from the map, so that nothing opens or starts under them.
  function margins() {
    if (isNarrow()) return { topLeft: [12, heightOf(".gg-title") + 20], bottomRight: [12, heightOf(".gg-time") + 84] };
    const legend = document.querySelector(".gg-legend");
    const isWide = window.innerWidth > 1100;
    const left = isWide && legend ? legend.offsetWidth + 24 : 12;
    const right = isWide ? document.querySelector(".leaflet-control-layers").offsetWidth + 24 : 60;
    return { topLeft: [left, 24], bottomRight: [right, heightOf(".gg-time") + 40] };
  }

  function popupOptions() {
    const { topLeft, bottomRight } = margins();
    return { minWidth: 240, maxWidth: 320, autoPanPaddingTopLeft: topLeft, autoPanPaddingBottomRight: bottomRight };
  }

  // Packed coordinates: the first position, then steps, in millionths of a degree, longitude first.
  function unpacked(steps) {
    const path = [];
    for (let i = 0, x = 0, y = 0; i < steps.length; i += 2) {
      x += steps[i];
      y += steps[i + 1];
      path.push([y / DEGREE, x / DEGREE]);
    }
    return path;
  }

  // The room is measured when a popup opens, before Leaflet's own listener pans the map for it.
  function bindDetails(layer, content) {
    layer.on("click", () => Object.assign(layer.getPopup().options, popupOptions()));
    layer.bindPopup(content);
  }

  // ---- layers that Folium asks for -------------------------------------------------------------------------

  function grid(feature, layer) {
    const place = feature.properties.i;
    const told = data().details[place];
    layer.geogridStyle = feature.properties.style;
    layer.bindTooltip(() => tip(told.title, shared.tip(place, told)), { sticky: true, className: "gg-tip" });
    bindDetails(layer, () => panel(told.title, [...told.rows, ...shared.more(place)]));
    layer.on("mouseover", () => layer.setStyle({ weight: (layer.geogridStyle.weight ?? 1) + 1.5, opacity: 1 }));
    layer.on("mouseout", () => layer.setStyle(layer.geogridStyle));
  }

  function uncovered(feature, layer) {
    const area = data().uncovered[feature.properties.i];
    layer.bindTooltip(() => tip(say("uncovered"), area), { sticky: true, className: "gg-tip" });
    bindDetails(layer, () => panel(say("uncovered"), [[say("area"), area]]));
  }

  function streets() {
    const renderer = L.canvas({ pane: "gg-streets", padding: 0.3 });
    const classes = [
      { casing: null, color: "#c3cad1", width: 0.9 },
      { casing: "#c9d0d8", color: "#ffffff", width: 1.8 },
      { casing: "#b9b19d", color: "#fff3cf", width: 3 },
    ];
    const lines = data().streets.map((group) => group.map(unpacked));
    const group = L.layerGroup();
    const drawn = [];
    const draw = (path, color, width, extra) => {
      const line = L.polyline(path, { renderer, pane: "gg-streets", interactive: false, color, weight: width });
      drawn.push({ line, width, extra });
      group.addLayer(line);
    };
    classes.forEach((look, i) => look.casing && draw(lines[i], look.casing, look.width, 1.4));
    classes.forEach((look, i) => draw(lines[i], look.color, look.width, 0));
    group.geogridRescale = (zoom) => {
      const scale = Math.min(3, Math.max(0.45, 2 ** ((zoom - 15) * 0.55)));
      for (const { line, width, extra } of drawn) line.setStyle({ weight: width * scale + extra });
    };
    group.on("add", ({ target }) => {
      const map = target._map;
      target.geogridRescale(map.getZoom());
      map.on("zoomend", () => map.hasLayer(target) && target.geogridRescale(map.getZoom()));
    });
    return group;
  }

  function buildings() {
    const renderer = L.canvas({ pane: "gg-buildings", padding: 0.3 });
    const shapes = data().buildings.map((rings) => rings.map(unpacked));
    return L.polygon(shapes, {
      renderer,
      pane: "gg-buildings",
      interactive: false,
      color: "#b8b0a4",
      weight: 0.6,
      fillColor: "#d8d2c8",
      fillOpacity: 1,
    });
  }

  const nothing = () => L.layerGroup();

  // ---- names: drawn where there is room, never over each other --------------------------------------------

  function names() {
    const group = L.layerGroup();
    group.on("add", () => {
      const map = group._map;
      const place = () => map.hasLayer(group) && placeNames(map, group);
      if (!group.geogridBound) map.on("moveend", place);
      group.geogridBound = true;
      shared.placeNames = place;
      place();
    });
    return group;
  }

  const textWidth = (text) => [...text].reduce((sum, char) => sum + (char.charCodeAt(0) > 0x2e7f ? 12.5 : 6.8), 10);

  function* candidates(map) {
    for (const [text, lon, lat, radius] of shared.namedPlaces()) {
      yield { text, at: [lat, lon], room: 2 * radius, angle: 0, className: "gg-name" };
    }
    if (map.getZoom() < 15) return;
    for (const [text, lon, lat, angle, length] of data().streetNames ?? []) {
      const upright = angle > 90 ? angle - 180 : angle < -90 ? angle + 180 : angle;
      yield { text, at: [lat, lon], room: length, angle: -upright, className: "gg-street-name" };
    }
  }

  function clustersInSight(map) {
    const corner = map.getContainer().getBoundingClientRect();
    return [...map.getContainer().querySelectorAll(".leaflet-marker-pane .gg-cluster")].map((icon) => {
      const box = icon.getBoundingClientRect();
      const half = box.width / 2;
      return { at: L.point(box.left + half - corner.left, box.top + half - corner.top), half: [half, half], text: "" };
    });
  }

  function placeNames(map, group) {
    group.clearLayers();
    const view = map.getBounds();
    const pixelsPerDegree = (256 * 2 ** map.getZoom()) / 360;
    const taken = clustersInSight(map);
    for (const name of candidates(map)) {
      const width = textWidth(name.text);
      if (name.room * pixelsPerDegree < width || !view.contains(name.at)) continue;
      const turn = (name.angle * Math.PI) / 180;
      const half = [
        (width * Math.abs(Math.cos(turn)) + 16 * Math.abs(Math.sin(turn))) / 2,
        (width * Math.abs(Math.sin(turn)) + 16 * Math.abs(Math.cos(turn))) / 2,
      ];
      const at = map.latLngToContainerPoint(name.at);
      const blocked = taken.some(
        (other) =>
          (Math.abs(at.x - other.at.x) < half[0] + other.half[0] &&
            Math.abs(at.y - other.at.y) < half[1] + other.half[1]) ||
          (other.text === name.text && at.distanceTo(other.at) < 320),
      );
      if (blocked) continue;
      taken.push({ at, half, text: name.text });
      const text = element("span", name.text, name.className);
      if (name.angle) text.style.setProperty("--gg-turn", `${name.angle}deg`);
      const icon = L.divIcon({ html: text, className: "gg-label", iconSize: [0, 0] });
      group.addLayer(L.marker(name.at, { icon, interactive: false, keyboard: false, pane: "gg-labels" }));
    }
  }

  // ---- the coverage map -----------------------------------------------------------------------------------

  function coverage(map) {
    shared.namedPlaces = () => data().names;
    shared.tip = (_place, told) => told.rows[0][1];
    const layer = layerOf(data().uncoveredLayer);
    if (layer) ringSmallPieces(map, layer);
    ready();
  }

  // A gap between two streets is a few pixels wide: a ring of constant size says where to look.
  function ringSmallPieces(map, layer) {
    const rings = layer.getLayers().map((piece) => {
      const ring = L.circleMarker(piece.getBounds().getCenter(), {
        pane: "gg-uncovered",
        radius: 11,
        color: piece.options.color,
        weight: 2,
        fill: false,
        interactive: false,
      });
      return { ring, bounds: piece.getBounds() };
    });
    const show = () => {
      for (const { ring, bounds } of rings) {
        const [a, b] = [bounds.getNorthWest(), bounds.getSouthEast()].map((corner) => map.latLngToLayerPoint(corner));
        const isSmall = Math.min(b.x - a.x, b.y - a.y) < 12;
        if (isSmall !== layer.hasLayer(ring)) isSmall ? layer.addLayer(ring) : layer.removeLayer(ring);
      }
    };
    map.on("zoomend", show);
    show();
  }

  // ---- the hotspot map ------------------------------------------------------------------------------------

  function hotspots(map) {
    const cases = readCases(data().cases);
    const view = { period: -1, level: data().levels.length ? 0 : -1, counts: [] };
    const byPeriod = data().periods.map(() => []);
    cases.period.forEach((period, i) => period >= 0 && byPeriod[period].push(i));
    const everyCase = cases.lat.map((_, i) => i);
    const chosen = () => (view.period < 0 ? everyCase : byPeriod[view.period]);
    const clusters = clustersOf(map, cases);
    const heat = heatOf(map, cases);
    const paint = () => paintLevel(view, chosen(), cases);
    shared.view = view;
    shared.cases = cases;

    shared.tip = (place) => `${whole(countAt(view, place))} ${say("cases_unit")}`;
    shared.more = (place) => [[view.period < 0 ? say("all_time") : data().periods[view.period], shared.tip(place)]];
    shared.namedPlaces = () =>
      view.level < 0
        ? []
        : data().levels[view.level].names.map(([place, ...circle]) => [data().details[place].title, ...circle]);
    map.on("baselayerchange", ({ layer }) => {
      view.level = data().levels.findIndex((level) => layerOf(level.layer) === layer);
      paint();
      shared.placeNames?.();
    });
    shared.select = (period) => {
      view.period = period;
      paint();
      heat.show(chosen());
      clusters.show(chosen());
      shared.showPeriod?.(period, chosen().length);
    };
    timeControl(byPeriod, cases.lat.length);
    shared.select(-1);
  }

  function readCases(packed) {
    const numbers = ({ from, steps }, unit) => steps.map((step) => (from + step) / unit);
    const column = ({ values, words, codes }) => values ?? codes.map((code) => words[code]);
    const read = { lat: numbers(packed.y, DEGREE), lng: numbers(packed.x, DEGREE), minute: numbers(packed.minute, 1) };
    for (const name of ["id", "channel", "category", "status", "text", "address"]) read[name] = column(packed[name]);
    return { ...read, leaf: packed.leaf, period: packed.period };
  }

  function describe(cases, i) {
    const at = new Date(cases.minute[i] * 60000).toISOString().slice(0, 16).replace("T", " ");
    const leaf = cases.leaf[i];
    const place = leaf < 0 ? null : leafPlaces()[leaf];
    const told = place === null ? null : data().details[place];
    const rows = [
      [say("status"), say(cases.status[i]) ?? cases.status[i]],
      [say("category"), cases.category[i]],
      [say("channel"), cases.channel[i]],
      [say("reported_at"), cases.period[i] < 0 ? say("undated") : at],
      [say("address"), cases.address[i]],
      [say("grid"), told ? `${told.title} (${told.rows[0][1]})` : say("outside")],
      [say("text"), cases.text[i]],
    ];
    const box = panel(`${say("id")} ${cases.id[i]}`, rows.filter(([, value]) => value));
    if (data().casePage) {
      const link = element("a", say("open_case"));
      link.href = data().casePage.replace("{id}", encodeURIComponent(cases.id[i]));
      box.append(link);
    }
    return box;
  }

  const leafPlaces = () => data().leafPlaces;

  function clustersOf(map, cases) {
    const layer = layerOf(data().clusters);
    const colors = data().colors.status;
    const markers = cases.lat.map((lat, i) => {
      const marker = L.circleMarker([lat, cases.lng[i]], {
        pane: "gg-cases",
        radius: 6.5,
        color: "#ffffff",
        weight: 1.5,
        fillColor: colors[cases.status[i]] ?? colors.open,
        fillOpacity: 1,
      });
      marker.geogridCase = i;
      return marker;
    });
    layer.on("click", (event) => {
      const marker = event.propagatedFrom ?? event.layer;
      if (marker.geogridCase === undefined) return;
      L.popup({ ...popupOptions(), offset: [0, -4] })
        .setLatLng(marker.getLatLng())
        .setContent(describe(cases, marker.geogridCase))
        .openOn(map);
    });
    layer.on("animationend", () => shared.placeNames?.());
    let waiting;
    return {
      // Rebuilding the tree of clusters takes a second for 70,000 cases: once the slider rests, not at each step.
      show(chosen) {
        clearTimeout(waiting);
        document.documentElement.dataset.geogrid = "busy";
        waiting = setTimeout(() => {
          layer.clearLayers();
          layer.addLayers(chosen.map((i) => markers[i]));
          shared.placeNames?.();
          ready();
        }, 120);
      },
    };
  }

  function clusterIcon(cluster) {
    const count = cluster.getChildCount();
    const size = count < 10 ? 30 : count < 100 ? 36 : count < 1000 ? 44 : 54;
    const text = count < 10000 ? whole(count) : `${(count / 1000).toFixed(1)}k`;
    return L.divIcon({ html: element("span", text), className: "gg-cluster", iconSize: [size, size] });
  }

  function heatOf(map, cases) {
    const layer = layerOf(data().heat);
    let points = [];
    // Leaflet.heat redraws at once, which fails while it is not on a map.
    const draw = () => {
      if (!map.hasLayer(layer)) return;
      // Leaflet.heat weakens each case by 2 per zoom under maxZoom, 12 times at most: always 12 here, at any zoom.
      layer.setOptions({ max: heatCeiling(map, points) / 2 ** 12, maxZoom: 40 });
      layer.setLatLngs(points);
    };
    map.on("layeradd", (event) => event.layer === layer && draw());
    map.on("zoomend", draw);
    return {
      show(chosen) {
        points = chosen.map((i) => [cases.lat[i], cases.lng[i]]);
        draw();
      },
    };
  }

  // Full colour where cases lie thickest, at every zoom: the largest number of cases in a cell as wide as a blot.
  function heatCeiling(map, points) {
    const cell = (360 / (256 * 2 ** map.getZoom())) * 18;
    const counts = new Map();
    let most = 1;
    for (const [lat, lng] of points) {
      const key = Math.floor(lat / cell) * 1e7 + Math.floor(lng / cell);
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      if (count > most) most = count;
    }
    return most;
  }

  function countAt(view, place) {
    if (view.level < 0) return 0;
    const layers = layerOf(data().levels[view.level].layer).getLayers();
    return view.counts[layers.findIndex((layer) => layer.feature.properties.i === place)] ?? 0;
  }

  function paintLevel(view, chosen, cases) {
    const legend = document.getElementById("gg-counts");
    legend.hidden = view.level < 0;
    if (view.level < 0) return;
    const level = data().levels[view.level];
    const layers = layerOf(level.layer).getLayers();
    const bounds = view.period < 0 ? level.bounds.all : level.bounds.each;
    const colors = classColors(bounds.length);
    view.counts = new Array(layers.length).fill(0);
    for (const i of chosen) {
      const feature = cases.leaf[i] < 0 ? -1 : level.ofLeaf[cases.leaf[i]];
      if (feature >= 0) view.counts[feature] += 1;
    }
    layers.forEach((layer, i) => {
      const count = view.counts[i];
      const fill = count ? colors[bounds.findIndex((bound) => count <= bound)] : "#ffffff";
      layer.geogridStyle = { color: "#5b6875", weight: 1, opacity: 0.9, fillColor: fill, fillOpacity: count ? 0.68 : 0.3 };
      layer.setStyle(layer.geogridStyle);
    });
    showClasses(legend, bounds, colors);
  }

  function classColors(count) {
    const colors = data().colors.counts;
    if (count === 1) return [colors[2]];
    return Array.from({ length: count }, (_, i) => colors[Math.round((i * (colors.length - 1)) / (count - 1))]);
  }

  function showClasses(legend, bounds, colors) {
    const list = legend.querySelector("ul");
    list.replaceChildren();
    const add = (color, text) => {
      const row = element("li");
      const swatch = element("i", undefined, "gg-box");
      swatch.style.background = color;
      row.append(swatch, element("span", text));
      list.append(row);
    };
    add("#ffffff", say("no_count"));
    bounds.forEach((bound, i) => {
      const low = i ? bounds[i - 1] + 1 : 1;
      add(colors[i], low === bound ? whole(bound) : `${whole(low)} – ${whole(bound)}`);
    });
  }

  // ---- time -----------------------------------------------------------------------------------------------

  function timeControl(byPeriod, total) {
    const box = document.querySelector(".gg-time");
    if (!box) return;
    const [slider, output, bars] = ["input", "output", ".gg-bars"].map((part) => box.querySelector(part));
    const button = (name) => box.querySelector(`[data-do=${name}]`);
    const labels = data().periods;
    const last = labels.length - 1;
    const most = Math.max(...byPeriod.map((list) => list.length), 1);
    byPeriod.forEach((list, period) => {
      const bar = element("i");
      bar.style.height = `${list.length ? Math.max(6, (100 * list.length) / most) : 0}%`;
      const slot = element("b");
      slot.append(bar);
      slot.addEventListener("click", () => go(period));
      bars.append(slot);
    });
    let timer;
    const stop = () => {
      clearInterval(timer);
      timer = undefined;
      box.classList.remove("gg-playing");
      button("play").setAttribute("aria-label", say("play"));
    };
    const select = (period) => shared.select(Math.min(last, Math.max(-1, period)));
    const go = (period) => {
      stop();
      select(period);
    };
    const current = () => shared.view.period;
    const play = () => {
      if (timer) return stop();
      box.classList.add("gg-playing");
      button("play").setAttribute("aria-label", say("pause"));
      select(current() < 0 || current() === last ? 0 : current());
      timer = setInterval(() => (current() < last ? select(current() + 1) : stop()), 900);
    };
    slider.addEventListener("input", () => go(Number(slider.value)));
    button("earlier").addEventListener("click", () => go(current() < 0 ? last : Math.max(0, current() - 1)));
    button("later").addEventListener("click", () => go(current() < 0 ? 0 : current() + 1));
    button("all").addEventListener("click", () => go(-1));
    button("play").addEventListener("click", play);
    shared.showPeriod = (period, count) => {
      const name = period < 0 ? data().span : labels[period];
      const parts = name.split(" – ").map((part) => element("span", part));
      const title = element("strong");
      title.append(...parts.flatMap((part, i) => (i ? [" – ", part] : [part])));
      output.replaceChildren(title, element("small", `${whole(count)} ${say("cases_unit")}`));
      slider.setAttribute("aria-valuetext", name);
      if (period >= 0) slider.value = period;
      box.classList.toggle("gg-all", period < 0);
      button("all").setAttribute("aria-pressed", String(period < 0));
      [...bars.children].forEach((slot, i) => slot.classList.toggle("gg-now", i === period));
    };
  }

  // ---- start ----------------------------------------------------------------------------------------------

  function fit(map) {
    const { bounds } = data();
    if (!bounds) return map.setView([35, 105], 4);
    const { topLeft, bottomRight } = margins();
    return map.fitBounds(bounds, { paddingTopLeft: topLeft, paddingBottomRight: bottomRight });
  }

  function start(map, begin) {
    shared.map = map;
    document.documentElement.lang = data().language;
    sign(map);
    const legend = document.querySelector(".gg-legend");
    const foldLegend = () => legend && isNarrow() && (legend.open = false);
    foldLegend();
    map.on("popupopen", foldLegend);
    begin(map);
    for (const [name, panel] of [["time", ".gg-time"], ["credit", ".leaflet-control-attribution"]]) {
      document.documentElement.style.setProperty(`--gg-${name}-height`, `${heightOf(panel)}px`);
    }
    fit(map);
    shared.placeNames?.();
  }

  return { start, coverage, hotspots, grid, uncovered, streets, buildings, names, nothing, clusterIcon, isNarrow, shared };
})();
