"""The base map, as tables: streets, buildings and water; no tile server is needed."""

from collections.abc import Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from geoalchemy2 import functions as geo
from sqlalchemy import Row, exists, select
from sqlalchemy.orm import Session

from boundaries.basemap.tables import Barrier, Building, SiteRow
from boundaries.jurisdictions.reading import limit_at
from geogrid.blocks.shores import sea_within, within_banks
from geogrid.blocks.water import RIVER

_OF_WATER: Final = ("bank", "waterway", "coastline")
"""Kinds of lines that areas of water are made of."""


def street_frame(session: Session, jurisdiction_id: int, *, kinds: Sequence[str] = ("highway",)) -> gpd.GeoDataFrame:
    """Return barriers as a table: name, kind, rank, geometry (LineString, EPSG:4326), lowest rank first."""
    rows = session.execute(
        select(Barrier.name, Barrier.kind, Barrier.rank, geo.ST_AsBinary(Barrier.geom).label("shape"))
        .where(Barrier.jurisdiction_id == jurisdiction_id, Barrier.kind.in_(kinds))
        .order_by(Barrier.rank, Barrier.id)
    ).all()
    return _frame(("name", "kind", "rank"), rows)


def has_water(session: Session, jurisdiction_id: int) -> bool:
    """Return whether any line of water is known of a jurisdiction."""
    of_water = Barrier.kind.in_((*_OF_WATER, RIVER))
    return bool(session.scalar(select(exists().where(Barrier.jurisdiction_id == jurisdiction_id, of_water))))


def water_frame(session: Session, jurisdiction_id: int) -> gpd.GeoDataFrame:
    """Return the water of a jurisdiction as areas, EPSG:4326: within closed banks, and the sea behind its coastline."""
    lines = street_frame(session, jurisdiction_id, kinds=_OF_WATER)
    is_coast = (lines["kind"] == "coastline").to_numpy()
    shapes = lines.geometry.to_numpy()
    areas = [within_banks(shapes[~is_coast])]
    limit = limit_at(session, jurisdiction_id)
    if limit is not None:
        areas.append(sea_within(shapes[is_coast], limit))
    return gpd.GeoDataFrame(geometry=np.concatenate(areas), crs="EPSG:4326")


def building_frame(session: Session, jurisdiction_id: int) -> gpd.GeoDataFrame:
    """Return buildings as a table: name, households, geometry (MultiPolygon, EPSG:4326)."""
    rows = session.execute(
        select(Building.name, Building.households, geo.ST_AsBinary(Building.geom).label("shape"))
        .where(Building.jurisdiction_id == jurisdiction_id)
        .order_by(Building.id)
    ).all()
    return _frame(("name", "households"), rows)


def site_frame(session: Session, jurisdiction_id: int) -> gpd.GeoDataFrame:
    """Return institutions as a table: name, category, geometry (any, EPSG:4326)."""
    rows = session.execute(
        select(SiteRow.name, SiteRow.category, geo.ST_AsBinary(SiteRow.geom).label("shape"))
        .where(SiteRow.jurisdiction_id == jurisdiction_id)
        .order_by(SiteRow.id)
    ).all()
    return _frame(("name", "category"), rows)


def _frame(columns: tuple[str, ...], rows: Sequence[Row[Any]]) -> gpd.GeoDataFrame:
    values = {column: [getattr(row, column) for row in rows] for column in columns}
    shapes = shapely.from_wkb(np.array([bytes(row.shape) for row in rows], dtype=object))
    return gpd.GeoDataFrame(values, geometry=shapes, crs="EPSG:4326")
