// Script of the comparison map. Everything a user wrote reaches the page as text content, never as markup.
var geogridCompare = (() => {
  "use strict";
  const NARROW_PX = 900;
  let parsed;
  const data = () => (parsed ??= JSON.parse(document.getElementById("geogrid-data").textContent));
  const say = (key) => data().words[key];
  const whole = (count) => count.toLocaleString("en-US");
  const sideOf = new WeakMap();

  function element(tag, text, className) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function panel(title, rows) {
    const box = element("article", undefined, "gg-details");
    box.append(element("h3", title));
    const list = element("dl");
    for (const [name, value] of rows) list.append(element("dt", name), element("dd", value));
    box.append(list);
    return box;
  }

  function bind(layer, title, told) {
    layer.bindTooltip(() => panel(title(), told()), { sticky: true, className: "gg-tip" });
    layer.bindPopup(() => panel(title(), told()), { maxWidth: 320 });
    const style = layer.feature.properties.style;
    layer.setStyle(style);
    layer.on("mouseover", () => layer.setStyle({ weight: style.weight + 1.5 }));
    layer.on("mouseout", () => layer.setStyle(style));
  }

  // Folium adds layers before the page knows which map is which side, so rows are looked up when they are shown.
  function grid(feature, layer) {
    const row = () => data()[sideOf.get(layer._map)][feature.properties.i];
    const change = ([area, households]) => `${whole(area)} m² · ${households} ${say("households")}`;
    bind(layer, () => `${row().code} ${row().name}`, () => [
      ["", row().fates],
      [say("gained"), change(row().gained)],
      [say("lost"), change(row().lost)],
    ]);
  }

  function moved(feature, layer) {
    const row = data().moved[feature.properties.i];
    bind(layer, () => `${row.from} → ${row.to}`, () => [
      [say("area"), `${whole(row.area)} m²`],
      [say("households"), row.households],
      [say("open_cases"), whole(row.cases)],
    ]);
  }

  // Whoever moves one map moves the other; a mark shows on it where the pointer is.
  function follow(leader, follower) {
    leader.on("move", () => {
      if (leader.geogridLed) return;
      follower.geogridLed = true;
      follower.setView(leader.getCenter(), leader.getZoom(), { animate: false });
      follower.geogridLed = false;
    });
    const ghost = element("i", undefined, "gg-ghost");
    ghost.hidden = true;
    follower.getContainer().append(ghost);
    leader.on("mousemove", (event) => {
      const at = follower.latLngToContainerPoint(event.latlng);
      ghost.hidden = false;
      ghost.style.left = `${at.x}px`;
      ghost.style.top = `${at.y}px`;
    });
    leader.on("mouseout", () => (ghost.hidden = true));
  }

  function credit(text) {
    return element("span", text).innerHTML;
  }

  function start(before, after) {
    sideOf.set(before, "before").set(after, "after");
    document.documentElement.lang = data().language;
    document.body.append(element("div", undefined, "gg-divider"));
    const shown = document.querySelector(".gg-legend");
    if (window.innerWidth < NARROW_PX) shown.open = false;
    after.attributionControl.setPrefix("Leaflet");
    for (const text of data().attribution) after.attributionControl.addAttribution(credit(text));
    L.control.scale({ position: "bottomright", imperial: false }).addTo(after);
    const { bounds } = data();
    for (const map of [before, after]) {
      map.invalidateSize({ animate: false });
      if (bounds) map.fitBounds(bounds, { animate: false });
      else map.setView([35, 105], 4, { animate: false });
    }
    follow(before, after);
    follow(after, before);
    window.geogridMaps = [before, after];
    document.documentElement.dataset.geogrid = "ready";
  }

  return Object.assign(start, { grid, moved });
})();
