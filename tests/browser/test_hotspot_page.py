from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from playwright.sync_api import Page

from api.web.assets import inlined_address
from geogrid.maps import BaseMap, hotspot_map, render
from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.browser.towns import ATTRIBUTION, ZONE, Town, make_cases

POINTS = "window[JSON.parse(document.getElementById('geogrid-data').textContent).clusters].getLayers().length"
READY = "html[data-geogrid=ready]"


@pytest.fixture(scope="module")
def cases(town: Town) -> gpd.GeoDataFrame:
    return make_cases(town)


@pytest.fixture(scope="module")
def hotspot_file(town: Town, cases: gpd.GeoDataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    drawn = hotspot_map(
        cases,
        town.grids,
        base=BaseMap(town.streets, town.buildings),
        time_zone=ZONE,
        attribution=ATTRIBUTION,
        subtitle="大屯营镇 · 2026",
        case_page="/search/{id}",
    )
    out = tmp_path_factory.mktemp("maps") / "hotspots.html"
    out.write_text(render(drawn, inlined_address), encoding="utf-8")
    return out


@pytest.fixture
def page(open_page: OpenPage, hotspot_file: Path) -> Page:
    return open_page(hotspot_file)


def week_of(cases: gpd.GeoDataFrame) -> "gpd.pd.Series":
    return cases["reported_at"].dt.tz_localize(None).dt.to_period("W")


def settle(page: Page) -> None:
    """Wait until the clusters follow; the page is busy from within the event that asked for it."""
    page.wait_for_selector(READY, state="attached")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_all_points_and_grids_are_drawn(
    open_page: OpenPage, hotspot_file: Path, artifacts: Path, size: tuple[int, int]
) -> None:
    page = open_page(hotspot_file, size)
    page.wait_for_timeout(400)  # clusters fade in; the picture is kept for people
    page.screenshot(path=artifacts / f"hotspots_{size[0]}.png")
    assert page.evaluate(POINTS) == 2000
    assert page.locator(".leaflet-gg-grids-pane path.leaflet-interactive").count() == 47


def test_the_clusters_in_sight_add_up_to_all_cases(page: Page) -> None:
    page.evaluate("void geogrid.shared.map.setZoom(12, {animate: false})")
    page.wait_for_selector(".leaflet-cluster-anim", state="detached")  # clusters move to where they join
    clusters = page.locator(".leaflet-marker-pane .gg-cluster").all_inner_texts()
    alone = page.locator(".leaflet-gg-cases-pane path.leaflet-interactive").count()
    assert sum(int(text.replace(",", "")) for text in clusters) + alone == 2000


def test_counts_per_grid_are_those_of_the_table(page: Page, cases: gpd.GeoDataFrame, town: Town) -> None:
    counted = page.evaluate("geogrid.shared.view.counts")
    expected = cases["grid"].value_counts()
    assert counted == [int(expected.get(code, 0)) for code in sorted(town.leaves["code"])]


def test_counts_per_community_add_up_over_their_grids(page: Page, cases: gpd.GeoDataFrame) -> None:
    page.get_by_label("community 社区").check()
    east = int(cases["grid"].fillna("").str.startswith("T-E").sum())
    west = int(cases["grid"].fillna("").str.startswith("T-W").sum())
    assert page.evaluate("geogrid.shared.view.counts") == [east, west]
    assert page.locator(".leaflet-gg-grids-pane path.leaflet-interactive").count() == 2


def test_the_slider_shows_one_week_on_every_layer(page: Page, cases: gpd.GeoDataFrame) -> None:
    page.get_by_label("热力 Heat").check()
    slider = page.get_by_role("slider")
    slider.focus()
    slider.press("Home")
    settle(page)
    slider.press("ArrowRight")
    settle(page)
    week = week_of(cases)
    second = cases[week == week.min() + 1]
    assert page.locator(".gg-time output strong").inner_text() == "2025-01-06 – 01-12"
    assert page.evaluate(POINTS) == len(second)
    assert sum(page.evaluate("geogrid.shared.view.counts")) == second["grid"].notna().sum()
    assert page.evaluate(
        "window[JSON.parse(document.getElementById('geogrid-data').textContent).heat]._latlngs.length"
    ) == len(second)


def test_all_brings_every_case_back(page: Page) -> None:
    page.get_by_role("button", name="下一段 Later").click()
    settle(page)
    assert page.evaluate(POINTS) < 2000
    page.get_by_role("button", name="全部 All").click()
    settle(page)
    assert page.evaluate(POINTS) == 2000


def test_playing_moves_on_by_itself_until_it_is_paused(page: Page) -> None:
    page.get_by_role("button", name="播放 Play").click()
    page.wait_for_function("geogrid.shared.view.period >= 2")
    page.get_by_role("button", name="暂停 Pause").click()
    stopped = page.evaluate("geogrid.shared.view.period")
    page.wait_for_timeout(1300)
    assert page.evaluate("geogrid.shared.view.period") == stopped


def test_heat_is_painted_where_cases_are(page: Page) -> None:
    page.get_by_label("聚合点 Clusters").uncheck()
    page.get_by_label("热力 Heat").check()
    page.wait_for_timeout(300)  # Leaflet.heat paints in the next frame
    painted = page.evaluate(
        """() => {
            const canvas = document.querySelector("canvas.leaflet-heatmap-layer");
            const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            let count = 0;
            for (let i = 3; i < pixels.length; i += 4) count += pixels[i] > 0;
            return count;
        }"""
    )
    assert painted > 10_000


def test_heat_can_be_switched_off_at_every_zoom(page: Page) -> None:
    page.get_by_label("热力 Heat").check()
    for zoom in (18, 12):
        page.evaluate("(zoom) => void geogrid.shared.map.setZoom(zoom, {animate: false})", zoom)
        assert page.get_by_label("热力 Heat").is_enabled()


def test_heat_survives_being_switched_while_time_moves(page: Page) -> None:
    page.get_by_label("热力 Heat").check()
    page.get_by_label("热力 Heat").uncheck()
    page.get_by_role("button", name="下一段 Later").click()
    settle(page)
    page.get_by_label("热力 Heat").check()
    assert page.locator("canvas.leaflet-heatmap-layer").count() == 1


def loneliest(cases: gpd.GeoDataFrame) -> int:
    """Return the position of the case that is farthest from any other, so that no cluster takes it in."""
    points = cases.geometry.to_numpy()
    position, distance = shapely.STRtree(points).query_nearest(points, exclusive=True, return_distance=True)
    return int(position[0][distance.argmax()])


def test_a_click_on_a_case_opens_what_is_known_of_it(page: Page, cases: gpd.GeoDataFrame) -> None:
    lonely = loneliest(cases)
    x, y = page.evaluate(
        """(lonely) => {
            const name = JSON.parse(document.getElementById("geogrid-data").textContent).clusters;
            const marker = window[name].getLayers().find((each) => each.geogridCase === lonely);
            geogrid.shared.map.setView(marker.getLatLng(), 18, {animate: false});
            const point = geogrid.shared.map.latLngToContainerPoint(marker.getLatLng());
            return [point.x, point.y];
        }""",
        lonely,
    )
    page.mouse.click(x, y)
    page.locator(".gg-details").wait_for()
    told = page.locator(".gg-details").inner_text()
    first = cases.iloc[lonely]
    for expected in (
        f"Number {first['id']}",
        first["text"],
        first["address"],
        first["channel"],
        first["category"],
        f"{first['reported_at']:%Y-%m-%d %H:%M}",
    ):
        assert expected in told
    assert page.get_by_role("link", name="Open the case").get_attribute("href") == f"/search/{first['id']}"


def test_on_a_phone_the_panels_leave_each_other_room(open_page: OpenPage, hotspot_file: Path) -> None:
    page = open_page(hotspot_file, PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    panels = (".gg-title", ".gg-legend", ".gg-time", ".leaflet-control-layers", ".leaflet-control-zoom")
    boxes = {panel: page.locator(panel).bounding_box() for panel in panels}
    for name, one in boxes.items():
        assert one is not None
        assert one["x"] >= 0, name
        assert one["x"] + one["width"] <= PHONE[0], name
        for other_name, other in boxes.items():
            if name < other_name and other is not None:
                assert (
                    one["x"] + one["width"] <= other["x"]
                    or other["x"] + other["width"] <= one["x"]
                    or one["y"] + one["height"] <= other["y"]
                    or other["y"] + other["height"] <= one["y"]
                ), (name, other_name)


def test_no_case_is_said_where_the_map_would_be_bare(
    open_page: OpenPage, town: Town, cases: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    out = tmp_path / "none.html"
    out.write_text(render(hotspot_map(cases[:0], town.grids), inlined_address), encoding="utf-8")
    page = open_page(out)
    assert page.get_by_role("status").inner_text() == "没有符合条件的诉求 No case matches"
    assert page.locator(".gg-time").count() == 0
