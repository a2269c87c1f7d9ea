// Where names have room: pixels and angles, no page.
/** @import {Label, Taken} from "./types" */

const LINE_HEIGHT = 16;
const SAME_NAME_APART = 320;

/**
 * Pixels that a text takes, to first order: from the CJK radicals on, characters are square.
 * @param {string} text
 */
export const textWidth = (text) =>
  [...text].reduce((sum, char) => sum + (char.charCodeAt(0) > 0x2e7f ? 12.5 : 6.8), 10);

/**
 * An angle at which a text is never upside down.
 * @param {number} angle degrees, -180 to 180
 */
export const upright = (angle) => (angle > 90 ? angle - 180 : angle < -90 ? angle + 180 : angle);

/**
 * Half the width and height of the box around a turned line of text.
 * @param {number} width
 * @param {number} angle degrees
 * @returns {[number, number]}
 */
export function halfBox(width, angle) {
  const turn = (angle * Math.PI) / 180;
  const [along, across] = [Math.abs(Math.cos(turn)), Math.abs(Math.sin(turn))];
  return [(width * along + LINE_HEIGHT * across) / 2, (width * across + LINE_HEIGHT * along) / 2];
}

/**
 * Whether something lies there already, or the same name stands near.
 * @param {Taken} place
 * @param {Taken[]} taken
 */
export const isBlocked = (place, taken) =>
  taken.some(
    (other) =>
      (Math.abs(place.x - other.x) < place.half[0] + other.half[0] &&
        Math.abs(place.y - other.y) < place.half[1] + other.half[1]) ||
      (other.text === place.text && Math.hypot(place.x - other.x, place.y - other.y) < SAME_NAME_APART),
  );

/**
 * The names that are drawn, in their order: those with room of their own that cover nothing.
 * @param {Iterable<Label>} labels
 * @param {Taken[]} taken what is on the map before
 * @param {{ pixelsPerDegree: number, isInSight: (at: Label["at"]) => boolean, pixelOf: (at: Label["at"]) => { x: number, y: number } }} view
 */
export function placedLabels(labels, taken, { pixelsPerDegree, isInSight, pixelOf }) {
  const all = [...taken];
  const placed = [];
  for (const label of labels) {
    const width = textWidth(label.text);
    if (label.room * pixelsPerDegree < width || !isInSight(label.at)) continue;
    const { x, y } = pixelOf(label.at);
    const place = { x, y, half: halfBox(width, label.angle), text: label.text };
    if (isBlocked(place, all)) continue;
    all.push(place);
    placed.push(label);
  }
  return placed;
}
