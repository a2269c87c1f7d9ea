"""`geogrid plan`, in process, on a real store."""

import json
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select

from api.cli import main
from boundaries.plans.drafts import get_plan
from boundaries.plans.tables import Acceptance
from boundaries.publishing.publish import publish
from boundaries.store.engine import unit_of_work
from tests.db.test_edits import NOON, store
from tests.fixtures_db import Database
from tests.property.town_drafts import random_town

Run = Callable[..., Result]


@pytest.fixture
def run(database: Database, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("GEOGRID_DATABASE_URL", database.url)
    with unit_of_work(engine) as session:
        publish(session, store(session, random_town(7)), valid_from=NOON)
    runner = CliRunner()

    def called(*arguments: object, status: int = 0) -> Result:
        result = runner.invoke(main, ["plan", *map(str, arguments)])
        assert result.exit_code == status, result.output
        return result

    return called


def draft(run: Run) -> int:
    return int(run("new", "next year", "--by", "Wang").output.split()[0])


def test_draft_goes_from_edit_to_edition_and_back(run: Run, engine: Engine) -> None:
    plan = draft(run)
    said = run("edit", plan, json.dumps({"kind": "merge", "grids": ["G0", "G1"], "keep": "G1"}), "--by", "Wang").output
    assert "changed hands" in said
    run("undo", plan)
    run("redo", plan)
    run("accept", plan, "no-duty", "G1", "--reason", "being hired")
    for state in ("in_review", "approved"):
        run("review", plan, state)
    past = ("--accept", "backdated", "--reason", "a test")
    options = ("--valid-from", "2026-06-01T00:00:00+0800", "--accept-warnings", "known", *past)
    assert "Only tried" in run("publish", plan, *options).output
    with unit_of_work(engine) as session:
        assert get_plan(session, plan).state == "approved"
    assert "Published." in run("publish", plan, *options, "--publish").output
    compared = run("compare", 1, plan).output
    assert "G0 -> -  merged" in compared
    assert "Published." in run("rollback", 1, "--valid-from", "2026-07-01T00:00:00+0800", *past, "--publish").output
    assert run("show").output.count("retired") == 2
    with unit_of_work(engine) as session:
        of_grids = select(Acceptance).where(Acceptance.plan_id == plan, Acceptance.kind != "backdated")
        accepted = session.scalars(of_grids).one()
        assert (accepted.kind, accepted.subject, accepted.reason) == ("no-duty", "G1", "being hired")


@pytest.mark.parametrize("year", ["1899", "2200", "9999"])
def test_edition_of_a_year_that_cannot_be_stored_is_refused(run: Run, year: str) -> None:
    plan = draft(run)
    when = ("--valid-from", f"{year}-12-31T00:00:00Z")
    for command in (("publish", plan), ("rollback", 1), ("validate", plan)):
        refused = run(*command, *when, status=1)
        assert "it lies beyond the years 1900 to 2199" in refused.output


def test_codes_in_force_are_taken_over(run: Run) -> None:
    plan = draft(run)
    run("edit", plan, json.dumps({"kind": "recode", "codes": {"G0": "X0", "D002": "X2"}}))
    run("edit", plan, json.dumps({"kind": "rename", "names": {"X2": "Elsewhere"}}))
    assert run("keep-codes", plan).output.splitlines()[1].startswith("2 grids changed")
    assert "renamed" not in run("compare", 1, plan).output
    assert run("keep-codes", plan).output == "Every grid has its code already.\n"


def test_operations_come_from_a_file(run: Run, tmp_path: Path) -> None:
    plan = draft(run)
    file = tmp_path / "operations.json"
    file.write_text(json.dumps([{"kind": "rename", "names": {"G0": "港口"}}]), encoding="utf-8")
    run("edit", plan, "--file", file)
    assert "港口" in run("show", plan).output


def test_problems_are_listed_and_an_error_is_the_exit_status(run: Run, tmp_path: Path) -> None:
    plan = int(run("new", "coded", "--code-profile", "admin-12").output.split()[0])
    report = tmp_path / "report.json"
    said = run("validate", plan, "--report", report, status=1)
    assert "admin-12 wants 12 digits here" in said.output
    assert {each["kind"] for each in json.loads(report.read_text())["errors"]} == {"code"}


def test_mistakes_end_as_sentences(run: Run) -> None:
    plan = draft(run)
    assert "An operation is not JSON" in run("edit", plan, "{", status=2).output
    assert "Operation 1: there is no kind 'fly'" in run("edit", plan, '{"kind": "fly"}', status=2).output
    assert "There is no plan 99." in run("show", 99, status=1).output
    assert "There is no code profile 'x'" in run("new", "n", "--code-profile", "x", status=1).output


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".geojson", ".kml", ".csv", ".parquet"])
def test_plan_is_written_in_every_format(run: Run, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"plan{suffix}"
    for _ in range(2):
        assert run("export", 1, path).output.startswith("9 grids are in ")
    if suffix == ".csv":
        assert pd.read_csv(path)["wkt"].str.startswith("MULTIPOLYGON").all()
    else:
        read = gpd.read_parquet(path) if suffix == ".parquet" else gpd.read_file(path, layer=0)
        assert len(read) == 9


def test_geopackage_holds_grids_blocks_and_duties(run: Run, tmp_path: Path) -> None:
    plan = draft(run)
    run("edit", plan, json.dumps({"kind": "assign_duty", "grid": "G0", "role": "网格长", "holder": "王芳"}))
    path = tmp_path / "plan.gpkg"
    run("export", plan, path)
    town = {"limit", "streets", "buildings", "sites", "town"}
    assert set(pyogrio.list_layers(path)[:, 0]) == {"grids", "blocks", "duties"} | town
    assert pyogrio.read_dataframe(path, layer="duties")["holder"].tolist() == ["王芳"]


def test_shapefile_can_be_in_gbk(run: Run, tmp_path: Path) -> None:
    plan = draft(run)
    run("edit", plan, json.dumps({"kind": "rename", "names": {"G0": "港口"}}))
    path = tmp_path / "plan.shp"
    run("export", plan, path, "--encoding", "GBK")
    assert "港口".encode("gbk") in path.with_suffix(".dbf").read_bytes()
    assert "港口" in gpd.read_file(path)["name"].tolist()


def test_unknown_format_is_refused_with_the_known_ones(run: Run, tmp_path: Path) -> None:
    assert "Known: .gpkg" in run("export", 1, tmp_path / "plan.docx", status=1).output
