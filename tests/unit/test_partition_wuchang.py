"""A Chinese city district of real streets: Wuchang is covered whole, and nothing outside it."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from boundaries.files.line_ranks import HIGHWAY_RANKS
from geogrid.blocks import Blocks, build_blocks
from geogrid.blocks.barriers import RESIDENTIAL
from geogrid.partition import partition
from geogrid.partition.evaluation import evaluate

pytestmark = pytest.mark.shared_data
CRS = "EPSG:32650"
BAND = (8.0, 16.0)


@pytest.fixture(scope="module")
def wuchang(shared_data: Path) -> tuple[Blocks, shapely.Geometry]:
    """Return the blocks between the streets, with kilometres of street as a stand-in for households, and the limit."""
    streets = gpd.read_parquet(shared_data / "wuhan" / "simplified.parquet").to_crs(CRS)
    districts = gpd.read_file(shared_data / "wuhan" / "wuhan_districts.geojson")
    limit = districts[districts["name"] == "武昌区"].to_crs(CRS)
    streets["rank"] = streets["highway"].str.removesuffix("_link").map(HIGHWAY_RANKS).fillna(RESIDENTIAL).astype(int)
    pieces = shapely.segmentize(streets.geometry.array, 50.0)
    xy, line = shapely.get_coordinates(pieces, return_index=True)
    joined = line[1:] == line[:-1]
    middles, km = (xy[1:] + xy[:-1])[joined] / 2, np.hypot(*(xy[1:] - xy[:-1])[joined].T) / 1_000
    lengths = gpd.GeoDataFrame({"street_km": km}, geometry=gpd.points_from_xy(*middles.T), crs=CRS)
    blocks = build_blocks(limit, streets, loads=lengths, load_columns=["street_km"])
    return blocks, limit.geometry.iloc[0]


def test_blocks_cover_the_district_and_nothing_else(wuchang: tuple[Blocks, shapely.Geometry]) -> None:
    blocks, limit = wuchang
    assert shapely.coverage_is_valid(blocks.polygons)
    assert shapely.union_all(blocks.polygons).symmetric_difference(limit).area < 1e-3


def test_grids_are_contiguous_valid_and_in_the_band_or_told(wuchang: tuple[Blocks, shapely.Geometry]) -> None:
    blocks, limit = wuchang
    found = partition(blocks, band=BAND, load="street_km", rng=np.random.default_rng(1))
    figures = evaluate(found, limit=limit).overall
    assert figures["contiguous"] == len(found)
    assert figures["gaps"] < 1e-3
    assert figures["outside"] < 1e-3
    assert figures["overlaps"] == 0
    assert figures["in_band"] == 1.0
    assert {problem.subject for problem in found.problems} == {str(n) for n in np.flatnonzero(~found.in_band)}
