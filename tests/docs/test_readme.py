"""Every command of the README's tour is run as it stands, beside a server that has the demo's data."""

import re
import shutil
from collections.abc import Iterator

import geopandas as gpd
import pandas as pd
import psycopg
import pytest
import shapely

from boundaries.files.osm import helsinki_extract
from tests.docs.pages import ROOT, commands_of, own_copy, run_commands
from tests.fixtures_db import Database, DemoStore, Server

# Its set-up is the whole tour: on a machine that has other work it takes minutes.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def own_store(server: Server, demo: DemoStore) -> Iterator[Database]:
    """A copy of the demo's database that the tour may write to."""
    with own_copy(server, demo, "readme") as store:
        yield store


@pytest.fixture(scope="module")
def outputs(own_store: Database, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Run the tour in a folder with somebody's files; return what each command printed."""
    folder = tmp_path_factory.mktemp("tour")
    boxes = [shapely.box(114 + i / 10, 30, 114.1 + i / 10, 30.1) for i in range(2)]
    grids = gpd.GeoDataFrame({"code": ["A", "B"], "name": ["东", "西"]}, geometry=boxes, crs="EPSG:4326")
    grids.to_file(folder / "grids.gpkg")
    shutil.copy(helsinki_extract(), folder / "town.osm.pbf")
    points = pd.DataFrame({"lon": [114.05, 114.15], "lat": [30.05, 30.05], "created": "2026-01-01T08:00:00+08:00"})
    points.to_csv(folder / "cases.csv", index=False)
    points.to_csv(folder / "calls.csv.gz", index=False)
    return run_commands(commands_of("README.md"), store=own_store, folder=folder)


def test_tour_answers_what_it_promises(outputs: dict[str, str]) -> None:
    by_start = {command.split("'")[1] if "'" in command else command: out for command, out in outputs.items()}
    located = next(out for command, out in by_start.items() if "/locate" in command)
    assert '"chain"' in located
    assert '"duties"' in located
    taken = next(out for command, out in outputs.items() if "-X POST" in command)
    assert '"grid"' in taken


def test_tour_imports_a_town_of_ones_own(own_store: Database, outputs: dict[str, str]) -> None:
    assert any("import cases" in command for command in outputs)
    with psycopg.connect(own_store.url) as connection:
        stored = connection.execute(
            "select count(*), count(grid_id) from cases join jurisdictions j on j.id = jurisdiction_id "
            "where j.code = 'mytown'"
        ).fetchone()
    assert stored == (2, 2)


def test_tour_cuts_a_town_of_ones_own_that_can_be_redrawn(own_store: Database, outputs: dict[str, str]) -> None:
    assert any("import town" in command for command in outputs)
    with psycopg.connect(own_store.url) as connection:
        plans = connection.execute("""
            select p.state, count(distinct a.block_id), count(distinct a.grid_id)
            from plans p join jurisdictions j on j.id = p.jurisdiction_id join assignments a on a.plan_id = p.id
            where j.code = 'cut' group by p.id, p.state order by p.id
        """).fetchall()
        moved = connection.execute("""
            select count(*) from assignments one join grids a on a.id = one.grid_id
            join assignments other using (block_id) join grids b on b.id = other.grid_id
            where one.plan_id < other.plan_id and a.code <> b.code
        """).fetchone()
    assert [state for state, _, _ in plans] == ["published", "published"]
    assert all(blocks > grids > 10 for _, blocks, grids in plans)
    assert moved
    assert moved[0] > 0


def test_links_of_the_readme_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []
