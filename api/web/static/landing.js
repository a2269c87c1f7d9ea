// "Which grid is this?" without leaving the page: the server's page is fetched and its answer put in place.
"use strict";
(() => {
  const answer = document.getElementById("answer");
  const sketch = document.getElementById("sketch");
  const form = answer && answer.closest("section").querySelector("form");
  if (!answer || !sketch || !form) return;
  let latest = 0;

  async function show(address, remember) {
    const own = ++latest;
    answer.setAttribute("aria-busy", "true");
    try {
      const reply = await fetch(address, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const fresh = page.getElementById("answer");
      if (!fresh) throw new Error("no answer");
      if (own !== latest) return;
      answer.replaceChildren(...fresh.childNodes);
      document.getElementById("mark").replaceWith(page.getElementById("mark"));
      form.elements.q.value = page.getElementById("q").value;
      document.querySelector("a.language").href = page.querySelector("a.language").getAttribute("href");
      if (remember) history.pushState(null, "", address);
    } catch {
      location.assign(address);
    } finally {
      answer.removeAttribute("aria-busy");
    }
  }

  function addressOf(place) {
    const address = new URL(form.action);
    for (const [name, value] of new FormData(form)) address.searchParams.set(name, value);
    address.searchParams.set("q", place);
    return address.href;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show(addressOf(form.elements.q.value), true);
  });

  sketch.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(sketch.getScreenCTM().inverse());
    const scale = (name) => Number(sketch.dataset[name]);
    const lon = scale("west") + (at.x - scale("left")) / scale("lon");
    const lat = scale("north") - (at.y - scale("top")) / scale("lat");
    show(addressOf(`${lon.toFixed(6)}, ${lat.toFixed(6)}`), true).then(() => {
      if (answer.getBoundingClientRect().top < 0 || answer.getBoundingClientRect().top > innerHeight) {
        answer.scrollIntoView({ block: "center" });
      }
    });
  });

  addEventListener("popstate", () => show(location.href, false));
  document.documentElement.dataset.geogrid = "ready";
})();
