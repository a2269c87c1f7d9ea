// The land of a plan, read by a worker: what a first view needs, and a way to the triangles.
/** @import {DrawnLand, LoadedLand} from "../../workbench" */
import { Refusal } from "./server.mjs";

export class LandReader {
  /** @type {Promise<LoadedLand> | null} */
  #early = null;

  /** @param {string} address of the land of a plan */
  constructor(address) {
    this.address = address;
  }

  /** Begins to read the land as it is now, before anybody knows its key. */
  begin() {
    this.#early = loadLand(this.address);
    this.#early.catch(() => undefined);
  }

  /**
   * The land of a key; the browser keeps it for ever.
   * @param {string} key
   */
  async read(key) {
    const early = this.#early;
    this.#early = null;
    const loaded = early && (await early);
    return loaded?.land.key === key ? loaded : loadLand(`${this.address}?key=${key}`);
  }
}

/**
 * @param {string} address
 * @returns {Promise<LoadedLand>}
 */
function loadLand(address) {
  const worker = new Worker(new URL("./land_worker.mjs", import.meta.url), { type: "module" });
  /** @returns {Promise<DrawnLand>} */
  const draw = () => {
    const drawn = answerOf(worker, "mesh").finally(() => worker.terminate());
    worker.postMessage({});
    return drawn;
  };
  const land = answerOf(worker, "land");
  worker.postMessage({ address: new URL(address, location.href).href });
  return land.then((loaded) => ({ ...loaded, draw }));
}

/**
 * @param {Worker} worker
 * @param {string} part that the answer has
 */
function answerOf(worker, part) {
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }) => {
      if (data.fault) reject(new Refusal(0, data.fault));
      else if (part in data) resolve(data);
    });
    worker.addEventListener("error", (event) => reject(new Refusal(0, event.message || "worker")));
  });
}
