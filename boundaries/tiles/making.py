"""A vector tile found where it is kept, or made from what is in it: one reading statement each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import psycopg
import shapely
from psycopg.rows import namedtuple_row

from boundaries.grids.fields import grid_columns
from geogrid.coordinates import to_wgs84
from geogrid.editions.fields import GRID_COLUMNS, GRID_FIELDS, Field
from geogrid.tiles import BUFFER, EXACT_ZOOM, EXTENT, Tile, TileLayer, TileMatrixSet, cut, encoded, merged, tile_units
from geogrid.types import CoordType, GeometryArray, IntArray

Connection = psycopg.Connection[Any]
Row = Any
"""A row with the columns of the statement as attributes."""

_BOX: Final = "ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)"
_SIMPLIFIED: Final = f"""
    select own.id, own.parent_id, shown.geom from tile_shapes as shown cross join lateral (
        select id, parent_id from grids where grids.id = shown.grid_id offset 0
    ) as own
    where shown.plan_id = %(plan)s and shown.zoom = %(zoom)s and shown.geom && {_BOX}
        and (select is_wanted from state)
"""  # noqa: S608 - our own text
_AS_STORED: Final = f"""
    select id, parent_id, geom from grids where plan_id = %(plan)s and kind <> 'parent' and geom && {_BOX}
        and (select is_wanted from state)
"""  # noqa: S608 - our own text
# Each grid is looked up by its key: a planner that knows nothing of the tree would read all grids instead.
_LOOKED_UP: Final = """
    with recursive kept as materialized (
        select plans.state, plans.validity is not null as is_edition, (
            select content from tiles where plan_id = plans.id and matrix_set = %(matrix_set)s
                and coord_type = %(coord_type)s and zoom = %(zoom)s and "column" = %(column)s and "row" = %(row)s
        ) as content, exists (select from tile_labels where plan_id = plans.id) and (%(zoom)s >= %(exact)s
            or exists (select from tile_shapes where plan_id = plans.id and zoom = %(zoom)s)) as is_prepared
        from plans where plans.id = %(plan)s
    ),
    state as materialized (select is_edition and is_prepared and content is null as is_wanted from kept),
    found as materialized ({leaves}),
    above as (
        select own.id, own.parent_id from (select distinct parent_id from found) as below cross join lateral (
            select id, parent_id from grids where grids.id = below.parent_id offset 0
        ) as own
        union
        select own.id, own.parent_id from above cross join lateral (
            select id, parent_id from grids where grids.id = above.parent_id offset 0
        ) as own
    ),
    tree as (select id, parent_id, geom from found union all select id, parent_id, null from above),
    contents as (
        select tree.id, tree.parent_id, ST_AsBinary(tree.geom) as shape, label.lon, label.lat, {columns}
        from tree
        cross join lateral (select * from grids where grids.id = tree.id offset 0) as g
        left join lateral (
            select ST_X(geom) as lon, ST_Y(geom) as lat from tile_labels
            where tile_labels.plan_id = %(plan)s and tile_labels.grid_id = tree.id offset 0
        ) as label on true
    )
    select contents.*, kept.content, kept.state as plan_state, kept.is_edition, state.is_wanted
    from kept cross join state left join contents on true
    order by contents.level, contents.code collate "C"
"""
_LEVEL_NAME: Final = """coalesce(
        (select name from plan_levels where plan_id = %(plan)s and position = g.level),
        (
            select levels.name from levels
            join jurisdictions on jurisdictions.scheme_id = levels.scheme_id
            join plans on plans.jurisdiction_id = jurisdictions.id
            where plans.id = %(plan)s and levels.position = g.level
        )
    )"""
_COLUMNS: Final = grid_columns(
    level_name=_LEVEL_NAME, parent="(select code from grids where grids.id = tree.parent_id)"
)
_STATEMENTS: Final = {
    is_exact: _LOOKED_UP.replace("{leaves}", leaves).replace("{columns}", _COLUMNS).encode()
    for is_exact, leaves in ((False, _SIMPLIFIED), (True, _AS_STORED))
}
_NAMED_BY: Final = ("code", "name", "level", "kind")
LAYER_FIELDS: Final[Mapping[str, tuple[Field, ...]]] = {
    "grids": GRID_FIELDS,
    "labels": tuple(field for field in GRID_FIELDS if field.name in _NAMED_BY),
}
"""Fields of the layers in a tile."""

_MOST_SHIFT: Final = 0.02
"""Degrees; the datums of Chinese maps are less than 0.02 off."""


@dataclass(frozen=True, slots=True)
class TileKey:
    """Which tile of which plan, in which datum."""

    plan: int
    matrix_set: TileMatrixSet
    tile: Tile
    coord_type: CoordType = "wgs84"

    def values(self) -> dict[str, Any]:
        """Return what statements need."""
        return {
            "plan": self.plan,
            "matrix_set": self.matrix_set.id,
            "coord_type": self.coord_type,
            "zoom": self.tile.zoom,
            "column": self.tile.column,
            "row": self.tile.row,
            "exact": EXACT_ZOOM,
        }


@dataclass(frozen=True, slots=True)
class TileResult:
    """What there is of a tile.

    Parameters
    ----------
    plan_state : str
        State of the plan.
    is_edition : bool
        Whether the plan was published.
    is_kept : bool
        Whether the store has the tile; otherwise it was made just now.
    content : bytes, optional
        The tile, empty where the edition has no grid; None where the zoom has to be prepared first.
    """

    plan_state: str
    is_edition: bool
    is_kept: bool
    content: bytes | None


def look_up_tile(connection: Connection, key: TileKey) -> TileResult | None:
    """Return a tile that is kept, or made if its zoom is prepared; None where there is no such plan."""
    values = {**key.values(), **box_of(key)}
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        rows: list[Row] = list(cursor.execute(_STATEMENTS[key.tile.zoom >= EXACT_ZOOM], values, binary=True))
    if not rows:
        return None
    first = rows[0]
    if not first.is_wanted:
        return TileResult(first.plan_state, first.is_edition, first.content is not None, first.content)
    content = b"" if first.id is None else _made(rows, key)
    return TileResult(first.plan_state, first.is_edition, is_kept=False, content=content)


def _made(rows: list[Row], key: TileKey) -> bytes:
    # Where two overlap the smaller code wins, in every tile.
    leaves = sorted((place for place, row in enumerate(rows) if row.shape is not None), key=lambda at: rows[at].code)
    shapes = shapely.from_wkb([rows[place].shape for place in leaves])
    pieces = cut(shapes, key.matrix_set, key.tile, coord_type=key.coord_type)
    shown, areas = _with_parents(rows, np.array(leaves, dtype=np.int64)[pieces.owners], pieces.shapes)
    grids = layer_of("grids", GRID_COLUMNS, [rows[place] for place in shown.tolist()], areas)
    return encoded([grids, _labels(rows, key)])


def box_of(key: TileKey) -> dict[str, float]:
    """Return the box of a tile with its buffer, WGS 84; of a shifted one a box that certainly holds it."""
    west, south, east, north = key.matrix_set.bounds(key.tile, buffer=BUFFER)
    if key.coord_type != "wgs84":
        lon, lat = to_wgs84([west, east, west, east], [south, south, north, north], key.coord_type)
        west, south = min(west, lon.min()) - _MOST_SHIFT, min(south, lat.min()) - _MOST_SHIFT
        east, north = max(east, lon.max()) + _MOST_SHIFT, max(north, lat.max()) + _MOST_SHIFT
    return {"west": west, "south": south, "east": east, "north": north}


def _with_parents(rows: list[Row], leaves: IntArray, shapes: GeometryArray) -> tuple[IntArray, GeometryArray]:
    """Return the leaves and the grids above them, each the union of its leaves in the tile, as places in the rows."""
    place = {row.id: number for number, row in enumerate(rows)}
    above = np.array([place.get(row.parent_id, -1) for row in rows], dtype=np.int64)
    levels = [(leaves, np.arange(len(leaves)))]
    while (has_parent := above[levels[-1][0]] >= 0).any():
        grids, of_shape = levels[-1]
        levels.append((above[grids[has_parent]], of_shape[has_parent]))
    groups = np.concatenate([grids for grids, _ in levels])
    found = merged(shapes[np.concatenate([of_shape for _, of_shape in levels])], groups)
    return found.owners, found.shapes


def _labels(rows: list[Row], key: TileKey) -> TileLayer:
    """Return a point for each name that stands in the tile itself, not in its buffer."""
    named = [row for row in rows if row.lon is not None]
    lon = np.array([row.lon for row in named], dtype=np.float64)
    lat = np.array([row.lat for row in named], dtype=np.float64)
    points = np.floor(tile_units(lon, lat, key.matrix_set, key.tile, coord_type=key.coord_type))
    own = np.flatnonzero(((points >= 0) & (points < EXTENT)).all(axis=1))
    shapes: GeometryArray = np.asarray(shapely.points(points[own]), dtype=object)
    return layer_of("labels", _NAMED_BY, [named[place] for place in own.tolist()], shapes)


def layer_of(name: str, fields: Sequence[str], rows: Sequence[Row], shapes: GeometryArray) -> TileLayer:
    """Return a layer with a feature a row; fields of the rows, and their `id`."""
    ids = np.array([row.id for row in rows], dtype=np.int64)
    return TileLayer(name, ids, shapes, {field: [getattr(row, field) for row in rows] for field in fields})
