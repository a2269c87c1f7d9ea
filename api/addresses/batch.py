"""Many addresses in one request, as JSON, NDJSON or CSV, answered in kind."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import orjson
from pydantic import ValidationError

from api.addresses.schemas import ManyQuery
from api.kit.links import CSV, JSON
from api.locate.batch import NDJSON
from boundaries.text.cells import CellWriter, unled
from boundaries.text.json_values import json_faults, text_fault
from geogrid.errors import InvalidInputError
from geogrid.wording import counted

MOST_ADDRESSES: Final = 10_000
MOST_CHARACTERS: Final = 10_000
COLUMNS: Final = ("lon", "lat", "score", "level", "error_m", "address", "grid", "needs_review")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AskedAddresses:
    """What a body asks for, as it stands there.

    Parameters
    ----------
    rows : list
        Each is to have a text ``q``.
    options : mapping of str to object
        What it says of the callers beside them.
    """

    rows: list[Any]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AddressFormat:
    """A form of many addresses, read and written."""

    media_type: str
    read: Callable[[bytes], AskedAddresses]
    write: Callable[[Sequence[Row], Sequence[Row]], bytes]


def _read_json(body: bytes) -> AskedAddresses:
    if body.count(b"[") + body.count(b"{") > 2 * MOST_ADDRESSES:  # each becomes an object, before it can be counted
        raise _too_many("at least")
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _unreadable(f"The body is not JSON: {error}.") from error
    rows = content.get("addresses") if isinstance(content, dict) else content
    if not isinstance(rows, list):
        raise _unreadable('The body is neither a list of addresses nor {"addresses": [...]}.')
    options = {name: value for name, value in content.items() if name != "addresses"} if rows is not content else {}
    return AskedAddresses([{"q": row} if isinstance(row, str) else row for row in rows], options)


def _read_ndjson(body: bytes) -> AskedAddresses:
    rows: list[Row] = []
    for number, line in enumerate(io.BytesIO(body), start=1):
        if line.strip():
            if len(rows) == MOST_ADDRESSES:
                raise _too_many("more than")
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise _unreadable(f"Line {number} is not JSON: {error}.") from error
            rows.append({"q": row} if isinstance(row, str) else row)
    return AskedAddresses(rows)


def _read_csv(body: bytes) -> AskedAddresses:
    try:
        reader = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""))
        rows = list(islice(reader, MOST_ADDRESSES + 1))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(f"The body is not CSV in UTF-8: {error}.") from error
    name = next((each for each in ("q", "address") if each in (reader.fieldnames or ())), None)
    if name is None:
        raise _unreadable(f"The CSV has no column q or address; it has {reader.fieldnames}.")
    columns = list(reader.fieldnames or ())
    repeated = next((column for column in columns if columns.count(column) > 1), None)
    if repeated is not None:
        raise _unreadable(f"The CSV has the column {repeated!r} more than once.")
    for number, row in enumerate(rows, start=1):
        if None in row or None in row.values():
            width = counted(len(columns), "column")
            raise _unreadable(f"Address {number} of the CSV has more or fewer cells than its header, of {width}.")
    rows = [{key: unled(cell) for key, cell in row.items()} for row in rows]
    return AskedAddresses([{**row, "q": row[name]} for row in rows])


def _write_json(rows: Sequence[Row], answers: Sequence[Row]) -> bytes:
    return orjson.dumps({"results": [_joined(row, answer) for row, answer in zip(rows, answers, strict=True)]})


def _write_ndjson(rows: Sequence[Row], answers: Sequence[Row]) -> bytes:
    lines = [orjson.dumps(_joined(row, answer)) for row, answer in zip(rows, answers, strict=True)]
    return b"".join(line + b"\n" for line in lines)


def _joined(row: Row, answer: Row) -> Row:
    return {**({"id": row["id"]} if "id" in row else {}), "q": row["q"], **answer}


def _write_csv(rows: Sequence[Row], answers: Sequence[Row]) -> bytes:
    first = rows[0] if rows else {}
    columns = [*COLUMNS, "remote"] if answers and "remote" in answers[0] else COLUMNS
    added = [f"geocode_{name}" for name in columns]
    # Answers of an earlier request are replaced.
    own = [name for name in first if name not in added and not (name == "q" and "address" in first)]
    names = [*own, *added]
    out = io.StringIO(newline="")
    writer = CellWriter(out)
    writer.write(names)
    for row, answer in zip(rows, answers, strict=True):
        writer.write([*(row[name] for name in own), *(answer[name] for name in columns)])
    return out.getvalue().encode()


def _too_many(how: str) -> InvalidInputError:
    return _unreadable(
        f"The body has {how} {MOST_ADDRESSES:,} addresses; at most {MOST_ADDRESSES:,} go into one request."
    )


def _unreadable(message: str) -> InvalidInputError:
    return InvalidInputError.of("unreadable", message, "See POST /geocode at /docs.", subject="body")


def with_body(query: ManyQuery, options: Mapping[str, Any]) -> ManyQuery:
    """Return what is asked with what the body says of the callers.

    Raises
    ------
    InvalidInputError
        It says what no parameter is, or something else than the address of the request.
    """
    given = {name: getattr(query, name) for name in query.model_fields_set}
    try:
        said = ManyQuery.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors()[0]
        raise _unreadable(f"The member {'.'.join(map(str, first['loc']))} of the body: {first['msg']}.") from error
    for name, value in given.items():
        if name in said.model_fields_set and getattr(said, name) != value:
            raise _unreadable(f"The body says another {name} than the address of the request. Say it once.")
    return said.model_copy(update=given)


def checked(rows: Sequence[Any]) -> list[Row]:
    """Return rows that all have a text ``q``, or refuse them naming the first that has none."""
    if len(rows) > MOST_ADDRESSES:
        raise _unreadable(f"The body has {len(rows):,} addresses; at most {MOST_ADDRESSES:,} go into one request.")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or not isinstance(row.get("q"), str) or text_fault(row["q"]):
            raise _unreadable(f"Address {number} is {_shown(row)}; it must be a text, or an object with the text q.")
        if len(row["q"]) > MOST_CHARACTERS:
            raise _unreadable(f"Address {number} has {len(row['q']):,} characters; at most {MOST_CHARACTERS} are read.")
        if json_faults(row.get("id")):
            raise _unreadable(f"Address {number} has an id that cannot be kept: {'; '.join(json_faults(row['id']))}.")
    return list(rows)


def _shown(row: Any) -> str:
    return f"{row!r:.80}".encode("utf-8", "replace").decode()


FORMATS: Final = {
    JSON: AddressFormat(JSON, _read_json, _write_json),
    NDJSON: AddressFormat(NDJSON, _read_ndjson, _write_ndjson),
    CSV: AddressFormat(CSV, _read_csv, _write_csv),
}
