// Dialogs: each operation as a form that takes codes, so that all can be done without a mouse; history and help.
/** @import {Choices, Field, Form, FormValues, Operation, Words} from "../../../workbench" */
import { tag } from "../../elements.mjs";
import { FORMS, FormFault, operationOf } from "../operations.mjs";
import { say } from "../words.mjs";

/**
 * @param {Form} form
 * @param {FormValues} values what is known already
 * @param {{words: Words, choices: Choices, changed?: (values: FormValues) => FormValues}} texts what is offered, and what a choice brings with it
 * @returns {Promise<Operation | null>} null if it was left
 */
export function askFor(form, values, { words, choices, changed }) {
  const { dialog, body, close } = opened(words[`op_${form.kind}`], words);
  body.append(tag("p", words[`hint_${form.kind}`], "muted small"));
  const fault = tag("p", "", "wb-fault");
  fault.setAttribute("role", "alert");
  for (const field of form.fields) body.append(fieldPart(field, values[field.name] ?? "", words, choices));
  if (changed) body.addEventListener("change", ({ target }) => target instanceof HTMLSelectElement && fill(body, changed(valuesOf(body, form.fields))));
  // As in every other field; a list would keep the key to itself.
  body.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.target instanceof HTMLSelectElement)) return;
    event.preventDefault();
    body.requestSubmit();
  });
  const buttons = tag("div", "", "buttons");
  const go = tag("button", words.do_it, "button");
  go.type = "submit";
  buttons.append(go, close);
  body.append(fault, buttons);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(null));
    body.addEventListener("submit", (event) => {
      event.preventDefault();
      try {
        const operation = operationOf(form, valuesOf(body, form.fields));
        resolve(operation);
        dialog.close();
      } catch (error) {
        if (!(error instanceof FormFault)) throw error;
        fault.textContent = say(words, "form_fault", { fields: error.fields.map((name) => words[`field_${name}`]).join(", ") });
        const first = body.elements.namedItem(error.fields[0]);
        if (first instanceof HTMLElement) first.focus();
      }
    });
  });
}

/**
 * @param {HTMLFormElement} body
 * @param {Field[]} fields
 * @returns {FormValues}
 */
function valuesOf(body, fields) {
  return Object.fromEntries(fields.map(({ name, kind }) => {
    const input = body.elements.namedItem(name);
    if (kind === "check") return [name, input instanceof HTMLInputElement && input.checked ? "yes" : ""];
    return [name, input instanceof HTMLInputElement || input instanceof HTMLTextAreaElement || input instanceof HTMLSelectElement ? input.value : ""];
  }));
}

/** @param {HTMLFormElement} body @param {FormValues} values */
function fill(body, values) {
  for (const [name, value] of Object.entries(values)) {
    const input = body.elements.namedItem(name);
    if (input instanceof HTMLInputElement) input.value = value;
  }
}

/**
 * @param {Field} field
 * @param {string} value
 * @param {Words} words
 * @param {Choices} choices
 */
function fieldPart({ name, kind, needed }, value, words, choices) {
  const part = tag("label", "", kind === "check" ? "wb-check" : "wb-field");
  const title = tag("span", words[`field_${name}`] + (needed || kind === "check" ? "" : ` ${words.optional}`));
  const input = inputOf(kind, choices, value);
  input.name = name;
  part.append(...(kind === "check" ? [input, title] : [title, input]));
  return part;
}

/**
 * @param {Field["kind"]} kind
 * @param {Choices} choices
 * @param {string} value
 */
function inputOf(kind, choices, value) {
  if (kind in choices) {
    const select = tag("select");
    for (const [key, name] of choices[/** @type {keyof Choices} */ (kind)]) select.append(new Option(name, key, key === value, key === value));
    return select;
  }
  if (kind === "places" || kind === "blocks") {
    const area = tag("textarea");
    area.rows = 2;
    area.value = value;
    return area;
  }
  const input = tag("input");
  if (kind === "check") {
    input.type = "checkbox";
    input.checked = value === "yes";
    return input;
  }
  input.type = "text";
  if (kind === "number") input.inputMode = "decimal";
  input.value = value;
  input.autocomplete = "off";
  return input;
}

/**
 * A dialog that is open, its form and its button to leave it.
 * @param {string} title
 * @param {Words} words
 */
export function opened(title, words) {
  const dialog = tag("dialog", "", "wb-dialog");
  const body = tag("form");
  body.method = "dialog";
  body.noValidate = true;
  const heading = tag("h2", title);
  heading.id = `dialog-${title.length}-${document.querySelectorAll("dialog").length}`;
  dialog.setAttribute("aria-labelledby", heading.id);
  body.append(heading);
  const close = tag("button", words.close, "button quiet");
  close.type = "button";
  close.addEventListener("click", () => dialog.close());
  dialog.append(body);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, body, close };
}

/**
 * A sentence to be answered.
 * @param {string} title
 * @param {string} question
 * @param {Words} words
 * @returns {Promise<string | null>} null if it was left
 */
export function askReason(title, question, words) {
  const { dialog, body, close } = opened(title, words);
  const field = tag("label", "", "wb-field");
  const input = tag("input");
  input.type = "text";
  input.required = true;
  field.append(tag("span", question), input);
  const go = tag("button", words.do_it, "button");
  const buttons = tag("div", "", "buttons");
  buttons.append(go, close);
  body.append(field, buttons);
  input.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(null));
    body.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!input.value.trim()) return input.focus();
      resolve(input.value.trim());
      dialog.close();
    });
  });
}

/**
 * @param {{position: number, at: string, by: string, reason: string, operation: Operation, undone: boolean}[]} edits
 * @param {Words} words
 */
export function showHistory(edits, words) {
  const { body, close } = opened(words.history, words);
  const list = tag("ol", "", "wb-history");
  for (const edit of [...edits].reverse().slice(0, 200)) {
    const line = tag("li", "", edit.undone ? "undone" : "");
    const name = words[`op_${edit.operation.kind}`] ?? edit.operation.kind;
    line.append(tag("b", `${edit.position}. ${name}`), tag("span", [edit.at.slice(0, 16).replace("T", " "), edit.by, edit.reason, edit.undone ? words.undone : ""].filter(Boolean).join(" · "), "muted small"));
    list.append(line);
  }
  body.append(edits.length ? list : tag("p", words.no_history, "muted"), close);
}

/** @param {Words} words */
export function showHelp(words) {
  const { body, close } = opened(words.help, words);
  const list = tag("dl", "", "wb-keys");
  const rows = [["V", words.tool_select], ["B", words.tool_brush], ["[ ]", words.brush_size], ["L", words.tool_lasso], ["X", words.tool_box]];
  for (const { key, kind } of FORMS) if (key) rows.push([key.toUpperCase(), words[`op_${kind}`]]);
  rows.push(["Z", words.undo], ["Y", words.redo], ["G", words.tool_measure], ["W", words.claim_key], ["T", words.table], ["O", words.more], ["Enter", words.op_move_blocks], ["Esc", words.break_off], ["?", words.help]);
  for (const [key, name] of rows) {
    const row = tag("div");
    const term = tag("dt");
    term.append(tag("kbd", key));
    row.append(term, tag("dd", name));
    list.append(row);
  }
  body.append(list, tag("p", words.pan_hint, "muted small"), close);
}
