"""Vector tiles of editions: made once, when they are first asked for, and kept."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.bulk import as_multi, copy_rows, hex_ewkb
from boundaries.models import Plan
from geogrid.datum import to_wgs84
from geogrid.errors import ConflictError
from geogrid.tiling import BUFFER, EXACT_ZOOM, EXTENT, Tile, TileMatrixSet, cut, generalised, merged, tile_units
from geogrid.types import CoordType, FloatArray, GeometryArray, IntArray

MAX_ZOOM: Final = EXACT_ZOOM
"""The finest zoom there is; maps draw what lies beyond from it."""

_LOCK: Final = 7_102_001
_LEAVES: Final = text("""
    select id, ST_AsBinary(geom) as shape from grids where plan_id = :plan and kind <> 'parent'
    order by code collate "C"
""")
_LEAVES_OF_ZOOM: Final = text("""
    select found.grid_id as id, ST_AsBinary(found.geom) as shape
    from tile_shapes as found join grids on grids.id = found.grid_id
    where found.plan_id = :plan and found.zoom = :zoom
        and found.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
    order by grids.code collate "C"
""")
_LEAVES_AS_STORED: Final = text("""
    select id, ST_AsBinary(geom) as shape from grids
    where plan_id = :plan and kind <> 'parent' and geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
    order by code collate "C"
""")
_ABOVE: Final = text("""
    with recursive chain as (
        select id as leaf, id, parent_id from grids where id = any(:leaves)
        union all
        select chain.leaf, above.id, above.parent_id from chain join grids as above on above.id = chain.parent_id
    )
    select leaf, id from chain
""")
_LABELS: Final = text("""
    select grid_id as id, ST_X(geom) as lon, ST_Y(geom) as lat from tile_labels
    where plan_id = :plan and geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
    order by grid_id
""")
_ENCODED: Final = text("""
    with described as (
        select g.id, g.code, g.name, g.level, levels.name as level_name, above.code as parent, g.kind, g.category,
            g.households, g.population, g.buildings
        from grids as g
        join plans on plans.id = g.plan_id
        join jurisdictions on jurisdictions.id = plans.jurisdiction_id
        left join levels on levels.scheme_id = jurisdictions.scheme_id and levels.position = g.level
        left join grids as above on above.id = g.parent_id
        where g.id = any(cast(:ids as int[])) or g.id = any(cast(:named as int[]))
    ),
    areas as (
        select described.*, ST_GeomFromWKB(cut.shape) as shape
        from unnest(cast(:ids as int[]), cast(:shapes as bytea[])) as cut(id, shape) join described using (id)
        order by described.level, described.code collate "C"
    ),
    names as (
        select described.id, described.code, described.name, described.level, described.kind,
            ST_MakePoint(place.x, place.y) as shape
        from unnest(cast(:named as int[]), cast(:x as float8[]), cast(:y as float8[])) as place(id, x, y)
            join described using (id)
        order by described.level, described.code collate "C"
    )
    select
        coalesce((select ST_AsMVT(areas, 'grids', :extent, 'shape', 'id') from areas), '')
        || coalesce((select ST_AsMVT(names, 'labels', :extent, 'shape', 'id') from names), '')
""")

_STORED: Final = text("""
    select content from tiles
    where plan_id = :plan and matrix_set = :matrix_set and coord_type = :coord_type
        and zoom = :zoom and "column" = :column and "row" = :row
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
_MOST_SHIFT: Final = 0.02
"""Degrees; the datums of Chinese maps are less than 0.02 off."""


def edition_tile(
    session: Session, plan: Plan, matrix_set: TileMatrixSet, tile: Tile, *, coord_type: CoordType = "wgs84"
) -> bytes:
    """Return a vector tile of an edition, empty where the edition has no grid.

    The layer `grids` has every level, each a coverage of its own; the layer `labels` has a point for each name.

    Parameters
    ----------
    session : Session
        What is made is stored; the caller commits.
    plan : Plan
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
    key = {
        "plan": plan.id,
        "matrix_set": matrix_set.id,
        "coord_type": coord_type,
        "zoom": tile.zoom,
        "column": tile.column,
        "row": tile.row,
    }
    stored = session.execute(_STORED, key).scalar()
    if stored is None:
        prepare_zoom(session, plan, tile.zoom)
        stored = _made(session, plan, matrix_set, tile, coord_type)
        session.execute(_STORE, {**key, "content": stored})
    return bytes(stored)


def prepare_zoom(session: Session, plan: Plan, zoom: int) -> None:
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
    ids, shapes = _leaves(session, _LEAVES, {"plan": plan.id})
    if zoom < EXACT_ZOOM:
        found = generalised(shapes, zoom)
        kept = ~shapely.is_empty(found)
        rows = zip(ids[kept].tolist(), hex_ewkb(as_multi(found[kept])), strict=True)
        shown = ((plan.id, zoom, grid, shape) for grid, shape in rows)
        copy_rows(session, "tile_shapes", ("plan_id", "zoom", "grid_id", "geom"), shown)
    session.execute(_STORE_LABELS, {"plan": plan.id})


def _is_prepared(session: Session, plan: Plan, zoom: int) -> bool:
    values = {"plan": plan.id, "zoom": zoom, "exact": EXACT_ZOOM}
    return bool(session.execute(_PREPARED, values).scalar())


def _require_edition(plan: Plan) -> None:
    if plan.validity is None:
        raise ConflictError(f"Plan {plan.name!r} ({plan.id}) is {plan.state}, not an edition. Publish it first.")


def _made(session: Session, plan: Plan, matrix_set: TileMatrixSet, tile: Tile, coord_type: CoordType) -> bytes:
    place = _place(matrix_set, tile, coord_type)
    statement = _LEAVES_AS_STORED if tile.zoom >= EXACT_ZOOM else _LEAVES_OF_ZOOM
    leaves, shapes = _leaves(session, statement, {"plan": plan.id, "zoom": tile.zoom, **place})
    if len(leaves) == 0:
        return b""
    found = cut(shapes, matrix_set, tile, coord_type=coord_type)
    ids, areas = _with_parents(session, leaves[found.owners], found.shapes)
    named, points = _labels(session, plan, matrix_set, tile, coord_type)
    values = {
        "ids": ids.tolist(),
        "shapes": shapely.to_wkb(shapely.orient_polygons(areas)).tolist(),
        "named": named.tolist(),
        "x": points[:, 0].tolist(),
        "y": points[:, 1].tolist(),
        "extent": EXTENT,
    }
    return bytes(session.execute(_ENCODED, values).scalar() or b"")


def _place(matrix_set: TileMatrixSet, tile: Tile, coord_type: CoordType) -> dict[str, float]:
    """Return the box of a tile with its buffer, WGS 84; of a shifted one a box that certainly holds it."""
    west, south, east, north = matrix_set.bounds(tile, buffer=BUFFER)
    if coord_type != "wgs84":
        lon, lat = to_wgs84([west, east, west, east], [south, south, north, north], coord_type)
        west, south = min(west, lon.min()) - _MOST_SHIFT, min(south, lat.min()) - _MOST_SHIFT
        east, north = max(east, lon.max()) + _MOST_SHIFT, max(north, lat.max()) + _MOST_SHIFT
    return {"west": west, "south": south, "east": east, "north": north}


def _leaves(session: Session, statement: Any, values: dict[str, Any]) -> tuple[IntArray, GeometryArray]:
    rows = session.execute(statement, values).all()
    ids = np.array([row.id for row in rows], dtype=np.int64)
    return ids, shapely.from_wkb(np.array([bytes(row.shape) for row in rows], dtype=object))


def _with_parents(session: Session, leaves: IntArray, shapes: GeometryArray) -> tuple[IntArray, GeometryArray]:
    """Return the leaves and the grids above them, each the union of its leaves in the tile."""
    rows: Sequence[Any] = session.execute(_ABOVE, {"leaves": leaves.tolist()}).all()
    position = {int(leaf): at for at, leaf in enumerate(leaves)}
    groups = np.array([row.id for row in rows], dtype=np.int64)
    found = merged(shapes[[position[row.leaf] for row in rows]], groups)
    return found.owners, found.shapes


def _labels(
    session: Session, plan: Plan, matrix_set: TileMatrixSet, tile: Tile, coord_type: CoordType
) -> tuple[IntArray, FloatArray]:
    rows = session.execute(_LABELS, {"plan": plan.id, **_place(matrix_set, tile, coord_type)}).all()
    ids = np.array([row.id for row in rows], dtype=np.int64)
    lon, lat = np.array([row.lon for row in rows]), np.array([row.lat for row in rows])
    points = np.floor(tile_units(lon, lat, matrix_set, tile, coord_type=coord_type))
    own = ((points >= 0) & (points < EXTENT)).all(axis=1)
    return ids[own], points[own]
