"""The pages as people use them: real browser, real server, real PostGIS, nothing from elsewhere."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

from api.settings import ServerSettings
from boundaries.cases.reading import NewCase
from boundaries.store.engine import open_engine
from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.fixtures_db import TEMPLATE, Database, Server, copied
from tests.http.conftest import store_cases, store_town
from tests.serving import serving

START = datetime(2026, 2, 1, tzinfo=UTC)
SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])


@pytest.fixture(autouse=True, scope="module")
def patience() -> None:
    """Wait longer than on an idle machine for what a page does by itself."""
    expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def stored(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A town with 40 cases: 38 in its three grids, one outside, one without a point. It is only read."""
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("pages")):
        engine = open_engine(database.settings)
        store_forty_cases(engine)
        engine.dispose()
        yield database


def store_forty_cases(engine: Engine) -> None:
    town = store_town(engine)
    texts = ("路灯不亮, 晚上看不见路", "The street lamp has been dark for a week", "<img src=x onerror=alert(1)>")
    cases = [
        NewCase(
            source="test",
            source_key=str(i),
            reported_at=START + timedelta(hours=i),
            text=texts[i % 3],
            channel=("12345", "visit")[i % 2],
            category="public works",
            address=f"Long Street {i}",
            status=("open", "closed")[i % 5 == 0],
            closed_at=START + timedelta(days=9) if i % 5 == 0 else None,
            lon=10.1 + 2.8 * i / 38,
            lat=50.1 + 0.8 * (i % 7) / 7,
        )
        for i in range(38)
    ]
    cases.append(NewCase("test", "outside", START - timedelta(days=1), text="far away", lon=0.0, lat=0.0))
    cases.append(NewCase("test", "nowhere", START - timedelta(days=2), text="somewhere"))
    store_cases(engine, town, *cases)


@pytest.fixture(scope="module")
def site(stored: Database) -> Iterator[str]:
    """The address of the running server."""
    with serving(ServerSettings(**stored.settings.model_dump())) as address:
        yield address


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def markers(page: Page) -> list[str]:
    return page.locator(".pin").all_inner_texts()


@SIZES
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_start_page_answers_an_address_without_leaving(
    site: str, open_page: OpenPage, artifacts: Path, size: tuple[int, int], lang: str
) -> None:
    page = open_page(f"{site}/?lang={lang}", size)
    page.evaluate("window.stayed = true")
    page.locator("#q").fill("Long Street 9")
    page.locator("#q").press("Enter")
    expect(page.locator("#answer .name")).to_have_text("Grid b")
    assert page.evaluate("window.stayed") is True
    assert "q=Long+Street+9" in page.url
    assert page.locator(".sketch-found").count() == 1
    assert overflow(page) == 0
    page.screenshot(path=artifacts / f"start-{lang}-{size[0]}.png", full_page=True)
    page.go_back()
    expect(page.locator("#answer .name")).to_have_count(0)


def test_click_on_the_picture_asks_for_the_very_place(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/?lang=en")
    picture = page.locator("#sketch")
    for share, name in ((0.2, "Grid a"), (0.5, "Grid b"), (0.8, "Grid c")):
        box = picture.bounding_box()
        assert box is not None
        picture.click(position={"x": box["width"] * share, "y": box["height"] / 2})
        expect(page.locator("#answer .name")).to_have_text(name)
        lon, lat = (float(part) for part in page.locator("#q").input_value().split(","))
        assert lon == pytest.approx(10 + 3 * share, abs=0.15)
        assert lat == pytest.approx(50.5, abs=0.05)


def test_pages_work_without_script(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{site}/?lang=en")
    page.locator("#q").fill("10.25, 50.5")
    page.get_by_role("button", name="Find grid").click()
    expect(page.locator("#answer .name")).to_have_text("Grid a")
    with page.expect_navigation():
        page.locator(".sketch-leaf").last.dispatch_event("click")
    expect(page.locator("#answer .name")).to_have_text("Grid c")
    page.goto(f"{site}/search?lang=en")
    page.locator("#text").fill("lamp")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#cases > li")).to_have_count(13)
    page.locator(".case-text a").first.click()
    expect(page.locator("h1")).to_have_text("The street lamp has been dark for a week")
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator("#cases > li")).to_have_count(13)
    context.close()


@SIZES
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_search_shows_each_case_in_list_and_map(
    site: str, open_page: OpenPage, artifacts: Path, size: tuple[int, int], lang: str
) -> None:
    page = open_page(f"{site}/search?lang={lang}", size)
    assert page.locator("#cases > li").count() == 25
    assert sorted(map(int, markers(page))) == list(range(1, 26))
    assert overflow(page) == 0
    page.screenshot(path=artifacts / f"search-{lang}-{size[0]}.png")
    page.locator('a[rel="next"]').click()
    page.wait_for_selector("html[data-geogrid=ready]", state="attached")
    assert page.locator("#cases > li").count() == 15
    assert len(markers(page)) == 14
    assert page.locator(".case-number.nowhere").count() == 1


def test_line_and_marker_light_up_together(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/search?lang=en")
    page.locator("#cases > li").nth(2).hover()
    expect(page.locator(".pin.is-lit")).to_have_text("3")
    page.mouse.move(1, 1)
    expect(page.locator(".pin.is-lit")).to_have_count(0)


def test_marker_tells_the_case_and_leads_to_it(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/search?lang=en&text=lamp")
    page.locator(".leaflet-marker-icon").nth(4).dispatch_event("click")
    popup = page.locator(".leaflet-popup-content")
    expect(popup).to_contain_text("The street lamp has been dark for a week")
    popup.locator("a").click()
    expect(page.locator("h1")).to_have_text("The street lamp has been dark for a week")


def test_filters_are_reached_by_keyboard_and_stay_open_when_set(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/search?lang=en")
    assert not page.locator("#channel").is_visible()
    page.locator("#text").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("#channel").is_visible()
    page.locator("#channel").select_option("visit")
    page.get_by_role("button", name="Search").click()
    page.wait_for_selector("html[data-geogrid=ready]", state="attached")
    expect(page.locator("#results-title")).to_contain_text("19 cases")
    assert page.locator("#channel").is_visible()
    assert page.locator("#channel").input_value() == "visit"


@SIZES
def test_case_page_shows_place_and_people(
    site: str, open_page: OpenPage, artifacts: Path, size: tuple[int, int]
) -> None:
    page = open_page(f"{site}/search/1?lang=zh", size)
    expect(page.locator("h1")).to_have_text("路灯不亮, 晚上看不见路")
    expect(page.locator(".duties")).to_contain_text("王芳")
    assert len(markers(page)) == 1
    assert overflow(page) == 0
    page.screenshot(path=artifacts / f"case-{size[0]}.png", full_page=True)


@SIZES
def test_reference_opens_without_the_internet(
    browser: Browser, site: str, artifacts: Path, size: tuple[int, int]
) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    foreign: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: None if request.url.startswith((site, "data:")) else foreign.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{site}/docs")
    expect(page.locator(".opblock-summary-path").filter(has_text="/locate").first).to_be_visible()
    page.screenshot(path=artifacts / f"docs-{size[0]}.png")
    assert (foreign, errors) == ([], [])
    context.close()


def test_lookup_can_be_tried_in_the_reference(browser: Browser, site: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{site}/docs")
    page.locator("#operations-locate-locate .opblock-summary-control").click()
    page.get_by_placeholder("lon").fill("10.25")
    page.get_by_placeholder("lat").fill("50.5")
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table tbody .response-col_description")).to_contain_text('"code": "D-a"')
    context.close()


@SIZES
@pytest.mark.parametrize("path", ["/search?text=zebra", "/search?from=2026-13-01", "/nothing", "/?q=Nowhere"])
def test_empty_and_wrong_states_fit_the_window(browser: Browser, site: str, size: tuple[int, int], path: str) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{site}{path}")
    assert overflow(page) == 0
    assert page.locator(".note, .empty").first.is_visible()
    context.close()


@pytest.mark.parametrize("path", ["/", "/?q=10.25,50.5", "/search", "/search/1", "/nothing"])
def test_text_stands_out_from_its_ground(browser: Browser, site: str, path: str) -> None:
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.goto(f"{site}{path}")
    assert page.evaluate(CONTRAST) == []
    context.close()


# WCAG 2.2, 1.4.3: at least 4.5 to 1 for text of ordinary size, against the nearest opaque ground.
CONTRAST = """
() => {
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const weak = [];
  for (const element of document.querySelectorAll("body *:not(svg *)")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const seen = element.checkVisibility({ visibilityProperty: true }) && !element.closest(".leaflet-container");
    if (!own || !seen) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) weak.push([ratio.toFixed(2), element.className, element.textContent.trim()]);
  }
  return weak;
}
"""
