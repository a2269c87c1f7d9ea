"""Layers of other shapes than their role needs: what is taken all the same, and what is said of the rest."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from boundaries.files.towns import GridSource, LayerSource, TownFiles, read_partition, read_town
from boundaries.files.towns.sources import read_source
from geogrid.errors import InvalidInputError
from geogrid.partition.evaluation import evaluate

POINT, OPEN = shapely.Point(50, 50), shapely.LineString([(10, 10), (50, 50)])
CLOSED = shapely.LineString(shapely.box(500_010, 4_000_010, 500_060, 4_000_060).exterior)


@pytest.mark.parametrize(
    ("role", "shape", "geometry", "words"),
    [
        ("buildings", "areas", POINT, "--loads"),
        ("streets", "lines", POINT, "give lines, or areas whose outline counts"),
        ("sites", "places", OPEN, "outline of its site, or give a point in each site"),
        ("limit", "areas", OPEN, "outline of an area"),
        ("loads", "places", OPEN, "its lot as a polygon"),
        ("estates", "areas", POINT, "Take the right layer"),
    ],
)
def test_layer_of_another_kind_of_shapes_is_refused_with_what_to_do(
    tmp_path: Path, role: str, shape: Any, geometry: shapely.Geometry, words: str
) -> None:
    file = tmp_path / "layer.gpkg"
    gpd.GeoDataFrame({"category": ["school"]}, geometry=[geometry], crs="EPSG:32650").to_file(file, layer=role)
    with pytest.raises(InvalidInputError) as refused:
        read_source(LayerSource(file), role, shape)
    assert words in refused.value.problems[0].remedy


@pytest.mark.parametrize(("role", "shape"), [("sites", "places"), ("limit", "areas"), ("buildings", "areas")])
def test_closed_lines_are_taken_as_areas_and_told(tmp_path: Path, role: str, shape: Any) -> None:
    file = tmp_path / "layer.gpkg"
    gpd.GeoDataFrame({"category": ["school"]}, geometry=[CLOSED], crs="EPSG:32650").to_file(file, layer=role)
    found, problems = read_source(LayerSource(file), role, shape)
    assert found.geometry.area.tolist() == [2500.0]
    assert [(problem.kind, problem.severity) for problem in problems] == [("outline-filled", "warning")]


def test_town_on_both_sides_of_the_180th_meridian_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "town.gpkg"
    lines = [shapely.LineString([(179.99, -17), (180, -17)]), shapely.LineString([(-180, -17), (-179.99, -17)])]
    gpd.GeoDataFrame({"highway": ["primary"] * 2}, geometry=lines, crs=4326).to_file(file, layer="streets")
    with pytest.raises(InvalidInputError, match="both sides of the 180th meridian"):
        read_town(TownFiles(LayerSource(file)))


def test_grids_of_files_know_wide_water_that_parts_them(tmp_path: Path) -> None:
    file = tmp_path / "town.gpkg"
    banks, water = [shapely.box(0, 0, 250, 600), shapely.box(350, 0, 600, 600)], shapely.box(250, 0, 350, 600)
    land = {"code": ["A"], "geometry": [shapely.box(0, 0, 600, 600)]}
    gpd.GeoDataFrame(land, crs="EPSG:32650").to_file(file, layer="grids")
    blocks = {"grid": "A", "households": [10.0, 10.0, 0.0], "geometry": [*banks, water]}
    gpd.GeoDataFrame(blocks, crs="EPSG:32650").to_file(file, layer="blocks")
    gpd.GeoDataFrame({"natural": ["water"]}, geometry=[water], crs="EPSG:32650").to_file(file, layer="water")
    bridge = shapely.LineString([(200, 300), (400, 300)])
    gpd.GeoDataFrame({"highway": ["primary"]}, geometry=[bridge], crs="EPSG:32650").to_file(file, layer="streets")
    grids, of_blocks, river, streets = (LayerSource(file, name) for name in ("grids", "blocks", "water", "streets"))
    known = [
        GridSource(grids, of_blocks),
        GridSource(grids, of_blocks, barriers=[river]),
        GridSource(grids, of_blocks, streets=streets, barriers=[river]),
    ]
    pieces = [evaluate(read_partition(source).partition).grids["pieces"].tolist() for source in known]
    assert pieces == [[1], [2], [1]]
