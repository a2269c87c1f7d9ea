"""Every command of docs/plans.md, as it stands, in its order, on a small town."""

import re
import shlex
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner
from sqlalchemy import Engine, text

from api.cli import main
from boundaries.jurisdictions.reading import get_jurisdiction
from boundaries.plans.drafts import list_plans
from boundaries.store.engine import unit_of_work
from tests.fixtures_db import Database
from tests.http.conftest import store_town

PAGE = Path(__file__).resolve().parents[2] / "docs" / "plans.md"
COMMAND = re.compile(r"^geogrid plan .*$|`(geogrid plan [a-z-]+ [^`]+)`", re.MULTILINE)


def commands() -> list[str]:
    return [match[1] or match[0] for match in COMMAND.finditer(PAGE.read_text(encoding="utf-8"))]


def test_every_command_of_the_page_does_what_it_says(
    database: Database, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEOGRID_DATABASE_URL", database.url)
    monkeypatch.chdir(tmp_path)
    town = store_town(engine)
    boxes = [shapely.box(10 + n * 1.5, 50, 11.5 + n * 1.5, 51) for n in (0, 1)]
    frame = gpd.GeoDataFrame({"id": ["P", "Q"], "up": "D"}, geometry=boxes, crs="EPSG:4326")
    frame.to_file("paper.geojson", driver="GeoJSON")
    with unit_of_work(engine) as session:
        edition = list_plans(session, get_jurisdiction(session, town.code))[0].id
        rows = session.execute(text("select block_id, code from assignments join grids on grids.id = grid_id")).all()
    Path("elsewhere.csv").write_text("\n".join(["block,grid", *(f"{block},{code}" for block, code in rows)]))
    numbers = {"3": str(edition)}
    found = commands()
    for line in found:
        words = [numbers.get(word, word) for word in shlex.split(line, comments=True)]
        done = CliRunner().invoke(main, words[1:])
        assert done.exit_code == 0, f"{line}\n{done.output}"
        if words[:4] == ["geogrid", "plan", "new", "2027"]:
            numbers.setdefault("7", done.output.split()[0])
    told = "new draw edit undo redo show validate accept keep-codes compare review publish rollback export"
    assert {line.split()[2] for line in found} == set(told.split())
    assert {path.name for path in tmp_path.iterdir()} >= {"plan.gpkg", "plan.shp", "compared.html", "moved.geojson"}
