"""`geogrid import town --update`: streets and buildings of another year."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from sqlalchemy import Engine, text

from boundaries.store.engine import unit_of_work
from tests.db.programs import Said, saying
from tests.fixtures_db import Database
from tests.property.random_towns import CRS, Town, make_town

LEAVES = (
    "select code, households, ST_AsBinary(geom) from grids where plan_id = :plan and kind <> 'parent' order by code"
)
BLOCKS = """
    select g.code, b.id, b.households, ST_AsBinary(b.geom)
    from assignments a join blocks b on b.id = a.block_id join grids g on g.id = a.grid_id
    where a.plan_id = :plan order by b.id
"""
BAND = ("--band", "80:300")


@pytest.fixture
def geogrid(database: Database) -> Said:
    return saying(database)


def layers(town: Town, path: Path) -> list[object]:
    town.barriers.assign(kind="highway", name="").to_file(path, layer="streets")
    town.buildings.to_file(path, layer="buildings")
    gpd.GeoDataFrame(geometry=town.limit).to_file(path, layer="limit")
    return [part for name in ("streets", "buildings", "limit") for part in (f"--{name}", path)]


def next_year(town: Town) -> Town:
    """A street more, two buildings gone, and one new of 50 households."""
    west, south, east, north = town.limit.total_bounds
    across = gpd.GeoDataFrame(
        {"rank": [6]}, geometry=[shapely.LineString([(west, south + 333), (east, north - 287)])], crs=CRS
    )
    middle = town.limit.iloc[0].centroid
    new = gpd.GeoDataFrame({"households": [50.0]}, geometry=[middle.buffer(9, cap_style="square")], crs=CRS)
    frames = [town.buildings.iloc[2:], new]
    buildings = gpd.GeoDataFrame(np.concatenate([frame["households"] for frame in frames]), columns=["households"],
        geometry=np.concatenate([frame.geometry for frame in frames]), crs=CRS)  # fmt: skip
    streets = gpd.GeoDataFrame(
        {"rank": [*town.barriers["rank"], 6]}, geometry=[*town.barriers.geometry, *across.geometry], crs=CRS
    )
    return Town(town.limit, streets, buildings, town.sites)


def rows(engine: Engine, statement: str, **values: object) -> list[tuple[object, ...]]:
    with unit_of_work(engine) as session:
        return [tuple(row) for row in session.execute(text(statement), values)]


def shapes(found: list[tuple[object, ...]]) -> np.ndarray:
    lonlat = gpd.GeoSeries([shapely.from_wkb(bytes(row[-1])) for row in found], crs=4326)  # type: ignore[call-overload]
    return np.asarray(lonlat.to_crs(CRS).array, dtype=object)


def assert_carried(engine: Engine, plan: int, former: list[tuple[object, ...]], town: Town) -> None:
    """Every block is in the grid of before with most of it; leaves are unions of blocks and tile the limit."""
    blocks, leaves = rows(engine, BLOCKS, plan=plan), rows(engine, LEAVES, plan=plan)
    land, old = shapes(blocks), shapes(former)
    codes = [row[0] for row in former]
    held = np.array([[shapely.area(shapely.intersection(block, grid)) for grid in old] for block in land])
    chosen = np.array([codes.index(row[0]) for row in blocks])
    kept = held[np.arange(len(land)), chosen] >= held.max(axis=1) - 0.01
    assert kept.mean() > 0.95  # but for a block that keeps a grid from being left without land
    for code, load, shape in zip([r[0] for r in leaves], [r[1] for r in leaves], shapes(leaves), strict=True):
        own = [place for place, row in enumerate(blocks) if row[0] == code]
        assert shapely.symmetric_difference(shape, shapely.union_all(land[own])).area < 0.01
        assert load == pytest.approx(sum(float(str(blocks[place][2])) for place in own))
    lonlat = [shapely.from_wkb(bytes(row[-1])) for row in leaves]  # type: ignore[call-overload]
    assert shapely.coverage_is_valid(lonlat)
    assert shapely.symmetric_difference(shapely.union_all(shapes(leaves)), town.limit.iloc[0]).area < 1.0


def test_drafts_are_carried_over_and_editions_stay(geogrid: Said, engine: Engine, tmp_path: Path) -> None:
    town = make_town(5, streets=4, buildings=60)
    geogrid("import", "town", "--jurisdiction", "t", *layers(town, tmp_path / "one.gpkg"), *BAND, "--publish")
    geogrid("plan", "new", "next", "--by", "Wang")
    heavy = rows(engine, "select code from grids where plan_id = 2 and level = 2 order by households desc limit 1")[0][
        0
    ]
    geogrid("plan", "edit", 2, json.dumps({"kind": "split_into", "grid": heavy, "count": 2}), "--by", "Wang")
    edition, draft, edition_blocks = (
        rows(engine, LEAVES, plan=1),
        rows(engine, LEAVES, plan=2),
        rows(engine, BLOCKS, plan=1),
    )
    later = next_year(town)
    files = layers(later, tmp_path / "two.gpkg")
    tried = geogrid("import", "town", "--jurisdiction", "t", *files, "--update", "--dry-run")
    assert "nothing is stored (--dry-run)" in tried
    assert rows(engine, LEAVES, plan=2) == draft
    report = tmp_path / "report.json"
    # The band is that of the town.
    geogrid("import", "town", "--jurisdiction", "t", *files, "--update", "--by", "Li", "--report", report)
    assert (rows(engine, LEAVES, plan=1), rows(engine, BLOCKS, plan=1)) == (edition, edition_blocks)
    assert_carried(engine, 2, draft, town)
    made = int(geogrid("plan", "new", "later", "--jurisdiction", "t", "--by", "Wang").split()[0])
    assert_carried(engine, made, edition, town)
    assert rows(engine, "select count(*) from buildings") == [(len(later.buildings),)]
    for grid in json.loads(report.read_text())["drafts"]["2"]:
        told = grid["counted"] + grid["gained"] - grid["lost"]
        assert grid["after"] - grid["before"] == pytest.approx(told)
    assert "no longer taken back" in geogrid("plan", "undo", 2, status=1)
    geogrid("plan", "validate", 2)
    copy = int(geogrid("plan", "new", "copy", "--from", 2, "--by", "Wang").split()[0])
    assert [row[:2] for row in rows(engine, LEAVES, plan=copy)] == [row[:2] for row in rows(engine, LEAVES, plan=2)]


def test_update_of_a_town_that_is_not_stored_is_refused(geogrid: Said, tmp_path: Path) -> None:
    town = make_town(5, streets=2, buildings=20)
    said = geogrid(
        "import",
        "town",
        "--jurisdiction",
        "t",
        *layers(town, tmp_path / "one.gpkg"),
        "--grids",
        2,
        "--update",
        status=1,
    )
    assert "There is no jurisdiction 't'." in said
