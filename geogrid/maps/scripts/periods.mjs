// The bar of periods under the hotspot map: a slider, a bar each, steps and play.
import { element, part, say, whole } from "./page.mjs";
import { shared } from "./shared.mjs";
/** @import {HotspotData} from "./types" */

const EVERY_MS = 900;

/**
 * Heights of the bars in percent; a period with any case is seen.
 * @param {number[]} counts
 */
export function barHeights(counts) {
  const most = Math.max(...counts, 1);
  return counts.map((count) => (count ? Math.max(6, (100 * count) / most) : 0));
}

/**
 * Where each button leads; -1 is the whole time.
 * @param {number} current
 * @param {number} last
 */
export const steps = (current, last) => ({
  earlier: current < 0 ? last : Math.max(0, current - 1),
  later: current < 0 ? 0 : Math.min(last, current + 1),
  playFrom: current < 0 || current === last ? 0 : current,
});

/**
 * @param {HotspotData} hot
 * @param {number[][]} byPeriod
 */
export function timeControl(hot, byPeriod) {
  const box = document.querySelector(".gg-time");
  if (!box) return;
  const slider = part(box, "input", HTMLInputElement);
  const bars = part(box, ".gg-bars", HTMLElement);
  /** @param {string} name */
  const button = (name) => part(box, `[data-do=${name}]`, HTMLButtonElement);
  const last = hot.periods.length - 1;
  const current = () => shared.view?.period ?? -1;
  /** @param {number} period */
  const select = (period) => shared.select?.(period);
  const stop = playing(box, button("play"), () => {
    if (current() >= last) return false;
    select(current() + 1);
    return true;
  }, () => select(steps(current(), last).playFrom));
  /** @param {number} period */
  const go = (period) => {
    stop();
    select(period);
  };
  barHeights(byPeriod.map((list) => list.length)).forEach((height, period) => {
    const bar = element("i");
    bar.style.height = `${height}%`;
    const slot = element("b");
    slot.append(bar);
    slot.addEventListener("click", () => go(period));
    bars.append(slot);
  });
  slider.addEventListener("input", () => go(Number(slider.value)));
  button("earlier").addEventListener("click", () => go(steps(current(), last).earlier));
  button("later").addEventListener("click", () => go(steps(current(), last).later));
  button("all").addEventListener("click", () => go(-1));
  shared.showPeriod = (period, count) => showPeriod(box, hot, period, count);
}

/**
 * Let the play button begin and end; returns what ends it.
 * @param {Element} box
 * @param {HTMLButtonElement} button
 * @param {() => boolean} advance whether there was a period to go on to
 * @param {() => void} begin
 */
function playing(box, button, advance, begin) {
  /** @type {number | undefined} */
  let timer;
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    box.classList.remove("gg-playing");
    button.setAttribute("aria-label", say("play"));
  };
  button.addEventListener("click", () => {
    if (timer !== undefined) return stop();
    box.classList.add("gg-playing");
    button.setAttribute("aria-label", say("pause"));
    begin();
    timer = setInterval(() => advance() || stop(), EVERY_MS);
  });
  return stop;
}

/**
 * @param {Element} box
 * @param {HotspotData} hot
 * @param {number} period
 * @param {number} count
 */
function showPeriod(box, hot, period, count) {
  const slider = part(box, "input", HTMLInputElement);
  const name = period < 0 ? hot.span : hot.periods[period];
  const ends = name.split(" – ").map((end) => element("span", end));
  const title = element("strong");
  title.append(...ends.flatMap((end, i) => (i ? [" – ", end] : [end])));
  part(box, "output", HTMLOutputElement).replaceChildren(title, element("small", `${whole(count)} ${say("cases_unit")}`));
  slider.setAttribute("aria-valuetext", name);
  if (period >= 0) slider.value = String(period);
  box.classList.toggle("gg-all", period < 0);
  part(box, "[data-do=all]", HTMLButtonElement).setAttribute("aria-pressed", String(period < 0));
  [...part(box, ".gg-bars", HTMLElement).children].forEach((slot, i) => slot.classList.toggle("gg-now", i === period));
}
