"""Operations as plain records, for files, requests and the log; geometry is GeoJSON."""

import json
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, Final

import numpy as np
import shapely

from geogrid.editions.fields import LOADS
from geogrid.errors import InvalidInputError, Problem
from geogrid.plans.operations import kinds as operations
from geogrid.plans.operations.kinds import Operation
from geogrid.types import DEDICATED_CATEGORIES

KINDS: Final[Mapping[str, type]] = types.MappingProxyType(
    {
        "move_blocks": operations.MoveBlocks,
        "move_land": operations.MoveLand,
        "split_by_line": operations.SplitByLine,
        "split_into": operations.SplitInto,
        "merge": operations.Merge,
        "carve": operations.Carve,
        "dissolve": operations.Dissolve,
        "rebalance": operations.Rebalance,
        "rename": operations.Rename,
        "recode": operations.Recode,
        "change_parent": operations.ChangeParent,
        "assign_duty": operations.AssignDuty,
        "end_duty": operations.EndDuty,
        "insert_level": operations.InsertLevel,
        "remove_level": operations.RemoveLevel,
        "rename_level": operations.RenameLevel,
        "set_band": operations.SetBand,
        "lock": operations.Lock,
        "unlock": operations.Unlock,
    }
)
"""Kinds of operations by the name that records have in ``kind``."""

_MOST_VERTICES: Final = 10_000
_LARGEST: Final = 2**63 - 1
_LONGEST_TEXT: Final = 200
_SHOWN: Final = 80
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def record_of(operation: Operation) -> dict[str, Any]:
    """Return an operation as a record that JSON can hold; members that say nothing are left out."""
    kind = next(name for name, candidate in KINDS.items() if isinstance(operation, candidate))
    members = {member.name: getattr(operation, member.name) for member in fields(operation)}
    said = {name: _plain(value) for name, value in members.items() if value is not None and value not in ((), {})}
    return {"kind": kind, **said}


def operations_of(records: Sequence[Any]) -> tuple[Operation, ...]:
    """Return the operations that records describe.

    Raises
    ------
    InvalidInputError
        With everything that is wrong with any of them.
    """
    problems: list[Problem] = []
    operations: list[Operation] = []
    for number, record in enumerate(records, start=1):
        try:
            operations.append(_operation(record))
        except InvalidInputError as error:
            problems += [
                Problem(problem.kind, f"Operation {number}: {problem.message}", problem.remedy, subject=problem.subject)
                for problem in error.problems
            ]
    if not records:
        problems.append(Problem("no-operation", "No operation is given.", f"There are: {', '.join(KINDS)}."))
    if problems:
        raise InvalidInputError(problems)
    return tuple(operations)


def _operation(record: Any) -> Operation:
    if not isinstance(record, Mapping):
        raise InvalidInputError.of(
            "no-object",
            f"an operation is an object, not {str(record)[:_SHOWN]!r}.",
            'E.g. {"kind": "split_into", ...}.',
        )
    name = record.get("kind")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        known = ", ".join(KINDS)
        raise InvalidInputError.of("unknown-kind", f"there is no kind {str(name)[:_SHOWN]!r}.", f"There are: {known}.")
    allowed = {item.name: item for item in fields(kind)}
    problems = [
        Problem("unknown-member", f"{name} is no member of {record['kind']}.", f"There are: {', '.join(allowed)}.")
        for name in record
        if name != "kind" and name not in allowed
    ]
    values = {}
    for name, item in allowed.items():
        optional = item.default is not MISSING or item.default_factory is not MISSING
        if record.get(name) is None:
            if not optional:
                problems.append(Problem("missing", f"{name} is missing.", subject=name))
            continue
        try:
            values[name] = _reader(record["kind"], name)(record[name])
        except (ValueError, TypeError, shapely.GEOSException) as error:
            problems.append(Problem("bad-member", f"{name}: {error}.", subject=name))
    if problems:
        raise InvalidInputError(problems)
    operation: Operation = kind(**values)
    return operation


def _reader(kind: str, name: str) -> Callable[[Any], Any]:
    return _READERS.get(f"{kind}.{name}") or _READERS.get(name, _text)


def _plain(value: Any) -> Any:
    if isinstance(value, shapely.Geometry):
        return json.loads(shapely.to_geojson(value))
    return list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or _UNSTORABLE.search(value):
        raise ValueError(f"it must be a text of at most {_LONGEST_TEXT} characters, each of which Unicode knows")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError("it must be a list of texts")  # noqa: TRY004 - collected as a problem
    return tuple(_text(text) for text in value)


def _mapping(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError("it must be an object of texts")  # noqa: TRY004 - collected as a problem
    return {_text(key): _text(text) for key, text in value.items()}


def _blocks(value: Any) -> tuple[int, ...]:
    whole = isinstance(value, list | tuple) and all(
        isinstance(block, int) and not isinstance(block, bool) and 0 < block <= _LARGEST for block in value
    )
    if not whole or not value:
        raise ValueError("it must be a list of one or more block numbers")
    return tuple(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 < value <= 1000:  # noqa: PLR2004 - a sane limit
        raise ValueError("it must be a whole number from 2 to 1000")
    return value


def _position(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 6:  # noqa: PLR2004 - levels
        raise ValueError("it must be a whole number from 1 to 6")
    return value


def _seed(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST:
        raise ValueError("it must be a whole number from 0")
    return value


def _band(value: Any) -> tuple[float, float]:
    numbers = [float(number) for number in value] if isinstance(value, list | tuple) else []
    if len(numbers) != 2 or not 0 < numbers[0] <= numbers[1] < float("inf"):  # noqa: PLR2004 - low and high
        raise ValueError("it must be two numbers, 0 < low <= high")
    return numbers[0], numbers[1]


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("it must be true or false")  # noqa: TRY004 - collected as a problem
    return value


def _load(value: Any) -> str:
    if value not in LOADS:
        raise ValueError(f"it must be one of {', '.join(LOADS)}")
    return str(value)


def _category(value: Any) -> str:
    if value not in DEDICATED_CATEGORIES:
        raise ValueError(f"it must be one of {', '.join(DEDICATED_CATEGORIES)}")
    return str(value)


def _line(value: Any) -> shapely.Geometry:
    return _geometry(value, ("LineString",))


def _patch(value: Any) -> shapely.Geometry:
    return _geometry(value, ("Polygon", "MultiPolygon"))


def _geometry(value: Any, kinds: tuple[str, ...]) -> shapely.Geometry:
    if not isinstance(value, str | Mapping):
        raise ValueError(f"it must be a {' or '.join(kinds)} as GeoJSON or WKT")  # noqa: TRY004 - collected
    # What is not a number is refused below.
    with np.errstate(invalid="ignore"):
        shape = shapely.from_geojson(json.dumps(value)) if isinstance(value, Mapping) else shapely.from_wkt(value)
    if shape.geom_type not in kinds or shape.is_empty:
        raise ValueError(f"it must be a {' or '.join(kinds)} as GeoJSON or WKT, and is a {shape.geom_type}")
    xy = shapely.get_coordinates(shape)
    if len(xy) > _MOST_VERTICES:
        raise ValueError(f"it has {len(xy):,} vertices; at most {_MOST_VERTICES:,} are taken")
    if not (abs(xy) <= [180, 90]).all():
        raise ValueError("a coordinate is beyond the globe; longitude comes first, in degrees")
    if not shape.is_valid:
        raise ValueError(f"it is not valid: {shapely.is_valid_reason(shape)}")
    return shapely.force_2d(shape)


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = types.MappingProxyType(
    {
        "blocks": _blocks,
        "grids": _texts,
        "apart": _texts,
        "load": _load,
        "rename.names": _mapping,
        "split_by_line.names": _texts,
        "codes": _mapping,
        "count": _count,
        "seed": _seed,
        "position": _position,
        "band": _band,
        "category": _category,
        "cut": _flag,
        "line": _line,
        "patch": _patch,
    }
)
