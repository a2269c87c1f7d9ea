// What every map's script uses. Everything a user wrote reaches the page as text content, never as markup.
/** @import {PageData, Rows} from "./types" */

/** @type {PageData | undefined} */
let parsed;

/**
 * The data of the page; the caller names the kind of page that it is on.
 * @template {PageData} Kind
 * @returns {Kind}
 */
export function data() {
  parsed ??= JSON.parse(document.getElementById("geogrid-data")?.textContent ?? "{}");
  return /** @type {Kind} */ (parsed);
}

export const isNarrow = () => window.innerWidth < 900;

/** @param {string} key */
export const say = (key) => data().words[key];

/** @param {number} count */
export const whole = (count) => count.toLocaleString("en-US");

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [text]
 * @param {string} [className]
 */
export function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

/**
 * A part that the page's own HTML promises.
 * @template {Element} Kind
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => Kind} kind
 */
export function part(root, selector, kind) {
  const found = root.querySelector(selector);
  if (!(found instanceof kind)) throw new TypeError(`The page has no ${selector}.`);
  return found;
}

/**
 * @param {string} title
 * @param {Rows} rows
 */
export function panel(title, rows) {
  const box = element("article", undefined, "gg-details");
  box.append(element("h3", title));
  const list = element("dl");
  for (const [name, value] of rows) list.append(element("dt", name), element("dd", value));
  box.append(list);
  return box;
}

/**
 * Plain text with its web addresses as links.
 * @param {string} text
 */
export function credit(text) {
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

/**
 * Who made the map, and how long a kilometre is on it.
 * @param {L.Map} map
 */
export function sign(map) {
  map.attributionControl.setPrefix("Leaflet");
  for (const text of data().attribution) map.attributionControl.addAttribution(credit(text));
  L.control.scale({ position: "bottomright", imperial: false }).addTo(map);
}

export function ready() {
  document.documentElement.dataset.geogrid = "ready";
}

/**
 * A layer that Folium's script keeps in a variable of the page.
 * @template {L.Layer} Kind
 * @param {string} name
 * @param {new (...options: any[]) => Kind} kind
 */
export function layerOf(name, kind) {
  const found = /** @type {unknown} */ (Reflect.get(window, name));
  if (!(found instanceof kind)) throw new TypeError(`The page has no layer ${name}.`);
  return found;
}
