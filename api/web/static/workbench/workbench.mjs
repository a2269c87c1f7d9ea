// The workbench: what the parts of the page do when tools, keys and buttons ask for it.
/** @import {FormValues, Operation, PlanStep, Point, WorkbenchData} from "../../workbench" */
/** @import {Change} from "./board.mjs" */
import { mapData, part, ready } from "../elements.mjs";
import { Board } from "./board.mjs";
import { colourOf, coloursOf } from "./drawing/colours.mjs";
import { Pen } from "./gestures.mjs";
import { labelsWithin, placesOfNames } from "./drawing/labels.mjs";
import { listenToKeys, openMenu, walkMenu } from "./panels/keys.mjs";
import { boundsOf, lengthOf } from "./land.mjs";
import { openMap } from "./map.mjs";
import { FORMS, proposalsOf, textOfPlaces } from "./operations.mjs";
import { fillBlocks } from "./drawing/painting.mjs";
import { askFor, showHelp, showHistory } from "./panels/dialogs.mjs";
import { filledWith } from "./panels/filling.mjs";
import { drawInspector } from "./panels/inspector.mjs";
import { claimPart, drawPeople } from "./panels/people.mjs";
import { LayerPanel } from "./panels/layers.mjs";
import { action } from "./panels/problems.mjs";
import { askWhich } from "./panels/proposals.mjs";
import { drawTable } from "./panels/table.mjs";
import { showTold, tellWhat } from "./panels/told.mjs";
import { Tree } from "./panels/tree.mjs";
import { Validation } from "./panels/validation.mjs";
import { PlanServer } from "./server.mjs";
import { Together, eventsFrom, stepTold } from "./panels/together.mjs";
import { metres, say } from "./words.mjs";

/** @type {WorkbenchData} */
const data = mapData();
const { words } = data;
const page = part("workbench", HTMLElement);
const canvas = part("wb-canvas", HTMLCanvasElement);
const board = new Board(data, new PlanServer(data.plan, undefined, { isOwn: data.me !== null, lang: data.lang }), redraw, (told) => {
  tellWhat(told, { words, goTo: view && ((place) => view.goTo(place)), undo: data.can_edit ? ACTIONS.undo : null });
});
// The plan is on its way while the map is made.
const loaded = board.load();
const together = new Together(board, data.me, { step: heard, around });
const view = mapOrNull();
const layers = view && new LayerPanel(part("wb-layers", HTMLElement), { board, view, data });
const tree = new Tree(part("wb-tree", HTMLElement), part("wb-search", HTMLInputElement), part("wb-off", HTMLInputElement), words, (grid, adds) => {
  board.choose(grid, adds);
});
const pen = new Pen(canvas, part("wb-ring", HTMLElement), {
  begin: (at) => Boolean(view && board.begin(view.local(at))),
  paint,
  end: () => void board.end(),
  cancel: () => board.cancel(),
  drawn,
});
const validation = new Validation(part("wb-problems", HTMLElement), { board, data, tree, form, say: say_, show: (lonlat) => view?.goTo(lonlat) });
/** @type {"band" | "grid"} */
let mode = "band";
/** Of the target when the stroke was painted last. */
let painted = "";
/** @type {ReturnType<typeof placesOfNames>} */
let places = [];
/** Whether the panels are to be drawn with the next frame. */
let waits = false;

function mapOrNull() {
  try {
    return openMap(part("wb-map", HTMLElement), data, null);
  } catch {
    page.classList.add("no-map", "with-table");
    say_(words.no_webgl, "failed");
    return null;
  }
}

/** @param {Change} change */
function redraw(change) {
  const { model } = board;
  if (!model) return;
  if (change === "land") return void showLand();
  if (change === "stroke") return panels();
  if (change !== "chosen") strokes++;
  paintMap();
  layers?.draw();
  if (change !== "chosen") {
    tree.model = model;
    // The names wait for the frame that shows what changed.
    if (view) view.afterPaint(label);
  }
  panels();
}

async function showLand() {
  const { model, land, parts } = board;
  if (!model || !land || !parts) return;
  const isFirst = !view?.layer;
  tree.model = model;
  panels();
  if (view) {
    await view.show(land, parts);
    if (isFirst) view.fit(boundsOf(land));
    paintMap();
  }
  page.removeAttribute("aria-busy");
  if (view) view.afterPaint(() => (ready(), label()));
  else ready();
  layers?.draw();
  if (isFirst) await layers?.readBase();
}

let shown = /** @type {{owner: unknown, choice: string, version: number}} */ ({ owner: null, choice: "", version: 0 });
let strokes = 0;

/** Gives the map what changed, and nothing else. */
function paintMap() {
  const { model } = board;
  const layer = view?.layer;
  // Land that was cut is drawn once its triangles are there.
  if (!model || layer?.land !== model.land) return;
  const choice = `${[...board.chosen]}|${[...board.blocks].length}:${[...board.blocks].slice(0, 20)}|${mode}`;
  if (shown.owner === model && shown.choice === choice && shown.version === strokes) return;
  shown = { owner: model, choice, version: strokes };
  layer.setOwner(model.owner, board.blocks);
  layer.setColours(coloursOf(model, mode));
  layer.setOutlines(model.owner, model.grids, board.chosenLeaves);
  view?.afterPaint(() => {
    if (!pen.isDown) pen.clear();
  });
}

function label() {
  if (!board.model || !board.nearby) return;
  places = placesOfNames(board.model, board.nearby.middles);
  labelSight();
}

function labelSight() {
  if (board.model && view) view.fill("labels", labelsWithin(board.model, places, view.sight));
}

function panels() {
  const { model } = board;
  if (!model) return;
  tree.chosen = board.chosen;
  if (!board.stroke) tree.draw();
  drawInspector(part("wb-inspector", HTMLElement), { model, grids: board.chosen, blocks: board.blocks, stroke: board.stroke, pieces: board.pieces, claim }, words);
  if (page.classList.contains("with-table")) drawTable(part("wb-table", HTMLElement), model, board.chosen, words, (grid, adds) => board.choose(grid, adds));
  part("wb-version", HTMLElement).textContent = say(words, "version", { version: model.head.plan.version });
  page.dataset.busy = String(board.busy);
  if (!data.can_edit) return;
  part("wb-undo", HTMLButtonElement).disabled = board.busy > 0 || !board.steps.undo;
  part("wb-redo", HTMLButtonElement).disabled = board.busy > 0 || !board.steps.redo;
}

/** @param {number} grid */
function claim(grid) {
  if (!board.model) return [];
  const found = together.claimOn(board.model, grid);
  return claimPart(found, { isMine: found !== null && together.isMine(found), canEdit: data.can_edit, code: board.model.grids[grid].code }, words);
}

/** Others came or went, or said where they work. */
function around() {
  tree.claims = together.claims;
  drawPeople(part("wb-people", HTMLElement), together, words);
  panels();
}

/** Somebody else did something. @param {PlanStep} step */
function heard(step) {
  part("wb-news", HTMLElement).textContent = stepTold(step, words);
  if (step.kind === "edit" || !step.detail.to) return;
  const sentence = say(words, "state_moved", { by: step.by || words.somebody, state: words[`state_${step.detail.to}`] ?? step.detail.to });
  say_(sentence, "conflict", [action(words.load_again, () => location.reload())]);
}

/** Says that one works on the chosen grid, or no longer. */
function toggleClaim() {
  const [only] = board.chosen;
  if (board.chosen.size !== 1 || !board.model) return say_(words.claim_which, "refused");
  const { code } = board.model.grids[only];
  void board.claim(code, together.claims.some((each) => each.grid === code && together.isMine(each)));
}

/**
 * @param {Point} from pixels
 * @param {Point} to
 */
function paint(from, to) {
  const { stroke, model } = board;
  if (!stroke || !model || !view) return;
  const moved = stroke.paint(view.local(from), view.local(to), pen.radius * view.unitsAPixel);
  const [red, green, blue] = colourOf(model, stroke.move.to, mode);
  const colour = `rgb(${red} ${green} ${blue} / 85%)`;
  if (colour !== painted) pen.clear();
  if (board.land) fillBlocks(pen.context, board.land, view.frame(), colour === painted ? moved : stroke.move.blocks, colour);
  painted = colour;
  if (moved.length && !waits) {
    waits = true;
    requestAnimationFrame(() => ((waits = false), panels()));
  }
}

/**
 * @param {string} tool
 * @param {Point[]} line pixels
 * @param {boolean} adds
 */
function drawn(tool, line, adds) {
  if (!view || !board.nearby || !board.model || line.length < 2) return;
  const lonlats = line.map((pixel) => view.lonlat(pixel));
  const local = line.map((pixel) => view.local(pixel));
  const target = board.target < 0 ? "" : board.model.grids[board.target].code;
  if (tool === "lasso") return board.chooseBlocks(board.nearby.middlesWithin(local), adds);
  if (tool === "box") return board.chooseBlocks(board.nearby.middlesInBox(local[0], local[1]), adds);
  if (tool === "measure") return say_(say(words, "measured", { length: metres(lengthOf(lonlats)) }), "done");
  if (tool === "split_by_line") {
    const [x, y] = [0, 1].map((axis) => (local[0][axis] + local[local.length - 1][axis]) / 2);
    const under = target || board.model.grids[board.gridAt([x, y])]?.code;
    if (under) return void board.commit({ kind: "split_by_line", grid: under, line: { type: "LineString", coordinates: lonlats } });
  }
  if (line.length > 2 || tool === "split_by_line") {
    void form(tool, tool === "split_by_line" ? { line: textOfPlaces(lonlats) } : { patch: textOfPlaces(lonlats), to: target, blocks: "" });
  }
}

/**
 * Opens the form of an operation with what is chosen in it.
 * @param {string} kind
 * @param {FormValues} [given]
 */
async function form(kind, given = {}) {
  const found = FORMS.find((each) => each.kind === kind);
  if (!found || !board.model || !data.can_edit) return;
  const { values, texts } = filledWith(kind, board.model, { grids: board.chosen, blocks: board.blocks }, data);
  const asked = await askFor(found, { ...values, ...given }, texts);
  const operation = asked && (await looked(asked));
  if (operation && (await board.commit(operation))) take("select");
}

/**
 * Shows what the engine would do before it is done.
 * @param {Operation} operation
 * @returns {Promise<Operation | null>} what is wanted
 */
async function looked(operation) {
  const proposals = proposalsOf(operation);
  if (!proposals.length) return operation;
  const previews = await board.preview(proposals);
  return previews && board.model && askWhich(board.model, previews, words);
}

/** @param {string} tool */
function take(tool) {
  if (!view || (!data.can_edit && !["select", "measure"].includes(tool))) return;
  pen.take(tool);
  for (const button of page.querySelectorAll("button[data-tool]")) {
    button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.tool === tool));
  }
  part("wb-tool", HTMLElement).textContent = words[`use_${tool}`] ?? "";
}

/** What an operation's key or tool does: draw where the map can, else the form. @param {string} kind */
function start(kind) {
  if (kind === "carve" && board.blocks.size) return void form(kind);
  if (view && ["split_by_line", "carve", "move_land"].includes(kind)) return take(kind);
  void form(kind);
}

/** @param {string} sentence @param {string} kind @param {HTMLElement[]} [buttons] */
function say_(sentence, kind, buttons = []) {
  showTold(sentence, kind, words, buttons);
}

/** @type {Record<string, () => void>} */
const ACTIONS = {
  undo: () => void (board.steps.undo && board.step("undo")),
  redo: () => void (board.steps.redo && board.step("redo")),
  validate: () => {
    page.classList.add("with-problems");
    void validation.ask();
  },
  claim: toggleClaim,
  more: () => openMenu(part("wb-more", HTMLDetailsElement)),
  history: async () => showHistory((await board.server.edits()).edits, words),
  help: () => showHelp(words),
  give: () => (board.blocks.size && board.target >= 0 ? void board.give([...board.blocks], board.target) : void form("move_blocks")),
  smaller: () => (pen.radius = Math.max(2, pen.radius / 1.4)),
  larger: () => (pen.radius = Math.min(160, pen.radius * 1.4)),
  lock: () => {
    const locks = board.model && [...board.chosen].every((grid) => board.model?.grids[grid].locked !== null) ? "unlock" : "lock";
    if (!board.chosen.size || !board.model) return void form("lock");
    void board.commit({ kind: locks, grids: [...board.chosen].map((grid) => board.model?.grids[grid].code) });
  },
  table: () => {
    page.classList.toggle("with-table");
    panels();
  },
  problems: () => void page.classList.toggle("with-problems"),
  stop: () => {
    if (pen.isDown) return pen.stop();
    if (pen.tool !== "select") return take("select");
    board.choose(-1, false);
  },
};
/** @type {Record<string, () => void>} */
const KEYS = {
  v: () => take("select"), b: () => take("brush"), l: () => take("lasso"), x: () => take("box"), g: () => take("measure"),
  "[": ACTIONS.smaller, "]": ACTIONS.larger, z: ACTIONS.undo, y: ACTIONS.redo, "?": ACTIONS.help, t: ACTIONS.table, k: ACTIONS.lock, w: ACTIONS.claim, o: ACTIONS.more, enter: ACTIONS.give, escape: ACTIONS.stop,
  ...Object.fromEntries(FORMS.filter(({ key, kind }) => key && kind !== "lock").map(({ key, kind }) => [key, () => start(kind)])),
};

/** Keys of those who may only look. */
const LOOKERS = ["v", "g", "t", "?", "escape"];

function listen() {
  listenToKeys({ keys: KEYS, lookers: LOOKERS, canvas, canEdit: data.can_edit, tool: () => pen.tool, take });
  const menu = document.getElementById("wb-more");
  if (menu instanceof HTMLDetailsElement) walkMenu(menu);
  page.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest("button[data-tool], button[data-do], button[data-op]") : null;
    if (!(button instanceof HTMLElement)) return;
    const { tool, do: act, op } = button.dataset;
    if (tool) (FORMS.some(({ kind }) => kind === tool) ? start : take)(tool);
    else if (act) ACTIONS[act]();
    else if (op) void form(op);
    button.closest("details")?.removeAttribute("open");
  });
  part("wb-mode", HTMLSelectElement).addEventListener("change", ({ target }) => {
    mode = target instanceof HTMLSelectElement && target.value === "grid" ? "grid" : "band";
    paintMap();
  });
  part("wb-within", HTMLInputElement).addEventListener("change", ({ target }) => (board.within = target instanceof HTMLInputElement && target.checked));
  view?.map.on("moveend", labelSight);
  view?.onClick((pixel, adds) => {
    board.choose(board.gridAt(view.local(pixel)), adds);
    if (board.target >= 0) tree.reveal(board.target);
  });
}

// For tests and for whoever looks into the page from outside.
Object.assign(window, { __workbench: { map: view?.map, board, server: board.server, pen, together } });
listen();
take("select");
loaded.then(
  () => together.listen(eventsFrom(`${data.plan}/events?since=${board.read}`)),
  (error) => {
    page.removeAttribute("aria-busy");
    say_(say(words, "load_failed", { sentence: error.message }), "failed");
    ready();
  },
);
