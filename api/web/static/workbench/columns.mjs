// Columns as Python packs them (api/plans/workbench/packing.py): a head in JSON, then typed arrays, read in place.
/** @import {Column} from "../../workbench" */

const MAGIC = "GGC1";
const START = 8;
const KINDS = { Int32: Int32Array, Uint32: Uint32Array, Float64: Float64Array, BigInt64: BigInt64Array };

/**
 * @param {ArrayBuffer} buffer
 * @returns {{head: any, columns: Record<string, Column>}}
 */
export function unpack(buffer) {
  const text = new TextDecoder();
  if (text.decode(new Uint8Array(buffer, 0, 4)) !== MAGIC) throw new TypeError("These are no columns of GeoGrid.");
  const length = new DataView(buffer).getUint32(4, true);
  const head = JSON.parse(text.decode(new Uint8Array(buffer, START, length)));
  /** @type {Record<string, Column>} */
  const columns = {};
  for (const { name, type, length: count, at } of head.columns) {
    const Kind = KINDS[/** @type {keyof typeof KINDS} */ (type)];
    columns[name] = new Kind(buffer, START + length + at, count);
  }
  return { head, columns };
}
