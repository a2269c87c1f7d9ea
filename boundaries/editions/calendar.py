"""Which editions there are and when each is in force: what a server watches to notice a publication."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

_EDITIONS = text("""
    select jurisdictions.id, jurisdictions.code, jurisdictions.name, jurisdictions.time_zone,
        jurisdictions.attribution, titles.levels, plans.id as plan_id, plans.name as plan_name,
        lower(plans.validity) as valid_from, upper(plans.validity) as valid_to, on_duty.version
    from jurisdictions
    cross join lateral (
        select coalesce(jsonb_agg(distinct jsonb_build_array(named.name, named.name_zh)), '[]') as levels
        from (
            select levels.name, levels.name_zh from levels where levels.scheme_id = jurisdictions.scheme_id
            union all
            select own.name, own.name_zh from plan_levels own join plans p on p.id = own.plan_id
            where p.jurisdiction_id = jurisdictions.id
        ) as named
        where named.name_zh <> ''
    ) as titles
    left join plans on plans.jurisdiction_id = jurisdictions.id and plans.validity is not null
    left join lateral (
        -- Rows on duty now and the last transaction that wrote one: changes with every change that matters.
        select count(*) filter (where duties.validity @> now()) || '.' || coalesce(max(duties.xmin::text::int8), 0)
            as version
        from duties
        join grids on grids.id = duties.grid_id
        -- Nobody takes up a duty of an edition that is over, and there are more of those every year.
        where grids.plan_id = plans.id and (upper(plans.validity) is null or upper(plans.validity) > now())
    ) as on_duty on true
    order by jurisdictions.code, lower(plans.validity)
""")

_BASE_MAP = text("""
    select jurisdictions.xmin::text || '-' || streets.version || '-' || footprints.version
    from jurisdictions
    cross join lateral (
        select count(*) || '.' || coalesce(max(barriers.xmin::text::int8), 0) as version
        from barriers where barriers.jurisdiction_id = jurisdictions.id
    ) as streets
    cross join lateral (
        select count(*) || '.' || coalesce(max(buildings.xmin::text::int8), 0) as version
        from buildings where buildings.jurisdiction_id = jurisdictions.id
    ) as footprints
    where jurisdictions.id = :jurisdiction_id
""")


@dataclass(frozen=True, slots=True)
class EditionPeriod:
    """An edition and its half-open period of validity.

    Parameters
    ----------
    plan_id : int
        Identifier of the plan that was published.
    name : str
        Name of the plan.
    valid_from, valid_to : datetime
        No `valid_to` means until replaced.
    duties : str
        Changes when the duties in force change.
    """

    plan_id: int
    name: str
    valid_from: datetime
    valid_to: datetime | None
    duties: str

    def is_in_force(self, at: datetime) -> bool:
        """Return whether the edition is valid at a moment."""
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A jurisdiction with its editions, oldest first; `levels` are the names of levels, in English and Chinese."""

    id: int
    code: str
    name: str
    time_zone: str
    attribution: tuple[str, ...]
    editions: tuple[EditionPeriod, ...]
    levels: tuple[tuple[str, str], ...] = ()

    def edition_at(self, at: datetime) -> EditionPeriod | None:
        """Return the edition in force at a moment, if there was one."""
        return next((edition for edition in reversed(self.editions) if edition.is_in_force(at)), None)


def read_timetable(session: Session) -> Mapping[str, Calendar]:
    """Return every jurisdiction with its editions, by code."""
    rows: dict[str, list[Row[Any]]] = {}
    for row in session.execute(_EDITIONS):
        rows.setdefault(row.code, []).append(row)
    return {code: _calendar(group) for code, group in rows.items()}


def base_map_version(session: Session, jurisdiction_id: int) -> str:
    """Return a text that changes when limit, attribution, streets or buildings of a jurisdiction change."""
    version: str = session.execute(_BASE_MAP, {"jurisdiction_id": jurisdiction_id}).scalar_one()
    return version


def _calendar(rows: list[Row[Any]]) -> Calendar:
    first = rows[0]
    return Calendar(
        id=first.id,
        code=first.code,
        name=first.name,
        time_zone=first.time_zone,
        attribution=tuple(first.attribution),
        editions=tuple(
            EditionPeriod(row.plan_id, row.plan_name, row.valid_from, row.valid_to, row.version)
            for row in rows
            if row.plan_id is not None
        ),
        levels=tuple((name, name_zh) for name, name_zh in first.levels),
    )
