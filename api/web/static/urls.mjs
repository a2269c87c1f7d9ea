// The URLs that the pages ask.

/**
 * The address of the answer to a form.
 * @param {string} action
 * @param {Iterable<[string, FormDataEntryValue]>} fields
 * @param {string} place what is asked instead of the field's own text
 */
export function questionAddress(action, fields, place) {
  const address = new URL(action);
  for (const [name, value] of fields) address.searchParams.set(name, String(value));
  address.searchParams.set("q", place);
  return address.href;
}

/**
 * @param {string} pattern with PLACE
 * @param {number} lon
 * @param {number} lat
 */
export const lookupAddress = (pattern, lon, lat) => pattern.replace("PLACE", `${lon.toFixed(7)},${lat.toFixed(7)}`);

/**
 * @param {string} pattern with CODE
 * @param {string} code
 */
export const areaAddress = (pattern, code) => pattern.replace("CODE", encodeURIComponent(code));

/** @param {string} phone */
export const telephoneAddress = (phone) => `tel:${phone.replaceAll(" ", "")}`;

/**
 * A position in WGS 84 as the page around the map wants it; the shift is the server's own.
 * @param {number} lon
 * @param {number} lat
 * @param {string} coordType
 * @param {(address: string) => Promise<{ json: () => Promise<{ lon: number, lat: number }> }>} ask
 * @returns {Promise<[lon: number, lat: number]>}
 */
export async function shifted(lon, lat, coordType, ask) {
  if (coordType === "wgs84") return [lon, lat];
  const reply = await ask(`/shift/${lon.toFixed(7)},${lat.toFixed(7)}?coord_type=${coordType}`);
  const answer = await reply.json();
  return [answer.lon, answer.lat];
}
