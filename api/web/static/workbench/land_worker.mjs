// Reads the land beside the page, which stays free meanwhile: what a first view needs, and, when asked, triangles and lines.
/** @import {Cells, Land} from "../../workbench" */
import earcut from "/assets/vendor/earcut/earcut.js";
import { cellsOf } from "./drawing/cells.mjs";
import { unpack } from "./columns.mjs";
import { landOf } from "./land.mjs";
import { meshOf } from "./drawing/mesh.mjs";
import { placesOf } from "./nearby.mjs";
import { edgeLines } from "./drawing/outline.mjs";
import { edgesOfBlocks } from "./pieces.mjs";
import { rasterOf } from "./drawing/raster.mjs";

/** @type {{land: Land, cells: Cells} | null} */
let read = null;

addEventListener("message", ({ data }) => void (data.address ? readLand(data.address) : drawLand()));

/** @param {string} address */
async function readLand(address) {
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
    const land = landOf(unpack(await answer.arrayBuffer()));
    const places = placesOf(land);
    const cells = cellsOf(land, places.boxes);
    const raster = rasterOf(land);
    const rows = edgesOfBlocks(land);
    // The land and its cells are copied: the triangles are made of them, too.
    postMessage({ land, cells, places, rows, raster }, { transfer: [...buffersOf(places), ...buffersOf(rows), ...buffersOf(raster ?? {})] });
    read = { land, cells };
  } catch (error) {
    postMessage({ fault: String(error instanceof Error ? error.message : error) });
  }
}

function drawLand() {
  if (!read) return;
  const { land, cells } = read;
  const drawn = { mesh: meshOf(land, cells, earcut), lines: edgeLines(land, cells) };
  postMessage(drawn, { transfer: [...buffersOf(drawn.mesh), ...buffersOf(drawn.lines)] });
}

/** @param {object} columns @returns {ArrayBuffer[]} */
const buffersOf = (columns) => Object.values(columns).flatMap((each) => (ArrayBuffer.isView(each) ? [/** @type {ArrayBuffer} */ (each.buffer)] : []));
