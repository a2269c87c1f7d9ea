"""Towns with cut-off land, and towns that nobody counted, from files to a published edition."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from sqlalchemy import Engine, text

from boundaries.plans.drafts import get_plan
from boundaries.plans.loading import load_whole
from boundaries.plans.reading import evaluate
from boundaries.store.engine import unit_of_work
from tests.db.programs import Said, saying
from tests.fixtures_db import Database

CRS = "EPSG:4547"
X, Y = 500_000.0, 3_800_000.0


@pytest.fixture
def geogrid(database: Database) -> Said:
    return saying(database)


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(X + west, Y + south, X + east, Y + north)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two communities of 400 by 400 m with houses; the eastern one has an empty exclave, the western one a settled."""
    path = tmp_path_factory.mktemp("files") / "town.gpkg"
    at = np.arange(0, 801, 100)
    lines = [shapely.LineString([(X + a, Y), (X + a, Y + 400)]) for a in at]
    lines += [shapely.LineString([(X, Y + a), (X + 800, Y + a)]) for a in at[:5]]
    houses = [box(a + 20, b + 20, a + 40, b + 40) for a in at[:-1] for b in at[:4]]
    houses.append(box(120, 620, 140, 640))
    west = shapely.MultiPolygon([box(0, 0, 400, 400), box(100, 600, 200, 700)])
    east = shapely.MultiPolygon([box(400, 0, 800, 400), box(600, 600, 700, 700)])
    layers = {
        "streets": gpd.GeoDataFrame({"rank": 4, "kind": "highway"}, index=range(len(lines)), geometry=lines, crs=CRS),
        "buildings": gpd.GeoDataFrame({"households": 10}, index=range(len(houses)), geometry=houses, crs=CRS),
        "communities": gpd.GeoDataFrame({"name": ["West", "East"]}, geometry=[west, east], crs=CRS),
    }
    for name, layer in layers.items():
        layer.to_file(path, layer=name)
    return path


def cut(geogrid: Said, files: Path, out: Path, *options: str) -> tuple[str, gpd.GeoDataFrame]:
    said = geogrid(
        "partition", "--streets", files, "--buildings", files, "--nested-in", f"{files}:communities",
        "--band", "30:60", *options, "--out", out, "--report", out.with_suffix(".json"),
    )  # fmt: skip
    grids = pyogrio.read_dataframe(out, layer="grids").to_crs(CRS)
    return said, grids[grids["kind"] != "parent"]


def test_empty_exclave_is_a_further_part_of_the_nearest_grid_of_its_parent_from_file_to_edition(
    geogrid: Said, files: Path, tmp_path: Path, engine: Engine
) -> None:
    out = tmp_path / "cut.gpkg"
    _, leaves = cut(geogrid, files, out)
    exclave = leaves[leaves.intersects(box(610, 610, 690, 690))]
    assert len(exclave) == 1
    home = exclave.geometry.iloc[0]
    assert len(shapely.get_parts(home)) == 2
    mainland = home.intersection(box(400, 0, 800, 400))
    assert mainland.distance(box(600, 600, 700, 700)) == pytest.approx(200, abs=0.01)
    settled = leaves[leaves.intersects(box(110, 610, 190, 690))].geometry.iloc[0]
    assert len(shapely.get_parts(settled)) == 1
    report = json.loads(out.with_suffix(".json").read_text("utf-8"))
    (said,) = [problem for problem in report["problems"] if problem["kind"] == "cut-off-land"]
    assert exclave["code"].iloc[0] in said["message"]
    assert "10,000 m2" in said["message"]
    figures = {figure["name"]: figure["value"] for figure in report["figures"]}
    assert figures["contiguous"] == figures["grids"] == len(leaves)
    assert (figures["cut_off"], figures["gaps"], figures["nested"]) == (1, 0, 1)
    assert "fragment" not in {problem["kind"] for problem in report["problems"]}
    geogrid("import", "town", out, "--jurisdiction", "islands")
    geogrid("plan", "validate", 1)
    geogrid("import", "town", out, "--jurisdiction", "again", "--publish")
    with unit_of_work(engine) as session:
        parts = session.scalar(
            text("select max(ST_NumGeometries(geom)) from grids where kind <> 'parent' and plan_id = 2")
        )
        assert parts == 2


def test_exclave_is_a_grid_of_its_own_where_that_is_wished_for(geogrid: Said, files: Path, tmp_path: Path) -> None:
    joined, own = (len(cut(geogrid, files, tmp_path / f"{way}.gpkg", "--cut-off", way)[1]) for way in ("join", "own"))
    assert own == joined + 1


@pytest.mark.parametrize("wish", [("area", "40000:90000"), ("streets", "400:1500")])
def test_town_without_buildings_is_cut_stored_and_edited_by_its_land(
    geogrid: Said, files: Path, tmp_path: Path, engine: Engine, wish: tuple[str, str]
) -> None:
    load, band = wish
    limit = tmp_path / "limit.gpkg"
    gpd.GeoDataFrame(geometry=[box(0, 0, 800, 400)], crs=CRS).to_file(limit)
    out = tmp_path / "cut.gpkg"
    geogrid("partition", "--streets", files, "--limit", limit, "--load", load, "--band", band, "--out", out)
    said = geogrid("evaluate", out, "--blocks", out, "--streets", out, "--load", load, "--band", band)
    assert "100.0%" in next(line for line in said.splitlines() if line.startswith("in band"))
    geogrid("import", "town", out, "--jurisdiction", "bare")
    drawn = pyogrio.read_dataframe(out, layer="grids")
    expected = drawn[drawn["kind"] != "parent"].set_index("code")["load"]
    with unit_of_work(engine) as session:
        plan = get_plan(session, 1)
        assert plan.load == load
        summary, figures = evaluate(session, plan)
        assert summary["in_band"] == len(expected)
        for each in figures:
            assert each.load == pytest.approx(expected[each.code], rel=0.01)
        whole = load_whole(session, plan)
        total = whole.balanced(np.arange(len(whole.blocks))).sum()
    assert total == pytest.approx(expected.sum(), rel=0.01)
    heaviest = expected.idxmax()
    geogrid("plan", "edit", 1, json.dumps({"kind": "split_into", "grid": heaviest, "count": 2}), "--by", "Wang")
    with unit_of_work(engine) as session:
        figures = evaluate(session, get_plan(session, 1))[1]
        assert sum(each.load or 0.0 for each in figures) == pytest.approx(total)
    geogrid("plan", "show", 1)
    geogrid("plan", "validate", 1)
    geogrid("plan", "new", "drawn anew", "--from", 1, "--engine", "--by", "Wang")


def test_load_of_another_name_is_kept_as_households_that_plans_know(
    geogrid: Said, files: Path, tmp_path: Path, engine: Engine
) -> None:
    flats = tmp_path / "flats.gpkg"
    pyogrio.read_dataframe(files, layer="buildings").rename(columns={"households": "flats"}).to_file(flats)
    layers = ("--streets", files, "--buildings", flats, "--limit", f"{files}:communities")
    said = geogrid(
        "import", "town", *layers, "--load", "flats", "--band", "30:60", "--jurisdiction", "flats", "--publish"
    )
    assert "'flats' is kept as households" in said
    geogrid("plan", "new", "drawn anew", "--engine", "--band", "60:90")
    geogrid("plan", "validate", 2)
    with unit_of_work(engine) as session:
        loads = session.execute(text("select households, kind from grids where plan_id = 2 and kind <> 'parent'")).all()
    assert sum(row.households for row in loads) == 330


def test_load_of_another_name_is_refused_where_no_place_for_it_is_left(
    geogrid: Said, files: Path, tmp_path: Path
) -> None:
    full = tmp_path / "full.gpkg"
    pyogrio.read_dataframe(files, layer="buildings").assign(population=20, flats=12).to_file(full)
    layers = ("--streets", files, "--buildings", full, "--limit", f"{files}:communities")
    wish = ("--load", "flats", "--band", "30:60", "--jurisdiction", "flats")
    assert "not 'flats'" in geogrid("import", "town", *layers, *wish, status=1)
