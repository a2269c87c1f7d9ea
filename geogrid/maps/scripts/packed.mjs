// The compact forms that geogrid/maps/encoding.py writes.
/** @import {Cases, Offsets, PackedCases, PackedColumn, PackedPath} from "./types" */

const DEGREE = 1e6;

/**
 * The positions of a path, latitude first as Leaflet wants them.
 * @param {PackedPath} steps
 */
export function unpacked(steps) {
  /** @type {[lat: number, lng: number][]} */
  const path = [];
  for (let i = 0, x = 0, y = 0; i < steps.length; i += 2) {
    x += steps[i];
    y += steps[i + 1];
    path.push([y / DEGREE, x / DEGREE]);
  }
  return path;
}

/**
 * @param {Offsets} offsets
 * @param {number} unit
 */
export const numbers = ({ from, steps }, unit) => steps.map((step) => (from + step) / unit);

/** @param {PackedColumn} packed */
export const column = (packed) =>
  "values" in packed ? packed.values : packed.codes.map((code) => packed.words[code]);

/**
 * @param {PackedCases} packed
 * @returns {Cases}
 */
export function readCases(packed) {
  return {
    lat: numbers(packed.y, DEGREE),
    lng: numbers(packed.x, DEGREE),
    minute: numbers(packed.minute, 1),
    id: column(packed.id),
    channel: column(packed.channel),
    category: column(packed.category),
    status: column(packed.status),
    text: column(packed.text),
    address: column(packed.address),
    leaf: packed.leaf,
    period: packed.period,
  };
}

/**
 * Positions of the cases of each period.
 * @param {number[]} period -1 for undated
 * @param {number} count
 */
export function casesByPeriod(period, count) {
  /** @type {number[][]} */
  const lists = Array.from({ length: count }, () => []);
  period.forEach((each, i) => each >= 0 && lists[each].push(i));
  return lists;
}
