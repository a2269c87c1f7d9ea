from pathlib import Path

import pytest
from playwright.sync_api import Page

from api.web.assets import inlined_address
from geogrid.maps import BaseMap, coverage_map, render
from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.browser.towns import ATTRIBUTION, Town

CLICKABLE = ".leaflet-gg-{}-pane path.leaflet-interactive"


@pytest.fixture(scope="module")
def coverage_file(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Path:
    drawn = coverage_map(
        town.grids,
        limit=town.limit,
        base=BaseMap(town.streets, town.buildings),
        band=(300, 500),
        attribution=ATTRIBUTION,
        subtitle="大屯营镇 · 2026",
        home="/",
    )
    out = tmp_path_factory.mktemp("maps") / "coverage.html"
    out.write_text(render(drawn, inlined_address), encoding="utf-8")
    return out


@pytest.fixture
def page(open_page: OpenPage, coverage_file: Path) -> Page:
    return open_page(coverage_file)


def place_of(page: Page, title: str) -> tuple[float, float]:
    """Return where in the window a leaf grid has most room."""
    x, y = page.evaluate(
        """(title) => {
            const place = geogrid.shared.namedPlaces().find(([name]) => name === title);
            const point = geogrid.shared.map.latLngToContainerPoint([place[2], place[1]]);
            return [point.x, point.y];
        }""",
        title,
    )
    return x, y


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_all_grids_and_the_uncovered_land_are_drawn(
    open_page: OpenPage, coverage_file: Path, artifacts: Path, size: tuple[int, int]
) -> None:
    page = open_page(coverage_file, size)
    drawn = {pane: page.locator(CLICKABLE.format(pane)).count() for pane in ("grids", "parents", "uncovered")}
    page.wait_for_timeout(300)  # tiles of the canvas settle; the picture is kept for people
    page.screenshot(path=artifacts / f"coverage_{size[0]}.png")
    assert drawn == {"grids": 47, "parents": 3, "uncovered": 1}


def test_streets_and_buildings_lie_under_the_grids(page: Page) -> None:
    painted = page.evaluate(
        """() => ["gg-streets", "gg-buildings"].map((pane) => {
            const canvas = geogrid.shared.map.getPane(pane).querySelector("canvas");
            const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            return pixels.some((value, i) => i % 4 === 3 && value > 0);
        })"""
    )
    assert painted == [True, True]


def test_a_click_opens_the_details_of_the_grid(page: Page) -> None:
    page.mouse.click(*place_of(page, "第8网格"))
    details = page.locator(".gg-details")
    details.wait_for()
    assert details.locator("h3").inner_text() == "第8网格"
    assert details.locator("dd").all_inner_texts()[:5] == [
        "T-W-08",
        "grid 网格",
        "综合网格 Comprehensive",
        "大屯营镇 › 西社区",
        "网格长 王芳",
    ]
    assert "(300–500)" in details.inner_text()


def test_a_click_on_uncovered_land_tells_its_area(page: Page) -> None:
    page.locator(CLICKABLE.format("uncovered")).click()
    page.locator(".gg-details").wait_for()
    assert page.locator(".gg-details h3").inner_text() == "未覆盖 Uncovered"
    assert "m²" in page.locator(".gg-details dd").inner_text()


def test_the_pointer_over_a_grid_names_it(page: Page) -> None:
    page.mouse.move(*place_of(page, "第8网格"))
    page.locator(".gg-tip").wait_for()
    assert page.locator(".gg-tip").inner_text() == "第8网格\nT-W-08"


def test_a_layer_can_be_switched_off(page: Page) -> None:
    page.get_by_label("综合网格 Comprehensive").uncheck()
    assert page.locator(CLICKABLE.format("grids")).count() == 6


def test_with_the_leaves_off_a_click_tells_of_the_community(page: Page) -> None:
    page.get_by_label("综合网格 Comprehensive").uncheck()
    page.mouse.click(*place_of(page, "第8网格"))
    page.locator(".gg-details").wait_for()
    assert page.locator(".gg-details h3").inner_text() == "西社区"


def test_the_sources_are_named_and_linked(page: Page) -> None:
    credit = page.locator(".leaflet-control-attribution")
    assert "© OpenStreetMap contributors, ODbL www.openstreetmap.org/copyright" in credit.inner_text()
    assert "县统计局 2026" in credit.inner_text()
    assert credit.locator("a").get_attribute("href") == "https://www.openstreetmap.org/copyright"


def test_names_stand_where_they_have_room_and_never_over_each_other(page: Page) -> None:
    page.evaluate("void geogrid.shared.map.setZoom(17, {animate: false})")
    boxes = [box for box in (name.bounding_box() for name in page.locator(".gg-name").all()) if box]
    assert len(boxes) > 3
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            assert (
                one["x"] + one["width"] <= other["x"] + 1
                or other["x"] + other["width"] <= one["x"] + 1
                or one["y"] + one["height"] <= other["y"] + 1
                or other["y"] + other["height"] <= one["y"] + 1
            )


def test_on_a_phone_the_panels_fit_and_the_legend_opens_at_a_touch(open_page: OpenPage, coverage_file: Path) -> None:
    page = open_page(coverage_file, PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    legend = page.locator(".gg-legend")
    assert not page.locator(".gg-legend-body").is_visible()
    legend.locator("summary").click()
    assert page.locator(".gg-legend-body").is_visible()
    for panel in (".gg-title", ".gg-legend", ".leaflet-control-layers", ".leaflet-control-zoom"):
        box = page.locator(panel).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE[0]
        assert box["y"] + box["height"] <= PHONE[1]
