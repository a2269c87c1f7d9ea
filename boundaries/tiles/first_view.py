"""What the map of a new edition begins with, made as it is published."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanValues
from boundaries.tiles.archive import tile_numbers
from boundaries.tiles.storing import MAX_ZOOM, edition_tile, prepare_zoom
from boundaries.tiles.tilesets import fitting_zoom, tileset_of
from geogrid.tiles import WEB_MERCATOR_QUAD

_WORTH_PREPARING: Final = 1_000
"""Leaves; the first tile of a smaller edition is made within some tenths of a second."""

_VIEWED_ZOOMS: Final = 3
"""A screen is up to four tiles wide."""


def prepare_first_view(session: Session, plan: PlanValues) -> None:
    """Make the tiles that show a whole large edition: its first viewer would have to wait for them.

    Parameters
    ----------
    session : Session
        In which the plan was published; a map sees both at once.
    plan : PlanValues
        Published or retired.
    """
    leaves = "select count(*) from grids where plan_id = :plan and kind <> 'parent'"
    if session.execute(text(leaves), {"plan": plan.id}).scalar_one() < _WORTH_PREPARING:
        return
    tileset = tileset_of(session, plan)
    fitting = fitting_zoom(tileset.bounds)
    for zoom in range(fitting, min(fitting + _VIEWED_ZOOMS, MAX_ZOOM + 1)):
        prepare_zoom(session, plan, zoom)
        for tile in tile_numbers(tileset, zoom):
            edition_tile(session, plan, WEB_MERCATOR_QUAD, tile)
