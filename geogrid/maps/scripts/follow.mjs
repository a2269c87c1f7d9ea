// Two maps of the same land, side by side.
import { element } from "./page.mjs";

/**
 * Whoever moves one map moves the other; a mark shows on it where the pointer is.
 * @param {L.Map} leader
 * @param {L.Map} follower
 * @param {Set<L.Map>} led the maps that are being moved by the other
 */
function follow(leader, follower, led) {
  leader.on("move", () => {
    if (led.has(leader)) return;
    led.add(follower);
    follower.setView(leader.getCenter(), leader.getZoom(), { animate: false });
    led.delete(follower);
  });
  const ghost = element("i", undefined, "gg-ghost");
  ghost.hidden = true;
  follower.getContainer().append(ghost);
  leader.on("mousemove", (event) => {
    const at = follower.latLngToContainerPoint(event.latlng);
    ghost.hidden = false;
    ghost.style.left = `${at.x}px`;
    ghost.style.top = `${at.y}px`;
  });
  leader.on("mouseout", () => (ghost.hidden = true));
}

/**
 * @param {L.Map} one
 * @param {L.Map} other
 */
export function moveTogether(one, other) {
  const led = new Set();
  follow(one, other, led);
  follow(other, one, led);
}
