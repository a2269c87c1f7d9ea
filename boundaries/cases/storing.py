"""Taking cases in: each once by its identity, with the events that tell how it was received and placed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.cases.reporters import SetApart, keep_apart, words_apart
from geogrid.access import Reporter, mask_value

WRITTEN: Final = ("text", "address", "channel", "category", "attributes")
"""What people write of a case, and numbers of persons with it."""

_ROWS_A_STATEMENT = 5_000

_INSERT = text("""
    insert into cases (
        jurisdiction_id, source, source_key, external_id, channel, category, text, address, status, reported_at,
        closed_at, located_by, positional_error_m, grid_id, attributes, geom
    )
    select :jurisdiction_id, source, source_key, external_id, channel, category, text, address, status, reported_at,
        closed_at, located_by, positional_error_m, grid_id, attributes, ST_SetSRID(ST_MakePoint(lon, lat), 4326)
    from jsonb_to_recordset(cast(:rows as jsonb)) as given(
        source text, source_key text, external_id text, channel text, category text, text text, address text,
        status text, reported_at timestamptz, closed_at timestamptz, located_by text, positional_error_m float8,
        grid_id int, attributes jsonb, lon float8, lat float8
    )
    on conflict on constraint uq_cases_jurisdiction_id_source_source_key do nothing
    returning id, source, source_key
""")

_EXISTING = text("""
    select cases.id, cases.source, cases.source_key
    from cases
    join jsonb_to_recordset(cast(:rows as jsonb)) as given(source text, source_key text)
        using (source, source_key)
    where cases.jurisdiction_id = :jurisdiction_id
""")

_RECORD = text("""
    insert into case_events (case_id, kind, detail)
    select case_id, kind, jsonb_strip_nulls(detail)
    from jsonb_to_recordset(cast(:events as jsonb)) as given(case_id int8, kind text, detail jsonb)
""")


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to store.

    Parameters
    ----------
    source, source_key : str
        Identity: where it came from, and its key there.
    reported_at : datetime
        With offset.
    external_id : str, optional
        Number in the system it came from.
    channel, category, text, address, status : str
        As given.
    closed_at : datetime, optional
        Only with status closed.
    lon, lat : float, optional
        Degrees, WGS 84; both or neither.
    located_by : {"point", "address"}, optional
        How the point was found; with a point only.
    positional_error_m : float
        Radius around the point, metres.
    grid_id : int, optional
        Leaf grid, of the edition that the case is assigned by.
    attributes : mapping
        Other columns of the source.
    placing : mapping
        What the history says of how it was placed: the address that matched, the reason for having no grid.
    reporter : Reporter
        Who reported it: kept apart and sealed, as are the numbers of persons in the words.
    """

    source: str
    source_key: str
    reported_at: datetime
    external_id: str | None = None
    channel: str = ""
    category: str = ""
    text: str = ""
    address: str = ""
    status: str = "open"
    closed_at: datetime | None = None
    lon: float | None = None
    lat: float | None = None
    located_by: Literal["point", "address"] | None = None
    positional_error_m: float = 0.0
    grid_id: int | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    placing: Mapping[str, Any] = field(default_factory=dict)
    reporter: Reporter = field(default_factory=Reporter)

    def apart(self) -> tuple["NewCase", SetApart]:
        """Return the case as it is stored, with the numbers of persons masked, and what is sealed beside it."""
        kept, sealed = words_apart({name: getattr(self, name) for name in WRITTEN})
        placing = mask_value(self.placing)
        if not sealed and placing == self.placing and not self.reporter:
            return self, SetApart(self.reporter, sealed)
        return replace(self, **kept, placing=placing, reporter=Reporter()), SetApart(self.reporter, sealed)


@dataclass(frozen=True, slots=True)
class AddedCase:
    """Number of a case in the store, and whether it was added or had been there."""

    id: int
    is_new: bool


def add_cases(session: Session, jurisdiction_id: int, cases: Sequence[NewCase]) -> tuple[AddedCase, ...]:
    """Store cases that are not there yet, each with its first events.

    Parameters
    ----------
    session : Session
        Not committed.
    jurisdiction_id : int
        Whose cases.
    cases : sequence of NewCase
        A case whose source and key are stored already, or occur before in the sequence, is left as it is.

    Returns
    -------
    tuple of AddedCase
        One a case, in order.

    Raises
    ------
    UnavailableError
        Persons are to be kept apart, and the keys that seal are lost.
    """
    added: list[AddedCase] = []
    for start in range(0, len(cases), _ROWS_A_STATEMENT):
        added.extend(_add(session, jurisdiction_id, cases[start : start + _ROWS_A_STATEMENT]))
    return tuple(added)


def _add(session: Session, jurisdiction_id: int, cases: Sequence[NewCase]) -> list[AddedCase]:
    stored = [case.apart() for case in cases]
    rows = {"jurisdiction_id": jurisdiction_id, "rows": _json([_row(case) for case, _ in stored])}
    new = {(row.source, row.source_key): row.id for row in session.execute(_INSERT, rows)}
    firsts = [(new[key], *stored[which]) for key, which in _first_of_each(cases).items() if key in new]
    _record_events(session, [(case_id, case) for case_id, case, _ in firsts])
    keep_apart(session, [(case_id, apart) for case_id, _, apart in firsts])
    ids = dict(new)
    if len(new) < len(cases):
        ids |= {(row.source, row.source_key): row.id for row in session.execute(_EXISTING, rows)}
    added = []
    for case in cases:
        key = (case.source, case.source_key)
        added.append(AddedCase(ids[key], is_new=new.pop(key, None) is not None))
    return added


def _first_of_each(cases: Sequence[NewCase]) -> dict[tuple[str, str], int]:
    """Return where each identity stands first."""
    return {(case.source, case.source_key): which for which, case in reversed(list(enumerate(cases)))}


def _record_events(session: Session, stored: Sequence[tuple[int, NewCase]]) -> None:
    events = [
        {"case_id": case_id, "kind": kind, "detail": detail}
        for case_id, case in stored
        for kind, detail in _first_events(case)
    ]
    session.execute(_RECORD, {"events": _json(events)})


def _first_events(case: NewCase) -> list[tuple[str, Mapping[str, Any]]]:
    events: list[tuple[str, Mapping[str, Any]]] = [("received", {"source": case.source, "channel": case.channel})]
    placing = {"located_by": case.located_by, **case.placing}
    events.append(("unassigned", placing) if case.grid_id is None else ("assigned", placing))
    return events


def _row(case: NewCase) -> dict[str, Any]:
    return {
        "source": case.source,
        "source_key": case.source_key,
        "external_id": case.external_id,
        "channel": case.channel,
        "category": case.category,
        "text": case.text,
        "address": case.address,
        "status": case.status,
        "reported_at": case.reported_at.isoformat(),
        "closed_at": None if case.closed_at is None else case.closed_at.isoformat(),
        "located_by": case.located_by,
        "positional_error_m": case.positional_error_m,
        "grid_id": case.grid_id,
        "attributes": case.attributes,
        "lon": case.lon,
        "lat": case.lat,
    }


def _json(values: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(values, ensure_ascii=False, allow_nan=False, default=str)
