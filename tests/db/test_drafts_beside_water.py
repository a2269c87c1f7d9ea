"""The engine on stored towns: wide water parts the grids that it makes, unless a street crosses it."""

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from sqlalchemy import Engine, text

from boundaries.store.engine import unit_of_work
from tests.db.programs import Said, saying
from tests.fixtures_db import Database

CRS = "EPSG:4547"
X, Y = 500_000.0, 3_800_000.0
BRIDGE = shapely.LineString([(X + 200, Y + 300), (X + 400, Y + 300)])
BANKS = {
    "bank": shapely.box(X + 250, Y - 10, X + 350, Y + 610).exterior,
    "river": shapely.LineString([(X + 300, Y - 5), (X + 300, Y + 605)]),
}


@pytest.fixture
def geogrid(database: Database) -> Said:
    return saying(database)


def imported(
    geogrid: Said, folder: Path, water: str, *bridges: shapely.LineString, islet: shapely.Polygon | None = None
) -> None:
    """Store a town of 600 by 600 m with a river in the middle: 180 households on its west, 120 on its east."""
    at = range(0, 601, 100)
    lines = [shapely.LineString([(X + a, Y), (X + a, Y + 600)]) for a in at if a != 300]
    lines += [
        shapely.LineString([(X + west, Y + a), (X + east, Y + a)]) for a in at for west, east in ((0, 248), (352, 600))
    ]
    houses = [shapely.box(X + a + 10, Y + b + 10, X + a + 25, Y + b + 25) for a in at[:-1] for b in at[:-1] if a != 300]
    streets = [*lines, *bridges]
    kinds = ["highway"] * len(streets) + [water]
    layers = {
        "streets": gpd.GeoDataFrame(
            {"rank": [4] * len(streets) + [8], "kind": kinds}, geometry=[*streets, BANKS[water]], crs=CRS
        ),
        "buildings": gpd.GeoDataFrame({"households": 10}, index=range(len(houses)), geometry=houses, crs=CRS),
        "limit": gpd.GeoDataFrame(geometry=[shapely.union_all([shapely.box(X, Y, X + 600, Y + 600), islet])], crs=CRS),
    }
    path = folder / "town.gpkg"
    for name, layer in layers.items():
        layer.to_file(path, layer=name)
    given = [part for name in layers for part in (f"--{name}", path)]
    geogrid("import", "town", *given, "--jurisdiction", "banks", "--band", "30:60", "--publish")


def shores(engine: Engine, plan: int) -> list[tuple[bool, bool]]:
    """Return for each grid of a plan whether it has houses west, and east, of the river."""
    with unit_of_work(engine) as session:
        rows = session.execute(
            text(
                "select bool_or(ST_X(ST_Transform(ST_Centroid(b.geom), 4547)) < 500300), "
                "bool_or(ST_X(ST_Transform(ST_Centroid(b.geom), 4547)) > 500300) from grids g join buildings b "
                "on ST_Contains(g.geom, ST_Centroid(b.geom)) where g.plan_id = :plan and g.kind <> 'parent' "
                "group by g.id"
            ),
            {"plan": plan},
        ).all()
    return [(bool(west), bool(east)) for west, east in rows]


REBALANCE = json.dumps({"kind": "rebalance", "band": [140, 160]})


@pytest.mark.parametrize("water", BANKS)
def test_engine_and_rebalancing_leave_a_grid_on_its_shore(
    geogrid: Said, engine: Engine, tmp_path: Path, water: str
) -> None:
    imported(geogrid, tmp_path, water)
    geogrid("plan", "new", "one grid", "--engine", "--band", "290:310")
    assert sorted(shores(engine, 2)) == [(False, True), (True, False)]
    assert "nearer to the band" in geogrid("plan", "edit", 2, REBALANCE, status=2)
    geogrid("plan", "new", "four grids", "--engine", "--band", "70:80")
    assert all(west != east for west, east in shores(engine, 3))


@pytest.mark.parametrize("water", BANKS)
def test_engine_and_rebalancing_cross_water_by_a_street(
    geogrid: Said, engine: Engine, tmp_path: Path, water: str
) -> None:
    imported(geogrid, tmp_path, water, BRIDGE)
    geogrid("plan", "new", "one grid", "--engine", "--band", "290:310")
    assert shores(engine, 2) == [(True, True)]
    line = gpd.GeoSeries([shapely.LineString([(X + 300, Y - 9), (X + 300, Y + 609)])], crs=CRS).to_crs(4326).iloc[0]
    with unit_of_work(engine) as session:
        code = session.scalar(text("select code from grids where plan_id = 2 and kind <> 'parent'"))
    split = {"kind": "split_by_line", "grid": code, "line": shapely.geometry.mapping(line)}
    geogrid("plan", "edit", 2, json.dumps(split))
    assert sorted(shores(engine, 2)) == [(False, True), (True, False)]
    geogrid("plan", "edit", 2, REBALANCE)
    assert (True, True) in shores(engine, 2)


def test_islands_without_a_house_are_no_grids_of_the_engine(geogrid: Said, engine: Engine, tmp_path: Path) -> None:
    imported(geogrid, tmp_path, "river", islet=shapely.box(X + 700, Y + 100, X + 750, Y + 150))
    geogrid("plan", "new", "drawn anew", "--engine", "--band", "30:60")
    with unit_of_work(engine) as session:
        loads = session.scalars(text("select households from grids where plan_id = 2 and kind <> 'parent'")).all()
    assert sum(loads) == pytest.approx(300)
    assert min(loads) >= 30
