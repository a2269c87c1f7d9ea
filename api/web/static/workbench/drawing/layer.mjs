// Blocks drawn by the graphics card, those in sight: a texture says whose each block is, another the colour of each grid.
/** @import {CustomLayerInterface, CustomRenderMethodInput, Map} from "maplibre-gl" */
/** @import {Cells, DrawnLand, Grid, Land, Raster} from "../../../workbench" */
import { cellsWithin } from "./cells.mjs";
import { WORLD, toLocal } from "../land.mjs";
import { CORNER, Outlines } from "./outline.mjs";
import { FAR, MESH, OUTLINE, TEXTURE_WIDTH, THIN, dataTexture, fillAttribute, matrixFor, program, quads, textureSize } from "./shaders.mjs";

/** Set in a block's owner where the block is chosen. */
const CHOSEN = 0x80000000;
const BYTES = 4;
const LINES_FROM_ZOOM = 13;
/** So few blocks always have their own lines. */
const FEW_BLOCKS = 5_000;
/** Side of a leaf from which it has an outline. */
const LEAST_PIXELS = 6;

/**
 * @typedef {object} Quads
 * @property {WebGLVertexArrayObject | null} array
 * @property {WebGLBuffer | null} buffer
 * @property {number} count
 * @property {boolean} isStale
 */

/** @implements {CustomLayerInterface} */
export class BlockLayer {
  id = "blocks";
  type = /** @type {const} */ ("custom");
  renderingMode = /** @type {const} */ ("2d");
  hasGrids = true;
  hasBlocks = true;
  /** @type {Map | null} */
  #map = null;
  #waiting = new Set(["owner", "colour"]);
  /** @type {DrawnLand | null} */
  #drawn = null;
  #isFilled = false;
  /** @type {Quads[][]} */
  #quads = [[], []];
  /** Quads that the graphics card knows the corners of. */
  #corners = 0;

  /**
   * @param {Land} land
   * @param {Cells} cells
   * @param {Raster | null} raster
   */
  constructor(land, cells, raster) {
    this.land = land;
    this.cells = cells;
    this.raster = raster;
    this.owner = new Uint32Array(textureSize(land.count));
    this.colours = new Uint8Array(0);
    this.outlines = new Outlines(land, cells);
    this.leaves = 0;
    this.side = sideOf(cells.extents);
  }

  /** @param {DrawnLand} drawn triangles and lines, which come after the first view */
  setDrawn(drawn) {
    this.#drawn = drawn;
    this.#isFilled = false;
    this.#map?.triggerRepaint();
  }

  /**
   * @param {Uint32Array} owner
   * @param {Iterable<number>} chosen blocks
   */
  setOwner(owner, chosen) {
    this.owner.set(owner);
    for (const block of chosen) this.owner[block] |= CHOSEN;
    this.#ask("owner");
  }

  /** @param {Uint8Array} colours four bytes a grid */
  setColours(colours) {
    this.colours = new Uint8Array(BYTES * textureSize(colours.length / BYTES));
    this.colours.set(colours);
    this.#ask("colour");
  }

  /**
   * Makes anew the outlines of the cells in which one changed, once they are in sight.
   * @param {Uint32Array} owner
   * @param {Grid[]} grids
   * @param {ReadonlySet<number>} chosen leaves
   */
  setOutlines(owner, grids, chosen) {
    this.leaves = grids.reduce((count, { kind }) => count + Number(kind !== "parent"), 0);
    for (const cell of this.outlines.update(owner, grids, chosen)) {
      for (const part of this.#quads) if (part[cell]) part[cell].isStale = true;
    }
    this.#map?.triggerRepaint();
  }

  /** @param {string} what */
  #ask(what) {
    this.#waiting.add(what);
    this.#map?.triggerRepaint();
  }

  /**
   * @param {Map} map
   * @param {WebGL2RenderingContext} gl
   */
  onAdd(map, gl) {
    this.#map = map;
    this.programs = { blocks: program(gl, MESH), thin: program(gl, THIN), outline: program(gl, OUTLINE), far: program(gl, FAR) };
    this.arrays = { blocks: gl.createVertexArray(), thin: gl.createVertexArray(), far: gl.createVertexArray() };
    this.corners = gl.createBuffer();
    this.textures = { owner: dataTexture(gl), colour: dataTexture(gl), raster: dataTexture(gl) };
    this.#waiting = new Set(["owner", "colour"]);
    this.#quads = [[], []];
    this.#corners = 0;
    this.#isFilled = false;
    if (this.raster) this.#fillFar(gl, this.raster);
  }

  /**
   * @param {WebGL2RenderingContext} gl
   * @param {Raster} raster
   */
  #fillFar(gl, { block, width, height }) {
    if (!this.arrays || !this.programs || !this.textures) return;
    gl.bindVertexArray(this.arrays.far);
    fillAttribute(gl, this.programs.far, "a_point", new Float32Array([0, 0, width, 0, 0, height, width, height]), 2);
    gl.bindVertexArray(null);
    gl.bindTexture(gl.TEXTURE_2D, this.textures.raster);
    unpackAsIs(gl);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32UI, width, height, 0, gl.RED_INTEGER, gl.UNSIGNED_INT, block);
  }

  /**
   * @param {WebGL2RenderingContext} gl
   * @param {DrawnLand} drawn
   */
  #fillDrawn(gl, { mesh, lines }) {
    if (!this.arrays || !this.programs) return;
    gl.bindVertexArray(this.arrays.blocks);
    fillAttribute(gl, this.programs.blocks, "a_place", mesh.position, 2);
    const place = gl.getAttribLocation(this.programs.blocks, "a_block");
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, mesh.block, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribIPointer(place, 1, gl.UNSIGNED_INT, 0, 0);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.index, gl.STATIC_DRAW);
    gl.bindVertexArray(this.arrays.thin);
    fillAttribute(gl, this.programs.thin, "a_place", lines.lines, 2);
    gl.bindVertexArray(null);
    this.#isFilled = true;
  }

  /**
   * The outlines of a cell, on the graphics card.
   * @param {WebGL2RenderingContext} gl
   * @param {number} cell
   * @param {0 | 1} part 1 for those within a parent
   */
  #quadsOf(gl, cell, part) {
    const own = (this.#quads[part][cell] ??= { array: gl.createVertexArray(), buffer: gl.createBuffer(), count: 0, isStale: true });
    if (!own.isStale || !this.programs || !this.corners) return own;
    const corners = this.outlines.cornersOf(cell, part === 1);
    gl.bindVertexArray(own.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, own.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, corners, gl.DYNAMIC_DRAW);
    for (const [name, size, from] of /** @type {const} */ ([["a_place", 2, 0], ["a_across", 2, 2], ["a_style", 1, 4]])) {
      const place = gl.getAttribLocation(this.programs.outline, name);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, gl.FLOAT, false, BYTES * CORNER, BYTES * from);
    }
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.corners);
    own.count = corners.length / CORNER / 4;
    own.isStale = false;
    if (own.count > this.#corners) {
      this.#corners = Math.ceil(own.count * 1.2);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, quads(this.#corners), gl.DYNAMIC_DRAW);
    }
    return own;
  }

  /** @param {WebGL2RenderingContext} gl */
  #take(gl) {
    if (!this.textures) return;
    unpackAsIs(gl);
    if (this.#waiting.has("owner")) {
      gl.bindTexture(gl.TEXTURE_2D, this.textures.owner);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32UI, TEXTURE_WIDTH, this.owner.length / TEXTURE_WIDTH, 0, gl.RED_INTEGER, gl.UNSIGNED_INT, this.owner);
    }
    if (this.#waiting.has("colour")) {
      gl.bindTexture(gl.TEXTURE_2D, this.textures.colour);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, TEXTURE_WIDTH, this.colours.length / BYTES / TEXTURE_WIDTH, 0, gl.RGBA, gl.UNSIGNED_BYTE, this.colours);
    }
    if (this.#drawn && !this.#isFilled) this.#fillDrawn(gl, this.#drawn);
    this.#waiting.clear();
  }

  /** What is in sight, local units. */
  get #sight() {
    const box = this.#map?.getBounds();
    if (!box) return /** @type {const} */ ([0, 0, 0, 0]);
    const [left, top] = toLocal(this.land, box.getWest(), box.getNorth());
    const [right, bottom] = toLocal(this.land, box.getEast(), box.getSouth());
    return /** @type {const} */ ([left, top, right, bottom]);
  }

  /**
   * @param {WebGLRenderingContext | WebGL2RenderingContext} context
   * @param {CustomRenderMethodInput} input
   */
  render(context, input) {
    const gl = /** @type {WebGL2RenderingContext} */ (context);
    if (!this.programs || !this.colours.length) return;
    this.#take(gl);
    const zoom = this.#map?.getZoom() ?? 0;
    const unit = WORLD / (512 * 2 ** zoom);
    const matrix = matrixFor(input.defaultProjectionData.mainMatrix, this.land.origin);
    const cells = cellsWithin(this.cells, this.#sight);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.CULL_FACE);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    if (this.hasBlocks) this.#drawFill(gl, matrix, cells, unit);
    if (this.hasBlocks && this.#drawn && (zoom >= LINES_FROM_ZOOM || this.land.count < FEW_BLOCKS)) this.#drawLines(gl, matrix, cells, this.#drawn);
    if (this.hasGrids) this.#drawOutlines(gl, matrix, cells, unit, zoom);
    gl.bindVertexArray(null);
  }

  /**
   * Blocks as points from afar, as triangles from near.
   * @param {WebGL2RenderingContext} gl
   * @param {Float32Array} matrix
   * @param {number[]} cells
   * @param {number} unit local units a pixel
   */
  #drawFill(gl, matrix, cells, unit) {
    const { programs, arrays, textures, raster } = this;
    if (!programs || !arrays || !textures) return;
    const isFar = raster && (!this.#drawn || unit >= raster.unit);
    const used = isFar ? programs.far : programs.blocks;
    this.#use(gl, used, isFar ? arrays.far : arrays.blocks, matrix);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, textures.owner);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, textures.colour);
    gl.uniform1i(gl.getUniformLocation(used, "u_owner"), 0);
    gl.uniform1i(gl.getUniformLocation(used, "u_colour"), 1);
    if (isFar) {
      gl.activeTexture(gl.TEXTURE2);
      gl.bindTexture(gl.TEXTURE_2D, textures.raster);
      gl.uniform1i(gl.getUniformLocation(used, "u_block"), 2);
      gl.uniform3f(gl.getUniformLocation(used, "u_frame"), raster.left, raster.top, raster.unit);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    } else if (this.#drawn) {
      const { starts } = this.#drawn.mesh;
      for (const [first, last] of runs(cells)) gl.drawElements(gl.TRIANGLES, starts[last + 1] - starts[first], gl.UNSIGNED_INT, BYTES * starts[first]);
    }
    gl.activeTexture(gl.TEXTURE0);
  }

  /**
   * @param {WebGL2RenderingContext} gl
   * @param {Float32Array} matrix
   * @param {number[]} cells
   * @param {DrawnLand} drawn
   */
  #drawLines(gl, matrix, cells, { lines: { starts } }) {
    if (!this.programs || !this.arrays) return;
    this.#use(gl, this.programs.thin, this.arrays.thin, matrix);
    for (const [first, last] of runs(cells)) gl.drawArrays(gl.LINES, starts[first], starts[last + 1] - starts[first]);
  }

  /**
   * @param {WebGL2RenderingContext} gl
   * @param {Float32Array} matrix
   * @param {number[]} cells
   * @param {number} unit
   * @param {number} zoom
   */
  #drawOutlines(gl, matrix, cells, unit, zoom) {
    if (!this.programs) return;
    const near = Math.min(Math.max((zoom - 9) / 6, 0.3), 1);
    this.#use(gl, this.programs.outline, null, matrix);
    gl.uniform4f(gl.getUniformLocation(this.programs.outline, "u_width"), 0.9 * near * unit, 1.7 * near * unit, 1.9 * near * unit, 2.2 * unit);
    // Lines within parents that lie closer than can be told apart would cost most of a frame of a whole town.
    const hasInner = this.side / Math.sqrt(Math.max(this.leaves, 1)) / unit >= LEAST_PIXELS;
    for (const part of /** @type {const} */ ([1, 0])) {
      if (part === 1 && !hasInner) continue;
      for (const cell of cells) {
        const { array, count } = this.#quadsOf(gl, cell, part);
        if (!count) continue;
        gl.bindVertexArray(array);
        gl.drawElements(gl.TRIANGLES, count * 6, gl.UNSIGNED_INT, 0);
      }
    }
  }

  /**
   * @param {WebGL2RenderingContext} gl
   * @param {WebGLProgram} used
   * @param {WebGLVertexArrayObject | null} arrays
   * @param {Float32Array} matrix
   */
  #use(gl, used, arrays, matrix) {
    gl.useProgram(used);
    gl.uniformMatrix4fv(gl.getUniformLocation(used, "u_matrix"), false, matrix);
    gl.bindVertexArray(arrays);
  }
}

/** @param {WebGL2RenderingContext} gl */
function unpackAsIs(gl) {
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
}

/**
 * Ascending numbers as runs of consecutive ones.
 * @param {number[]} numbers
 * @returns {[first: number, last: number][]}
 */
function runs(numbers) {
  /** @type {[number, number][]} */
  const found = [];
  for (const number of numbers) {
    const last = found[found.length - 1];
    if (last && last[1] === number - 1) last[1] = number;
    else found.push([number, number]);
  }
  return found;
}

/**
 * Side of a square as large as the town's box.
 * @param {Float32Array} extents of its cells
 */
function sideOf(extents) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < extents.length; at += 4) {
    left = Math.min(left, extents[at]);
    top = Math.min(top, extents[at + 1]);
    right = Math.max(right, extents[at + 2]);
    bottom = Math.max(bottom, extents[at + 3]);
  }
  return left > right ? 0 : Math.sqrt((right - left) * (bottom - top));
}
