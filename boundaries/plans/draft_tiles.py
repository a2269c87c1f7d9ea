"""Vector tiles of plans under work, which change with every stroke and are made for each request by PostGIS.

Editions have tiles of our own making, in `boundaries.tiles`: cut so that shared edges stay shared, made once and kept.
Drafts do not take that way, by measure: of 20,520 grids and 307,800 blocks (an irregular lattice), made side by side on
a busy machine with 2 cores, our own took 2 to 4 times as long as ST_AsMVT for the blocks of zooms 12 to 14 (zoom 13:
0.29 s to 0.14 s; zoom 12: 1.1 s to 0.26 s), and 10 to 13 times as long where a tile holds most of the town (zoom 11:
15 s to 1.2 s; zoom 10: 88 s to 8.6 s). An edition hides that by the shapes that it keeps for each zoom; a draft has
none, and a planner waits for every tile.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanValues
from boundaries.plans.reading import FEATURES, Layer
from geogrid.editions.fields import LOADS
from geogrid.tiles import EXTENT, Tile

_FIELDS: Final[Mapping[Layer, Sequence[str]]] = {
    "grids": ("code", "name", "kind", "category", *LOADS, "locked_by"),
    "blocks": ("grid", "households"),
}
_STATEMENTS: Final = {
    layer: text(f"""
        with tile as (select ST_TileEnvelope(:zoom, :column, :row) as area),
        seen as (
            select feature.*, ST_AsMVTGeom(ST_Transform(feature.geom, 3857), tile.area, {EXTENT}) as shape
            from tile, ({features}) as feature
            where feature.geom && ST_Transform(tile.area, 4326)
        )
        select ST_AsMVT(part, :layer, {EXTENT}, 'shape', 'id')
        from (select id, {", ".join(_FIELDS[layer])}, shape from seen where shape is not null order by id) as part
    """)  # noqa: S608 - our own text
    for layer, features in FEATURES.items()
}
_LOWEST: Final = text("select max(level) from grids where plan_id = :plan")


def plan_tile(session: Session, plan: PlanValues, layer: Layer, tile: Tile) -> bytes:
    """Return a vector tile of a plan's grids of the lowest level, or of its blocks.

    Parameters
    ----------
    session : Session
        Only read from.
    plan : PlanValues
        Of any state.
    layer : {"grids", "blocks"}
        Name of the layer in the tile, too.
    tile : Tile
        Of the web Mercator grid.
    """
    place = {"zoom": tile.zoom, "column": tile.column, "row": tile.row}
    lowest = session.scalar(_LOWEST, {"plan": plan.id})
    values = {"plan": plan.id, "layer": layer, "level": lowest, "grid": None, **place}
    return bytes(session.scalar(_STATEMENTS[layer], values) or b"")
