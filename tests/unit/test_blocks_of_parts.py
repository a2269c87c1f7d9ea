"""Limits and parents as QGIS and ogr write them: areas of one part or of several."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.blocks import build_blocks
from geogrid.geometry.overlays import difference_m2, union

CRS = "EPSG:32635"
X, Y = 400_000.0, 6_670_000.0


def placed(*shapes: shapely.Geometry) -> list[shapely.Geometry]:
    return [shapely.transform(shape, lambda xy: xy + np.array([X, Y])) for shape in shapes]


def streets() -> gpd.GeoDataFrame:
    lines = placed(shapely.LineString([(-50, 90), (450, 90)]), shapely.LineString([(110, -50), (110, 350)]))
    return gpd.GeoDataFrame({"rank": [5, 5]}, geometry=lines, crs=CRS)


PARENTS = [shapely.box(0, 0, 200, 300), shapely.box(200, 0, 400, 300)]


@pytest.mark.parametrize("wrapped", [False, True], ids=["Polygon", "MultiPolygon"])
def test_parents_are_met_exactly(wrapped: bool) -> None:  # noqa: FBT001 - pytest gives it
    shapes = placed(*([shapely.MultiPolygon([shape]) for shape in PARENTS] if wrapped else PARENTS))
    limit = gpd.GeoSeries(placed(shapely.MultiPolygon([shapely.box(0, 0, 400, 300)])), crs=CRS)
    blocks = build_blocks(limit, streets(), nested_in=gpd.GeoDataFrame(geometry=shapes, crs=CRS))
    for row, parent in enumerate(shapes):
        land = union(blocks.polygons[blocks.parent == row])
        assert sum(difference_m2(land, parent)) < 0.01
    assert len(blocks) == 6


def test_town_on_two_islands_keeps_all_its_land() -> None:
    islands = shapely.MultiPolygon([shapely.box(0, 0, 180, 300), shapely.box(220, 0, 400, 300)])
    limit = gpd.GeoSeries(placed(islands), crs=CRS)
    blocks = build_blocks(limit, streets())
    assert sum(difference_m2(union(blocks.polygons), limit.iloc[0])) < 0.01
    assert len(blocks) == 6


def test_building_that_crosses_itself_in_metres_is_mended_and_told() -> None:
    bow = shapely.Polygon([(20, 20), (40, 40), (40, 20), (20, 40)])
    houses = gpd.GeoDataFrame({"households": [3.0, 2.0]}, geometry=placed(bow, shapely.box(60, 20, 80, 40)), crs=CRS)
    limit = gpd.GeoSeries(placed(shapely.box(0, 0, 400, 300)), crs=CRS)
    blocks = build_blocks(limit, streets(), buildings=houses)
    assert np.isclose(blocks.loads["households"].sum(), 5.0)
    assert [str(problem) for problem in blocks.problems] == [
        "Row 0 of the buildings crosses itself and was mended. Look at what became of it."
    ]
