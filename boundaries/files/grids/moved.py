"""New grids against the edition in force: a file of another place or zone has little land in common with it."""

import geopandas as gpd
import numpy as np
import shapely

from geogrid.coordinates import metric_crs
from geogrid.errors import Problem
from geogrid.geometry.metres import to_metres
from geogrid.geometry.overlays import intersections, union
from geogrid.types import GeometryArray
from geogrid.wording import distance

_SAME_SHARE = 0.99
_SQUARE_KILOMETRE_M2 = 1e6


def moved_problem(grids: gpd.GeoDataFrame, in_force: gpd.GeoDataFrame) -> Problem | None:
    """Return what is to be said of the land that new grids share with those in force.

    Parameters
    ----------
    grids : GeoDataFrame
        With ``level``, degrees, WGS 84.
    in_force : GeoDataFrame
        Grids of the top level of the edition, likewise.

    Returns
    -------
    Problem or None
        An error where they have no land in common; a warning where one of them has over a hundredth of land that the
        other has not: a boundary that was surveyed again moves by less.
    """
    crs = metric_crs(in_force)
    new = union(to_metres(grids[grids["level"] == 1], crs).geometry)
    old = union(to_metres(in_force, crs).geometry)
    common = float(shapely.area(intersections(_one(new), _one(old)))[0])
    if common >= _SAME_SHARE * max(new.area, old.area):
        return None
    place = gpd.GeoSeries([shapely.point_on_surface(new)], crs=crs).to_crs(4326).iloc[0]
    if not common:
        away = shapely.distance(shapely.centroid(new), shapely.centroid(old))
        return Problem(
            "elsewhere",
            f"The grids are {distance(away)} from the edition in force, and have no land in common with it.",
            "Check the zone or CRS (--crs) and the jurisdiction; another town is another --jurisdiction.",
            lonlat=(round(place.x, 7), round(place.y, 7)),
            size=float(away),
            unit="m",
        )
    return Problem(
        "elsewhere",
        f"The grids share {_land(common)} with the edition in force: {_land(old.area - common)} of its "
        f"{_land(old.area)} are in no grid any more, {_land(new.area - common)} are new.",
        "Look at them on a map before they are published.",
        severity="warning",
        lonlat=(round(place.x, 7), round(place.y, 7)),
        size=common,
        unit="m2",
    )


def _land(area_m2: float) -> str:
    """Return an area as people tell it; a difference of areas may be below 0 by rounding."""
    return f"{max(area_m2, 0.0) / _SQUARE_KILOMETRE_M2:.3f} km2"


def _one(area: shapely.Geometry) -> GeometryArray:
    return np.array([area], dtype=object)
