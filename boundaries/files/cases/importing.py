"""Importing cases: every good row once, every bad row in the rejects file, all in the caller's transaction."""

import gc
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.cases.storing import AddedCase, NewCase, add_cases
from boundaries.casework.beginning import begin_work
from boundaries.editions.reading import compile_edition, edition_at, grid_frame
from boundaries.files.cases.fields import CaseFields, CaseReading
from boundaries.files.cases.places import CasePlaces, Placer
from boundaries.files.cases.rows import CaseRow, CaseRows, CaseTable, lonlat_of
from boundaries.files.cases.seen import SeenRows
from boundaries.files.chunks import Chunk, Table
from boundaries.files.rejects import Rejects
from boundaries.files.times import AMBIGUOUS
from boundaries.jurisdictions.records import JurisdictionValues
from boundaries.jurisdictions.storing import lock_import
from geogrid.coverage.plausible import SWAPPED_COORDINATES, Bounds, check_coordinates
from geogrid.coverage.zones import datum_doubt_of_points
from geogrid.errors import ConflictError, InvalidInputError
from geogrid.types import CASE_STATUSES, FloatArray
from geogrid.wording import counted

_OTHER_WAY_ROUND = "Name the two columns the other way round: longitude (x) first."
_OUTSIDE = "The point is outside every grid."
_CORE_PERCENT = (10.0, 90.0)
_VALUE = re.compile(r"'.*?'(?=[ ,;]|$)|\".*?\"(?=[ ,;]|$)|(?<!\w)-?\d[\d.,]*")


# A case only moves on: an older file imported after a newer one does not open it again.
_MOVE_ON = text("""
    with moved as (
        update cases set status = given.status, closed_at = given.closed_at
        from jsonb_to_recordset(cast(:rows as jsonb)) as given(id int8, status text, closed_at timestamptz)
        where cases.id = given.id
            and array_position(cast(:statuses as text[]), given.status)
                > array_position(cast(:statuses as text[]), cases.status)
        returning cases.id, cases.status, cases.closed_at
    )
    insert into case_events (case_id, kind, detail)
    select id, status, jsonb_strip_nulls(jsonb_build_object('source', cast(:source as text), 'closed_at', closed_at))
    from moved
""")


@dataclass(slots=True)
class CaseCounts:
    """What became of the rows.

    Parameters
    ----------
    rows : int
        Read.
    added, known, moved_on : int
        New cases; cases that were stored before; those of them that the file says have moved on.
    repeated : int
        Rows equal to an earlier row of the file.
    further : int
        Added ones whose number an earlier row of the file has with other content.
    outside : int
        Good rows whose point is in no grid: stored without one.
    by_address : int
        Good rows placed by their address.
    rejected : int
        In the rejects file.
    reasons : dict of str to int
        How often each reason was given, with the values left out.
    notes : list of str
        What else is to be said.
    """

    rows: int = 0
    added: int = 0
    known: int = 0
    moved_on: int = 0
    repeated: int = 0
    further: int = 0
    outside: int = 0
    by_address: int = 0
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CaseImport:
    """How to import a table.

    Parameters
    ----------
    jurisdiction : JurisdictionValues
        Whose cases; its edition in force at `now` gives the grids.
    fields : CaseFields
        Which column holds what.
    reading : CaseReading
        How values are read.
    source : str
        Name of the system the rows come from: with the number of a row, its identity.
    file : Path
        For messages.
    now : datetime
        With offset.
    """

    jurisdiction: JurisdictionValues
    fields: CaseFields
    reading: CaseReading
    source: str
    file: Path
    now: datetime

    def run(
        self, session: Session, table: Table, rejects: Rejects, *, advance: Callable[[int], None] = lambda _: None
    ) -> CaseCounts:
        """Store the rows of a table.

        Parameters
        ----------
        session : Session
            Flushed, not committed: the caller's commit imports everything, an error nothing.
        table : Table
            Open.
        rejects : Rejects
            Takes the bad rows; finished here, to be kept after the commit.
        advance : callable
            Told how many rows are done.

        Raises
        ------
        InvalidInputError
            The file cannot be read whole, columns are missing, or its points or times as a whole cannot be right.
        ConflictError
            The jurisdiction has no edition in force.
        """
        lock_import(session, "cases", self.jurisdiction.code)
        understood = CaseTable.of(table.columns, self.fields, reading=self.reading, now=self.now, file=self.file.name)
        placer = _placer(session, self.jurisdiction, self.now)
        rejects.write_header(table.columns)
        with closing(SeenRows()) as seen, _uncollected():
            work = _Work(self, session, understood, placer, rejects, table.columns, seen)
            with ThreadPoolExecutor(1, "read-ahead") as reader:
                coming = reader.submit(_next_rows, understood, table.chunks)
                while (come := coming.result()) is not None:
                    cases = work.take(*come)
                    # The next rows are read while the database stores these.
                    coming = reader.submit(_next_rows, understood, table.chunks)
                    work.store(cases)
                    advance(len(come[0].rows))
        if not work.counts.rows:
            raise InvalidInputError.of("empty", f"{self.file.name} has a header and no rows.", "Check the export.")
        rejects.finish()
        work.tell_masked()
        begin_work(session, self.jurisdiction.id)
        return work.counts


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep garbage uncollected: rows are no cycles, and to look for some among all that is loaded takes a tenth."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _next_rows(table: CaseTable, chunks: Iterator[Chunk]) -> tuple[Chunk, CaseRows] | None:
    chunk = next(chunks, None)
    return None if chunk is None else (chunk, table.read(chunk))


def _placer(session: Session, jurisdiction: JurisdictionValues, now: datetime) -> Placer:
    plan = edition_at(session, jurisdiction.id, now)
    if plan is None:
        raise ConflictError(
            f"Jurisdiction {jurisdiction.code!r} has no edition in force, so cases have no grids to be located in. "
            "Publish one, e.g. with geogrid import grids --publish."
        )
    tops = grid_frame(session, plan, level=1)
    land = shapely.union_all(tops.geometry.to_numpy())
    return Placer(session, jurisdiction.id, compile_edition(session, plan, at=now), land)


@dataclass(slots=True)
class _Work:
    """An import under way: what was seen so far decides what the next chunk's rows are."""

    asked: CaseImport
    session: Session
    table: CaseTable
    placer: Placer
    rejects: Rejects
    columns: Sequence[str]
    seen: SeenRows
    counts: CaseCounts = field(default_factory=CaseCounts)
    masked: Counter[str] = field(default_factory=Counter)

    def take(self, chunk: Chunk, read: CaseRows) -> list[NewCase]:
        """Return the good rows of a chunk as cases, and write down the bad ones."""
        is_first = not self.counts.rows
        self.counts.rows += len(chunk.rows)
        self.masked += read.masked
        if is_first:
            self._require_plausible(read)
        lonlat = lonlat_of(read.xy, self.table.reading)
        places = self.placer.place(lonlat, [row.words["address"] for row in read.rows], read.faults)
        self._reject(chunk, read)
        cases = []
        for which, row in enumerate(read.rows):
            key = None if read.faults[which] else self._key(row)
            if key is not None:
                cases.append(self._case(row, key, places, which))
        return cases

    def tell_masked(self) -> None:
        """Note which columns have numbers that are not shown as they were sent."""
        self.counts.notes += [
            f"{counted(count, 'row')} of the column {name} has a number that looks like a telephone or an identity "
            "number: it is shown masked, e.g. 139****1234, and sealed as it was sent."
            for name, count in self.masked.items()
            if count
        ]

    def _key(self, row: CaseRow) -> str | None:
        """Return the identity of a row within its source, None for a row that an earlier one equals."""
        key = self.seen.key_of(row.number, row.digest)
        self.counts.repeated += key is None
        return key

    def _case(self, row: CaseRow, key: str, places: CasePlaces, which: int) -> NewCase:
        leaf = int(places.leaf[which])
        grid = self.placer.edition.leaves[leaf] if leaf >= 0 else None
        by_address = bool(places.by_address[which])
        note = dict(places.notes.get(which, {}))
        note |= {"reason": _OUTSIDE} if grid is None else {"grid": grid.code}
        self.counts.outside += grid is None
        self.counts.by_address += by_address
        assert row.reported_at is not None, "a row without a time has a fault"  # noqa: S101 - narrows a type
        return NewCase(
            source=self.asked.source,
            source_key=key,
            reported_at=row.reported_at,
            external_id=row.number or None,
            **row.words,
            status=row.status,
            closed_at=row.closed_at,
            lon=float(places.lonlat[which, 0]),
            lat=float(places.lonlat[which, 1]),
            located_by="address" if by_address else "point",
            positional_error_m=float(places.error_m[which]),
            grid_id=None if grid is None else grid.id,
            attributes=row.attributes,
            placing=note,
            reporter=row.reporter,
        )

    def store(self, cases: Sequence[NewCase]) -> None:
        """Store what is not there yet, and move on what is."""
        stored = add_cases(self.session, self.asked.jurisdiction.id, cases)
        added = sum(case.is_new for case in stored)
        self.counts.added += added
        self.counts.known += len(stored) - added
        self.counts.further += sum(
            is_stored.is_new and case.external_id is not None and case.source_key != case.external_id
            for case, is_stored in zip(cases, stored, strict=True)
        )
        self.counts.moved_on += self._move_on(cases, stored)

    def _move_on(self, cases: Sequence[NewCase], stored: Sequence[AddedCase]) -> int:
        rows = [
            {"id": known.id, "status": case.status, "closed_at": case.closed_at}
            for case, known in zip(cases, stored, strict=True)
            if not known.is_new
        ]
        if not rows:
            return 0
        values = {"rows": json.dumps(rows, default=str), "statuses": list(CASE_STATUSES), "source": self.asked.source}
        return int(self.session.execute(_MOVE_ON, values).rowcount)  # type: ignore[attr-defined]

    def _reject(self, chunk: Chunk, read: CaseRows) -> None:
        for which, reasons in enumerate(read.faults):
            if reasons:
                self.rejects.write(chunk.rows[which], chunk.lines[which], reasons)
                self.counts.rejected += 1
                for kind in sorted({_without_values(reason) for reason in reasons}):
                    self.counts.reasons[kind] = self.counts.reasons.get(kind, 0) + 1

    def _require_plausible(self, read: CaseRows) -> None:
        """Refuse a file whose points, or times, as a whole are something else than is said."""
        told = [reason for reasons in read.faults for reason in reasons if AMBIGUOUS in reason]
        if told and len(told) >= len(read.rows) / 2.0:
            raise InvalidInputError.of("ambiguous-time", f"In {self.asked.file.name} {told[0]}.", subject="--time")
        core = _core(read.xy)
        if not len(core):
            return
        doubt = datum_doubt_of_points(self.table.reading.crs, core)
        if doubt is not None:
            self.counts.notes.append(f"{doubt.message} {doubt.remedy}")
        limit: Bounds = tuple(shapely.bounds(self.placer.land).tolist())
        problem = check_coordinates(core, self.table.reading.crs, limit=limit)
        if problem is not None:
            turned = problem.kind == SWAPPED_COORDINATES
            raise InvalidInputError([replace(problem, remedy=_OTHER_WAY_ROUND) if turned else problem])


def _core(xy: FloatArray) -> FloatArray:
    """Return the points in the middle of the crowd: single wild ones are for the rejects file."""
    given: FloatArray = xy[np.isfinite(xy).all(axis=1) & (xy != 0.0).any(axis=1)]
    if not len(given):
        return given
    low, high = np.percentile(given, _CORE_PERCENT, axis=0, method="nearest")
    core: FloatArray = given[((given >= low) & (given <= high)).all(axis=1)]
    return core if len(core) else given


def _without_values(reason: str) -> str:
    """Return a reason as a kind: quoted values and numbers left out."""
    return _VALUE.sub("...", reason)
