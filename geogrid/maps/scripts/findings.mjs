// What a method found: states, rates or counts by grid, on one map, or on two of different periods side by side.
import { data, layerOf, ready } from "./page.mjs";
import { setRestingStyle } from "./details.mjs";
import { moveTogether } from "./follow.mjs";
import { shared } from "./shared.mjs";
/** @import {FoundData, GridLayer} from "./types" */

/**
 * Colour every grid by what a view tells of it, and show the legend of the view.
 * @param {FoundData} found
 * @param {number} view position among the views; -1 for none
 */
function paint(found, view) {
  const shown = found.views[view];
  for (const name of found.layers) {
    for (const each of layerOf(name, L.GeoJSON).getLayers()) {
      const layer = /** @type {GridLayer} */ (each);
      const style = shown ? shown.styles[shown.classes[layer.feature.properties.i]] : found.bare;
      setRestingStyle(layer, style);
      layer.setStyle(style);
    }
  }
  for (const part of document.querySelectorAll(".gg-legend section")) {
    if (part instanceof HTMLElement) part.hidden = part.dataset.view !== shown?.key;
  }
}

/**
 * What is switched on the later map is switched on the earlier one as well.
 * @param {L.Map} map
 * @param {L.Map} other
 * @param {[string, string][]} pairs
 */
function switchTogether(map, other, pairs) {
  for (const [own, its] of pairs) {
    const [one, two] = [layerOf(own, L.Layer), layerOf(its, L.Layer)];
    map.on("overlayadd", ({ layer }) => layer === one && other.addLayer(two));
    map.on("overlayremove", ({ layer }) => layer === one && other.removeLayer(two));
  }
}

/** @param {L.Map} map */
export function findings(map) {
  /** @type {FoundData} */
  const found = data();
  const other = found.other && Reflect.get(window, found.other);
  shared.tip = (_place, { rows }) => rows.slice(1, 3).map(([name, value]) => `${name}: ${value}`).join(" · ");
  shared.namedPlaces = () => found.names;
  if (other instanceof L.Map) {
    document.documentElement.classList.add("gg-halved");
    for (const each of [map, other]) each.invalidateSize({ animate: false });
    moveTogether(map, other);
    switchTogether(map, other, found.pairs);
  }
  map.on("baselayerchange", ({ layer }) => {
    paint(found, found.views.findIndex((view) => layerOf(view.layer, L.LayerGroup) === layer));
  });
  paint(found, 0);
  ready();
}
