"""CQL2 JSON, read into the tree of pygeofilter: the members of the standard, and of the drafts that clients use."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from pygeofilter import ast, values
from pygeofilter.cql2 import ARITHMETIC_MAP, COMPARISON_MAP

from boundaries.features.cql.text_form import like
from geogrid.errors import InvalidInputError

_GEOMETRIES: Final = frozenset(
    {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}
)
_MOST_DIGITS: Final = 20
_BINARY: Final[Mapping[str, Any]] = {**COMPARISON_MAP, **ARITHMETIC_MAP}


def read_json(text: str) -> Any:
    """Return a filter as a tree.

    Raises
    ------
    InvalidInputError
        The text is no JSON, or no filter.
    """
    try:
        return _node(json.loads(text, parse_int=_whole))
    except json.JSONDecodeError as error:
        raise _refused(f"it is no JSON: {error.msg} at character {error.pos + 1}") from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise _refused(f"it is no CQL2 ({error})") from error


def _whole(digits: str) -> int | float:
    """Return a whole number; one of more digits than 64 bits have is as good as a float."""
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


def _node(found: Any) -> Any:
    if isinstance(found, str | int | float):
        return found
    if not isinstance(found, dict):
        raise ValueError(f"a {type(found).__name__} where an expression is expected")  # noqa: TRY004 - told as a problem
    if "op" in found:
        arguments = found.get("args", [])
        return _operation(str(found["op"]), arguments if isinstance(arguments, list) else [arguments])
    for member, read in _LITERALS.items():
        if member in found:
            return read(found)
    raise ValueError(f"members {', '.join(sorted(map(str, found)))[:80]}")


def _operation(name: str, arguments: list[Any]) -> Any:
    if name in {"and", "or"} and arguments:
        kind = ast.And if name == "and" else ast.Or
        return kind.from_items(*map(_node, arguments))
    if name in _BINARY and name != "like":
        left, right = map(_node, arguments)
        return _BINARY[name](left, right)
    if name in _SHAPED:
        return _SHAPED[name](arguments)
    return ast.Function(name.lower(), [_node(each) for each in arguments])


def _like(arguments: list[Any]) -> Any:
    value, pattern = map(_node, arguments)
    return like(value, pattern)


def _between(arguments: list[Any]) -> Any:
    value, *limits = arguments
    low, high = limits[0] if len(limits) == 1 else limits
    return ast.Between(_node(value), _node(low), _node(high), not_=False)


def _in(arguments: list[Any]) -> Any:
    value, options = arguments
    return ast.In(_node(value), [_node(each) for each in options], not_=False)


def _not(arguments: list[Any]) -> Any:
    (argument,) = arguments
    return ast.Not(_node(argument))


def _is_null(arguments: list[Any]) -> Any:
    (argument,) = arguments
    return ast.IsNull(_node(argument), not_=False)


def _geometry(found: Mapping[str, Any]) -> Any:
    if found["type"] not in _GEOMETRIES:
        raise ValueError(f"type {str(found['type'])[:40]!r}")
    return values.Geometry({"geojson": json.dumps(found)})


def _interval(found: Mapping[str, Any]) -> Any:
    start, end = found["interval"]
    return ast.Function("interval", [_node(start), _node(end)])


_SHAPED: Final[Mapping[str, Callable[[list[Any]], Any]]] = {
    "like": _like,
    "between": _between,
    "in": _in,
    "not": _not,
    "isNull": _is_null,
}
_LITERALS: Final[Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    "property": lambda found: ast.Attribute(str(found["property"])),
    "type": _geometry,
    "bbox": lambda found: ast.Function("bbox", [float(each) for each in found["bbox"]]),
    "date": lambda found: ast.Function("date", [str(found["date"])]),
    "timestamp": lambda found: ast.Function("timestamp", [str(found["timestamp"])]),
    "interval": _interval,
    "function": lambda found: ast.Function(
        str(found["function"]["name"]).lower(), [_node(each) for each in found["function"].get("args", [])]
    ),
}


def _refused(reason: str) -> InvalidInputError:
    return InvalidInputError.of(
        "filter",
        f"The filter cannot be used: {reason}.",
        'Write it as in: {"op": "=", "args": [{"property": "level"}, 2]}.',
        subject="filter",
    )
