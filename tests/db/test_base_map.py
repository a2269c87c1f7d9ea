"""The base map as it is read from the store."""

import geopandas as gpd
import shapely
from sqlalchemy import Engine

from boundaries.basemap.reading import water_frame
from boundaries.basemap.storing import save_barriers
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.store.engine import unit_of_work
from geogrid.types import LevelName

TOWN = shapely.box(10.0, 50.0, 10.1, 50.1)
LAKE = shapely.box(10.02, 50.02, 10.04, 50.04)
ISLET = shapely.box(10.028, 50.028, 10.032, 50.032)


def test_water_is_within_closed_banks_and_on_the_right_of_the_coastline(engine: Engine) -> None:
    coast = shapely.LineString([(10.09, 49.9), (10.09, 50.2)])
    street = shapely.LineString([(10.0, 50.05), (10.09, 50.05)])
    lines = gpd.GeoDataFrame(
        {"name": "", "kind": ["bank", "bank", "coastline", "highway"], "rank": 8},
        geometry=[LAKE.exterior, ISLET.exterior, coast, street],
        crs=4326,
    )
    with unit_of_work(engine) as session:
        town = save_jurisdiction(session, code="t", name="T", levels=[LevelName("grid", "网格")], limit=TOWN)
        save_barriers(session, town.id, lines)
        water = shapely.union_all(water_frame(session, town.id).geometry.to_numpy())
        session.rollback()
    sea = shapely.box(10.09, 50.0, 10.1, 50.1)
    expected = shapely.union_all([shapely.difference(LAKE, ISLET), sea])
    assert shapely.symmetric_difference(water, expected).area < 1e-12
