"""Where grids are, without their geometry."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanValues
from geogrid.errors import NotFoundError

_FOUND = text("""
    select code, name, ST_XMin(geom) as west, ST_YMin(geom) as south, ST_XMax(geom) as east, ST_YMax(geom) as north
    from grids where plan_id = :plan and code = any(:codes)
""")


@dataclass(frozen=True, slots=True)
class GridPlaces:
    """Names of grids in the order asked for, and the box of them all: west, south, east, north, degrees."""

    names: tuple[str, ...]
    bounds: tuple[float, float, float, float]


def places_of(session: Session, plan: PlanValues, codes: Sequence[str]) -> GridPlaces:
    """Return names and box of grids of a plan.

    Raises
    ------
    NotFoundError
        A code is none of the plan; every such code is named.
    """
    rows = {row.code: row for row in session.execute(_FOUND, {"plan": plan.id, "codes": list(codes)})}
    missing = [code for code in codes if code not in rows]
    if missing:
        raise NotFoundError(f"{plan.name} has no grid {', '.join(repr(code) for code in missing)}.")
    found = [rows[code] for code in codes]
    return GridPlaces(
        tuple(row.name or row.code for row in found),
        (
            min(row.west for row in found),
            min(row.south for row in found),
            max(row.east for row in found),
            max(row.north for row in found),
        ),
    )
