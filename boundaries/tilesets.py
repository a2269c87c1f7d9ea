"""What a map must know of an edition before it asks for tiles."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.jurisdictions import levels_of
from boundaries.models import Jurisdiction, Plan
from geogrid.errors import NotFoundError

_BOUNDS = text("""
    select ST_XMin(box) as west, ST_YMin(box) as south, ST_XMax(box) as east, ST_YMax(box) as north
    from (select ST_Extent(geom) as box from grids where plan_id = :plan and level = 1) as found
""")


@dataclass(frozen=True, slots=True)
class LevelTitle:
    """A level of grids, 1 is the top, with its name in English and in Chinese."""

    position: int
    name: str
    name_zh: str


@dataclass(frozen=True, slots=True)
class Tileset:
    """An edition as a source of tiles.

    Parameters
    ----------
    edition : int
        Number of the edition.
    name, jurisdiction, jurisdiction_code : str
        Names of the edition and of its town; the town's code.
    attribution : tuple of str
        Lines that every map shows.
    valid_from, valid_to : datetime
        Half-open period of validity; no `valid_to` means until replaced.
    bounds : tuple of float
        West, south, east, north in degrees, WGS 84.
    levels : tuple of LevelTitle
        Top first; the last has the leaves.
    band : tuple of float, optional
        Limits of the load of a leaf.
    load : str
        What the band balances.
    """

    edition: int
    name: str
    jurisdiction: str
    jurisdiction_code: str
    attribution: tuple[str, ...]
    valid_from: datetime
    valid_to: datetime | None
    bounds: tuple[float, float, float, float]
    levels: tuple[LevelTitle, ...]
    band: tuple[float, float] | None
    load: str


def tileset_of(session: Session, plan: Plan) -> Tileset:
    """Return what there is to know of an edition.

    Raises
    ------
    NotFoundError
        The plan was never published.
    """
    if plan.validity is None or plan.validity.lower is None:
        raise NotFoundError(f"Plan {plan.id} is {plan.state}, not an edition; only editions have tiles of this kind.")
    town = session.get_one(Jurisdiction, plan.jurisdiction_id)
    box = session.execute(_BOUNDS, {"plan": plan.id}).one()
    return Tileset(
        edition=plan.id,
        name=plan.name,
        jurisdiction=town.name,
        jurisdiction_code=town.code,
        attribution=tuple(town.attribution),
        valid_from=plan.validity.lower,
        valid_to=plan.validity.upper,
        bounds=(box.west, box.south, box.east, box.north),
        levels=tuple(LevelTitle(each.position, each.name, each.name_zh) for each in levels_of(session, town)),
        band=None if plan.band_low is None or plan.band_high is None else (plan.band_low, plan.band_high),
        load=plan.load,
    )
