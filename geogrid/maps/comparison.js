// Script of the comparison map. Everything a user wrote reaches the page as text content, never as markup.
var geogridCompare = (() => {
  "use strict";
  const { data, isNarrow, say, whole, element, panel, sign, ready } = geogridPage;
  const sideOf = new WeakMap();

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

  function start(before, after) {
    sideOf.set(before, "before").set(after, "after");
    document.documentElement.lang = data().language;
    document.body.append(element("div", undefined, "gg-divider"));
    const shown = document.querySelector(".gg-legend");
    if (isNarrow()) shown.open = false;
    sign(after);
    const { bounds } = data();
    for (const map of [before, after]) {
      map.invalidateSize({ animate: false });
      if (bounds) map.fitBounds(bounds, { animate: false });
      else map.setView([35, 105], 4, { animate: false });
    }
    follow(before, after);
    follow(after, before);
    window.geogridMaps = [before, after];
    ready();
  }

  return Object.assign(start, { grid, moved });
})();
