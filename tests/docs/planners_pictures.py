"""The pictures of docs/planners-guide.md: ``python -m tests.docs.planners_pictures`` makes them again."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from playwright.sync_api import Page, sync_playwright

from api.settings import ServerSettings
from boundaries.demo import run_demo
from boundaries.jurisdictions.reading import the_jurisdiction
from boundaries.plans.drafts import list_plans, new_draft
from boundaries.store.engine import connect, unit_of_work
from boundaries.store.schema import upgrade
from tests.benchmarks.stores import private_store
from tests.docs.partition_pictures import PICTURES
from tests.fixtures_browser import ARGUMENTS, CHROMIUM
from tests.serving import serving

SIZE = (1280, 760)
_LOW = """() => {
  const {model} = __workbench.board;
  const leaves = model.grids.filter(({kind}) => kind === "comprehensive");
  const low = leaves.find(({index}) => model.standing(index) === "under") ?? leaves[0];
  __workbench.board.choose(low.index, false);
}"""
_STROKE = """() => {
  const {board} = __workbench;
  const {model, land, nearby, target} = board;
  const beside = new Set();
  let own = -1;
  for (let edge = 0; edge < land.edgeOne.length; edge++) {
    const sides = [land.edgeOne[edge], land.edgeOther[edge]];
    const mine = sides.find((block) => block >= 0 && model.owner[block] === target);
    const other = sides.find((block) => block >= 0 && model.owner[block] !== target);
    if (mine === undefined || other === undefined || model.grids[model.owner[other]].kind !== "comprehensive") continue;
    own = mine;
    if (!beside.size || model.owner[other] === model.owner[[...beside][0]]) beside.add(other);
  }
  board.begin([nearby.middles[2 * own], nearby.middles[2 * own + 1]]);
  board.stroke.take([...beside].slice(0, 3));
  board.changed("plan");
  board.changed("stroke");
}"""


@contextmanager
def town() -> Iterator[tuple[str, int]]:
    """Serve the demonstration's town with a draft; yield its address and the number of the draft."""
    with private_store() as store:
        engine = connect(store)
        upgrade(engine)
        with unit_of_work(engine) as session:
            run_demo(session, lambda _: None)
        with unit_of_work(engine) as session:
            first = list_plans(session, the_jurisdiction(session, None))[-1]
            draft = new_draft(session, first, name="2027 年调整", made_by="王芳", at=datetime.now(UTC)).id
        engine.dispose()
        with serving(ServerSettings(**{**store.model_dump(), "open": "all"})) as address:
            yield address, draft


def taken(page: Page, name: str, lang: str) -> None:
    """Keep what is on the page."""
    page.wait_for_timeout(1500)
    page.screenshot(path=PICTURES / f"planner-{name}-{lang}.jpg", type="jpeg", quality=70)


def draw(page: Page, address: str, draft: int, lang: str) -> None:
    """Go through the first plan as the guide does."""
    page.goto(f"{address}/plans?lang={lang}")
    taken(page, "list", lang)
    page.goto(f"{address}/plans/{draft}/edit?lang={lang}")
    page.wait_for_selector("html[data-geogrid=ready]", state="attached", timeout=60_000)
    page.evaluate(_LOW)
    taken(page, "workbench", lang)
    page.evaluate(_STROKE)
    taken(page, "stroke", lang)
    page.evaluate("__workbench.board.end()")
    page.wait_for_timeout(2000)
    page.locator("[data-do=validate]").click()
    page.locator("#wb-problems li").first.wait_for(timeout=60_000)
    taken(page, "problems", lang)
    page.goto(f"{address}/plans/1/compare/{draft}?lang={lang}")
    taken(page, "compare", lang)


def main() -> None:
    """Make the pictures in both languages."""
    with town() as (address, draft), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for lang in ("zh", "en"):
            context = browser.new_context(viewport={"width": SIZE[0], "height": SIZE[1]})
            draw(context.new_page(), address, draft, lang)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
