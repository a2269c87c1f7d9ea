"""`geogrid plan draw`: legacy polygons become a draft on the blocks of the edition in force."""

import json
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from api.cli import main
from boundaries.plans.drafts import get_plan
from boundaries.plans.loading import load_whole
from boundaries.plans.rules import check_plan
from boundaries.publishing.publish import publish
from boundaries.store.engine import unit_of_work
from tests.db.test_edits import NOON, store
from tests.fixtures_db import Database
from tests.property.town_drafts import CELL, ORIGIN, random_town

Run = Callable[..., Result]
METRES = 94_000 * 110_900


@pytest.fixture
def run(database: Database, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("GEOGRID_DATABASE_URL", database.url)
    with unit_of_work(engine) as session:
        publish(session, store(session, random_town(7)), valid_from=NOON)
        session.execute(
            text("update jurisdictions set limit_geom = ST_Multi(ST_MakeEnvelope(:w, :s, :e, :n, 4326))"),
            dict(zip("wsen", (*ORIGIN, *(ORIGIN + CELL * np.array([6, 5]))), strict=True)),
        )
    runner = CliRunner()

    def called(*arguments: object, status: int = 0) -> Result:
        result = runner.invoke(main, ["plan", *map(str, arguments)])
        assert result.exit_code == status, result.output
        return result

    return called


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    """Four quarters drawn by hand: one gap of 3 m, one overlap of 4 m, one spill of 6 m, off the blocks' edges."""
    metre = 1 / 94_000
    x, y = ORIGIN[0] + 2.6 * CELL, ORIGIN[1] + 2.4 * CELL
    west, south, east, north = *ORIGIN, *(ORIGIN + CELL * np.array([6, 5]))
    shapes = [
        shapely.box(west, south, x, y),
        shapely.box(x + 3 * metre, south, east + 6 * metre, y),
        shapely.box(west, y, x + 4 * metre, north),
        shapely.box(x, y, east, north),
    ]
    frame = gpd.GeoDataFrame(
        {"id": ["A", "B", "C", "E"], "up": ["N1", "N1", "N2", "N2"], "top": "D"}, geometry=shapes, crs="EPSG:4326"
    )
    path = tmp_path / "legacy.geojson"
    frame.to_file(path, driver="GeoJSON")
    return path


OPTIONS = ("--code", "id", "--parent", "up", "--parent", "top")


def test_drawing_is_represented_as_it_is_and_its_faults_are_listed(
    run: Run, engine: Engine, drawing: Path, tmp_path: Path
) -> None:
    said = run("draw", "legacy", drawing, *OPTIONS, "--faults", tmp_path / "faults.geojson", "--by", "Wang").output
    plan = int(said.splitlines()[-1].split()[0])
    faults = gpd.read_file(tmp_path / "faults.geojson")
    assert set(zip(faults["kind"], faults["subject"], strict=True)) == {
        ("overlap", "C, E"),
        ("uncovered", "A, B, C, E"),
        ("spill", "B, E"),
    }
    with unit_of_work(engine) as session:
        draft = load_whole(session, get_plan(session, plan))
        original = gpd.read_file(drawing).set_index("id").geometry
        for code in ("A", "B", "C"):
            made = draft.shape(draft.node(code).key)
            assert made.symmetric_difference(original[code]).area * METRES < 10
        assert {each.kind for each in check_plan(session, get_plan(session, plan))} >= {"uncovered", "outside-limit"}
        assert draft.node("N1").level == 2


def test_repaired_drawing_tiles_the_town_and_keeps_its_households(
    run: Run, engine: Engine, drawing: Path, tmp_path: Path
) -> None:
    said = run("draw", "legacy", drawing, *OPTIONS, "--repair", "--log", tmp_path / "log.geojson").output
    plan = int(said.splitlines()[-1].split()[0])
    log = gpd.read_file(tmp_path / "log.geojson")
    assert set(log["kind"]) == {"gap-closed", "overlap-settled", "spill-clipped"}
    spilt = float(log.loc[log["kind"] == "spill-clipped", "area_m2"].sum())
    assert spilt == pytest.approx(-6 / 94_000 * 2.4 * CELL * METRES, rel=0.01)
    with unit_of_work(engine) as session:
        draft = load_whole(session, get_plan(session, plan))
        before = load_whole(session, get_plan(session, 1))
        assert np.allclose(np.nansum(draft.blocks.loads, axis=0), np.nansum(before.blocks.loads, axis=0))
        kinds = {each.kind for each in check_plan(session, get_plan(session, plan))}
        assert kinds <= {"no-duty", "band", "fragments"}
        assert len(np.intersect1d(draft.blocks.ids, before.blocks.ids)) > 5


def test_drawing_without_the_levels_above_is_refused_with_the_remedy(run: Run, drawing: Path, engine: Engine) -> None:
    said = run("draw", "legacy", drawing, "--code", "id", status=1).output
    assert "level-count" in said
    with unit_of_work(engine) as session:
        assert session.scalar(text("select count(*) from plans")) == 1


def test_dry_run_stores_nothing(run: Run, drawing: Path, engine: Engine) -> None:
    assert "Only tried: nothing is stored." in run("draw", "legacy", drawing, *OPTIONS, "--dry-run").output
    with unit_of_work(engine) as session:
        assert session.scalar(text("select count(*) from plans")) == 1


def test_drawn_draft_is_edited_like_any_other(run: Run, drawing: Path) -> None:
    plan = int(run("draw", "legacy", drawing, *OPTIONS, "--repair").output.splitlines()[-1].split()[0])
    run("edit", plan, json.dumps({"kind": "merge", "grids": ["A", "B"], "keep": "A"}), status=0)
    run("undo", plan)
    assert "B" in run("compare", 1, plan).output
