"""The workbench with a real pointer: each tool is dragged, and the store asked what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import Engine, text

from api.settings import ServerSettings
from boundaries.plans.drafts import get_plan, move_state, new_draft
from boundaries.plans.edits.editing import Author, edit
from boundaries.store.engine import open_engine, unit_of_work
from geogrid.plans.operations.kinds import Lock, Rename
from tests.browser.axe import violations
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.serving import serving
from tests.workbench_town import HOUSEHOLDS, PASSWORD, leaf_of, middle_of, store_draft

SIZES = {"1280": (1280, 800), "1920": (1920, 1080), "768": (768, 1024)}
_PIXEL = """([lon, lat]) => {
  const {map} = window.__workbench;
  const box = map.getContainer().getBoundingClientRect();
  const {x, y} = map.project([lon, lat]);
  return [box.left + x, box.top + y];
}"""


@dataclass(frozen=True, slots=True)
class Site:
    address: str
    engine: Engine
    states: dict[str, Path]

    def sql(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), values)]


@pytest.fixture(scope="module")
def site(server: Server, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("workbench")
    for database in copied(server, TEMPLATE, folder):
        engine = open_engine(database.settings)
        store_draft(engine, "first")
        with serving(ServerSettings(**{**database.settings.model_dump(), "open": "no"})) as address:
            states = {}
            for login in ("planner", "colleague", "approver"):
                context = browser.new_context()
                page = context.new_page()
                page.goto(f"{address}/login?lang=en&next=/account")
                page.locator("#login").fill(login)
                page.locator("#password").fill(PASSWORD)
                page.keyboard.press("Enter")
                page.wait_for_url(f"{address}/account*")
                states[login] = folder / f"{login}.json"
                context.storage_state(path=states[login])
                context.close()
            yield Site(address, engine, states)
        engine.dispose()


@dataclass(frozen=True, slots=True)
class Desk:
    """A draft of its own on the workbench of a planner."""

    site: Site
    page: Page
    plan: int

    def at(self, column: float, row: float) -> tuple[float, float]:
        x, y = self.page.evaluate(_PIXEL, list(middle_of(column, row)))
        return x, y

    def drag(self, *blocks: tuple[float, float], lets_go: bool = True) -> None:
        """Press in the middle of the first block, go over the others, let go in the last."""
        self.page.mouse.move(*self.at(*blocks[0]))
        self.page.mouse.down()
        for block in blocks[1:]:
            self.page.mouse.move(*self.at(*block), steps=6)
        if lets_go:
            self.page.mouse.up()

    def click(self, column: float, row: float, *, shift: bool = False) -> None:
        if shift:
            self.page.keyboard.down("Shift")
        self.page.mouse.click(*self.at(column, row))
        if shift:
            self.page.keyboard.up("Shift")

    def told(self, words: str) -> None:
        expect(self.page.locator("#wb-told")).to_contain_text(words, timeout=15_000)
        expect(self.page.locator("#workbench")).to_have_attribute("data-busy", "0")

    def shown(self, measure: str) -> str:
        return self.page.locator(f"#wb-inspector dd[data-measure={measure}]").first.inner_text()

    def stored(self) -> dict[str, int]:
        """Blocks by code of the leaf, as the store has it."""
        rows = self.site.sql(
            "select g.code, count(*) from assignments a join grids g on g.id = a.grid_id "
            "where a.plan_id = :plan group by g.code",
            plan=self.plan,
        )
        return {str(code): int(str(count)) for code, count in rows}

    def households(self) -> float:
        """Of the whole plan: no edit may change them."""
        rows = self.site.sql(
            "select sum(b.households) from assignments a join blocks b on b.id = a.block_id where a.plan_id = :plan",
            plan=self.plan,
        )
        return float(str(rows[0][0]))


def opened(browser: Browser, site: Site, plan: int, login: str = "planner", **options: object) -> Page:
    size = options.get("size", (1280, 800))
    assert isinstance(size, tuple)
    context: BrowserContext = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, storage_state=site.states[login]
    )
    page = context.new_page()
    page.goto(f"{site.address}/plans/{plan}/edit?lang={options.get('lang', 'en')}")
    page.wait_for_selector("html[data-geogrid=ready]", state="attached", timeout=30_000)
    return page


@pytest.fixture
def desk(browser: Browser, site: Site) -> Iterator[Desk]:
    with unit_of_work(site.engine) as session:
        draft = new_draft(session, get_plan(session, 1), name="2027", made_by="planner", at=datetime.now(UTC))
        plan = draft.id
    page = opened(browser, site, plan)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield Desk(site, page, plan)
    page.context.close()
    assert [error for error in errors if "status of 4" not in error] == []


def test_brush_moves_blocks_shows_it_before_it_is_let_go_and_undo_takes_it_back(desk: Desk) -> None:
    whole = desk.households()
    desk.click(1, 1)
    assert desk.shown("blocks") == "12"
    desk.page.keyboard.press("b")
    desk.drag((1, 1), (3, 1), (3, 2), lets_go=False)
    expect(desk.page.locator("#wb-inspector .wb-stroke h3")).to_contain_text("Blocks in this stroke: 2")
    assert desk.shown("households") == f"{14 * HOUSEHOLDS:.0f}"
    assert desk.stored()["T-W-0"] == 12
    desk.page.mouse.up()
    desk.told("Blocks moved to T-W-0: 2")
    assert (desk.stored()["T-W-0"], desk.stored()["T-W-1"]) == (14, 10)
    desk.page.keyboard.press("v")
    desk.page.keyboard.press("z")
    desk.told("taken back")
    assert (desk.stored()["T-W-0"], desk.households()) == (12, whole)
    assert desk.shown("blocks") == "12"
    desk.page.keyboard.press("y")
    desk.told("done again")
    assert desk.stored()["T-W-0"] == 14


def test_brush_without_a_chosen_grid_grows_the_one_where_it_begins(desk: Desk) -> None:
    desk.page.keyboard.press("b")
    desk.drag((3, 1), (2, 1))
    desk.told("Blocks moved to T-W-1: 1")
    assert desk.stored()["T-W-1"] == 13


def test_escape_breaks_a_stroke_off_and_nothing_is_sent(desk: Desk) -> None:
    desk.page.keyboard.press("b")
    desk.drag((1, 1), (3, 1), lets_go=False)
    desk.page.keyboard.press("Escape")
    desk.page.mouse.up()
    assert desk.shown("blocks") == "12"
    assert desk.stored()["T-W-0"] == 12


def test_a_stroke_that_would_empty_a_grid_is_taken_back_and_says_which(desk: Desk) -> None:
    desk.click(1, 1)
    desk.page.keyboard.press("x")
    desk.drag((2.6, -0.4), (5.4, 3.4))
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("#wb-told[data-kind=refused]")).to_contain_text("no block left: T-W-1")
    assert desk.shown("blocks") == "12"
    assert desk.stored()["T-W-1"] == 12


def test_lasso_chooses_blocks_and_enter_gives_them_to_the_chosen_grid(desk: Desk) -> None:
    desk.click(1, 1)
    desk.page.keyboard.press("l")
    desk.drag((2.6, -0.4), (4.4, -0.4), (4.4, 1.4), (2.6, 1.4), (2.6, -0.4))
    expect(desk.page.locator("#wb-inspector")).to_contain_text("4 chosen blocks")
    desk.page.keyboard.press("Enter")
    desk.told("Blocks moved to T-W-0: 4")
    assert desk.stored()["T-W-0"] == 16


def test_rectangle_adds_with_shift(desk: Desk) -> None:
    desk.page.keyboard.press("x")
    desk.drag((-0.4, -0.4), (1.4, 0.4))
    expect(desk.page.locator("#wb-inspector")).to_contain_text("2 chosen blocks")
    desk.page.keyboard.down("Shift")
    desk.drag((-0.4, 0.6), (1.4, 1.4))
    desk.page.keyboard.up("Shift")
    expect(desk.page.locator("#wb-inspector")).to_contain_text("4 chosen blocks")


def test_split_line_is_drawn_through_the_chosen_grid(desk: Desk) -> None:
    desk.click(1, 1)
    desk.page.keyboard.press("s")
    desk.drag((-0.8, 0.5), (2.8, 0.5))
    desk.told("Split by a line: done")
    stored = desk.stored()
    assert len(stored) == 9
    assert stored["T-W-0"] == 9


def test_merge_is_asked_for_with_the_chosen_grids(desk: Desk) -> None:
    desk.click(1, 1)
    desk.click(4, 1, shift=True)
    expect(desk.page.locator("#wb-inspector h2")).to_have_text("2 grids")
    desk.page.keyboard.press("m")
    dialog = desk.page.get_by_role("dialog")
    expect(dialog.locator("[name=grids]")).to_have_value("T-W-0, T-W-1")
    dialog.locator("[name=keep]").fill("T-W-1")
    dialog.get_by_role("button", name="Do it").click()
    desk.told("Merge: done")
    assert desk.stored()["T-W-1"] == 24


def test_carve_takes_chosen_blocks_and_dissolve_gives_them_back(desk: Desk) -> None:
    desk.page.keyboard.press("x")
    desk.drag((-0.4, -0.4), (0.4, 1.4))
    desk.page.keyboard.press("c")
    dialog = desk.page.get_by_role("dialog")
    dialog.locator("[name=name]").fill("第一中学")
    dialog.locator("[name=category]").select_option("school")
    dialog.get_by_role("button", name="Do it").click()
    desk.told("Carve out: done")
    code = next(code for code in desk.stored() if code not in {leaf_of(c, r) for c in range(12) for r in range(8)})
    assert (desk.stored()[code], desk.stored()["T-W-0"]) == (2, 10)
    desk.page.keyboard.press("v")
    desk.click(0, 0)
    expect(desk.page.locator("#wb-inspector h2")).to_have_text("第一中学")
    desk.page.keyboard.press("d")
    desk.page.get_by_role("dialog").get_by_role("button", name="Do it").click()
    desk.told("Dissolve: done")
    assert desk.stored()["T-W-0"] == 12


def test_patch_cuts_blocks_and_the_land_is_drawn_anew(desk: Desk) -> None:
    whole = desk.households()
    desk.click(1, 1)
    desk.page.keyboard.press("p")
    desk.drag((2.6, 0), (3.0, 0), (3.0, 1), (2.6, 1), (2.6, 0.1))
    desk.page.get_by_role("dialog").get_by_role("button", name="Do it").click()
    desk.told("Move land: done")
    assert sum(desk.stored().values()) > 96
    assert desk.households() == pytest.approx(whole)
    desk.click(2.8, 0.5)
    expect(desk.page.locator("#wb-inspector h2")).to_have_text("网格0")


def test_lock_refuses_the_stroke_and_says_who_is_locked(desk: Desk) -> None:
    desk.click(4, 1)
    desk.page.keyboard.press("k")
    desk.told("Lock: done")
    desk.click(1, 1)
    desk.page.keyboard.press("b")
    desk.drag((1, 1), (3, 1))
    desk.told("locked grids: T-W-1")
    assert desk.stored()["T-W-1"] == 12


def test_a_stroke_that_the_server_refuses_is_taken_back_with_its_sentence(desk: Desk) -> None:
    desk.page.evaluate("window.__workbench.together.take = async () => {}")
    with unit_of_work(desk.site.engine) as session:
        locked = edit(session, desk.plan, [Lock(("T-W-1",))], author=Author("li.na"), version=None).plan.version
    # As if it had been seen that it was changed, but not how.
    desk.page.evaluate("version => window.__workbench.board.versions.set('T-W-1', version)", locked)
    desk.page.keyboard.press("b")
    desk.drag((1, 1), (3, 1))
    expect(desk.page.locator("#wb-told[data-kind=refused]")).to_contain_text("locked")
    assert desk.shown("blocks") == "12"
    assert desk.stored()["T-W-0"] == 12


def test_who_was_slower_sees_who_did_what_where_and_does_it_again_on_top(desk: Desk) -> None:
    # News from others is held up, as on a bad line.
    desk.page.evaluate("window.__workbench.together.take = async () => {}")
    with unit_of_work(desk.site.engine) as session:
        edit(session, desk.plan, [Rename({"T-W-1": "北门"})], author=Author("li.na"), version=None)
    desk.page.keyboard.press("b")
    desk.drag((1, 1), (3, 1))
    told = desk.page.locator("#wb-told[data-kind=conflict]")
    expect(told).to_contain_text("Somebody else changed the plan first")
    expect(told).to_contain_text("li.na")
    expect(told).to_contain_text("Rename (T-W-1)")
    assert desk.shown("blocks") == "12"
    told.get_by_role("button", name="Do it again on top").click()
    desk.told("Give blocks to a grid: done")
    assert desk.stored()["T-W-0"] == 13


def test_edits_of_other_grids_appear_within_a_second_and_the_stroke_in_the_hand_goes_on(
    desk: Desk, browser: Browser
) -> None:
    other = opened(browser, desk.site, desk.plan, "colleague")
    expect(desk.page.locator("#wb-people")).to_have_text("colleague")
    desk.click(1, 1)
    desk.page.keyboard.press("b")
    desk.drag((1, 1), (3, 1), lets_go=False)
    expect(desk.page.locator("#wb-inspector .wb-stroke h3")).to_contain_text("Blocks in this stroke: 1")
    theirs = Desk(desk.site, other, desk.plan)
    theirs.click(7, 6)
    other.keyboard.press("b")
    theirs.drag((7, 6), (9, 6))
    theirs.told("Blocks moved to T-E-6: 1")
    expect(desk.page.locator("#wb-news")).to_contain_text("colleague", timeout=2_000)
    expect(desk.page.locator("#wb-news")).to_contain_text("Give blocks to a grid (T-E-6, T-E-7)")
    sums = "(code) => { const {model} = __workbench.board; return model.sum(model.byCode.get(code).index, 'blocks'); }"
    desk.page.wait_for_function(f"({sums})('T-E-6') === 13", timeout=2_000)
    assert desk.page.evaluate(sums, "T-W-0") == 13
    desk.page.mouse.up()
    desk.told("Blocks moved to T-W-0: 1")
    stored = desk.stored()
    assert [stored[code] for code in ("T-W-0", "T-W-1", "T-E-6", "T-E-7")] == [13, 11, 13, 11]
    # One's own edit is taken back, not the one of somebody else.
    expect(other.locator("#wb-redo")).to_be_disabled()
    expect(desk.page.locator("#wb-undo")).to_be_enabled()
    desk.page.keyboard.press("z")
    desk.told("taken back")
    stored = desk.stored()
    assert [stored[code] for code in ("T-W-0", "T-E-6")] == [12, 13]
    expect(desk.page.locator("#wb-undo")).to_be_disabled()
    expect(desk.page.locator("#wb-redo")).to_be_enabled()
    expect(other.locator("#wb-news")).to_contain_text("planner", timeout=2_000)
    expect(other.locator("#wb-news")).to_contain_text("took back")
    other.context.close()
    expect(desk.page.locator("#wb-people")).to_be_hidden()


def test_claim_is_shown_to_others_in_the_tree_and_on_what_is_chosen_below_it(desk: Desk, browser: Browser) -> None:
    other = opened(browser, desk.site, desk.plan, "colleague")
    theirs = Desk(desk.site, other, desk.plan)
    other.locator("#wb-tree li", has_text="西社区").click()
    other.keyboard.press("w")
    expect(other.locator("#wb-inspector .wb-claimed")).to_contain_text("You work here until")
    expect(desk.page.locator("#wb-tree .wb-claim")).to_have_text("colleague")
    expect(desk.page.locator("#wb-people")).to_have_text("colleague · T-W")
    desk.click(1, 1)
    expect(desk.page.locator("#wb-inspector .wb-claimed")).to_contain_text("colleague works on T-W until")
    desk.page.keyboard.press("w")
    expect(desk.page.locator("#wb-told[data-kind=refused]")).to_contain_text("colleague works on grid T-W until")
    desk.page.keyboard.press("b")
    desk.drag((1, 1), (3, 1))
    desk.told("Blocks moved to T-W-0: 1. colleague works on T-W until")
    assert violations(desk.page) == []
    theirs.page.locator("#wb-inspector").get_by_role("button", name="Release").click()
    expect(desk.page.locator("#wb-tree .wb-claim")).to_have_count(0)
    other.context.close()


def test_plan_that_was_moved_on_by_somebody_says_so(desk: Desk) -> None:
    with unit_of_work(desk.site.engine) as session:
        move_state(session, desk.plan, "in_review", version=None, made_by="li.na")
    told = desk.page.locator("#wb-told[data-kind=conflict]")
    expect(told).to_contain_text("li.na has moved the plan on; its state is now: In review")
    told.get_by_role("button", name="Load the page again").click()
    expect(desk.page.locator(".wb-looks")).to_have_text("Only drafts can be edited: look only")


def test_levels_are_added_renamed_and_removed_by_forms_from_the_keyboard(desk: Desk) -> None:
    page, dialog = desk.page, desk.page.get_by_role("dialog")

    def asked(name: str) -> None:
        page.keyboard.press("o")
        page.locator("#wb-more").get_by_role("button", name=name, exact=True).focus()
        page.keyboard.press("Enter")

    asked("Add a level")
    dialog.locator("[name=below]").select_option(label="community")
    dialog.locator("[name=name]").fill("area")
    dialog.locator("[name=name_zh]").fill("片区")
    page.keyboard.press("Enter")
    desk.told("Add a level: done")
    asked("Rename a level")
    dialog.locator("[name=position]").select_option(label="area")
    expect(dialog.locator("[name=name_zh]")).to_have_value("片区")
    dialog.locator("[name=name]").fill("patch")
    page.keyboard.press("Enter")
    desk.told("Rename a level: done")
    levels = "__workbench.board.model.head.levels.map(({name, name_zh}) => name + name_zh)"
    assert page.evaluate(levels) == ["township乡镇", "community社区", "patch片区", "grid网格"]
    asked("Remove a level")
    dialog.locator("[name=position]").select_option(label="patch")
    dialog.locator("[name=position]").press("Enter")
    desk.told("Remove a level: done")
    assert page.evaluate(levels) == ["township乡镇", "community社区", "grid网格"]


def test_undo_and_redo_wait_for_something_to_do(desk: Desk) -> None:
    undo, redo = desk.page.locator("#wb-undo"), desk.page.locator("#wb-redo")
    expect(undo).to_be_disabled()
    expect(redo).to_be_disabled()
    desk.page.keyboard.press("z")
    expect(desk.page.locator("#wb-told")).to_be_empty()
    desk.page.keyboard.press("b")
    desk.drag((1, 1), (3, 1))
    desk.told("Blocks moved to T-W-0: 1")
    expect(undo).to_be_enabled()
    undo.click()
    desk.told("taken back")
    expect(undo).to_be_disabled()
    expect(redo).to_be_enabled()


def test_problems_lead_to_their_place_and_a_loose_piece_joins_its_best_neighbour(desk: Desk) -> None:
    desk.click(1, 1)
    desk.page.keyboard.press("x")
    desk.drag((3.6, 0.6), (4.4, 1.4))
    desk.page.keyboard.press("Enter")
    desk.told("Blocks moved to T-W-0: 1")
    desk.page.get_by_role("button", name="Validate").click()
    line = desk.page.locator("#wb-problems li", has_text="In pieces")
    expect(line).to_have_count(1)
    line.get_by_role("button", name="Join").click()
    desk.told("Blocks moved to T-W-1: 1")
    expect(desk.page.locator("#wb-problems li", has_text="In pieces")).to_have_count(0)
    assert desk.stored()["T-W-0"] == 12


def test_all_of_it_goes_by_keyboard_alone(desk: Desk) -> None:
    page = desk.page
    page.locator("#wb-search").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#wb-inspector h2")).to_have_text("网格0")
    page.keyboard.press("n")
    field = page.get_by_role("dialog").locator("[name=name]")
    expect(field).to_have_value("网格0")
    field.fill("南门")
    page.keyboard.press("Enter")
    desk.told("Rename: done")
    assert desk.site.sql("select name from grids where plan_id = :plan and code = 'T-W-0'", plan=desk.plan) == [
        ("南门",)
    ]
    page.keyboard.press("t")
    expect(page.get_by_role("table").locator("tbody tr")).to_have_count(8)
    page.get_by_label("Choose T-E-2", exact=True).check()
    expect(page.locator("#wb-inspector h2")).to_have_text("2 grids")


def test_a_form_that_lacks_something_says_what_and_stays(desk: Desk) -> None:
    desk.page.keyboard.press("e")
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Do it").click()
    expect(dialog.get_by_role("alert")).to_have_text("Fill in or correct: Grid (code).")
    expect(dialog.locator("[name=grid]")).to_be_focused()


def test_engine_splits_by_one_of_three_proposals(desk: Desk) -> None:
    desk.click(1, 1)
    desk.page.keyboard.press("e")
    dialog = desk.page.get_by_role("dialog")
    dialog.locator("[name=count]").fill("2")
    dialog.get_by_role("button", name="Do it").click()
    expect(dialog.locator(".wb-proposal canvas")).to_have_count(3, timeout=30_000)
    assert violations(desk.page) == []
    assert len(desk.stored()) == 8
    dialog.get_by_role("button", name="Do it").nth(1).click()
    desk.told("Split by the engine: done")
    assert len(desk.stored()) == 9


def test_rebalancing_shows_the_households_that_would_move_and_then_moves_them(desk: Desk) -> None:
    desk.click(1, 1)
    desk.page.keyboard.press("b")
    desk.drag((1, 1), (3, 1), (3, 0))
    desk.told("Blocks moved to T-W-0: 2")
    desk.page.keyboard.press("r")
    dialog = desk.page.get_by_role("dialog")
    dialog.locator("[name=grids]").fill("T-W")
    dialog.get_by_role("button", name="Do it").click()
    expect(dialog.locator(".wb-proposal")).to_contain_text("households would change their grid", timeout=30_000)
    assert desk.stored()["T-W-0"] == 14
    dialog.get_by_role("button", name="Do it").click()
    desk.told("Rebalance: done")
    assert 11 <= desk.stored()["T-W-0"] <= 13
    assert 11 <= desk.stored()["T-W-1"] <= 13


def test_who_may_not_edit_looks(browser: Browser, site: Site) -> None:
    page = opened(browser, site, 1, "approver")
    expect(page.locator(".wb-looks")).to_have_text("You may look, not edit")
    expect(page.locator("[data-tool=brush]")).to_have_count(0)
    page.keyboard.press("b")
    expect(page.locator("#wb-canvas")).to_have_attribute("data-tool", "select")
    assert violations(page) == []
    page.context.close()


def test_without_webgl_the_table_and_a_sentence_are_there(browser: Browser, site: Site) -> None:
    context = browser.new_context(storage_state=site.states["planner"])
    page = context.new_page()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null;")
    page.goto(f"{site.address}/plans/1/edit?lang=en")
    expect(page.get_by_role("table").locator("tbody tr")).to_have_count(8)
    expect(page.locator("#wb-told")).to_contain_text("WebGL is missing")
    context.close()


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("size", list(SIZES))
def test_pages_are_in_their_language_fit_and_please_axe(
    browser: Browser, site: Site, artifacts: Path, size: str, lang: str
) -> None:
    page = opened(browser, site, 1, size=SIZES[size], lang=lang)
    page.wait_for_timeout(800)
    page.screenshot(path=artifacts / f"workbench-{lang}-{size}.png")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert violations(page) == []
    page.locator("#wb-tree li").nth(1).click()
    page.get_by_role("button", name="校验" if lang == "zh" else "Validate").click()
    page.locator("#wb-problems li").first.wait_for()
    page.keyboard.press("m")
    page.screenshot(path=artifacts / f"workbench-{lang}-{size}-dialog.png")
    assert violations(page) == []
    page.context.close()


def test_layers_are_switched_by_keys_and_kept(site: Site, browser: Browser) -> None:
    page = opened(browser, site, 1)
    summary = page.locator("summary", has_text="Layers")
    summary.focus()
    page.keyboard.press("Enter")
    grids = page.get_by_role("checkbox", name="Grids")
    expect(grids).to_be_checked()
    # There are no streets, no buildings, no cases and no edition: no switches for them either.
    expect(page.locator("#wb-layers input")).to_have_count(2)
    grids.focus()
    page.keyboard.press("Space")
    visibility = "window.__workbench.map.getLayoutProperty('names', 'visibility')"
    assert page.evaluate(visibility) == "none"
    page.reload()
    page.wait_for_selector("html[data-geogrid=ready]", state="attached")
    page.locator("summary", has_text="Layers").click()
    expect(page.get_by_role("checkbox", name="Grids")).not_to_be_checked()
    assert page.evaluate(visibility) == "none"
    page.context.close()
