"""Cut tiles on random coverages: valid, on whole units, alike on both sides of a side, close to what was cut."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.tiles import (
    EXTENT,
    MATRIX_SETS,
    CutTile,
    Tile,
    TileLayer,
    TileMatrixSet,
    cut,
    encoded,
    generalised,
    merged,
    tile_units,
)
from geogrid.tiles.cutting import noded, rounded
from geogrid.tiles.matrices import WEB_MERCATOR_QUAD
from geogrid.types import GeometryArray
from tests.property.random_coverages import (
    nested_rings,
    noisy_voronoi,
    rectangles_with_t_junctions,
    stars_on_a_lattice,
)

SEEDS = st.integers(0, 2**32 - 1)
COVERAGES = st.sampled_from([nested_rings, noisy_voronoi, rectangles_with_t_junctions, stars_on_a_lattice])
SETS = st.sampled_from(list(MATRIX_SETS.values()))
Maker = Callable[[np.random.Generator], GeometryArray]


def placed(make: Maker, rng: np.random.Generator) -> GeometryArray:
    """Return a random coverage, some kilometres wide, somewhere in China."""
    shapes = make(rng)
    west, south, east, north = shapely.total_bounds(shapes)
    width = rng.uniform(0.005, 0.2)
    corner, scale = rng.uniform([90, 20], [120, 45]), width / max(east - west, north - south)
    return shapely.transform(shapes, lambda xy: (xy - [west, south]) * scale + corner)


def around(shapes: GeometryArray, matrix_set: TileMatrixSet, zoom: int) -> list[Tile]:
    """Return four tiles that meet in or near the middle of a coverage."""
    west, south, east, north = shapely.total_bounds(shapes)
    x, y = matrix_set.forward(np.array([(west + east) / 2]), np.array([(south + north) / 2]))
    column, row = int(np.round(x[0] * 2**zoom)), int(np.round(y[0] * 2**zoom))
    return [Tile(zoom, column - i, row - j) for i in (1, 0) for j in (1, 0)]


def cut_alike(shapes: GeometryArray, matrix_set: TileMatrixSet, tiles: list[Tile]) -> list[CutTile]:
    """Return tiles cut as they are served."""
    leaves = generalised(shapes, tiles[0].zoom) if tiles[0].zoom < 16 else shapes
    return [cut(leaves, matrix_set, tile) for tile in tiles]


def cut_by_turns(shapes: GeometryArray, matrix_set: TileMatrixSet, tiles: list[Tile]) -> list[CutTile]:
    """Return tiles that are noded whole beside tiles that are rounded vertex by vertex where that can be."""
    cut_tiles = []
    for number, tile in enumerate(tiles):
        units = shapely.transform(shapes, lambda xy, tile=tile: tile_units(xy[:, 0], xy[:, 1], matrix_set, tile))
        is_whole = number in {0, 3}
        cut_tiles.append((None if is_whole else rounded(units)) or noded(units))
    return cut_tiles


@pytest.mark.parametrize("cut_tiles", [cut_alike, cut_by_turns])
@settings(max_examples=35)
@given(seed=SEEDS, make=COVERAGES, matrix_set=SETS, zoom=st.integers(8, 16))
def test_tiles_are_coverages_on_whole_units_also_side_by_side(
    cut_tiles: Callable[..., list[CutTile]], seed: int, make: Maker, matrix_set: TileMatrixSet, zoom: int
) -> None:
    shapes = placed(make, np.random.default_rng(seed))
    tiles = around(shapes, matrix_set, zoom)
    visible = []
    for tile, found in zip(tiles, cut_tiles(shapes, matrix_set, tiles), strict=True):
        assert shapely.is_valid(found.shapes).all()
        assert shapely.coverage_is_valid(found.shapes)
        xy = shapely.get_coordinates(found.shapes)
        assert (xy == np.round(xy)).all()
        assert not np.signbit(xy[xy == 0]).any()
        parts = shapely.get_parts(shapely.intersection(found.shapes, shapely.box(0, 0, EXTENT, EXTENT)))
        place = np.array([tile.column, tile.row]) * float(EXTENT)
        visible += list(
            shapely.transform(parts[shapely.get_dimensions(parts) == 2], lambda xy, place=place: xy + place)
        )
    assert shapely.coverage_is_valid(np.array(visible, dtype=object))


@settings(max_examples=15)
@given(seed=SEEDS)
def test_tile_is_read_by_gdal_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = placed(noisy_voronoi, rng)
    [tile, *_] = around(shapes, MATRIX_SETS["WebMercatorQuad"], 12)
    found = cut(shapes, MATRIX_SETS["WebMercatorQuad"], tile)
    count = len(found.owners)
    names = [None if number % 3 == 1 else f"网格 {number % 5}" * (number % 40) for number in range(count)]
    numbers = [int(each) for each in rng.integers(-(2**40), 2**40, count)]
    loads = [float(each) for each in rng.normal(size=count)]
    layer = TileLayer("areas", found.owners, found.shapes, {"name": names, "number": numbers, "load": loads})
    points = TileLayer("points", np.arange(3), shapely.points([[0, 5], [7, 0], [4095, 4095]]), {})
    content = tmp_path_factory.getbasetemp() / "written.pbf"
    content.write_bytes(encoded([layer, points]))
    if count:
        read = pyogrio.read_dataframe(content, layer="areas", CLIP="NO")
        assert read["mvt_id"].tolist() == found.owners.tolist()
        assert [None if pd.isna(each) else each for each in read["name"]] == names
        assert read["number"].tolist() == numbers
        assert read["load"].tolist() == loads
        upright = shapely.transform(read.geometry.to_numpy(), lambda xy: xy * [1, -1] + [0, EXTENT])
        assert shapely.equals(upright, found.shapes).all()
    read = pyogrio.read_dataframe(content, layer="points", CLIP="NO")
    assert shapely.get_coordinates(read.geometry).tolist() == [[0, EXTENT - 5], [7, EXTENT], [4095, 1]]


@settings(max_examples=30)
@given(seed=SEEDS, make=st.sampled_from([noisy_voronoi, rectangles_with_t_junctions]), matrix_set=SETS)
def test_each_grid_stays_within_a_unit_of_where_it_is(seed: int, make: Maker, matrix_set: TileMatrixSet) -> None:
    shapes = placed(make, np.random.default_rng(seed))
    [tile, *_] = around(shapes, matrix_set, 13)
    found = cut(shapes, matrix_set, tile)
    inner = shapely.box(0, 0, EXTENT, EXTENT)
    exact = shapely.transform(shapes, lambda xy: tile_units(xy[:, 0], xy[:, 1], matrix_set, tile))
    assert set(found.owners) >= set(
        np.flatnonzero(shapely.area(shapely.intersection(shapely.buffer(exact, -1.5), inner)) > 0)
    )
    for owner, shape in zip(found.owners, found.shapes, strict=True):
        here = shapely.intersection(shape, inner)
        assert shapely.area(shapely.difference(here, shapely.buffer(exact[owner], 1.5))) == pytest.approx(0, abs=1e-6)


@settings(max_examples=30)
@given(seed=SEEDS, make=COVERAGES)
def test_simplified_grids_are_a_coverage_with_fewer_vertices(seed: int, make: Maker) -> None:
    shapes = placed(make, np.random.default_rng(seed))
    found = generalised(shapes, 11)
    assert len(found) == len(shapes)
    # In the plane of the tiles: a straight edge of theirs is none in degrees, where a vertex close by may be beyond it.
    units = shapely.transform(found, lambda xy: np.column_stack(WEB_MERCATOR_QUAD.forward(*xy.T)) * 2.0**11 * EXTENT)
    # Degrees are rounded once more, so vertices may be off by a hundred-millionth of a unit; tiles are noded anew.
    assert shapely.area(units).sum() == pytest.approx(shapely.area(shapely.union_all(units)), rel=1e-9, abs=1e-3)
    if shapely.coverage_is_valid(shapes):
        assert shapely.get_num_coordinates(found).sum() <= shapely.get_num_coordinates(shapes).sum()


@given(seed=SEEDS)
def test_parents_are_the_unions_of_their_children(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = noisy_voronoi(rng)
    groups = rng.integers(0, 3, len(shapes))
    found = merged(shapes, groups)
    assert found.owners.tolist() == sorted(set(groups.tolist()))
    for owner, union in zip(found.owners, found.shapes, strict=True):
        assert shapely.equals(union, shapely.union_all(shapes[groups == owner]))


@given(lon=st.floats(-180, 179.9), lat=st.floats(-85, 85), zoom=st.integers(1, 16), matrix_set=SETS)
def test_point_is_in_the_box_of_its_tile(lon: float, lat: float, zoom: int, matrix_set: TileMatrixSet) -> None:
    column, _, row, _ = matrix_set.span((lon, lat, lon, lat), zoom)
    assert matrix_set.has(Tile(zoom, column, row))
    west, south, east, north = matrix_set.bounds(Tile(zoom, column, row))
    assert west - 1e-9 <= lon <= east + 1e-9
    assert south - 1e-9 <= lat <= north + 1e-9
