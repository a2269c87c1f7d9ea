"""`geogrid import loads`: households counted again, without a redraw."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import Engine, text

from boundaries.store.engine import unit_of_work
from tests.db.programs import Said, saying
from tests.fixtures_db import Database
from tests.property.random_towns import make_town

SUMS = "select sum(households) from grids where plan_id = :plan and level = 1"
OF_BLOCKS = "select sum(households) from assignments a join blocks b on b.id = a.block_id where a.plan_id = :plan"
OF_LEAVES = "select code, households from grids where plan_id = :plan and kind <> 'parent' order by code"


@pytest.fixture
def geogrid(database: Database) -> Said:
    return saying(database)


@pytest.fixture
def store(geogrid: Said, engine: Engine, tmp_path: Path) -> Engine:
    """A town with an edition (plan 1) and a draft (plan 2) in which a grid was split."""
    town = make_town(5, streets=4, buildings=60)
    path = tmp_path / "town.gpkg"
    town.barriers.assign(kind="highway", name="").to_file(path, layer="streets")
    town.buildings.to_file(path, layer="buildings")
    gpd.GeoDataFrame(geometry=town.limit).to_file(path, layer="limit")
    layers = [part for name in ("streets", "buildings", "limit") for part in (f"--{name}", path)]
    geogrid("import", "town", "--jurisdiction", "t", *layers, "--band", "100:300", "--publish")
    geogrid("plan", "new", "next", "--by", "Wang")
    heavy = rows(engine, "select code from grids where plan_id = 2 and level = 2 order by households desc limit 1")[0][
        0
    ]
    geogrid("plan", "edit", 2, json.dumps({"kind": "split_into", "grid": heavy, "count": 2}), "--by", "Wang")
    return engine


def rows(engine: Engine, statement: str, **values: object) -> list[tuple[object, ...]]:
    with unit_of_work(engine) as session:
        return [tuple(row) for row in session.execute(text(statement), values)]


def leaves(engine: Engine, plan: int) -> gpd.GeoDataFrame:
    found = rows(
        engine, "select code, ST_AsBinary(geom) from grids where plan_id = :plan and kind <> 'parent'", plan=plan
    )
    shapes = [shapely.from_wkb(bytes(shape)) for _, shape in found]  # type: ignore[arg-type]
    return gpd.GeoDataFrame({"code": [code for code, _ in found]}, geometry=shapes, crs=4326)


@pytest.fixture
def points(store: Engine, tmp_path: Path) -> Path:
    """Points within blocks, off their edges, and two far away."""
    rng = np.random.default_rng(4)
    blocks = rows(store, "select ST_AsBinary(ST_PointOnSurface(geom)) from blocks order by id")
    places = [shapely.from_wkb(bytes(place)) for (place,) in blocks[::2]]  # type: ignore[arg-type]
    table = pd.DataFrame({"lon": [p.x for p in places] + [0.0, 1.0], "lat": [p.y for p in places] + [50.0, 50.0]})
    table["hh"] = rng.integers(1, 30, len(table)).astype(float)
    path = tmp_path / "points.csv"
    table.to_csv(path, index=False)
    return path


def test_points_are_counted_in_drafts_and_editions_stay(store: Engine, points: Path, geogrid: Said) -> None:
    edition, whole = rows(store, OF_LEAVES, plan=1), rows(store, SUMS, plan=1)[0][0]
    table = pd.read_csv(points)
    said = geogrid("import", "loads", points, "--jurisdiction", "t", "--households", "hh", "--whole")
    assert f"{len(table) - 2} rows matched, 2 did not." in said
    assert f"{whole:,.10g} before, {table['hh'][:-2].sum():,.10g} after" in said
    assert rows(store, OF_LEAVES, plan=1) == edition
    inside = table[:-2]
    expected = gpd.GeoDataFrame(inside, geometry=gpd.points_from_xy(inside["lon"], inside["lat"]), crs=4326)
    by_grid = leaves(store, 2).sjoin(expected).groupby("code")["hh"].sum()
    assert {code: load for code, load in rows(store, OF_LEAVES, plan=2) if load} == by_grid.to_dict()
    assert rows(store, SUMS, plan=2) == rows(store, OF_BLOCKS, plan=2) == [(table["hh"][:-2].sum(),)]
    new = int(geogrid("plan", "new", "later", "--by", "Wang").split()[0])
    assert rows(store, SUMS, plan=new) == rows(store, OF_BLOCKS, plan=new) == [(table["hh"][:-2].sum(),)]
    assert "wrong" not in geogrid("plan", "compare", 1, new)


def test_blocks_without_a_row_keep_what_they_have(store: Engine, points: Path, geogrid: Said) -> None:
    table = pd.read_csv(points)
    statement = (
        "select b.id, b.households, ST_AsBinary(b.geom) from blocks b join assignments a on a.block_id = b.id "
        "where plan_id = 1"
    )
    blocks = rows(store, statement)
    shapes = np.array([shapely.from_wkb(bytes(shape)) for _, _, shape in blocks])  # type: ignore[arg-type]
    inside = shapely.points(table[["lon", "lat"]].to_numpy()[:-2])
    hit = set(shapely.STRtree(shapes).query(inside, predicate="intersects")[1].tolist())
    kept = sum(float(str(load)) for place, (_, load, _) in enumerate(blocks) if place not in hit)
    geogrid("import", "loads", points, "--jurisdiction", "t", "--households", "hh")
    assert rows(store, SUMS, plan=2)[0][0] == pytest.approx(kept + table["hh"][:-2].sum())


def test_grids_by_code_are_spread_exactly(store: Engine, geogrid: Said, tmp_path: Path) -> None:
    codes = [str(code) for code, _ in rows(store, OF_LEAVES, plan=1)]
    table = pd.DataFrame({"id": codes, "population": np.arange(len(codes)) * 7 + 100, "hh": np.arange(len(codes)) + 11})
    path = tmp_path / "grids.csv"
    table.to_csv(path, index=False)
    said = geogrid("import", "loads", path, "--code", "id", "--households", "hh", "--population", "population")
    assert f"{len(codes)} rows matched, 0 did not." in said
    for load in ("hh", "population"):
        column = "households" if load == "hh" else load
        assert rows(store, SUMS.replace("households", column), plan=2) == [(table[load].sum(),)]
    new = int(geogrid("plan", "new", "later", "--by", "Wang").split()[0])
    assert rows(store, OF_LEAVES, plan=new) == list(zip(codes, table["hh"].astype(float), strict=True))


def test_dry_run_says_the_sums_and_changes_nothing(store: Engine, points: Path, geogrid: Said) -> None:
    before = rows(store, "select count(*), sum(households) from blocks"), rows(store, OF_LEAVES, plan=2)
    report = points.with_name("report.json")
    geogrid("import", "loads", points, "--households", "hh", "--dry-run", "--report", report)
    assert (rows(store, "select count(*), sum(households) from blocks"), rows(store, OF_LEAVES, plan=2)) == before
    facts = json.loads(report.read_text())
    assert facts["outcome"] == "importable"
    assert facts["before"]["households"] == rows(store, SUMS, plan=1)[0][0]


def test_edits_of_before_are_no_longer_taken_back_and_later_ones_are(
    store: Engine, points: Path, geogrid: Said
) -> None:
    geogrid("import", "loads", points, "--households", "hh")
    assert "was made before its blocks or their loads were counted again" in geogrid("plan", "undo", 2, status=1)
    after = rows(store, OF_LEAVES, plan=2)
    first, second = (str(code) for code, _ in after[:2])
    geogrid("plan", "edit", 2, json.dumps({"kind": "merge", "grids": [first, second], "keep": first}), "--by", "Wang")
    geogrid("plan", "undo", 2, "--by", "Wang")
    assert rows(store, OF_LEAVES, plan=2) == after


def test_second_count_follows_the_first(store: Engine, points: Path, geogrid: Said) -> None:
    table = pd.read_csv(points)
    geogrid("import", "loads", points, "--households", "hh", "--whole")
    table.assign(hh=table["hh"] * 2).to_csv(points, index=False)
    geogrid("import", "loads", points, "--households", "hh", "--whole")
    assert "0 blocks changed" in geogrid("import", "loads", points, "--households", "hh", "--whole")
    new = int(geogrid("plan", "new", "later", "--by", "Wang").split()[0])
    assert rows(store, SUMS, plan=new) == rows(store, SUMS, plan=2) == [(2 * table["hh"][:-2].sum(),)]


BAD = {
    "codes and numbers": ("id,hh\n,2\nx,-3\n", ("--code", "id"), {"null-code", "bad-load"}),
    "unknown grids": ("id,hh\nzz,1\nother,2\n", ("--code", "id"), {"unknown-grid"}),
    "no numbers": ("lon,lat,hh\n1,50,many\n2,50,inf\n", (), {"bad-load"}),
    "elsewhere": ("lon,lat,hh\n1,50,3\n", (), {"elsewhere"}),
    "no column": ("lon,lat,people\n1,50,3\n", (), {"no-column"}),
}


@pytest.mark.parametrize("file", BAD.values(), ids=BAD.keys())
def test_bad_files_are_refused_with_every_problem(
    store: Engine, geogrid: Said, tmp_path: Path, file: tuple[str, tuple[str, ...], set[str]]
) -> None:
    table, options, kinds = file
    path, report = tmp_path / "bad.csv", tmp_path / "report.json"
    path.write_text(table)
    before = rows(store, OF_LEAVES, plan=2)
    geogrid("import", "loads", path, "--households", "hh", *options, "--report", report, status=1)
    assert {problem["kind"] for problem in json.loads(report.read_text())["problems"]} == kinds
    assert rows(store, OF_LEAVES, plan=2) == before
