// Programs of the graphics card and what they are fed with: no town and no plan is known here.
import { WORLD } from "../land.mjs";

const TEXTURE_BITS = 11;
export const TEXTURE_WIDTH = 2 ** TEXTURE_BITS;

/** Colours, and where hatching goes over them: lines of some pixels across a dedicated grid. */
const COLOUR = `
uniform highp usampler2D u_owner;
uniform highp sampler2D u_colour;
vec4 colourOf(uint block, out float hatched) {
  uint owner = texelFetch(u_owner, ivec2(block & ${TEXTURE_WIDTH - 1}u, block >> ${TEXTURE_BITS}u), 0).r;
  uint grid = owner & 0x7fffffffu;
  vec4 colour = texelFetch(u_colour, ivec2(grid & ${TEXTURE_WIDTH - 1}u, grid >> ${TEXTURE_BITS}u), 0);
  hatched = float(int(colour.a * 255.0 + 0.5) & 1);
  if (owner != grid) colour = vec4(mix(colour.rgb, vec3(0.04, 0.36, 0.68), 0.55), 0.75);
  return vec4(colour.rgb * colour.a, colour.a);
}`;
const HATCH = `
vec4 hatch(vec4 plain, float hatched) {
  if (hatched < 0.5 || mod(gl_FragCoord.x + gl_FragCoord.y, 9.0) > 2.0) return plain;
  return vec4(vec3(0.37, 0.235, 0.6) * 0.75, 0.75);
}`;
const FLAT = `#version 300 es
precision mediump float;
flat in vec4 v_colour;
out vec4 colour;
void main() { colour = v_colour; }`;

/** @typedef {[vertex: string, fragment: string]} Shaders */

/** @type {Shaders} */
export const MESH = [
  `#version 300 es
uniform mat4 u_matrix;
in vec2 a_place;
in uint a_block;
flat out vec4 v_colour;
flat out float v_hatched;
${COLOUR}
void main() {
  gl_Position = u_matrix * vec4(a_place, 0.0, 1.0);
  v_colour = colourOf(a_block, v_hatched);
}`,
  `#version 300 es
precision highp float;
flat in vec4 v_colour;
flat in float v_hatched;
out vec4 colour;
${HATCH}
void main() { colour = hatch(v_colour, v_hatched); }`,
];
/** @type {Shaders} */
export const FAR = [
  `#version 300 es
uniform mat4 u_matrix;
uniform vec3 u_frame;
in vec2 a_point;
out highp vec2 v_point;
void main() {
  v_point = a_point;
  gl_Position = u_matrix * vec4(u_frame.xy + a_point * u_frame.z, 0.0, 1.0);
}`,
  `#version 300 es
precision highp float;
precision highp int;
uniform highp usampler2D u_block;
in highp vec2 v_point;
out vec4 colour;
${COLOUR}
${HATCH}
void main() {
  uint block = texelFetch(u_block, min(ivec2(v_point), textureSize(u_block, 0) - 1), 0).r;
  if (block == 0xffffffffu) discard;
  float hatched;
  vec4 plain = colourOf(block, hatched);
  colour = hatch(plain, hatched);
}`,
];
/** @type {Shaders} */
export const THIN = [
  `#version 300 es
uniform mat4 u_matrix;
in vec2 a_place;
flat out vec4 v_colour;
void main() {
  gl_Position = u_matrix * vec4(a_place, 0.0, 1.0);
  v_colour = vec4(0.27, 0.32, 0.37, 1.0) * 0.28;
}`,
  FLAT,
];
/** @type {Shaders} */
export const OUTLINE = [
  `#version 300 es
uniform mat4 u_matrix;
uniform vec4 u_width;
in vec2 a_place;
in vec2 a_across;
in float a_style;
flat out vec4 v_colour;
void main() {
  int style = int(a_style);
  gl_Position = u_matrix * vec4(a_place + a_across * u_width[style], 0.0, 1.0);
  v_colour = style == 3 ? vec4(0.04, 0.36, 0.68, 1.0) : style == 0 ? vec4(0.27, 0.32, 0.37, 1.0) : vec4(0.1, 0.15, 0.2, 1.0);
}`,
  FLAT,
];

/**
 * @param {WebGL2RenderingContext} gl
 * @param {Shaders} shaders
 */
export function program(gl, [vertex, fragment]) {
  const made = gl.createProgram();
  for (const [kind, source] of /** @type {const} */ ([[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]])) {
    const shader = gl.createShader(kind);
    if (!shader) throw new Error("WebGL makes no shader.");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made) ?? "WebGL");
  return made;
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {WebGLProgram} used
 * @param {string} name
 * @param {Float32Array} values
 * @param {number} size
 */
export function fillAttribute(gl, used, name, values, size) {
  const place = gl.getAttribLocation(used, name);
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
  gl.enableVertexAttribArray(place);
  gl.vertexAttribPointer(place, size, gl.FLOAT, false, 0, 0);
}

/** @param {WebGL2RenderingContext} gl */
export function dataTexture(gl) {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
  for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
  return made;
}

/** @param {number} count */
export const textureSize = (count) => TEXTURE_WIDTH * Math.max(1, Math.ceil(count / TEXTURE_WIDTH));

/**
 * The map's matrix for local units, multiplied in float64.
 * @param {ArrayLike<number>} m
 * @param {[number, number]} origin
 */
export function matrixFor(m, [x, y]) {
  const scale = 1 / WORLD;
  const matrix = new Float64Array(16);
  for (let row = 0; row < 4; row++) {
    matrix[row] = m[row] * scale;
    matrix[4 + row] = m[4 + row] * scale;
    matrix[8 + row] = m[8 + row];
    matrix[12 + row] = m[row] * x + m[4 + row] * y + m[12 + row];
  }
  return new Float32Array(matrix);
}

/** @param {number} count */
export function quads(count) {
  const index = new Uint32Array(6 * count);
  for (let quad = 0, at = 0, corner = 0; quad < count; quad++, at += 6, corner += 4) {
    index[at] = corner;
    index[at + 1] = index[at + 4] = corner + 1;
    index[at + 2] = index[at + 3] = corner + 2;
    index[at + 5] = corner + 3;
  }
  return index;
}
