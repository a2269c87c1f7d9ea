"""Plans as planners use them in a browser, at a desk and on a phone: the list, review, publishing, comparing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from api.settings import ServerSettings
from boundaries.cases.reading import NewCase
from boundaries.plans.comments import NewComment, add_comment
from boundaries.plans.drafts import get_plan, move_state, new_draft
from boundaries.plans.edits.editing import Author, edit
from boundaries.store.engine import open_engine, unit_of_work
from geogrid.plans.operations.records import operations_of
from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.http.conftest import store_cases, store_town
from tests.serving import serving

SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
LANGS = pytest.mark.parametrize("lang", ["en", "zh"])
OPERATIONS = (
    {"kind": "rename", "names": {"D-a": "West end"}},
    {"kind": "merge", "grids": ["D-a", "D-b"], "keep": "D-b", "name": "West"},
)


@pytest.fixture(scope="module")
def site(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A town with an edition, a draft that was edited and commented, and an approved plan."""
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("plan-pages")):
        engine = open_engine(database.settings)
        town, now = store_town(engine), datetime.now(UTC)
        store_cases(engine, town, NewCase("test", "1", now - timedelta(days=9), text="lamp", lon=10.5, lat=50.5))
        with unit_of_work(engine) as session:
            first = get_plan(session, 1)
            draft = new_draft(session, first, name="2027 年调整", made_by="王芳", at=now, reason="yearly")
            edit(session, draft.id, operations_of(OPERATIONS), author=Author("王芳", "one school"), version=None)
            add_comment(session, draft, NewComment("Too large for one gridder?", "D-b", (11.2, 50.4)), made_by="Li")
            add_comment(session, draft, NewComment("Looks good"), made_by="Chen")
            ready = new_draft(session, first, name="2027, small changes", made_by="王芳", at=now)
            for state in ("in_review", "approved"):
                move_state(session, ready.id, state, version=None, made_by="Li")  # type: ignore[arg-type]
        engine.dispose()
        with serving(ServerSettings(**database.settings.model_dump())) as address:
            yield address


class Desk:
    """A browser, and what went wrong in it."""

    def __init__(self, browser: Browser, size: tuple[int, int]) -> None:
        self.page: Page = browser.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)

    def check(self) -> None:
        """Nothing sticks out, nothing failed, and axe finds nothing."""
        assert self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        assert violations(self.page) == []
        assert self.errors == []


@SIZES
@LANGS
def test_pages_of_plans_are_walked(
    browser: Browser, site: str, artifacts: Path, size: tuple[int, int], lang: str
) -> None:
    desk = Desk(browser, size)
    pages = {"plans": "/plans", "plan": "/plans/2", "publish": "/plans/3/publish", "compare": "/plans/1/compare/2"}
    for name, path in pages.items():
        desk.page.goto(f"{site}{path}?lang={lang}")
        if name in {"plans", "plan"}:
            desk.page.wait_for_selector("html[data-geogrid=ready]", state="attached")
        desk.check()
        desk.page.screenshot(path=artifacts / f"{name}-{lang}-{size[0]}.png", full_page=True)
    desk.page.context.close()


def test_file_that_is_dropped_makes_a_draft(browser: Browser, site: str) -> None:
    desk = Desk(browser, DESKTOP)
    page = desk.page
    page.goto(f"{site}/plans?lang=en")
    expect(page.locator("#file")).to_be_hidden()
    square = '{"type":"Polygon","coordinates":[[[10,50],[13,50],[13,51],[10,51],[10,50]]]}'
    text = (
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"D-x","parent":"D"},'
        f'"geometry":{square}}}]}}'
    )
    dropped = page.evaluate_handle(
        "text => { const data = new DataTransfer(); data.items.add(new File([text], 'all.geojson')); return data; }",
        text,
    )
    page.dispatch_event("#new-plan", "drop", {"dataTransfer": dropped})
    expect(page.locator("#file")).to_be_visible()
    page.locator("#name").fill("one grid")
    page.get_by_role("button", name="Make the plan").click()
    page.wait_for_url(f"{site}/plans/*")
    expect(page.locator("h1")).to_contain_text("one grid")
    expect(page.locator(".numbers dd").first).to_have_text("1")
    assert desk.errors == []
    page.context.close()


def test_comment_is_pinned_by_a_click_on_the_map_and_settled(browser: Browser, site: str) -> None:
    desk = Desk(browser, DESKTOP)
    page = desk.page
    page.goto(f"{site}/plans/2?lang=en")
    page.wait_for_selector("html[data-geogrid=ready]", state="attached")
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.5)
    lon, lat = (float(part) for part in page.locator("#lonlat").input_value().split(","))
    assert 10 < lon < 13
    assert 50 < lat < 51
    page.locator("#words").fill("A school is being built here")
    page.get_by_role("button", name="Say it").click()
    page.wait_for_url(f"{site}/plans/2?lang=en#comments")
    comment = page.locator(".comment", has_text="A school is being built here")
    expect(comment).to_contain_text(f"{lon:.5f}")
    comment.get_by_role("button").click()
    expect(page.locator(".comment.is-resolved", has_text="A school is being built here")).to_be_visible()
    assert desk.errors == []
    page.context.close()


def test_planner_sees_within_a_second_who_else_is_there_and_that_the_plan_was_changed(
    browser: Browser, site: str
) -> None:
    first, second = Desk(browser, DESKTOP), Desk(browser, PHONE)
    for desk in (first, second):
        desk.page.goto(f"{site}/plans/2?lang=en")
    expect(first.page.locator("#others")).to_contain_text("Here now: somebody", timeout=8_000)
    reply = first.page.request.post(
        f"{site}/plans/2/edits",
        data={"operations": [{"kind": "rename", "names": {"D-c": "School"}}], "by": "Li"},
        headers={"If-Match": "*"},
    )
    assert reply.ok
    expect(second.page.locator("#others")).to_contain_text("Li has changed the plan meanwhile", timeout=1_500)
    for desk in (first, second):
        desk.page.context.close()


def test_plan_is_published_for_next_monday_and_withdrawn(browser: Browser, site: str, artifacts: Path) -> None:
    desk = Desk(browser, DESKTOP)
    page = desk.page
    page.goto(f"{site}/plans/3?lang=en")
    page.get_by_role("link", name="Publish …").click()
    page.get_by_label("Why it is acceptable").fill("being hired")
    page.get_by_label("Notice").fill("more even loads")
    page.get_by_role("button", name="Publish: ").click()
    page.wait_for_url(f"{site}/plans/3?lang=en")
    expect(page.locator("h1 .status")).to_have_text("scheduled")
    desk.check()
    page.screenshot(path=artifacts / "plan-scheduled-en-1280.png", full_page=True)
    page.get_by_role("button", name="Withdraw before its day").click()
    expect(page.locator("h1 .status")).to_have_text("approved")
    assert desk.errors == []
    page.context.close()


def test_comparison_is_printed_on_one_side_with_scale_north_and_signatures(
    browser: Browser, site: str, artifacts: Path
) -> None:
    desk = Desk(browser, DESKTOP)
    page = desk.page
    page.goto(f"{site}/plans/1/compare/2?lang=zh")
    page.emulate_media(media="print")
    expect(page.locator(".signatures")).to_be_visible()
    expect(page.locator(".scale")).to_be_visible()
    expect(page.locator(".arrow")).to_be_visible()
    expect(page.locator(".plan-buttons")).to_be_hidden()
    page.pdf(path=artifacts / "compare-a3.pdf", prefer_css_page_size=True)
    page.set_viewport_size({"width": 1500, "height": 1060})
    page.screenshot(path=artifacts / "compare-print-zh.png")
    page.context.close()


def test_forms_work_without_script(browser: Browser, site: str) -> None:
    page = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}).new_page()
    page.goto(f"{site}/plans?lang=en")
    page.locator("#name").fill("without script")
    page.get_by_role("button", name="Make the plan").click()
    expect(page.locator("h1")).to_contain_text("without script")
    page.get_by_role("button", name="Send to review").click()
    expect(page.locator("h1 .status")).to_have_text("in review")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("h1 .status")).to_have_text("approved")
    page.context.close()
