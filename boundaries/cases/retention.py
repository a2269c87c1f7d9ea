"""How long reporters are kept: years after closing, by jurisdiction; and sealing what was stored before keys were."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from boundaries.audit.recording import Act, add_line
from boundaries.cases.reporters import SetApart, keep_apart, remove_apart, words_apart
from boundaries.cases.storing import WRITTEN
from boundaries.jobs.records import JobDone, NewJob, Turn
from boundaries.jobs.storing import ask_for, forget_job
from boundaries.store.sight import EVERYTHING, looking, sight_of_towns
from geogrid.access import Action, Reporter, mask_value
from geogrid.errors import InvalidInputError

RETAIN: Final = "retain"
"""Kind of the jobs that remove; the key is the number of the jurisdiction."""
SEAL_CASES: Final = "seal-cases"
"""Kind of the job that seals cases of before."""
MOST_YEARS: Final = 100

_BATCH: Final = 2_000
_PAUSE: Final = timedelta(days=1)

_SET: Final = text("update jurisdictions set reporters_kept_years = :years where id = :id")
_YEARS: Final = text("select code, reporters_kept_years from jurisdictions where id = :id")
_OVER: Final = """
    c.jurisdiction_id = :id and c.status = 'closed' and coalesce(
        c.closed_at, (select max(e.at) from case_events e where e.case_id = c.id), c.reported_at
    ) < cast(:now as timestamptz) - make_interval(years => cast(:years as int))
"""
_DUE: Final = text(
    f"select c.id from cases c where {_OVER}"  # noqa: S608 - a constant of this module
    " and exists (select from reporters r where r.case_id = c.id) order by c.id"
)
_OVER_WORDS: Final = text(
    f"select c.* from cases c where {_OVER} order by c.id"  # noqa: S608 - a constant of this module
)
_IS_UNSEALED: Final = text("select exists (select from jobs where kind = :kind)")
_AFTER: Final = text("""
    select id, text, address, channel, category, attributes from cases where id > :after order by id limit :limit
""")
_STORE: Final = text("""
    update cases set text = :text, address = :address, channel = :channel, category = :category,
        attributes = cast(:attributes as jsonb)
    where id = :id
""")
_TOLD_AND_RETELL: Final = (
    (
        text("select id, detail as value from case_events where detail::text ~ '[0-9]{3}|@'"),
        text("update case_events set detail = cast(:value as jsonb) where id = :id"),
    ),
    (
        text("select id, to_jsonb(question) as value from geocode_reviews where question ~ '[0-9]{3}|@'"),
        text("update geocode_reviews set question = cast(:value as jsonb) #>> '{}' where id = :id"),
    ),
)
"""Histories, and questions about addresses: what may hold numbers there, and how it is written anew."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long reporters of a jurisdiction are kept after closing, and of how many cases they are kept too long now."""

    code: str
    years: int | None
    due: int


def set_retention(session: Session, jurisdiction_id: int, years: int | None) -> None:
    """Say how many years after its closing what is known of persons stays with a case; None for ever.

    Raises
    ------
    InvalidInputError
        The years are not 0 to 100.
    """
    if years is not None and not 0 <= years <= MOST_YEARS:
        raise InvalidInputError.of(
            "years", f"The years are {years}.", f"Give a whole number from 0 to {MOST_YEARS}.", subject="years"
        )
    session.execute(_SET, {"id": jurisdiction_id, "years": years})
    if years is None:
        forget_job(session, RETAIN, str(jurisdiction_id))
    else:
        ask_for(session, [NewJob(RETAIN, str(jurisdiction_id))])


def retention_of(session: Session, jurisdiction_id: int, *, now: datetime, years: int | None = None) -> Retention:
    """Return what is said of a jurisdiction, and of how many cases reporters would go now, by `years` if given."""
    code, said = session.execute(_YEARS, {"id": jurisdiction_id}).one()
    counted = said if years is None else years
    due = 0 if counted is None else len(_due(session, jurisdiction_id, now, counted))
    return Retention(code, said, due)


def retain(turn: Turn) -> JobDone:
    """Remove what is known of persons from cases of a jurisdiction that have been closed for long; daily."""
    town = int(turn.job.key or 0)
    with looking(turn.session, sight_of_towns([town])):
        return _retained(turn, town)


def _retained(turn: Turn, town: int) -> JobDone:
    session = turn.session
    found = session.execute(_YEARS, {"id": town}).one_or_none()
    if found is None or found.reporters_kept_years is None:
        return JobDone(f"Nothing is said of how long reporters of jurisdiction {town} are kept.")
    again_at, years = turn.now + _PAUSE, found.reporters_kept_years
    count = remove_apart(session, _due(session, town, turn.now, years), reason="retention")
    if session.execute(_IS_UNSEALED, {"kind": SEAL_CASES}).scalar_one():
        over = {"id": town, "now": turn.now, "years": years}
        for row in session.execute(_OVER_WORDS, over).all():
            _mask(session, row, seal=False)
    if not count:
        return JobDone(again_at=again_at)
    told = {"cases": count, "years": years}
    add_line(session, Act("jobs", Action.REPORTERS_MANAGE.value, f"retention in {found.code}", "job", after=told))
    cases = "case" if count == 1 else "cases"
    return JobDone(
        f"Reporters of {count:,} {cases} closed more than {years} years ago in {found.code} are gone.", again_at
    )


def seal_older_cases(turn: Turn) -> JobDone:
    """Seal the numbers of persons in cases that were stored before they were, and mask them there and in histories."""
    with looking(turn.session, EVERYTHING):
        return _sealed(turn)


def _sealed(turn: Turn) -> JobDone:
    after, count = 0, 0
    while rows := turn.session.execute(_AFTER, {"after": after, "limit": _BATCH}).all():
        count += sum(_mask(turn.session, row, seal=True) for row in rows)
        after = rows[-1].id
    for told, retell in _TOLD_AND_RETELL:
        for row in turn.session.execute(told).all():
            masked = mask_value(row.value)
            if masked != row.value:
                values = {"id": row.id, "value": json.dumps(masked, ensure_ascii=False)}
                turn.session.execute(retell, values)
    return JobDone(f"The numbers of persons in {count:,} {'case' if count == 1 else 'cases'} are sealed.")


def _due(session: Session, jurisdiction_id: int, now: datetime, years: int) -> list[int]:
    return list(session.scalars(_DUE, {"id": jurisdiction_id, "now": now, "years": years}))


def _mask(session: Session, row: Row[Any], *, seal: bool) -> bool:
    """Mask the texts of a stored case, and seal them as they were; return whether there was anything."""
    words = {name: getattr(row, name) for name in WRITTEN}
    given = words["attributes"].pop("reporter", None) if isinstance(words["attributes"], dict) else None
    reporter = _former_reporter(given)
    if given is not None and not reporter:
        words["attributes"]["reporter"] = given
    kept, sealed = words_apart(words)
    if not sealed and not reporter:
        return False
    if seal:
        keep_apart(session, [(row.id, SetApart(reporter, sealed))])
    stored = kept | {"attributes": json.dumps(kept["attributes"], ensure_ascii=False)}
    session.execute(_STORE, {"id": row.id, **stored})
    return True


def _former_reporter(given: object) -> Reporter:
    """Return who reported a case, as Open311 wrote it among the attributes."""
    known = {"email", "device_id", "account_id", "first_name", "last_name", "phone"}
    if not isinstance(given, dict) or not given or not set(given) <= known:
        return Reporter()
    name = " ".join(filter(None, (str(given.get("first_name", "")), str(given.get("last_name", "")))))
    other = {each: str(given[each]) for each in ("device_id", "account_id") if given.get(each)}
    return Reporter(name, str(given.get("phone", "")), str(given.get("email", "")), other=other)
