"""The map of what a method found, in a browser that reaches nothing but the file."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from api.maps.findings import Around, found_map
from api.maps.schemas import HotspotMapQuery
from api.web.assets import inlined_address
from geogrid.maps import BaseMap, render
from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.browser.towns import ATTRIBUTION, ZONE, Town, make_cases

SPLIT = "2025-07-01T00:00:00+08:00"
GRIDS = ".leaflet-gg-grids-pane path.leaflet-interactive"
FILLS = f"[...document.querySelectorAll('{GRIDS}')].map((each) => each.getAttribute('fill'))"
CENTRES = "[...Object.keys(window)].filter((n) => /^map_/.test(n)).map((n) => window[n].getCenter())"
DATA = "JSON.parse(document.getElementById('geogrid-data').textContent)"
PAIRS = f"{DATA}.pairs.map((pair) => pair.map((name) => Boolean(window[name]._map)))"
SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])


@pytest.fixture(scope="module")
def files(town: Town, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    around = Around(BaseMap(town.streets, town.buildings), ZONE, tuple(ATTRIBUTION), "大屯营镇", "2026")
    cases, folder, found = make_cases(town), tmp_path_factory.mktemp("found"), dict[str, Path]()
    for lang in ("en", "zh"):
        for name, split in (("one", {}), ("two", {"split": SPLIT})):
            query = HotspotMapQuery.model_validate({"method": "rate", "lang": lang, **split})
            found[f"{name}-{lang}"] = folder / f"{name}-{lang}.html"
            drawn = found_map(cases, town.grids, query, around, asked=(("method", "rate"),))
            found[f"{name}-{lang}"].write_text(render(drawn, inlined_address), encoding="utf-8")
    return found


def panels_apart(page: Page) -> list[tuple[str, str]]:
    """Return the panels that lie on each other."""
    boxes = {}
    for panel in (".gg-title", ".gg-legend", ".gg-said-earlier", ".gg-said-later", ".gg-said-alone"):
        if page.locator(panel).count():
            boxes[panel] = page.locator(panel).bounding_box()
    for control in (".leaflet-control-layers", ".leaflet-control-zoom"):
        boxes[control] = page.locator(control).bounding_box()
    return [
        (name, other)
        for name, one in boxes.items()
        for other, two in boxes.items()
        if name < other
        and one is not None
        and two is not None
        and one["x"] < two["x"] + two["width"]
        and two["x"] < one["x"] + one["width"]
        and one["y"] < two["y"] + two["height"]
        and two["y"] < one["y"] + one["height"]
    ]


@SIZES
@pytest.mark.parametrize("name", ["one-en", "one-zh", "two-en", "two-zh"])
def test_every_grid_is_drawn_and_no_panel_lies_on_another(
    open_page: OpenPage, files: dict[str, Path], artifacts: Path, size: tuple[int, int], name: str
) -> None:
    page = open_page(files[name], size)
    page.screenshot(path=artifacts / f"findings-{name}-{size[0]}.png")
    assert page.locator(GRIDS).count() == (94 if name.startswith("two") else 47)
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    assert panels_apart(page) == []
    said = page.locator(".gg-said").all_inner_texts()
    word = "chance explains" if name.endswith("en") else "偶然所能解释"
    assert [text for text in said if word not in text] == []


def test_views_colour_the_grids_anew_and_the_legend_follows(open_page: OpenPage, files: dict[str, Path]) -> None:
    page = open_page(files["one-en"])
    legend = page.locator(".gg-legend section:visible")
    assert legend.locator("h2").inner_text() == "Significance"
    states = page.evaluate(FILLS)
    page.get_by_label("Rate per 1,000 Households").check()
    assert legend.locator("h2").inner_text() == "Rate per 1,000 Households"
    rates = page.evaluate(FILLS)
    assert len(set(rates)) == 5
    assert rates != states
    page.get_by_label("None").check()
    assert legend.count() == 0
    page.get_by_label("Significance").check()
    assert page.evaluate(FILLS) == states


def test_maps_of_two_periods_move_and_switch_together(open_page: OpenPage, files: dict[str, Path]) -> None:
    page = open_page(files["two-en"])
    one, two = page.evaluate(CENTRES)
    assert one["lat"] == pytest.approx(two["lat"], abs=1e-6)
    box = page.locator(".folium-map").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 330)
    page.mouse.down()
    page.mouse.move(box["x"] + 360, box["y"] + 370, steps=5)
    page.mouse.up()
    moved, followed = page.evaluate(CENTRES)
    assert moved["lng"] != pytest.approx(one["lng"], abs=1e-6)
    assert moved["lng"] == pytest.approx(followed["lng"], abs=1e-6)
    assert page.evaluate(PAIRS) == [[True, True], [True, True]]
    page.locator(".leaflet-control-layers").hover()
    page.get_by_label("Buildings").uncheck()
    assert page.evaluate(PAIRS) == [[False, False], [True, True]]


def test_click_tells_the_rate_of_that_period(open_page: OpenPage, files: dict[str, Path]) -> None:
    page = open_page(files["two-en"])
    told = []
    for half in (0, 1):
        box = page.locator(".folium-map").nth(half).bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] / 2 + 30, box["y"] + box["height"] / 2 - 40)
        details = page.locator(".folium-map").nth(half).locator(".gg-details")
        details.wait_for()
        told.append(details.inner_text())
    assert told[0] != told[1]
    assert all("Rate per 1,000 Households, in 30 days" in text for text in told)


def test_other_methods_are_one_fold_away(open_page: OpenPage, files: dict[str, Path]) -> None:
    page = open_page(files["one-en"])
    page.get_by_text("Method and periods").click()
    assert page.locator(".gg-choices a[aria-current=page]").all_inner_texts() == ["Rate", "one period"]
    assert page.get_by_role("link", name="Gi*").get_attribute("href") == "?method=gi_star"
