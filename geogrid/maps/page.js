// What every map's script uses. Everything a user wrote reaches the page as text content, never as markup.
var geogridPage = (() => {
  "use strict";
  let parsed;

  const data = () => (parsed ??= JSON.parse(document.getElementById("geogrid-data").textContent));
  const isNarrow = () => window.innerWidth < 900;
  const say = (key) => data().words[key];
  const whole = (count) => count.toLocaleString("en-US");

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

  // Plain text with its web addresses as links.
  function credit(text) {
    const line = element("span");
    for (const part of text.split(/(https?:\/\/[^\s<>"']+)/)) {
      if (!/^https?:/.test(part)) {
        line.append(part);
        continue;
      }
      const link = element("a", part.replace(/^https?:\/\//, "").replace(/\/$/, ""));
      link.href = part;
      link.rel = "noopener";
      line.append(link);
    }
    return line.innerHTML;
  }

  // Who made the map, and how long a kilometre is on it.
  function sign(map) {
    map.attributionControl.setPrefix("Leaflet");
    for (const text of data().attribution) map.attributionControl.addAttribution(credit(text));
    L.control.scale({ position: "bottomright", imperial: false }).addTo(map);
  }

  const ready = () => (document.documentElement.dataset.geogrid = "ready");

  return { data, isNarrow, say, whole, element, panel, sign, ready };
})();
