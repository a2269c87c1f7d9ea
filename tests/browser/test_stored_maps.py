"""The maps of the demo's town, as the server and the command line give them, without network."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from click.testing import CliRunner
from playwright.sync_api import Page
from sqlalchemy import func, select

from api.app import create_app
from api.cli import main
from api.serving import listen
from api.settings import ServerSettings
from boundaries.cases.tables import Case
from boundaries.grids.tables import Grid
from boundaries.store.engine import unit_of_work
from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.fixtures_db import DemoStore

POINTS = "window[JSON.parse(document.getElementById('geogrid-data').textContent).clusters].getLayers().length"
LEAVES = ".leaflet-gg-grids-pane path.leaflet-interactive"


@pytest.fixture(scope="module")
def counts(demo: DemoStore) -> dict[str, int]:
    has_point = select(func.count()).select_from(Case).where(Case.geom.is_not(None))
    with unit_of_work(demo.engine) as session:
        return {
            "leaves": session.scalar(select(func.count()).select_from(Grid).where(Grid.kind != "parent")) or 0,
            "points": session.scalar(has_point) or 0,
            "open": session.scalar(has_point.where(Case.status == "open")) or 0,
        }


@pytest.fixture(scope="module")
def address(demo: DemoStore) -> Iterator[str]:
    """The real server on a free port."""
    listening = listen("127.0.0.1", 0)
    settings = ServerSettings(**demo.database.settings.model_dump())
    served = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning"))
    thread = threading.Thread(target=served.run, args=([listening],), daemon=True)
    thread.start()
    while not served.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    served.should_exit = True
    thread.join(timeout=20)


def keep_picture(page: Page, path: Path) -> None:
    page.wait_for_timeout(400)  # clusters fade in; the picture is kept for people
    page.screenshot(path=path)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_served_coverage_map_draws_every_grid(
    open_page: OpenPage, address: str, counts: dict[str, int], artifacts: Path, size: tuple[int, int]
) -> None:
    page = open_page(f"{address}/maps/coverage", size)
    assert page.locator(LEAVES).count() == counts["leaves"]
    assert "OpenStreetMap" in page.locator(".leaflet-control-attribution").inner_text()
    keep_picture(page, artifacts / f"helsinki_coverage_{size[0]}.png")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_served_hotspot_map_draws_every_case(
    open_page: OpenPage, address: str, counts: dict[str, int], artifacts: Path, size: tuple[int, int]
) -> None:
    page = open_page(f"{address}/maps/hotspots", size)
    assert page.evaluate(POINTS) == counts["points"]
    assert page.locator(LEAVES).count() == counts["leaves"]
    assert "OpenStreetMap" in page.locator(".leaflet-control-attribution").inner_text()
    keep_picture(page, artifacts / f"helsinki_hotspots_{size[0]}.png")


def test_the_served_hotspot_map_takes_the_filters_of_the_search(
    open_page: OpenPage, address: str, counts: dict[str, int]
) -> None:
    page = open_page(f"{address}/maps/hotspots?status=open")
    assert page.evaluate(POINTS) == counts["open"]


def test_the_title_leads_back_to_the_start_page(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}/maps/coverage")
    page.locator(".gg-home").click()
    page.wait_for_url(f"{address}/?**")
    assert page.locator("h1").is_visible()


def write_map(demo: DemoStore, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setenv("GEOGRID_DATABASE_URL", demo.database.url)
    done = CliRunner().invoke(main, ["map", *arguments])
    assert done.exit_code == 0, done.output


def test_a_coverage_file_opens_without_any_network(
    open_page: OpenPage, demo: DemoStore, counts: dict[str, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = tmp_path / "coverage.html"
    write_map(demo, monkeypatch, "coverage", "--out", str(out), "--lang", "zh")
    page = open_page(out)
    assert page.locator(LEAVES).count() == counts["leaves"]
    assert page.title() == "网格覆盖图"


def test_a_hotspot_file_holds_the_cases_that_were_asked_for(
    open_page: OpenPage, demo: DemoStore, counts: dict[str, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = tmp_path / "hotspots.html"
    write_map(demo, monkeypatch, "hotspots", "--out", str(out), "--status", "open")
    page = open_page(out)
    assert page.evaluate(POINTS) == counts["open"]
    assert "status: open" in page.locator(".gg-subtitle").inner_text()


def test_every_wrong_option_is_named_with_what_it_may_be(tmp_path: Path) -> None:
    out = tmp_path / "map.html"
    done = CliRunner().invoke(main, ["map", "hotspots", "--out", str(out), "--bbox", "1,2,3", "--since", "yesterday"])
    assert done.exit_code == 1
    assert "--bbox '1,2,3': it has 3 numbers, not 4. It must be west,south,east,north" in done.output
    assert "--since 'yesterday': it is not a date with time. It must be a time with its offset" in done.output
    assert not out.exists()


def test_a_folder_that_is_not_there_is_said_and_nothing_is_left(
    demo: DemoStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GEOGRID_DATABASE_URL", demo.database.url)
    out = tmp_path / "gone" / "map.html"
    done = CliRunner().invoke(main, ["map", "coverage", "--out", str(out)])
    assert done.exit_code == 1
    assert f"{out} cannot be written (No such file or directory)" in done.output
