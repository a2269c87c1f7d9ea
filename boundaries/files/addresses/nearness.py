"""Addresses that cannot be the jurisdiction's, by the rule that holds for cases too."""

from datetime import datetime

import geopandas as gpd
import numpy as np
import shapely
from sqlalchemy.orm import Session

from boundaries.editions.reading import edition_at, grid_frame
from boundaries.jurisdictions.reading import limit_at
from geogrid.coverage.nearness import why_not_near
from geogrid.geometry.overlays import DEGREE, union


def land_of(session: Session, jurisdiction_id: int, now: datetime) -> shapely.Geometry | None:
    """Return the land of the edition in force, else the limit; None where nothing is known of the place."""
    edition = edition_at(session, jurisdiction_id, now)
    if edition is None:
        return limit_at(session, jurisdiction_id)
    return union(grid_frame(session, edition, level=1).geometry.to_numpy(), metre=DEGREE)


def far_faults(frame: gpd.GeoDataFrame, land: shapely.Geometry | None) -> list[str | None]:
    """Return why each address cannot be near the land, None where it can.

    Parameters
    ----------
    frame : GeoDataFrame
        Points or None, degrees, WGS 84.
    land : Polygon or MultiPolygon, optional
        Without it every place is believed.
    """
    found: list[str | None] = [None] * len(frame)
    if land is None:
        return found
    points = frame.geometry.to_numpy()
    lonlat = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
    placed = np.flatnonzero(np.isfinite(lonlat).all(axis=1))
    for which, reason in zip(placed.tolist(), why_not_near(lonlat[placed], land), strict=True):
        found[which] = reason
    return found
