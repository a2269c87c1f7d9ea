"""Many points in one request, as JSON, NDJSON or an Arrow stream, answered in kind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson

from api.kit.links import JSON
from api.locate.bodies import Shape, edition_shape
from geogrid.editions import Edition
from geogrid.errors import InvalidInputError, Problem
from geogrid.types import BoolArray, FloatArray, IntArray

NDJSON: Final = "application/x-ndjson"
ARROW: Final = "application/vnd.apache.arrow.stream"

_LISTED = 20
_LARGEST_LON, _LARGEST_LAT = 180.0, 90.0
_MEMBERS = frozenset({"id", "lon", "lat"})


@dataclass(frozen=True, slots=True)
class Points:
    """Points of a request, in order.

    Parameters
    ----------
    lon, lat : (n,) float64
        Degrees in the datum of the request; NaN where the point is not known.
    rest : object
        What the answer repeats: the identifiers, or the other columns.
    """

    lon: FloatArray
    lat: FloatArray
    rest: Any


@dataclass(frozen=True, slots=True)
class PointFormat:
    """A form of many points, read and written."""

    media_type: str
    read: Callable[[bytes], Points]
    write: Callable[[Points, IntArray, Edition | None, str], bytes]


def _read_json(body: bytes) -> Points:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _unreadable(f"The body is not JSON: {error}.") from error
    if isinstance(content, dict):
        content = content.get("points")
    if not isinstance(content, list):
        raise _unreadable('The body is neither a list of points nor {"points": [...]}.')
    return _points(content, "point")


def _read_ndjson(body: bytes) -> Points:
    rows, problems = [], []
    for number, line in enumerate(body.splitlines(), start=1):
        if line.strip():
            try:
                rows.append(orjson.loads(line))
            except orjson.JSONDecodeError as error:
                problems.append(Problem("not-json", f"Line {number} is not JSON: {error}.", subject=f"line {number}"))
    _raise(problems)
    return _points(rows, "line")


def _read_arrow(body: bytes) -> Points:
    import pyarrow as pa

    try:
        table = pa.ipc.open_stream(body).read_all()
        table.validate(full=True)  # a forged stream could otherwise point outside its own bytes
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(f"The body is not an Arrow IPC stream: {error}.") from error
    missing = [name for name in ("lon", "lat") if table.column_names.count(name) != 1]
    if missing:
        raise _unreadable(f"The table has no column {' and '.join(missing)}, or several; it has {table.column_names}.")
    lon, lat = (_column(table, name) for name in ("lon", "lat"))
    _check(lon, lat, "row")
    return Points(lon, lat, table.drop_columns(["lon", "lat"]))


def _column(table: Any, name: str) -> FloatArray:
    import pyarrow as pa

    column = table.column(name)
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        raise _unreadable(f"Column {name} is {column.type}; it must be a number, float64 at best.")
    values: FloatArray = column.combine_chunks().to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
    return values


def _points(rows: Sequence[Any], noun: str) -> Points:
    pairs, ids, problems = np.full((len(rows), 2), np.nan), [], []
    for number, row in enumerate(rows):
        try:
            pairs[number] = _pair(row)
            ids.append(row.get("id") if isinstance(row, dict) else None)
        except (TypeError, ValueError, OverflowError) as error:
            subject = f"{noun} {number + 1}"
            problems.append(Problem("not-a-point", f"{subject.capitalize()} {error}.", subject=subject))
    _raise(problems)
    lon, lat = np.ascontiguousarray(pairs.T)
    _check(lon, lat, noun)
    return Points(lon, lat, ids if any(each is not None for each in ids) else None)


def _pair(row: Any) -> tuple[float, float]:
    if isinstance(row, list):
        if len(row) != 2:  # noqa: PLR2004 - lon and lat
            raise ValueError(f"has {len(row)} numbers; give longitude and latitude")
        lon, lat = row
    elif isinstance(row, dict):
        unknown = row.keys() - _MEMBERS
        if unknown or not row.keys() >= {"lon", "lat"}:
            raise ValueError(f"has the members {', '.join(map(repr, row))}; give lon, lat, and id if wanted")
        lon, lat = row["lon"], row["lat"]
    else:
        raise TypeError('is neither {"lon": 24.94, "lat": 60.17} nor [24.94, 60.17]')
    return _number(lon), _number(lat)


def _number(value: Any) -> float:
    if value is None:
        return np.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"has the coordinate {value!r}; give a number, or null where it is not known")
    return float(value)


def _check(lon: FloatArray, lat: FloatArray, noun: str) -> None:
    """Refuse coordinates beyond the globe; NaN stays, since a missing point is an answer, not a mistake."""
    with np.errstate(invalid="ignore"):
        wrong: BoolArray = (np.abs(lon) > _LARGEST_LON) | (np.abs(lat) > _LARGEST_LAT)
    where = np.flatnonzero(wrong)
    if not len(where):
        return
    problems = [
        Problem(
            "beyond-the-globe",
            f"{noun.capitalize()} {number + 1} is {lon[number]:g}, {lat[number]:g}; lon must be from -180 to 180, "
            "lat from -90 to 90.",
            subject=f"{noun} {number + 1}",
        )
        for number in where[:_LISTED].tolist()
    ]
    if len(where) > _LISTED:
        problems.append(Problem("beyond-the-globe", f"{len(where):,} of {len(lon):,} points are beyond the globe."))
    raise InvalidInputError(problems)


def _raise(problems: list[Problem]) -> None:
    if not problems:
        return
    listed = problems[:_LISTED]
    if len(problems) > _LISTED:
        listed.append(Problem(problems[0].kind, f"{len(problems):,} points in all cannot be read."))
    raise InvalidInputError(listed)


def _unreadable(message: str) -> InvalidInputError:
    return InvalidInputError.of("unreadable", message, "See POST /locate at /docs.", subject="body")


def _codes(positions: IntArray, edition: Edition | None) -> list[str | None]:
    codes = [] if edition is None else [str(leaf.code) for leaf in edition.leaves]
    # The last place is for -1, outside.
    named = np.array([*codes, None], dtype=object)
    located: list[str | None] = named[positions].tolist()
    return located


def _rows(points: Points, positions: IntArray, edition: Edition | None) -> list[Shape]:
    codes = _codes(positions, edition)
    if points.rest is None:
        return [{"grid": code} for code in codes]
    return [{"id": each, "grid": code} for each, code in zip(points.rest, codes, strict=True)]


def _write_json(points: Points, positions: IntArray, edition: Edition | None, jurisdiction: str) -> bytes:
    body = {
        "jurisdiction": jurisdiction,
        "edition": None if edition is None else edition_shape(edition),
        "points": len(positions),
        "located": int((positions >= 0).sum()),
        "results": _rows(points, positions, edition),
    }
    return orjson.dumps(body)


def _write_ndjson(points: Points, positions: IntArray, edition: Edition | None, _jurisdiction: str) -> bytes:
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in _rows(points, positions, edition))


def _write_arrow(points: Points, positions: IntArray, edition: Edition | None, jurisdiction: str) -> bytes:
    import pyarrow as pa

    codes = pa.array([] if edition is None else [leaf.code for leaf in edition.leaves], pa.string())
    places = pa.array(positions.astype(np.int32, copy=False), mask=positions < 0)
    table = points.rest.append_column("grid", pa.DictionaryArray.from_arrays(places, codes))
    about = {"jurisdiction": jurisdiction, "edition": "" if edition is None else str(edition.id)}
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **about})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


FORMATS: Final[Mapping[str, PointFormat]] = {
    JSON: PointFormat(JSON, _read_json, _write_json),
    NDJSON: PointFormat(NDJSON, _read_ndjson, _write_ndjson),
    ARROW: PointFormat(ARROW, _read_arrow, _write_arrow),
}
