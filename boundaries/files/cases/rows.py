"""The rows of a table as cases, each with everything that is wrong with it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from operator import ne
from typing import Any

import numpy as np
import pandas as pd

from boundaries.files.cases.fields import REPORTER_FIELDS, CaseFields, CaseReading
from boundaries.files.chunks import Chunk
from boundaries.files.columns import has_lost_digits, why_no_number
from boundaries.text.json_values import json_faults
from boundaries.text.moments import CLOCKS_DIFFER, FIRST_STORED, report_fault, stored_fault
from geogrid.access import Reporter, mask_text
from geogrid.coordinates import WGS84, to_wgs84, transformer_between
from geogrid.types import CaseStatus, FloatArray

_PARTING = "\x1f"
_DIGEST_BYTES = 10
_NUMBERS_OF_REPORTERS = ("reporter_telephone", "reporter_identity_number")
_TEXT_FIELDS = ("address", "text", "channel", "category")


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A row as read; what is missing is None or empty."""

    number: str
    digest: str
    reported_at: datetime | None
    closed_at: datetime | None
    status: CaseStatus
    words: dict[str, str]
    attributes: dict[str, str]
    reporter: Reporter


@dataclass(frozen=True, slots=True)
class CaseRows:
    """Rows of a chunk.

    Parameters
    ----------
    rows : list of CaseRow
        In order.
    xy : (n, 2) float64
        Point as given, NaN where there is none.
    faults : list of list of str
        What is wrong with each row, places excepted; none for a good one.
    masked : Counter of str
        In how many rows a kept column has a number that looks like a person's, and is shown masked.
    """

    rows: list[CaseRow]
    xy: FloatArray
    faults: list[list[str]]
    masked: Counter[str]


@dataclass(frozen=True, slots=True)
class CaseTable:
    """A header understood.

    Parameters
    ----------
    fields, kept : dict of str to int
        Where each field and each kept column stands.
    constants : dict of str to str
        What every row has.
    reading : CaseReading
        How values are read.
    now : datetime
        Nothing is reported a day later or more.
    """

    fields: dict[str, int]
    kept: dict[str, int]
    constants: dict[str, str]
    reading: CaseReading
    now: datetime

    @classmethod
    def of(
        cls, header: Sequence[str], fields: CaseFields, *, reading: CaseReading, now: datetime, file: str
    ) -> "CaseTable":
        """Return the table of a header; raises as `CaseFields.positions`."""
        positions, kept = fields.positions(header, file)
        return cls(positions, kept, dict(fields.constants), reading, now)

    @property
    def point_fields(self) -> tuple[str, str] | None:
        """Fields of the point, x first; None where rows have an address only."""
        return next((pair for pair in (("lon", "lat"), ("x", "y")) if pair[0] in self.fields), None)

    def read(self, chunk: Chunk) -> CaseRows:
        """Return the rows of a chunk."""
        columns = {name: chunk.column(position) for name, position in self.fields.items()}
        kept = {name: chunk.column(position) for name, position in self.kept.items()}
        count = len(chunk.rows)
        faults = [[chunk.faults[which]] if which in chunk.faults else [] for which in range(count)]
        times = self._times(columns, faults)
        statuses = self._statuses(columns, times, faults)
        xy = self._points(columns, count, faults)
        numbers = {name: columns.get(name, []) for name in ("id", *_NUMBERS_OF_REPORTERS)}
        self._refuse_lost_digits({**numbers, **kept}, faults)
        reporters = _reporters(columns, count)
        for which, reporter in enumerate(reporters):
            if reporter:
                told = json_faults(reporter.values())
                faults[which] += [f"what is known of the reporter: {fault}" for fault in told]
        shown = {name: _masked(cells) for name, cells in kept.items()}
        masked = Counter({name: sum(map(ne, cells, shown[name])) for name, cells in kept.items()})
        identity = list(zip(*_as_shown(columns, reporters), *shown.values(), strict=True))
        ids = columns.get("id", [""] * count)
        words = {name: columns.get(name, [self.constants.get(name, "")] * count) for name in _TEXT_FIELDS}
        rows = []
        for which in range(count):
            status, attributes = statuses[which]
            attributes |= {name: cells[which] for name, cells in kept.items() if cells[which]}
            faults[which] += [f"what is kept of it: {fault}" for fault in json_faults(attributes)]
            rows.append(
                CaseRow(
                    number=ids[which],
                    digest=_digest(identity[which]),
                    reported_at=times[which][0],
                    closed_at=times[which][1],
                    status=status,
                    words={name: values[which] for name, values in words.items()},
                    attributes=attributes,
                    reporter=reporters[which],
                )
            )
        return CaseRows(rows, xy, faults, masked)

    def _times(
        self, columns: dict[str, list[str]], faults: list[list[str]]
    ) -> list[tuple[datetime | None, datetime | None]]:
        reader = self.reading.times
        reported = columns["time"]
        closed = columns.get("closed", [""] * len(reported))
        found: list[tuple[datetime | None, datetime | None]] = []
        for first, second, wrong in zip(reported, closed, faults, strict=True):
            moments: list[datetime | None] = []
            for what, text in (("reporting", first), ("closing", second)):
                moment = reader.read(text) if text else None
                if isinstance(moment, str):
                    wrong.append(f"the {what} time {moment}")
                    moment = None
                moments.append(moment)
            if not first:
                wrong.append("it has no reporting time")
            if moments[1] is not None and moments[1] > self.now + CLOCKS_DIFFER:
                # What is to be closed some day is open: other systems write 9999 for it.
                moments[1] = None
            wrong.extend(_out_of_bounds(first, moments[0], second, moments[1], self.now))
            if moments[0] is not None and moments[1] is not None and moments[1] < moments[0]:
                wrong.append(f"it was closed ({second}) before it was reported ({first})")
            found.append((moments[0], moments[1]))
        return found

    @staticmethod
    def _refuse_lost_digits(columns: dict[str, list[str]], faults: list[list[str]]) -> None:
        for name, cells in columns.items():
            for which, text in enumerate(cells):
                if text and has_lost_digits(text):
                    faults[which].append(
                        f"the {name} {text!r} is a number that a spreadsheet has shortened; export it as text"
                    )

    def _statuses(
        self,
        columns: dict[str, list[str]],
        times: Sequence[tuple[datetime | None, datetime | None]],
        faults: list[list[str]],
    ) -> list[tuple[CaseStatus, dict[str, str]]]:
        """Return the status of each row, with the words of the source where they say more."""
        given = columns.get("status", [""] * len(times))
        found: list[tuple[CaseStatus, dict[str, str]]] = []
        for text, (_, closed), wrong in zip(given, times, faults, strict=True):
            status: CaseStatus | None = "open" if closed is None else "closed"
            if text:
                status = self.reading.statuses.read(text)
            if status is None:
                wrong.append(f"the status {text!r} is unknown; say what it means, e.g. --status-value '{text}=open'")
            elif closed is not None and status != "closed":
                wrong.append(f"it has a closing time and the status {text!r}")
            found.append((status or "open", {"status": text} if text and text.lower() != status else {}))
        return found

    def _points(self, columns: dict[str, list[str]], count: int, faults: list[list[str]]) -> FloatArray:
        xy = np.full((count, 2), np.nan)
        pair = self.point_fields
        if pair is None:
            return xy
        for axis, name in enumerate(pair):
            values = pd.to_numeric(pd.Series(columns[name], dtype=object), errors="coerce").to_numpy(dtype=np.float64)
            for which in np.flatnonzero(~np.isfinite(values)).tolist():
                if columns[name][which]:
                    faults[which].append(f"{name} {columns[name][which]!r} {why_no_number(columns[name][which])}")
            xy[:, axis] = values
        xy[~np.isfinite(xy).all(axis=1)] = np.nan
        return xy


def _reporters(columns: Mapping[str, Sequence[str]], count: int) -> list[Reporter]:
    """Return who reported each row; nothing is asked of his numbers, which tables have in any form."""
    cells = {name.removeprefix("reporter_"): columns[name] for name in REPORTER_FIELDS if name in columns}
    return [Reporter.of({name: each[which] for name, each in cells.items()}) for which in range(count)]


def _as_shown(columns: Mapping[str, Sequence[str]], reporters: Sequence[Reporter]) -> Iterator[Sequence[str]]:
    """Yield the columns as far as they may be shown: what is made of them stands in the database for all to see."""
    shown = [reporter.masked() for reporter in reporters]
    for name, cells in columns.items():
        if name in REPORTER_FIELDS:
            yield [each.get(name.removeprefix("reporter_"), "") for each in shown]
        else:
            yield _masked(cells)


def _masked(cells: Sequence[str]) -> list[str]:
    return [mask_text(cell) for cell in cells]


def _out_of_bounds(
    first: str, reported: datetime | None, second: str, closed: datetime | None, now: datetime
) -> list[str]:
    """Return which of a row's times cannot be."""
    faults = []
    if reported is not None and report_fault(reported, now):
        words = "is in the future" if reported >= FIRST_STORED else "lies before 1900"
        faults.append(f"the reporting time {first!r} {words}")
    if closed is not None and stored_fault(closed):
        faults.append(f"the closing time {second!r} lies beyond the years 1900 to 2199")
    return faults


def lonlat_of(xy: FloatArray, reading: CaseReading) -> FloatArray:
    """Return points as given in longitude and latitude, WGS 84; NaN stays NaN."""
    lon, lat = xy[:, 0], xy[:, 1]
    if not reading.crs.equals(WGS84, ignore_axis_order=True):
        lon, lat = transformer_between(reading.crs, WGS84).transform(lon, lat)
    if reading.coord_type != "wgs84":
        lon, lat = to_wgs84(lon, lat, reading.coord_type)
    placed: FloatArray = np.column_stack([lon, lat])
    placed[~np.isfinite(placed).all(axis=1)] = np.nan
    return placed


def _digest(values: tuple[Any, ...]) -> str:
    return blake2b(_PARTING.join(values).encode(), digest_size=_DIGEST_BYTES).hexdigest()
