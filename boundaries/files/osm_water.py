"""The water of an OpenStreetMap extract: areas as they are tagged, and the sea behind its coastline."""

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd
import shapely

from geogrid.blocks.shores import sea_within
from geogrid.coordinates import WGS84
from geogrid.types import GeometryArray


def are_in(areas: gpd.GeoDataFrame, table: Mapping[str, frozenset[str]]) -> "pd.Series[bool]":
    """Return which areas have a value of a table, on the surface."""
    found: pd.Series[bool] = pd.Series(data=False, index=areas.index)
    for key, values in table.items():
        found |= areas[key].isin(values)
    on_the_surface: pd.Series[bool] = found & ~areas["layer"].fillna("0").str.startswith("-")
    return on_the_surface


def water_of(
    areas: gpd.GeoDataFrame, coastlines: GeometryArray, limit: shapely.Geometry, table: Mapping[str, frozenset[str]]
) -> gpd.GeoDataFrame:
    """Return the areas of water with ``name``, EPSG:4326, the sea within a limit among them."""
    tagged = areas[are_in(areas, table)]
    polygonal = tagged[tagged.geom_type.isin(["Polygon", "MultiPolygon"])]
    sea = sea_within(coastlines, limit)
    names = [*polygonal["name"], *[None] * len(sea)]
    return gpd.GeoDataFrame({"name": names}, geometry=[*polygonal.geometry, *sea], crs=WGS84)
