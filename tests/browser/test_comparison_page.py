"""The comparison map in a real browser, without network."""

from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from playwright.sync_api import Page

from api.web.assets import inlined_address
from geogrid.maps import Compared, comparison_map, render
from tests.browser.conftest import DESKTOP, PHONE, OpenPage

HOSTILE = "<img src=x onerror=alert(1)> {{ 7 * 7 }} 草案"
CENTRES = "geogridMaps.map((map) => [map.getCenter().lng.toFixed(4), map.getCenter().lat.toFixed(4), map.getZoom()])"


def leaves(codes: str, fates: dict[str, list[str]], before: dict[str, str | None]) -> gpd.GeoDataFrame:
    """Return a row of boxes, 0.01 degrees wide, one a letter."""
    table = {
        "code": list(codes),
        "name": [HOSTILE if code == "b" else f"Grid {code}" for code in codes],
        "fates": [fates.get(code, ["unchanged"]) for code in codes],
        "before": [before.get(code, code) for code in codes],
        **dict.fromkeys(("gained_households", "lost_households"), 0.0),
        **dict.fromkeys(("gained_m2", "lost_m2"), 1000.0),
    }
    shapes = [shapely.box(118.80 + n * 0.01, 31.90, 118.81 + n * 0.01, 31.91) for n in range(len(codes))]
    return gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4326")


@pytest.fixture(scope="module")
def comparison_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    moved = gpd.GeoDataFrame(
        {"before": ["b"], "after": ["c"], "area_m2": [12345.6], "households": [78.0], "open_cases": [2]},
        geometry=[shapely.box(118.818, 31.90, 118.82, 31.91)],
        crs="EPSG:4326",
    )
    compared = Compared(
        leaves("abcd", {"b": ["moved"], "c": ["moved"], "d": ["dissolved"]}, {}),
        leaves("abce", {"b": ["moved"], "c": ["moved"], "e": ["carved"]}, {"e": None}),
        moved,
        ("2026", HOSTILE),
    )
    out = tmp_path_factory.mktemp("maps") / "comparison.html"
    out.write_text(render(comparison_map(compared, attribution=["© Surveyors"]), inlined_address), encoding="utf-8")
    return out


@pytest.fixture
def page(open_page: OpenPage, comparison_file: Path) -> Page:
    return open_page(comparison_file)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_both_plans_are_drawn_beside_or_above_each_other(
    open_page: OpenPage, comparison_file: Path, artifacts: Path, size: tuple[int, int]
) -> None:
    page = open_page(comparison_file, size)
    boxes = [page.locator(".folium-map").nth(n).bounding_box() for n in (0, 1)]
    page.wait_for_timeout(300)  # the canvas settles; the picture is kept for people
    page.screenshot(path=artifacts / f"comparison_{size[0]}.png")
    assert boxes[0] is not None
    assert boxes[1] is not None
    along = "x" if size == DESKTOP else "y"
    assert boxes[1][along] - boxes[0][along] == pytest.approx(size[0 if size == DESKTOP else 1] / 2, abs=1)


def test_maps_move_together(page: Page) -> None:
    left, right = page.evaluate(CENTRES)
    assert left == right
    page.evaluate("void geogridMaps[1].setView([31.9, 118.83], 15.5, {animate: false})")
    assert page.evaluate(CENTRES)[0] == ["118.8300", "31.9000", 15.5]
    page.evaluate("void geogridMaps[0].panBy([40, 0], {animate: false})")
    left, right = page.evaluate(CENTRES)
    assert left == right


def point_at(page: Page, which: int, lon: float, lat: float, told: str) -> None:
    """Move the pointer to a place of a map and wait until a tooltip says something."""
    x, y = page.evaluate(
        """([which, lon, lat]) => {
            const map = geogridMaps[which], box = map.getContainer().getBoundingClientRect();
            const point = map.latLngToContainerPoint([lat, lon]);
            return [box.x + point.x, box.y + point.y];
        }""",
        [which, lon, lat],
    )
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    page.locator(".gg-tip", has_text=told).wait_for()


def test_moved_land_and_grids_tell_what_became_of_them(page: Page) -> None:
    point_at(page, 1, 118.819, 31.905, "b → c")
    point_at(page, 1, 118.819, 31.905, "12,346 m²")
    point_at(page, 0, 118.8155, 31.903, "Land moved")


def test_hostile_names_stay_text(page: Page) -> None:
    point_at(page, 0, 118.8155, 31.903, HOSTILE)
    assert page.locator(".gg-side-after").inner_text().endswith(HOSTILE)
    assert page.locator("img[src=x]").count() == 0


def test_legend_counts_every_grid_of_either_plan_once(page: Page) -> None:
    rows = page.locator(".gg-legend section").first.locator("li").all_inner_texts()
    counts = {row.split("\n")[0].split()[-1]: int(row.split("\n")[-1]) for row in rows}
    assert counts == {"Dissolved": 1, "Carved": 1, "moved": 2, "Unchanged": 1}
