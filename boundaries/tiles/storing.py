"""Vector tiles of editions: made once, when they are first asked for, and kept."""

from typing import Final

import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanValues
from boundaries.store.bulk_copy import copy_rows, hex_ewkb
from boundaries.tiles.making import Connection, TileKey, look_up_tile
from geogrid.blocks.polygons import as_multi
from geogrid.errors import ConflictError
from geogrid.tiles import EXACT_ZOOM, Tile, TileMatrixSet, generalised
from geogrid.types import CoordType, GeometryArray, IntArray

MAX_ZOOM: Final = 16
"""The finest zoom there is; maps draw what lies beyond from it."""

_LOCK: Final = 7_102_001
_LEAVES: Final = text("""
    select id, ST_AsBinary(geom) as shape from grids where plan_id = :plan and kind <> 'parent'
    order by code collate "C"
""")
_STORE: Final = text("""
    insert into tiles (plan_id, matrix_set, coord_type, zoom, "column", "row", content)
    values (:plan, :matrix_set, :coord_type, :zoom, :column, :row, :content)
    on conflict do nothing
""")
_PREPARED: Final = text("""
    select exists (select from tile_labels where plan_id = :plan)
        and (:zoom >= :exact or exists (select from tile_shapes where plan_id = :plan and zoom = :zoom))
""")
_STORE_LABELS: Final = text("""
    insert into tile_labels (plan_id, grid_id, geom)
    select plan_id, id, ST_PointOnSurface(geom) from grids where plan_id = :plan
    on conflict do nothing
""")


def edition_tile(
    session: Session, plan: PlanValues, matrix_set: TileMatrixSet, tile: Tile, *, coord_type: CoordType = "wgs84"
) -> bytes:
    """Return a vector tile of an edition, empty where the edition has no grid.

    The layer `grids` has every level, each a coverage of its own; the layer `labels` has a point for each name.

    Parameters
    ----------
    session : Session
        What is made is stored; the caller commits.
    plan : PlanValues
        Published or retired.
    matrix_set, tile : TileMatrixSet, Tile
        Which tile; zoom at most `MAX_ZOOM`.
    coord_type : {"wgs84", "gcj02", "bd09"}
        Datum of the tile, for maps that are shifted themselves.

    Raises
    ------
    ConflictError
        The plan was never published.
    """
    _require_edition(plan)
    key = TileKey(plan.id, matrix_set, tile, coord_type)
    found = look_up_tile(_driver(session), key)
    if found is None or found.content is None:
        prepare_zoom(session, plan, tile.zoom)
        found = look_up_tile(_driver(session), key)
    assert found is not None  # noqa: S101 - an edition is never deleted, and its zoom is prepared
    assert found.content is not None  # noqa: S101 - as above
    if not found.is_kept:
        store_tile(session, key, found.content)
    return found.content


def store_tile(session: Session, key: TileKey, content: bytes) -> None:
    """Keep a finished tile."""
    session.execute(_STORE, {**key.values(), "content": content})


def prepare_zoom(session: Session, plan: PlanValues, zoom: int) -> None:
    """Simplify an edition for a zoom, unless that is done; who asks meanwhile waits for it.

    Raises
    ------
    ConflictError
        The plan was never published.
    """
    _require_edition(plan)
    if _is_prepared(session, plan, zoom):
        return
    session.execute(text("select pg_advisory_xact_lock(:lock, :plan)"), {"lock": _LOCK, "plan": plan.id})
    if _is_prepared(session, plan, zoom):
        return
    session.execute(_STORE_LABELS, {"plan": plan.id})
    if zoom < EXACT_ZOOM:
        ids, shapes = _leaves(session, plan)
        found = generalised(shapes, zoom)
        kept = ~shapely.is_empty(found)
        rows = zip(ids[kept].tolist(), hex_ewkb(as_multi(found[kept])), strict=True)
        shown = ((plan.id, zoom, grid, shape) for grid, shape in rows)
        copy_rows(session, "tile_shapes", ("plan_id", "zoom", "grid_id", "geom"), shown)
    # Until then the planner takes the tables for empty, and reads a whole zoom for one tile.
    session.execute(text("select analyze_tiles()"))


def _is_prepared(session: Session, plan: PlanValues, zoom: int) -> bool:
    values = {"plan": plan.id, "zoom": zoom, "exact": EXACT_ZOOM}
    return bool(session.execute(_PREPARED, values).scalar())


def _require_edition(plan: PlanValues) -> None:
    if plan.valid_from is None:
        raise ConflictError(f"Plan {plan.name!r} ({plan.id}) is {plan.state}, not an edition. Publish it first.")


def _leaves(session: Session, plan: PlanValues) -> tuple[IntArray, GeometryArray]:
    rows = session.execute(_LEAVES, {"plan": plan.id}).all()
    ids = np.array([row.id for row in rows], dtype=np.int64)
    return ids, shapely.from_wkb(np.array([bytes(row.shape) for row in rows], dtype=object))


def _driver(session: Session) -> Connection:
    """Return the session's own connection, for statements in the driver's words."""
    session.flush()
    connection: Connection | None = session.connection().connection.driver_connection
    assert connection is not None  # noqa: S101 - a session's connection is open while it is used; narrows a type
    return connection
