// "Which grid is this?" without leaving the page: the server's page is fetched and its answer put in place.
import { questionAddress } from "./urls.mjs";
import { ready } from "./elements.mjs";
import { placeOnSketch, scaleOf } from "./sketch.mjs";

const answer = document.getElementById("answer");
const sketch = document.getElementById("sketch");
const form = answer?.closest("section")?.querySelector("form");
if (answer && sketch instanceof SVGSVGElement && form) start(answer, sketch, form);

/**
 * @param {HTMLElement} answer
 * @param {SVGSVGElement} sketch
 * @param {HTMLFormElement} form
 */
function start(answer, sketch, form) {
  const show = shower(answer, form);
  const question = /** @type {HTMLInputElement} */ (form.elements.namedItem("q"));
  /** @param {string} place */
  const addressOf = (place) => questionAddress(form.action, new FormData(form), place);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show(addressOf(question.value), true);
  });

  sketch.addEventListener("click", async (event) => {
    const toScreen = sketch.getScreenCTM();
    if (event.ctrlKey || event.metaKey || event.shiftKey || !toScreen) return;
    event.preventDefault();
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(toScreen.inverse());
    await show(addressOf(placeOnSketch(at, scaleOf(sketch.dataset))), true);
    const { top } = answer.getBoundingClientRect();
    if (top < 0 || top > innerHeight) answer.scrollIntoView({ block: "center" });
  });

  addEventListener("popstate", () => show(location.href, false));
  ready();
}

/**
 * Returns what fetches an address and puts its answer in place; only the latest one counts.
 * @param {HTMLElement} answer
 * @param {HTMLFormElement} form
 */
function shower(answer, form) {
  let latest = 0;
  /**
   * @param {string} address
   * @param {boolean} remember whether the address becomes that of the page
   */
  return async (address, remember) => {
    const own = ++latest;
    answer.setAttribute("aria-busy", "true");
    try {
      const reply = await fetch(address, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const fresh = page.getElementById("answer");
      if (!fresh) throw new Error("no answer");
      if (own !== latest) return;
      answer.replaceChildren(...fresh.childNodes);
      takeOver(page, form);
      if (remember) history.pushState(null, "", address);
    } catch {
      location.assign(address);
    } finally {
      answer.removeAttribute("aria-busy");
    }
  };
}

/**
 * Take the mark on the sketch, the question and the link to the other language from a page that came.
 * @param {Document} page
 * @param {HTMLFormElement} form
 */
function takeOver(page, form) {
  const [oldMark, mark] = [document, page].map((each) => each.getElementById("mark"));
  const [oldLanguage, language] = [document, page].map((each) => each.querySelector("a.language"));
  const question = /** @type {HTMLInputElement | null} */ (page.getElementById("q"));
  if (!oldMark || !mark || !oldLanguage || !language || !question) throw new Error("another page");
  oldMark.replaceWith(mark);
  /** @type {HTMLInputElement} */ (form.elements.namedItem("q")).value = question.value;
  oldLanguage.setAttribute("href", language.getAttribute("href") ?? "");
}
