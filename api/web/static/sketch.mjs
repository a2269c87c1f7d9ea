/** @import {SketchScale} from "../types" */

/**
 * The place under a point of the sketch of a town, as the form takes it: longitude, latitude.
 * @param {{ x: number, y: number }} at in the units of the sketch
 * @param {SketchScale} scale
 */
export function placeOnSketch(at, scale) {
  const lon = scale.west + (at.x - scale.left) / scale.lon;
  const lat = scale.north - (at.y - scale.top) / scale.lat;
  return `${lon.toFixed(6)}, ${lat.toFixed(6)}`;
}

/**
 * @param {DOMStringMap} dataset
 * @returns {SketchScale}
 */
export const scaleOf = ({ west, north, left, top, lon, lat }) => ({
  west: Number(west),
  north: Number(north),
  left: Number(left),
  top: Number(top),
  lon: Number(lon),
  lat: Number(lat),
});
