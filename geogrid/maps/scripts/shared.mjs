/** @import {Shared} from "./types" */

/** @type {Shared} */
export const shared = { namedPlaces: () => [], tip: () => "", more: () => [] };
