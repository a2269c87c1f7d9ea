// The grids that the map of the case search draws.

/**
 * Of a city with thousands of grids only those around the cases are drawn, or the top level where there is no case.
 * @param {string} grids address of all grids
 * @param {string} page address of the page
 * @param {[west: number, south: number, east: number, north: number] | null} sight the box around the cases
 */
export function gridsInSight(grids, page, sight) {
  const address = new URL(grids, page);
  if (sight) {
    /**
     * @param {number} degrees
     * @param {number} most
     */
    const within = (degrees, most) => Math.min(Math.max(degrees, -most), most);
    address.searchParams.set("bbox", sight.map((each, i) => within(each, i % 2 ? 90 : 180).toFixed(6)).join(","));
  } else {
    address.searchParams.set("level", "1");
  }
  return address.href;
}
