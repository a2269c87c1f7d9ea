// The list of plans: a file that is dropped, fields for what was chosen only, and how far the engine is.
import { ready } from "../elements.mjs";

const EVERY_MS = 1500;
const UNDER_WAY = "[data-task=waiting], [data-task=running], [data-task=again]";

const form = document.getElementById("new-plan");
if (form instanceof HTMLFormElement) {
  form.classList.add("is-narrowed");
  const choose = () => (form.dataset.how = String(new FormData(form).get("how")));
  form.addEventListener("change", choose);
  form.addEventListener("reset", () => setTimeout(choose));
  choose();
  takeFiles(form, choose);
}
if (document.querySelector(UNDER_WAY)) setTimeout(look, EVERY_MS);
ready();

/**
 * @param {HTMLFormElement} form
 * @param {() => void} choose
 */
function takeFiles(form, choose) {
  const field = form.elements.namedItem("file");
  const way = form.querySelector("input[name=how][value=file]");
  if (!(field instanceof HTMLInputElement) || !(way instanceof HTMLInputElement)) return;
  form.addEventListener("dragover", (event) => event.preventDefault());
  form.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    field.files = event.dataTransfer.files;
    way.checked = true;
    choose();
  });
}

/** Shows how far the engine is; the whole page anew once a plan is drawn. */
async function look() {
  const shown = document.getElementById("drawings");
  if (!shown) return;
  try {
    const reply = await fetch(location.href, { headers: { Accept: "text/html" } });
    const read = new DOMParser().parseFromString(await reply.text(), "text/html").getElementById("drawings");
    const count = (/** @type {ParentNode | null} */ node) => node?.querySelectorAll(UNDER_WAY).length ?? 0;
    if (count(read) < count(shown) && !document.querySelector("#new-plan :focus")) return location.reload();
    if (read) shown.replaceChildren(...read.childNodes);
    if (!count(read)) return;
  } catch {
    // The next look says more: a server that is being started anew is no news.
  }
  setTimeout(look, EVERY_MS);
}
