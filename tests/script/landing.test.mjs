import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { openPage, settled } from "./browser.mjs";

const HOME = "https://geogrid.example/";
const page = (answer, { question = "", mark = "old" } = {}) => `
  <a class="language" href="/?lang=en&q=${question}">EN</a>
  <section><form action="${HOME}"><input id="q" name="q" value="${question}"><input type="hidden" name="lang" value="zh"></form>
  <div id="answer">${answer}</div></section>
  <svg id="sketch" data-west="112.5" data-north="28.3" data-left="0" data-top="0" data-lon="1000" data-lat="1000"><g id="mark" class="${mark}"></g></svg>`;

let asked;
let assigned;
let count = 0;

beforeEach(async () => {
  openPage(page(""), HOME);
  asked = [];
  assigned = [];
  globalThis.fetch = (address) => new Promise((resolve) => asked.push({ address, answer: (html) => resolve({ text: async () => html }) }));
  Object.defineProperty(globalThis, "location", { value: { href: HOME, assign: (address) => assigned.push(address) }, configurable: true });
  globalThis.DOMPoint = class {
    constructor(x, y) { Object.assign(this, { x, y }); }
    matrixTransform() { return { x: this.x - 50, y: this.y - 30 }; }
  };
  document.getElementById("sketch").getScreenCTM = () => ({ inverse: () => ({}) });
  await import(`../../api/web/static/landing.mjs?${++count}`);
});

function ask(text) {
  document.getElementById("q").value = text;
  document.querySelector("form").dispatchEvent(new Event("submit", { cancelable: true, bubbles: true }));
}

const answer = () => document.getElementById("answer");

test("a question is answered in place, and the address remembers it", async () => {
  ask("人民路");
  assert.equal(asked[0].address, `${HOME}?q=${encodeURIComponent("人民路")}&lang=zh`);
  assert.equal(answer().getAttribute("aria-busy"), "true");
  asked[0].answer(page("<b>Grid 7</b>", { question: "人民路 1号", mark: "new" }));
  await settled();
  assert.equal(answer().innerHTML, "<b>Grid 7</b>");
  assert.equal(answer().hasAttribute("aria-busy"), false);
  assert.equal(document.getElementById("q").value, "人民路 1号");
  assert.equal(document.getElementById("mark").getAttribute("class"), "new");
  assert.equal(document.querySelector("a.language").getAttribute("href"), "/?lang=en&q=人民路 1号");
  assert.equal(history.length, 2);
});

test("only the latest of two questions is answered", async () => {
  ask("first");
  ask("second");
  asked[1].answer(page("second answer"));
  await settled();
  asked[0].answer(page("first answer"));
  await settled();
  assert.equal(answer().textContent, "second answer");
  assert.deepEqual(assigned, []);
});

test("what is not such a page is shown as the server sends it", async () => {
  ask("lamp");
  asked[0].answer("<h1>Maintenance</h1>");
  await settled();
  assert.deepEqual(assigned, [asked[0].address]);
});

test("a server that does not answer is asked by the browser itself", async () => {
  globalThis.fetch = async () => { throw new TypeError("no network"); };
  ask("lamp");
  await settled();
  assert.deepEqual(assigned, [`${HOME}?q=lamp&lang=zh`]);
});

test("a click on the sketch asks for the place under it", async () => {
  document.getElementById("sketch").dispatchEvent(new window.MouseEvent("click", { clientX: 150, clientY: 80, cancelable: true }));
  assert.equal(new URL(asked[0].address).searchParams.get("q"), "112.600000, 28.250000");
});

test("a click that opens another tab is left to the browser", () => {
  const click = new window.MouseEvent("click", { clientX: 1, clientY: 1, ctrlKey: true, cancelable: true });
  document.getElementById("sketch").dispatchEvent(click);
  assert.equal(asked.length, 0);
  assert.equal(click.defaultPrevented, false);
});

test("going back shows the page of the address without remembering it again", async () => {
  window.dispatchEvent(new Event("popstate"));
  assert.equal(asked[0].address, HOME);
  asked[0].answer(page("before"));
  await settled();
  assert.equal(answer().textContent, "before");
  assert.equal(history.length, 1);
});

test("a page without a sketch stays a plain form", async () => {
  openPage('<section><form></form><div id="answer"></div></section>', HOME);
  await import(`../../api/web/static/landing.mjs?${++count}`);
  assert.equal(document.documentElement.dataset.geogrid, undefined);
});
