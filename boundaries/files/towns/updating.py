"""Streets and buildings of another year: new blocks for drafts; editions stay as they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from geoalchemy2.shape import from_shape
from sqlalchemy.orm import Session

from boundaries.basemap.storing import save_barriers, save_buildings, save_sites
from boundaries.editions.reading import edition_at
from boundaries.files.towns.storing import land_of, land_problems
from boundaries.files.towns.town import LOADS, Town
from boundaries.grids.tables import BlockBase
from boundaries.jurisdictions.reading import get_jurisdiction
from boundaries.jurisdictions.storing import lock_import
from boundaries.plans.carrying import GridCarried, carry_over
from boundaries.plans.drafts import list_plans, lock_plan, record
from boundaries.store.bulk_copy import copy_rows, hex_ewkb, new_ids, number_or_none
from geogrid.blocks.polygons import as_multi
from geogrid.errors import InvalidInputError

_NO_EDITION = ("draft", "in_review", "approved")


@dataclass(frozen=True, slots=True)
class TownUpdate:
    """What an update did.

    Parameters
    ----------
    blocks : int
        New ones.
    drafts : mapping of int to tuple of GridCarried
        What became of the leaves of each draft, by number of the plan.
    edition : tuple of GridCarried
        What becomes of those of the edition in force in a draft of it; it stays as it is itself.
    """

    blocks: int
    drafts: Mapping[int, tuple[GridCarried, ...]]
    edition: tuple[GridCarried, ...]


def wish_of_stored(session: Session, code: str, at: datetime) -> tuple[str, tuple[float, float] | None]:
    """Return the load and the band of a town that is stored: of the edition in force, else of its newest plan.

    Raises
    ------
    NotFoundError
        There is no such jurisdiction.
    """
    jurisdiction = get_jurisdiction(session, code)
    edition = edition_at(session, jurisdiction.id, at)
    known = [plan for plan in (edition, *list_plans(session, jurisdiction)) if plan is not None and plan.band]
    return (known[0].load, known[0].band) if known else ("households", None)


def update_town(  # noqa: PLR0913 - what, where, who
    session: Session, town: Town, code: str, *, at: datetime, source: str, made_by: str
) -> TownUpdate:
    """Store streets, buildings, sites and blocks of another year, and carry drafts over to them.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    town : Town
        Cut anew; its grids are not taken.
    code : str
        Jurisdiction, stored already.
    at : datetime
        Moment of the edition in force.
    source, made_by : str
        Where it is from, and who.

    Raises
    ------
    InvalidInputError
        The blocks do not tile the limit.
    NotFoundError
        There is no such jurisdiction.
    """
    lock_import(session, "grids", code)
    jurisdiction = get_jurisdiction(session, code)
    problems = land_problems(town)
    if problems:
        raise InvalidInputError(problems)
    jurisdiction.limit_geom = from_shape(as_multi(land_of(town))[0], srid=4326)
    save_barriers(session, jurisdiction.id, town.barriers)
    save_buildings(session, jurisdiction.id, town.buildings)
    save_sites(session, jurisdiction.id, town.sites)
    base = _save_blocks(session, jurisdiction.id, town, source)
    drafts = {}
    for plan in list_plans(session, jurisdiction):
        if plan.state in _NO_EDITION:
            locked = lock_plan(session, plan.id, version=None)
            drafts[plan.id] = carry_over(session, plan.id, base, plan.load, store=True)
            record(session, locked, made_by=made_by, kind="carried", detail={"source": source})
    edition = edition_at(session, jurisdiction.id, at)
    told = () if edition is None else carry_over(session, edition.id, base, edition.load, store=False)
    return TownUpdate(len(town.blocks), drafts, told)


def _save_blocks(session: Session, jurisdiction_id: int, town: Town, source: str) -> int:
    base = BlockBase(jurisdiction_id=jurisdiction_id, source=source)
    session.add(base)
    session.flush()
    ids = new_ids(session, "blocks", len(town.blocks))
    shapes = hex_ewkb(town.blocks.geometry.to_numpy())
    records = town.blocks.drop(columns=town.blocks.geometry.name).to_dict("records")
    rows = (
        (block, jurisdiction_id, *(number_or_none(row.get(load)) for load in LOADS), shape)
        for block, row, shape in zip(ids, records, shapes, strict=True)
    )
    copy_rows(session, "blocks", ("id", "jurisdiction_id", *LOADS, "geom"), rows)
    copy_rows(session, "base_blocks", ("base_id", "block_id"), ((base.id, block) for block in ids))
    return base.id
