// The coverage map.
import { data, layerOf, ready } from "./page.mjs";
import { shared } from "./shared.mjs";
/** @import {CoverageData} from "./types" */

/** @param {L.Map} map */
export function coverage(map) {
  /** @type {CoverageData} */
  const { names, uncoveredLayer } = data();
  shared.namedPlaces = () => names;
  shared.tip = (_place, { rows }) => rows[0][1];
  if (uncoveredLayer) ringSmallPieces(map, layerOf(uncoveredLayer, L.GeoJSON));
  ready();
}

/**
 * A gap between two streets is a few pixels wide: a ring of constant size says where to look.
 * @param {L.Map} map
 * @param {L.GeoJSON} layer
 */
function ringSmallPieces(map, layer) {
  const pieces = /** @type {L.Polygon[]} */ (layer.getLayers());
  const rings = pieces.map((piece) => {
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
