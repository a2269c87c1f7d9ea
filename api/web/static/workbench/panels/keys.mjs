// The keyboard: each key does something, but where somebody types; the space bar held down moves the map.

/**
 * @typedef {object} Keyboard
 * @property {Record<string, () => void>} keys what each does
 * @property {string[]} lookers keys of those who may only look
 * @property {HTMLElement} canvas
 * @property {boolean} canEdit
 * @property {() => string} tool in the hand
 * @property {(tool: string) => void} take
 */

/** @param {Keyboard} keyboard */
export function listenToKeys({ keys, lookers, canvas, canEdit, tool, take }) {
  let before = "select";
  addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    const isTyping = event.target instanceof Element && event.target.closest("input, textarea, select, dialog, summary");
    const isButton = event.target instanceof Element && event.target.closest("button, a") && ["enter", " "].includes(key);
    if (key === " " && !isTyping && !isButton && tool() !== "select" && !event.repeat) {
      event.preventDefault();
      before = tool();
      canvas.classList.add("held");
      take("select");
      return;
    }
    const act = keys[key];
    if (!act || isTyping || isButton || event.altKey || ((event.ctrlKey || event.metaKey) && !["z", "y"].includes(key))) return;
    if (!canEdit && !lookers.includes(key)) return;
    event.preventDefault();
    act();
  });
  addEventListener("keyup", ({ key }) => {
    if (key === " " && canvas.classList.contains("held")) take(before);
    canvas.classList.remove("held");
  });
}

/**
 * Opens a menu, with the keyboard in it.
 * @param {HTMLDetailsElement} menu
 */
export function openMenu(menu) {
  menu.open = true;
  menu.querySelector("button")?.focus();
}

/**
 * Arrow keys walk through a menu, Escape leaves it.
 * @param {HTMLDetailsElement} menu
 */
export function walkMenu(menu) {
  menu.addEventListener("keydown", (event) => {
    const buttons = [...menu.querySelectorAll("button")];
    const at = buttons.findIndex((each) => each === document.activeElement);
    const moves = /** @type {Record<string, number>} */ ({ ArrowDown: (at + 1) % buttons.length, ArrowUp: (Math.max(at, 0) + buttons.length - 1) % buttons.length, Home: 0, End: buttons.length - 1 });
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    } else if (event.key in moves) buttons[moves[event.key]].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
