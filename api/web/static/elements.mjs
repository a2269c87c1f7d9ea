// What the scripts of the pages share. Everything a user wrote reaches a page as text content, never as markup.

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {string} [text]
 * @param {string} [style] its class
 */
export function tag(name, text = "", style = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (style) made.className = style;
  return made;
}

/**
 * A part that the page's own HTML promises.
 * @template {Element} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 */
export function part(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new TypeError(`The page has no #${id}.`);
  return found;
}

/**
 * The data that the server wrote into the page; the caller names its kind.
 * @template Kind
 * @returns {Kind}
 */
export function mapData() {
  return JSON.parse(document.getElementById("map-data")?.textContent ?? "null");
}

export function ready() {
  document.documentElement.dataset.geogrid = "ready";
}
