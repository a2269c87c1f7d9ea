// Pointer gestures on the canvas above the map: the brush, drawn lines and boxes. The map below stands still meanwhile.
/** @import {Point} from "../../workbench" */

/**
 * @typedef {object} Gestures
 * @property {(at: Point, adds: boolean) => boolean} begin whether a stroke may begin there
 * @property {(from: Point, to: Point) => void} paint
 * @property {() => void} end
 * @property {() => void} cancel
 * @property {(tool: string, line: Point[], adds: boolean) => void} drawn
 */

const DRAWING = { lasso: "ring", box: "box", split_by_line: "line", move_land: "ring", carve: "ring", measure: "line" };
const NEAR_PIXELS = 3;

export class Pen {
  /** @type {Point[]} */
  #line = [];
  /** @type {Point | null} */
  #before = null;
  #adds = false;
  tool = "select";
  /** Radius of the brush in pixels. */
  radius = 14;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLElement} ring shows the size of the brush
   * @param {Gestures} does
   */
  constructor(canvas, ring, does) {
    this.canvas = canvas;
    this.ring = ring;
    this.does = does;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", () => this.#up());
    canvas.addEventListener("pointercancel", () => this.stop());
    canvas.addEventListener("pointerleave", () => (ring.hidden = true));
  }

  /** @param {string} tool */
  take(tool) {
    this.stop();
    this.tool = tool;
    const draws = tool === "brush" || tool in DRAWING;
    this.canvas.classList.toggle("draws", draws);
    this.canvas.dataset.tool = tool;
    this.ring.hidden = true;
  }

  get context() {
    const context = this.canvas.getContext("2d");
    if (!context) throw new Error("This browser draws no canvas.");
    return context;
  }

  /** Brings the canvas to the size of the map, and empties it. */
  clear() {
    const { clientWidth, clientHeight } = this.canvas;
    if (this.canvas.width !== clientWidth || this.canvas.height !== clientHeight) Object.assign(this.canvas, { width: clientWidth, height: clientHeight });
    this.context.clearRect(0, 0, clientWidth, clientHeight);
  }

  /** Whether a gesture is under way. */
  get isDown() {
    return this.#before !== null;
  }

  /** Breaks the gesture off; nothing comes of it. */
  stop() {
    if (!this.#before) return;
    this.#before = null;
    this.#line = [];
    this.clear();
    this.does.cancel();
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button !== 0) return;
    const at = this.#at(event);
    this.#adds = event.shiftKey;
    if (this.tool === "brush" && !this.does.begin(at, event.shiftKey)) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.clear();
    this.#before = at;
    this.#line = [at];
    if (this.tool === "brush") this.does.paint(at, at);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    this.#showRing(event);
    if (!this.#before) return;
    const at = this.#at(event);
    if (this.tool === "brush") this.does.paint(this.#before, at);
    else this.#draw(at);
    this.#before = at;
  }

  #up() {
    if (!this.#before) return;
    this.#before = null;
    if (this.tool === "brush") return this.does.end();
    const line = this.tool === "box" ? [this.#line[0], this.#line[this.#line.length - 1]] : simplified(this.#line, NEAR_PIXELS);
    this.#line = [];
    this.clear();
    this.does.drawn(this.tool, line, this.#adds);
  }

  /** @param {Point} at */
  #draw(at) {
    this.#line.push(at);
    const { context } = this;
    this.clear();
    context.lineWidth = 2;
    context.strokeStyle = "#0b5cad";
    context.fillStyle = "rgb(11 92 173 / 12%)";
    context.beginPath();
    const [x, y] = this.#line[0];
    if (this.tool === "box") context.rect(x, y, at[0] - x, at[1] - y);
    else this.#line.forEach((point, place) => (place ? context.lineTo(...point) : context.moveTo(...point)));
    if (DRAWING[/** @type {keyof typeof DRAWING} */ (this.tool)] !== "line") {
      context.closePath();
      context.fill();
    }
    context.stroke();
  }

  /** @param {PointerEvent} event */
  #showRing(event) {
    this.ring.hidden = this.tool !== "brush";
    if (this.ring.hidden) return;
    const [x, y] = this.#at(event);
    Object.assign(this.ring.style, { width: `${2 * this.radius}px`, height: `${2 * this.radius}px`, transform: `translate(${x - this.radius}px, ${y - this.radius}px)` });
  }

  /** @param {PointerEvent} event @returns {Point} */
  #at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }
}

/**
 * A line without the points that lie near the straight way (Douglas and Peucker, 1973).
 * @param {Point[]} line
 * @param {number} near
 * @returns {Point[]}
 */
export function simplified(line, near) {
  if (line.length < 3) return line;
  const [a, b] = [line[0], line[line.length - 1]];
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = Math.hypot(dx, dy);
  let [most, far] = [0, 0];
  for (let at = 1; at < line.length - 1; at++) {
    const [x, y] = [line[at][0] - a[0], line[at][1] - a[1]];
    const distance = length ? Math.abs(x * dy - y * dx) / length : Math.hypot(x, y);
    if (distance > most) [most, far] = [distance, at];
  }
  if (most <= near) return [a, b];
  return [...simplified(line.slice(0, far + 1), near).slice(0, -1), ...simplified(line.slice(far), near)];
}
