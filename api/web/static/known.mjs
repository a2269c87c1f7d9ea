// What begins like what is being typed on the start page: grids, people, addresses.
const PAUSE_MS = 150;

const field = document.getElementById("q");
const list = document.getElementById("known");
if (field instanceof HTMLInputElement && field.form && list) suggest(field, field.form, list);

/**
 * @param {HTMLInputElement} field
 * @param {HTMLFormElement} form
 * @param {HTMLElement} list
 */
function suggest(field, form, list) {
  let latest = 0;
  field.addEventListener("input", () => {
    const own = ++latest;
    setTimeout(async () => {
      if (own !== latest || !field.value.trim()) return;
      const found = await known(field.value, new FormData(form));
      if (own === latest) list.replaceChildren(...found.map(option));
    }, PAUSE_MS);
  });
}

/**
 * @param {string} typed
 * @param {FormData} sent
 * @returns {Promise<{ text: string, told: string }[]>} nothing where there is no answer
 */
async function known(typed, sent) {
  const town = sent.get("jurisdiction");
  const asked = new URLSearchParams({ q: typed, ...(town ? { jurisdiction: String(town) } : {}) });
  try {
    const reply = await fetch(`/pages/known?${asked}`);
    return reply.ok ? (await reply.json()).known : [];
  } catch {
    return [];
  }
}

/** @param {{ text: string, told: string }} each */
function option({ text, told }) {
  const made = document.createElement("option");
  made.value = text;
  made.label = told;
  return made;
}
