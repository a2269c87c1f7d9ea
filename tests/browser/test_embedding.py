"""The grids in other people's pages: every snippet of docs/embedding.md, from another origin, network cut."""

import re
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import shapely
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.staticfiles import StaticFiles

from api.settings import ServerSettings
from boundaries.basemap.storing import save_barriers, save_buildings
from boundaries.editions.reading import edition_at
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.plans.storing import save_plan
from boundaries.publishing.publish import publish
from boundaries.store.engine import open_engine, unit_of_work
from boundaries.tiles.archive import export_tiles
from boundaries.tiles.tilesets import fitting_zoom
from geogrid.coordinates import from_wgs84
from geogrid.tiles import WEB_MERCATOR_QUAD
from geogrid.types import LevelName
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.towns import make_town
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.serving import serving, serving_app

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = (
    "leaflet/dist/leaflet.js",
    "leaflet/dist/leaflet.css",
    "maplibre-gl/dist/maplibre-gl.mjs",
    "maplibre-gl/dist/maplibre-gl-worker.mjs",
    "maplibre-gl/dist/maplibre-gl.css",
    "ol/dist/ol.js",
    "ol/ol.css",
    "pmtiles/dist/pmtiles.js",
)
EAST = 60
# Amap's part that the snippet uses: it keeps what it is given, and clicks where the test says.
AMAP = """
window.AMap = {
  Map: class {
    constructor(id) { AMap.map = this; this.shown = []; }
    add(each) { this.shown.push(each); }
    setFitView() { this.fits = true; }
    on(kind, heard) { this[kind] = heard; }
  },
  Polygon: class { constructor(options) { Object.assign(this, options); } },
};
"""


@dataclass(frozen=True)
class Sites:
    """Our server, and somebody else's with the libraries and the files in `folder`."""

    geogrid: str
    host: str
    folder: Path


@pytest.fixture(autouse=True, scope="module")
def patience() -> None:
    expect.set_options(timeout=60_000)


@pytest.fixture(scope="module")
def settings(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerSettings]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("embedding")):
        engine, town = open_engine(database.settings), make_town()
        levels = [LevelName("township", "乡镇"), LevelName("community", "社区"), LevelName("grid", "网格")]
        with unit_of_work(engine) as session:
            stored = save_jurisdiction(session, code="datun", name="大屯营镇", levels=levels, attribution=["县统计局"])
            plan = save_plan(session, stored, name="第一版", grids=town.grids, band=(300, 500))
            publish(session, plan, valid_from=datetime(2026, 1, 1, tzinfo=UTC))
            save_barriers(session, stored.id, town.streets.assign(kind="highway"))
            save_buildings(session, stored.id, town.buildings.assign(name=""))
        engine.dispose()
        yield ServerSettings(**database.settings.model_dump())


@pytest.fixture(scope="module")
def sites(settings: ServerSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    folder = tmp_path_factory.mktemp("host")
    for each in LIBRARIES:
        shutil.copy(ROOT / "node_modules" / each, folder)
    (folder / "amap.js").write_text(AMAP)
    open_to_all = settings.model_copy(update={"frame_ancestors": ("*",), "cors_origins": ("*",)})
    host = Starlette()
    host.mount("/", StaticFiles(directory=folder))
    with serving(open_to_all) as geogrid, serving_app(host) as other:
        yield Sites(geogrid, other, folder)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open an address with everything but the loopback cut off; afterwards nothing may have gone wrong."""
    contexts, wrong = [], []

    def cut(route: Route) -> None:
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            route.continue_()
        else:
            wrong.append(route.request.url)
            route.abort()

    def opened(address: str, size: tuple[int, int] = DESKTOP) -> Page:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN")
        contexts.append(context)
        context.set_default_timeout(60_000)
        context.route(re.compile("^https?://"), cut)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def snippet(mark: str, sites: Sites) -> str:
    """Return the address of a page of the other site that holds the snippet with a mark, as the manual has it."""
    blocks = re.findall(r"```html\n(.*?)```", (ROOT / "docs" / "embedding.md").read_text("utf-8"), flags=re.DOTALL)
    [found] = [block for block in blocks if mark in block]
    amap = re.sub(r"https://webapi\.amap\.com/[^\"]*", "amap.js", found)
    name = re.sub(r"\W", "", mark)
    text = f"<!doctype html><html lang=zh><meta charset=utf-8><title>host</title><body>{amap}"
    (sites.folder / f"{name}.html").write_text(text.replace("https://geogrid.example", sites.geogrid), "utf-8")
    return f"{sites.host}/{name}.html"


def leaves_in_the_middle(codes: str = "") -> set[str]:
    """Return the leaves in the middle of the box of the town, or of the leaves whose codes start so, to some pixels."""
    leaves = make_town().leaves
    leaves = leaves[leaves["code"].str.startswith(codes)]
    west, south, east, north = leaves.total_bounds
    middle = shapely.Point((west + east) / 2, (south + north) / 2)
    return set(leaves["code"].to_numpy()[shapely.dwithin(leaves.geometry.to_numpy(), middle, 0.0003)])


def leaf_east_of_the_middle(plane_per_pixel: float) -> str:
    """Return the leaf `EAST` pixels east of the middle of the town's box on a map of a scale (the world is 1 wide)."""
    leaves = make_town().leaves
    west, south, east, north = leaves.total_bounds
    (left, right), (top, bottom) = WEB_MERCATOR_QUAD.forward(np.array([west, east]), np.array([north, south]))
    x, y = np.array([(left + right) / 2 + EAST * plane_per_pixel]), np.array([(top + bottom) / 2])
    lon, lat = WEB_MERCATOR_QUAD.backward(x, y)
    [code] = leaves["code"].to_numpy()[shapely.dwithin(leaves.geometry.to_numpy(), shapely.Point(lon[0], lat[0]), 4e-5)]
    return str(code)


def click_until_titled(page: Page, east: int = 0) -> str:
    """Click a map until the page has answered with its title; maps come when they come."""
    place = page.locator("#map")
    box = place.bounding_box()
    assert box is not None
    while page.title() == "host":
        place.click(position={"x": box["width"] / 2 + east, "y": box["height"] / 2})
        page.wait_for_timeout(1_000)  # two quick clicks would be one double click, which zooms
    return page.title()


def test_element_shows_the_map_and_tells_what_is_clicked(
    sites: Sites, visit: Callable[..., Page], artifacts: Path
) -> None:
    page = visit(snippet("<geogrid-map", sites))
    page.evaluate("addEventListener('geogrid-click', ({detail}) => { window.told = detail; })")
    frame = page.frame_locator("iframe")
    expect(frame.locator("html[data-geogrid=ready]")).to_be_attached()
    frame.locator("canvas").click()
    [name] = leaves_in_the_middle("T-E")
    expect(page.locator("#answer")).to_have_text(f"第{int(name[-2:])}网格")
    expect(frame.locator("#card h2")).to_have_text(f"第{int(name[-2:])}网格")
    told = page.evaluate("window.told")
    assert [each["code"] for each in told["chain"]] == [name, "T-E", "T"]
    assert told["coord_type"] == "wgs84"
    page.screenshot(path=artifacts / "embed-element.png")


def test_element_follows_its_attributes(sites: Sites, visit: Callable[..., Page]) -> None:
    page = visit(snippet("<geogrid-map", sites))
    frame = page.frame_locator("iframe")
    expect(frame.locator("html[data-geogrid=ready]")).to_be_attached()
    page.evaluate("addEventListener('geogrid-click', ({detail}) => { window.told = detail; })")
    page.evaluate(
        """() => {
            const map = document.querySelector("geogrid-map");
            map.setAttribute("level", "2");
            map.setAttribute("coord-type", "gcj02");
            map.removeAttribute("grids");
        }"""
    )
    expect(frame.locator(".embed-legend")).to_have_count(0)
    expect(frame.locator("html[data-geogrid=ready]")).to_be_attached()
    frame.locator("canvas").click()
    page.wait_for_function("window.told")
    found = page.evaluate("window.told")
    assert found["grid"]["code"] in {"T-W", "T-E"}
    west, south, east, north = make_town().grids.total_bounds
    low, high = from_wgs84([west, east], [south, north], "gcj02")
    assert low[0] < found["lon"] < low[1]
    assert high[0] < found["lat"] < high[1]
    assert found["coord_type"] == "gcj02"


def test_frame_shows_the_map_without_the_script(sites: Sites, visit: Callable[..., Page]) -> None:
    page = visit(snippet("<iframe", sites))
    expect(page.frame_locator("iframe").locator("html[data-geogrid=ready]")).to_be_attached()


def test_site_that_is_not_named_gets_an_empty_frame(settings: ServerSettings, sites: Sites, browser: Browser) -> None:
    with serving(settings) as strict:
        (sites.folder / "strict.html").write_text(f'<iframe src="{strict}/embed/map?jurisdiction=datun"></iframe>')
        context = browser.new_context()
        page = context.new_page()
        told: list[str] = []
        page.on("console", lambda message: told.append(message.text))
        page.goto(f"{sites.host}/strict.html")
        while not any("frame-ancestors" in each for each in told):
            page.wait_for_timeout(50)
        assert page.frame_locator("iframe").locator("#map").count() == 0
        context.close()


def test_maplibre_snippet_draws_the_town_and_knows_the_grid_clicked(
    sites: Sites, visit: Callable[..., Page], artifacts: Path
) -> None:
    page = visit(snippet('style: "https://geogrid.example/styles/grids', sites))
    bounds = tuple(float(each) for each in make_town().grids.total_bounds)
    scale = 1 / (512 * 2 ** fitting_zoom(bounds))  # type: ignore[arg-type]
    assert click_until_titled(page, EAST) == leaf_east_of_the_middle(scale)
    page.screenshot(path=artifacts / "embed-maplibre.png")


def test_openlayers_snippet_draws_the_town_and_knows_the_grid_clicked(
    sites: Sites, visit: Callable[..., Page], artifacts: Path
) -> None:
    page = visit(snippet("ol.source.VectorTile", sites))
    _, south, _, north = make_town().grids.total_bounds
    _, (top, bottom) = WEB_MERCATOR_QUAD.forward(np.zeros(2), np.array([north, south]))
    assert click_until_titled(page, EAST) == leaf_east_of_the_middle((bottom - top) / 420)
    page.screenshot(path=artifacts / "embed-openlayers.png")


def test_leaflet_snippet_draws_the_grids_and_knows_the_one_clicked(
    sites: Sites, visit: Callable[..., Page], artifacts: Path
) -> None:
    page = visit(snippet("L.geoJSON", sites))
    expect(page.locator("path.leaflet-interactive")).to_have_count(len(make_town().leaves.query("parent == 'T-E'")))
    assert {click_until_titled(page)} == leaves_in_the_middle("T-E")
    page.screenshot(path=artifacts / "embed-leaflet.png")


def test_amap_snippet_is_given_gcj02_and_gives_it_back(sites: Sites, visit: Callable[..., Page]) -> None:
    """A stand-in for Amap: it checks the coordinates, not the drawing."""
    page = visit(snippet("AMap.Map", sites))
    page.wait_for_function("AMap.map?.fits && Boolean(AMap.map.click)")
    shown = page.evaluate("AMap.map.shown.map(({path, extData}) => [extData.code, path])")
    leaves = make_town().leaves.set_index("code")
    assert {code for code, _ in shown} == set(leaves.index[leaves["parent"] == "T-E"])
    for code, path in shown:
        stored = shapely.get_coordinates(leaves.geometry[code])
        wanted = np.column_stack(from_wgs84(stored[:, 0], stored[:, 1], "gcj02"))
        given = np.array(path[0][0])
        nearest = np.abs(given[:, None] - wanted[None]).max(axis=2).min(axis=1)
        assert nearest.max() < 1e-9
        assert np.abs(given - stored.mean(axis=0)).max() > 0.001
    middle = leaves.geometry["T-E-07"].centroid
    lon, lat = from_wgs84([middle.x], [middle.y], "gcj02")
    page.evaluate(f"AMap.map.click({{lnglat: {{getLng: () => {lon[0]}, getLat: () => {lat[0]}}}}})")
    page.wait_for_function("document.title !== 'host'")
    assert page.title() == "T-E-07"


def test_pmtiles_snippet_draws_a_file_from_a_plain_host(
    settings: ServerSettings, sites: Sites, visit: Callable[..., Page], artifacts: Path
) -> None:
    engine = open_engine(settings)
    with Session(engine) as session:
        plan = edition_at(session, 1, datetime(2026, 2, 1, tzinfo=UTC))
        assert plan is not None
        export_tiles(session, plan, sites.folder / "town.pmtiles", max_zoom=14)
    engine.dispose()
    page = visit(snippet("pmtiles.Protocol", sites))
    asked: list[Any] = []
    page.on("response", lambda answer: asked.append(answer.status) if "town.pmtiles" in answer.url else None)
    page.reload()
    canvas = page.locator("#map canvas")
    expect(canvas).to_be_visible()
    while not drawn(page, canvas.screenshot()):
        page.wait_for_timeout(200)
    assert 206 in asked
    page.screenshot(path=artifacts / "embed-pmtiles.png")


def drawn(page: Page, picture: bytes) -> bool:
    """Return whether a picture has lines in it: dark pixels on light ground."""
    count = """async (address) => {
        const bitmap = await createImageBitmap(await (await fetch(address)).blob());
        const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
        context.drawImage(bitmap, 0, 0);
        const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
        return data.filter((value, place) => place % 4 === 0 && value < 140).length;
    }"""
    return int(page.evaluate(count, f"data:image/png;base64,{b64encode(picture).decode()}")) > 500


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_map_fits_its_frame_and_says_what_is_wrong_in_it(
    sites: Sites, visit: Callable[..., Page], artifacts: Path, size: tuple[int, int]
) -> None:
    page = visit(f"{sites.geogrid}/embed/map?jurisdiction=datun&lang=zh&point=112.565,28.262", size)
    expect(page.locator("html[data-geogrid=ready]")).to_be_attached()
    page.locator("canvas").click()
    expect(page.locator("#card h2")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.screenshot(path=artifacts / f"embed-map-{size[0]}.png")
    page.get_by_role("button", name="关闭").click()
    expect(page.locator("#card")).to_be_hidden()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_lookup_page_shows_the_grids_on_a_map(
    sites: Sites, visit: Callable[..., Page], artifacts: Path, size: tuple[int, int]
) -> None:
    page = visit(f"{sites.geogrid}/area/T-W/children?jurisdiction=datun&lang=zh", size)
    expect(page.locator("html[data-geogrid=ready]")).to_be_attached()
    expect(page.locator(".areas > li")).to_have_count(len(make_town().leaves.query("parent == 'T-W'")))
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    page.screenshot(path=artifacts / f"area-{size[0]}.png")
    page.get_by_role("link", name="上级").click()
    expect(page.locator(".areas h2")).to_have_text(["大屯营镇"])
