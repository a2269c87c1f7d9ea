"""`geogrid import town --grids`: grids that exist, exactly as they are, on blocks that planners can move."""

import json
from collections.abc import Callable
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

SAME_M2 = 0.01


@pytest.fixture(scope="module")
def town() -> Town:
    return make_town(11, streets=5, buildings=160)


@pytest.fixture(scope="module")
def drawn(town: Town) -> gpd.GeoDataFrame:
    """Nine communities of two districts, whose crooked borders follow no street."""
    rng = np.random.default_rng(3)
    west, south, east, north = town.limit.total_bounds
    corners = np.stack(np.meshgrid(np.linspace(west, east, 4), np.linspace(south, north, 4)), axis=-1)
    corners[1:3, 1:3] += rng.normal(0, 25, (2, 2, 2))
    corners[[0, -1], :, 1] += np.array([[-50.0], [50.0]])
    corners[:, [0, -1], 0] += np.array([-50.0, 50.0])
    cells = [
        shapely.Polygon(
            [corners[row, column], corners[row, column + 1], corners[row + 1, column + 1], corners[row + 1, column]]
        )
        for row in range(3)
        for column in range(3)
    ]
    shapes = [cell.intersection(town.limit.iloc[0]) for cell in cells]
    rows = {
        "id": [f"C{number}" for number in range(9)],
        "title": [f"Community {number}" for number in range(9)],
        "district": ["W" if number % 3 == 0 else "E" for number in range(9)],
        "hh": [101.0 + 13 * number for number in range(9)],
    }
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=CRS)


@pytest.fixture
def files(town: Town, drawn: gpd.GeoDataFrame, tmp_path: Path) -> Path:
    path = tmp_path / "town.gpkg"
    drawn.to_file(path, layer="communities")
    town.barriers.assign(kind="highway", name="").to_file(path, layer="streets")
    town.buildings.drop(columns="households").to_file(path, layer="buildings")
    return path


@pytest.fixture
def geogrid(database: Database) -> Said:
    return saying(database)


def grids_of(files: Path) -> tuple[object, ...]:
    return ("--grids", f"{files}:communities", "--code", "id", "--parent", "district", "--name-column", "title")


def rows(engine: Engine, statement: str, **values: object) -> list[tuple[object, ...]]:
    with unit_of_work(engine) as session:
        return [tuple(row) for row in session.execute(text(statement), values)]


def stored_land(engine: Engine, plan: int) -> dict[str, shapely.Geometry]:
    leaves = "select code, ST_AsBinary(geom) from grids where plan_id = :plan and kind <> 'parent'"
    found = rows(engine, leaves, plan=plan)
    lonlat = gpd.GeoSeries([shapely.from_wkb(bytes(shape)) for _, shape in found], crs=4326)  # type: ignore[arg-type]
    return dict(zip([str(code) for code, _ in found], lonlat.to_crs(CRS), strict=True))


def assert_as_drawn(engine: Engine, drawn: gpd.GeoDataFrame, plan: int = 1) -> None:
    land = stored_land(engine, plan)
    assert land.keys() == set(drawn["id"])
    for code, shape in zip(drawn["id"], drawn.geometry, strict=True):
        assert shapely.symmetric_difference(shape, land[code]).area < SAME_M2


LAYERS = {
    "streets and buildings": ("streets", "buildings"),
    "streets": ("streets",),
    "buildings": ("buildings",),
    "neither": (),
}


@pytest.mark.parametrize("given", LAYERS.values(), ids=LAYERS.keys())
def test_grids_stay_as_they_are_and_are_redrawn_from_then_on(
    files: Path, drawn: gpd.GeoDataFrame, geogrid: Said, engine: Engine, given: tuple[str, ...]
) -> None:
    layers = [part for name in given for part in (f"--{name}", files)]
    geogrid(
        "import", "town", "--jurisdiction", "old", *grids_of(files), *layers, "--households", "hh", "--publish",
        "--band", "80:260",
    )  # fmt: skip
    assert_as_drawn(engine, drawn)
    named = rows(engine, "select code, name, households from grids where kind <> 'parent' order by code")
    assert named == list(zip(drawn["id"], drawn["title"], drawn["hh"], strict=True))
    assert rows(engine, "select code, level, households from grids where kind = 'parent' order by code") == [
        ("E", 1, drawn.loc[drawn["district"] == "E", "hh"].sum()),
        ("W", 1, drawn.loc[drawn["district"] == "W", "hh"].sum()),
    ]
    per_grid = rows(
        engine,
        "select g.code, count(*), sum(b.households) from assignments a join blocks b on b.id = a.block_id "
        "join grids g on g.id = a.grid_id group by g.code order by g.code",
    )
    assert [(code, households) for code, _, households in per_grid] == list(zip(drawn["id"], drawn["hh"], strict=True))
    assert all(int(str(count)) >= 3 for _, count, _ in per_grid)
    redraw(geogrid, engine)
    assert_as_drawn(engine, drawn)


def test_the_engine_refuses_to_draw_grids_anew_that_nobody_counted(geogrid: Said, tmp_path: Path) -> None:
    squares = [shapely.box(500_000 + 400 * x, 3_800_000, 500_400 + 400 * x, 3_800_400) for x in range(3)]
    gpd.GeoDataFrame({"id": ["A", "B", "C"]}, geometry=squares, crs=CRS).to_file(tmp_path / "grids.gpkg")
    grids = ("--grids", tmp_path / "grids.gpkg", "--code", "id")
    geogrid("import", "town", "--jurisdiction", "old", *grids, "--publish")
    said = geogrid("plan", "new", "next", "--engine", "--band", "2:30", status=1)
    assert "No grid of plan 'next' that may be drawn anew has any households" in said
    assert "next" not in geogrid("plan", "show")


def redraw(geogrid: Said, engine: Engine) -> None:
    """Move a block, split, merge and rebalance in a draft, and publish it."""
    made = int(geogrid("plan", "new", "next", "--by", "Wang").split()[0])
    beside = """
        select a.block_id from assignments a join blocks b on b.id = a.block_id join grids g on g.id = a.grid_id
        join grids other on other.plan_id = a.plan_id and other.code = 'C5'
        where a.plan_id = :plan and g.code = 'C4' and ST_Length(ST_Intersection(b.geom, other.geom)) > 0
        order by 1 limit 1
    """
    border = rows(engine, beside, plan=made)[0][0]
    for operation in (
        {"kind": "move_blocks", "blocks": [border], "to": "C5"},
        {"kind": "split_into", "grid": "C8", "count": 2},
        {"kind": "merge", "grids": ["C1", "C2"], "keep": "C1"},
        {"kind": "rebalance", "grids": ["C4", "C5", "C7"], "band": [155, 190]},
    ):
        said = geogrid("plan", "edit", made, json.dumps(operation), "--by", "Wang")
        assert "changed hands" in said, operation
    loads = "select sum(households) from grids where plan_id = :plan and level = 1"
    assert rows(engine, loads, plan=made) == rows(engine, loads, plan=1)
    for _ in range(4):
        geogrid("plan", "undo", made, "--by", "Wang")
    assert len(rows(engine, "select id from grids where plan_id = :plan and kind <> 'parent'", plan=made)) == 9


def test_buildings_that_borders_cut_are_told_and_loads_stay_whole(files: Path, town: Town, geogrid: Said) -> None:
    said = geogrid(
        "import", "town", "--jurisdiction", "old", *grids_of(files), "--streets", files, "--buildings", files,
        "--households", "hh", "--dry-run",
    )  # fmt: skip
    leaves = gpd.read_file(files, layer="communities").geometry
    inner = town.buildings.geometry.buffer(-0.01)
    cut = sum(int(leaves.intersects(house).sum() > 1) for house in inner)
    assert cut > 0
    assert f"cut {cut} buildings" in said


def test_overlaps_are_settled_and_told_as_by_import_grids(
    files: Path, drawn: gpd.GeoDataFrame, geogrid: Said, engine: Engine
) -> None:
    wider = drawn.copy()
    wider.loc[4, "geometry"] = drawn.geometry[4].buffer(3, join_style="mitre")
    wider.to_file(files, layer="communities")
    said = geogrid("import", "town", "--jurisdiction", "old", *grids_of(files), "--streets", files)
    assert "overlap" in said
    land = stored_land(engine, 1)
    taken = wider.geometry[4].difference(shapely.union_all(drawn.geometry[:4]))
    assert shapely.symmetric_difference(land["C4"], taken.intersection(land["C4"].union(taken))).area < 1.0
    assert shapely.union_all(list(land.values())).area == pytest.approx(
        sum(shape.area for shape in land.values()), abs=0.01
    )


Fault = tuple[Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame], tuple[str, ...], str]
REFUSED: dict[str, Fault] = {
    "two rows of a code": (lambda frame: frame.assign(id=["C0", *frame["id"][:-1]]), (), "duplicate-code"),
    "a load that is none": (lambda frame: frame.assign(hh=-1.0), ("--households", "hh"), "bad-load"),
    "lines for grids": (lambda frame: frame.set_geometry(frame.boundary), (), "not-polygon"),
}


@pytest.mark.parametrize("fault", REFUSED.values(), ids=REFUSED.keys())
def test_grids_that_cannot_be_used_are_refused_with_every_problem(
    files: Path, drawn: gpd.GeoDataFrame, geogrid: Said, engine: Engine, fault: Fault
) -> None:
    change, more, kind = fault
    report = files.with_name("report.json")
    bad = files.with_name("bad.gpkg")
    change(drawn).to_file(bad, layer="communities")
    geogrid(
        "import", "town", "--jurisdiction", "old", *grids_of(bad), "--streets", files, *more, "--report", report,
        status=1,
    )  # fmt: skip
    assert kind in {problem["kind"] for problem in json.loads(report.read_text())["problems"]}
    assert rows(engine, "select count(*) from jurisdictions") == [(0,)]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--code", "id", "--streets", "{files}"), "--code goes with --grids FILE."),
        (("--grids", "{files}:communities"), "Name the column of the grids' codes: --code COLUMN."),
        (("--grids", "nothing.shp", "--code", "id"), "neither a number of 1 or more nor a file of grids"),
        (("--grids", "{files}:communities", "--code", "id", "--lock", "C1"), "--lock: grids of a file stay"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_are_told(
    files: Path, geogrid: Said, arguments: tuple[str, ...], sentence: str
) -> None:
    given = [part.format(files=files) for part in arguments]
    assert sentence in geogrid("import", "town", "--jurisdiction", "old", *given, status=2)


def test_name_of_a_column_is_not_taken_for_the_name_of_the_town(files: Path, geogrid: Said) -> None:
    grids = ("--grids", f"{files}:communities", "--code", "id")
    said = geogrid("import", "town", "--jurisdiction", "old", *grids, "--name", "title", "--dry-run", status=1)
    assert "For the names of the grids write --name-column title." in said


REAL = {
    "Jiangning": ("jiangning/communities.geojson", ("--code", "COMMUID", "--parent", "street_code"), 1e-4, 32650),
    "Denver": ("denver_blocks/precincts2020.parquet", ("--code", "PRECID", "--dissolve"), 30.0, 32613),
}


@pytest.mark.shared_data
@pytest.mark.parametrize("place", REAL.values(), ids=REAL.keys())
def test_real_grids_without_streets_are_exactly_represented(
    shared_data: Path, geogrid: Said, engine: Engine, tmp_path: Path, place: tuple[str, tuple[str, ...], float, int]
) -> None:
    name, columns, step, metres = place
    path = shared_data / name
    read = gpd.read_parquet(path) if path.suffix == ".parquet" else gpd.read_file(path)
    middle = shapely.centroid(shapely.box(*read.total_bounds))
    nearest = np.argsort(shapely.distance(read.geometry.to_numpy(), middle))[:70]
    read.iloc[nearest].to_file(tmp_path / "part.gpkg")
    part = gpd.read_file(tmp_path / "part.gpkg")
    geogrid("import", "town", "--jurisdiction", "real", "--grids", tmp_path / "part.gpkg", *columns, "--publish")
    found = rows(engine, "select code, ST_AsBinary(geom) from grids where kind <> 'parent'")
    stored = gpd.GeoSeries([shapely.from_wkb(bytes(shape)) for _, shape in found], crs=4326)  # type: ignore[arg-type]
    assert shapely.coverage_is_valid(stored.to_numpy())
    # An edge that is straight in the file is not straight in other metres.
    drawn_alike = stored.to_crs(part.crs).segmentize(step).to_crs(metres)
    land = dict(zip([str(code) for code, _ in found], drawn_alike, strict=True))
    whole = part.assign(geometry=part.geometry.make_valid().segmentize(step)).dissolve(columns[1]).to_crs(metres)
    assert land.keys() == set(whole.index.astype(str))
    shared = overlapped(whole)
    apart = [
        shapely.symmetric_difference(shape, land[str(code)]).area
        for code, shape in zip(whole.index, whole.geometry, strict=True)
        if code not in shared
    ]
    assert len(apart) > 0.5 * len(land)
    assert max(apart) < 1.0


def overlapped(grids: gpd.GeoDataFrame) -> set[object]:
    """Return the grids that share more than a tenth of a square metre with another: one of the two loses that."""
    shapes = grids.geometry.to_numpy()
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    shared = (left != right) & (shapely.area(shapely.intersection(shapes[left], shapes[right])) > 0.1)
    return set(grids.index[np.unique(left[shared])])
