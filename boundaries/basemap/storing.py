"""The base map: the streets and buildings that were imported; no tile server is needed."""

import geopandas as gpd
from sqlalchemy import delete
from sqlalchemy.orm import Session

from boundaries.basemap.tables import Barrier, Building, SiteRow
from boundaries.store.bulk_copy import copy_rows, hex_ewkb, number_or_none
from geogrid.blocks.polygons import as_multi


def save_barriers(session: Session, jurisdiction_id: int, barriers: gpd.GeoDataFrame) -> int:
    """Replace the barriers of a jurisdiction.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    jurisdiction_id : int
        Whose they are.
    barriers : GeoDataFrame
        EPSG:4326; columns name, kind, rank, geometry (LineString or MultiLineString, stored in single lines).

    Returns
    -------
    int
        Lines stored.
    """
    session.execute(delete(Barrier).where(Barrier.jurisdiction_id == jurisdiction_id))
    lines = barriers.explode(ignore_index=True)
    rows = (
        (jurisdiction_id, name or "", kind, int(rank), shape)
        for name, kind, rank, shape in zip(
            lines["name"].fillna(""), lines["kind"], lines["rank"], hex_ewkb(lines.geometry.to_numpy()), strict=True
        )
    )
    return copy_rows(session, "barriers", ("jurisdiction_id", "name", "kind", "rank", "geom"), rows)


def save_buildings(session: Session, jurisdiction_id: int, buildings: gpd.GeoDataFrame) -> int:
    """Replace the buildings of a jurisdiction.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    jurisdiction_id : int
        Whose they are.
    buildings : GeoDataFrame
        EPSG:4326; columns name, households, geometry (Polygon or MultiPolygon).

    Returns
    -------
    int
        Buildings stored.
    """
    session.execute(delete(Building).where(Building.jurisdiction_id == jurisdiction_id))
    shapes = hex_ewkb(as_multi(buildings.geometry.to_numpy()))
    rows = (
        (jurisdiction_id, name, number_or_none(households), shape)
        for name, households, shape in zip(buildings["name"].fillna(""), buildings["households"], shapes, strict=True)
    )
    return copy_rows(session, "buildings", ("jurisdiction_id", "name", "households", "geom"), rows)


def save_sites(session: Session, jurisdiction_id: int, sites: gpd.GeoDataFrame) -> int:
    """Replace the institutions of a jurisdiction.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    jurisdiction_id : int
        Whose they are.
    sites : GeoDataFrame
        EPSG:4326; columns name, category, geometry (any that is not empty).

    Returns
    -------
    int
        Institutions stored.
    """
    session.execute(delete(SiteRow).where(SiteRow.jurisdiction_id == jurisdiction_id))
    shapes = hex_ewkb(sites.geometry.to_numpy())
    rows = (
        (jurisdiction_id, name, category, shape)
        for name, category, shape in zip(sites["name"].fillna(""), sites["category"], shapes, strict=True)
    )
    return copy_rows(session, "sites", ("jurisdiction_id", "name", "category", "geom"), rows)
