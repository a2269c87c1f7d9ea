// An even lattice of blocks for the tests of the workbench: local units, one a side; leaves of 2 by 2 blocks.
import { PlanModel } from "../../api/web/static/workbench/model.mjs";

/** @param {number} columns @param {number} rows */
export function lattice(columns, rows) {
  const count = columns * rows;
  const points = new Float32Array(2 * (columns + 1) * (rows + 1));
  const corner = (x, y) => y * (columns + 1) + x;
  for (let y = 0; y <= rows; y++) for (let x = 0; x <= columns; x++) points.set([x, y], 2 * corner(x, y));
  const ringPoints = [];
  const edges = [];
  for (let block = 0; block < count; block++) {
    const [x, y] = [block % columns, Math.floor(block / columns)];
    ringPoints.push(corner(x, y), corner(x + 1, y), corner(x + 1, y + 1), corner(x, y + 1));
    edges.push([corner(x + 1, y), corner(x + 1, y + 1), block, x + 1 < columns ? block + 1 : -1]);
    edges.push([corner(x, y + 1), corner(x + 1, y + 1), block, y + 1 < rows ? block + columns : -1]);
    if (x === 0) edges.push([corner(x, y), corner(x, y + 1), block, -1]);
    if (y === 0) edges.push([corner(x, y), corner(x + 1, y), block, -1]);
  }
  return {
    key: "k", count, points, origin: [0.5, 0.5],
    ids: BigInt64Array.from({ length: count }, (_, block) => BigInt(100 + block)),
    loads: [new Float64Array(count).fill(10), new Float64Array(count).fill(25), new Float64Array(count).fill(NaN)],
    ringPoints: Uint32Array.from(ringPoints),
    ringStarts: Uint32Array.from({ length: count + 1 }, (_, ring) => 4 * ring),
    blockRings: Uint32Array.from({ length: count + 1 }, (_, ring) => ring),
    edgePoints: Uint32Array.from(edges.flatMap(([a, b]) => [a, b])),
    edgeStarts: Uint32Array.from({ length: edges.length + 1 }, (_, edge) => 2 * edge),
    edgeOne: Int32Array.from(edges.map(([, , one]) => one)),
    edgeOther: Int32Array.from(edges.map(([, , , other]) => other)),
  };
}

/** A town over a lattice of 4 by 2: T above A and B, which have two leaves between them: A1 (4 blocks) and B1 (4 blocks). */
export function smallModel(change = (head) => head) {
  const land = lattice(4, 2);
  const head = change({
    plan: { id: 1, name: "p", state: "draft", version: 3 }, steps: { undo: false, redo: false }, load: "households", band: [35, 45], land: "k",
    levels: [{ name: "town", name_zh: "镇" }, { name: "community", name_zh: "社区" }, { name: "grid", name_zh: "网格" }],
    grids: {
      code: ["T", "A", "B", "A1", "B1"], name: ["Town", "West", "东社区", "one", "two"], level: [1, 2, 2, 3, 3], parent: [-1, 0, 0, 1, 2],
      kind: ["parent", "parent", "parent", "comprehensive", "comprehensive"], category: [null, null, null, null, null], locked_by: [null, null, null, null, null], edited: [0, 0, 0, 0, 0],
      duties: [[], [], [], ["王芳"], []], households: [80, 40, 40, 40, 40], population: [200, 100, 100, 100, 100], buildings: [null, null, null, null, null],
    },
  });
  const owner = Uint32Array.from({ length: 8 }, (_, block) => (block % 4 < 2 ? 3 : 4));
  return new PlanModel(head, owner, land);
}
