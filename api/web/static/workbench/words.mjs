// Words with values in them, and numbers for people.
/** @import {Words} from "../../workbench" */

/**
 * @param {Words} words
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function say(words, key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** @param {number | null | undefined} value */
export const amount = (value) => (value === null || value === undefined ? "–" : whole.format(value));

/** @param {number} value */
export const signed = (value) => (value > 0 ? `+${amount(value)}` : value < 0 ? `−${amount(-value)}` : "±0");

/** @param {number} metres */
export const metres = (metres) => (metres < 1000 ? `${amount(metres)} m` : `${(metres / 1000).toFixed(2)} km`);
