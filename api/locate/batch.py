"""Many points in one request, as JSON, NDJSON or an Arrow stream, answered in kind.

Lines and record batches are located a piece at a time, so that what is held is a piece, the request and the answer; the
answer goes out only when every point has been read, since one bad point refuses the request.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

import numpy as np
import orjson

from api.heavy.desk import Desk
from api.kit.budget import Lease
from api.kit.limits import MOST_ERRORS, MOST_JSON_POINTS, MOST_POINTS
from api.kit.links import JSON
from api.locate.arrow import answer_arrow
from api.locate.bodies import Shape
from api.locate.points import Points, PointWork, check_lonlats, raise_listed, unreadable
from boundaries.text.json_values import LARGEST_NUMBER, text_fault
from geogrid.errors import Problem, UnavailableError
from geogrid.types import IntArray

NDJSON: Final = "application/x-ndjson"
ARROW: Final = "application/vnd.apache.arrow.stream"

_MEMBERS = frozenset({"id", "lon", "lat"})
_LINES_A_PIECE: Final = 20_000
_JSON_BYTES_A_BYTE: Final = 24
"""What a byte of JSON becomes at most, as objects of Python; measured with lists of short lists."""

Answer = Callable[[bytes, PointWork, Lease], list[bytes]]


@dataclass(frozen=True, slots=True)
class PointFormat:
    """A form of many points, answered as pieces of a body."""

    media_type: str
    answer: Answer


def _answer_json(body: bytes, work: PointWork, lease: Lease) -> list[bytes]:
    # Before it is parsed: each bracket becomes an object of its own.
    brackets = body.count(b"[") + body.count(b"{")
    if brackets > 2 * MOST_JSON_POINTS:
        raise _too_many(brackets)
    lease.grow(_JSON_BYTES_A_BYTE * len(body))
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise unreadable(f"The body is not JSON: {error}.") from error
    if isinstance(content, dict):
        content = content.get("points")
    if not isinstance(content, list):
        raise unreadable('The body is neither a list of points nor {"points": [...]}.')
    if len(content) > MOST_JSON_POINTS:
        raise _too_many(len(content))
    points = _points(content, "point", 0)
    return [_write_json(points, work.locate(points), work)]


def _too_many(count: int) -> Exception:
    return unreadable(
        f"The body has {count:,} points or lists; JSON may have {MOST_JSON_POINTS:,} points. "
        f"Send NDJSON or Arrow, which may have {MOST_POINTS:,}, or parts."
    )


def _answer_ndjson(body: bytes, work: PointWork, lease: Lease) -> list[bytes]:
    lease.grow(len(body))
    answers: list[bytes] = []
    done = 0
    lines = ((number, line) for number, line in enumerate(io.BytesIO(body), start=1) if line.strip())
    while piece := list(islice(lines, _LINES_A_PIECE)):
        if done + len(piece) > MOST_POINTS:
            raise unreadable(f"The body has more than {MOST_POINTS:,} lines. Send it in parts.")
        points = _points(_parsed(piece), "line", done)
        answers.append(_write_ndjson(points, work.locate(points), work))
        lease.grow(len(answers[-1]))
        done += len(piece)
    return answers


def _parsed(lines: Sequence[tuple[int, bytes]]) -> list[Any]:
    rows, problems = [], []
    for number, line in lines:
        try:
            rows.append(orjson.loads(line))
        except orjson.JSONDecodeError as error:
            problems.append(Problem("not-json", f"Line {number} is not JSON: {error}.", subject=f"line {number}"))
            if len(problems) == MOST_ERRORS:
                break
    raise_listed(problems)
    return rows


def _points(rows: Sequence[Any], noun: str, before: int) -> Points:
    pairs, ids, problems = np.full((len(rows), 2), np.nan), [], []
    for number, row in enumerate(rows):
        try:
            pairs[number] = _pair(row)
            ids.append(_identifier(row) if isinstance(row, dict) else None)
        except (TypeError, ValueError, OverflowError) as error:
            subject = f"{noun} {before + number + 1}"
            problems.append(Problem("not-a-point", f"{subject.capitalize()} {error}.", subject=subject))
            if len(problems) == MOST_ERRORS:
                break
    raise_listed(problems)
    lon, lat = np.ascontiguousarray(pairs.T)
    check_lonlats(lon, lat, noun, before)
    return Points(lon, lat, ids if any(each is not None for each in ids) else None)


def _identifier(row: Mapping[str, Any]) -> str | int | None:
    given = row.get("id")
    if given is None or (isinstance(given, str) and not text_fault(given)):
        return given
    if isinstance(given, int) and not isinstance(given, bool) and abs(given) <= LARGEST_NUMBER:
        return given
    raise ValueError(f"has the id {given!r:.40}; give a text, or a whole number within ±(2^53 - 1)")


def _pair(row: Any) -> tuple[float, float]:
    if isinstance(row, list):
        if len(row) != 2:  # noqa: PLR2004 - lon and lat
            raise ValueError(f"has {len(row)} numbers; give longitude and latitude")
        lon, lat = row
    elif isinstance(row, dict):
        unknown = row.keys() - _MEMBERS
        if unknown or not row.keys() >= {"lon", "lat"}:
            raise ValueError(
                f"has the members {', '.join(map(repr, islice(row, 9))):.200}; give lon, lat, and id if wanted"
            )
        lon, lat = row["lon"], row["lat"]
    else:
        raise TypeError('is neither {"lon": 24.94, "lat": 60.17} nor [24.94, 60.17]')
    return _number(lon), _number(lat)


def _number(value: Any) -> float:
    if value is None:
        return np.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"has the coordinate {value!r:.40}; give a number, or null where it is not known")
    return float(value)


def _rows(points: Points, positions: IntArray, work: PointWork) -> Iterator[Shape]:
    codes = work.names[positions].tolist()
    if points.rest is None:
        return ({"grid": code} for code in codes)
    return ({"id": each, "grid": code} for each, code in zip(points.rest, codes, strict=True))


def _write_json(points: Points, positions: IntArray, work: PointWork) -> bytes:
    body = {
        "jurisdiction": work.jurisdiction,
        "edition": work.edition,
        "points": len(positions),
        "located": int((positions >= 0).sum()),
        "results": list(_rows(points, positions, work)),
    }
    return orjson.dumps(body)


def _write_ndjson(points: Points, positions: IntArray, work: PointWork) -> bytes:
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in _rows(points, positions, work))


def answer_many(desk: Desk, body: bytes, media_type: str, plan_id: int | None, work: PointWork) -> list[bytes] | None:
    """Return pieces of the answer to a long body, None where the index of the edition cannot be had at this desk.

    Parameters
    ----------
    desk : Desk
        Has the indexes of editions.
    body, media_type : bytes, str
        What was sent.
    plan_id : int, optional
        The edition.
    work : PointWork
        Everything but its index.
    """
    lease = desk.budget.lease()
    try:
        lease.grow(len(body))
        if plan_id is not None:
            try:
                work = replace(work, index=desk.index(plan_id))
            except UnavailableError:
                return None
        return FORMATS[media_type].answer(body, work, lease)
    finally:
        lease.release()


FORMATS: Final[Mapping[str, PointFormat]] = {
    JSON: PointFormat(JSON, _answer_json),
    NDJSON: PointFormat(NDJSON, _answer_ndjson),
    ARROW: PointFormat(ARROW, answer_arrow),
}
