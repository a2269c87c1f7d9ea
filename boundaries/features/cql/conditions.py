"""Filters as SQL conditions: every part has a type, and what does not fit is refused before the database sees it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal

import numpy as np
import shapely
from pygeofilter import ast, values

from boundaries.features.cql.json_form import read_json
from boundaries.features.cql.text_form import read_text
from boundaries.features.fields import Collection
from boundaries.features.selection import Condition
from boundaries.features.systems import STORED_SRID
from boundaries.text.json_values import text_fault
from boundaries.text.numbers import LARGEST_INT64
from geogrid.errors import InvalidInputError

FilterLanguage = Literal["cql2-text", "cql2-json", "cql-text"]
Kind = Literal["text", "number", "moment", "boolean", "geometry", "interval"]

_DEEPEST: Final = 60
_KINDS: Final[Mapping[str, Kind]] = {"text": "text", "integer": "number", "number": "number", "moment": "moment"}
_SPATIAL: Final = frozenset(
    {"intersects", "disjoint", "contains", "within", "touches", "crosses", "overlaps", "equals"}
)
_TEMPORAL: Final[Mapping[str, str]] = {
    "t_after": "{a} > {d}",
    "t_before": "{b} < {c}",
    "t_contains": "{a} < {c} and {b} > {d}",
    "t_disjoint": "({b} < {c} or {a} > {d})",
    "t_during": "{a} > {c} and {b} < {d}",
    "t_equals": "{a} = {c} and {b} = {d}",
    "t_finishedby": "{a} < {c} and {b} = {d}",
    "t_finishes": "{a} > {c} and {b} = {d}",
    "t_intersects": "{a} <= {d} and {b} >= {c}",
    "t_meets": "{b} = {c}",
    "t_metby": "{a} = {d}",
    "t_overlappedby": "{a} > {c} and {a} < {d} and {b} > {d}",
    "t_overlaps": "{a} < {c} and {b} > {c} and {b} < {d}",
    "t_startedby": "{a} = {c} and {b} > {d}",
    "t_starts": "{a} = {c} and {b} < {d}",
}
"""Of a period from a to b and one from c to d (ISO 19108); a moment is a period that ends where it begins."""


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a condition; of an interval, `end` is the SQL of its end."""

    sql: str
    kind: Kind
    end: str = ""
    literal: Any = None


def condition_of(
    text: str,
    language: FilterLanguage,
    collection: Collection,
    *,
    to_stored: Callable[[shapely.Geometry], shapely.Geometry],
) -> Condition:
    """Return a filter as a condition on the rows `f` of a collection.

    Parameters
    ----------
    text : str
        The filter.
    language : {"cql2-text", "cql2-json", "cql-text"}
        What it is written in.
    collection : Collection
        Whose fields it may name, and `geometry`.
    to_stored : callable
        Turns its geometries into longitude and latitude, WGS 84.

    Raises
    ------
    InvalidInputError
        It cannot be read, names what there is not, or compares what cannot be compared.
    """
    tree = read_json(text) if language == "cql2-json" else read_text(text)
    compiler = _Compiler(collection, to_stored)
    found = compiler.of(tree, 0)
    if found.kind != "boolean":
        raise refused(f"it is a {found.kind}, not a condition")
    return Condition(found.sql, compiler.values)


class _Compiler:
    """Turns nodes into SQL and collects the parameters."""

    def __init__(self, collection: Collection, to_stored: Callable[[shapely.Geometry], shapely.Geometry]) -> None:
        self._collection = collection
        self._to_stored = to_stored
        self.values: dict[str, Any] = {}

    def of(self, node: Any, depth: int) -> Term:
        """Return the SQL of a node and everything below it."""
        if depth > _DEEPEST:
            raise refused(f"it is nested more than {_DEEPEST} deep")
        if isinstance(node, bool | int | float | str):
            return self._literal(node)
        if isinstance(node, values.Geometry):
            return self._geometry(_shape(node.geometry))
        if isinstance(node, ast.Attribute):
            return self._attribute(node.name)
        if isinstance(node, ast.Function):
            return self._function(node, depth)
        found = _HANDLERS.get(type(node))
        if found is None:
            raise refused(f"{type(node).__name__} is not understood here")
        return found(self, node, depth)

    def _literal(self, value: Any) -> Term:
        kind: Kind = "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
        fault = text_fault(value) if isinstance(value, str) else _number_fault(value)
        if fault:
            raise refused(f"of {str(value)[:20]!r:.40}: {fault}" if isinstance(value, int | float) else fault)
        cast = {"boolean": "::boolean", "text": "::text", "number": "" if isinstance(value, int) else "::float8"}[kind]
        return Term(f"{self._bound(value)}{cast}", kind, literal=value)

    def _bound(self, value: Any) -> str:
        name = f"cql{len(self.values)}"
        self.values[name] = value
        return f"%({name})s"

    def _attribute(self, name: str) -> Term:
        if name in {"geometry", "geom"}:
            return Term("f.geom", "geometry")
        field = self._collection.field(name)
        if field is None:
            raise refused(f"{name[:60]!r} is no field; there are geometry, {', '.join(self._collection.names)}")
        return Term(f"f.{name}", _KINDS[field.kind])

    def _geometry(self, shape: shapely.Geometry) -> Term:
        if not np.isfinite(shapely.get_coordinates(shape)).all() or shapely.is_empty(shape):
            raise refused("a geometry in it is empty or not finite")
        stored = shapely.set_srid(self._to_stored(shapely.force_2d(shape)), STORED_SRID)
        return Term(f"{self._bound(shapely.to_wkb(stored, hex=True, include_srid=True))}::geometry", "geometry")

    def moment(self, text: Any) -> Term:
        """Return the moment that a text names; a day is its first moment, in UTC."""
        try:
            # GDAL writes a day as a time without its time, e.g. 2026-01-05T.
            found = datetime.fromisoformat(str(text).removesuffix("T"))
            found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        except (ValueError, OverflowError) as error:
            raise refused(f"{str(text)[:40]!r} is no date or time") from error
        return Term(f"{self._bound(found)}::timestamptz", "moment")

    def _function(self, node: Any, depth: int) -> Term:
        name = str(node.name)
        if name in {"date", "timestamp"} and len(node.arguments) == 1:
            return self._date(node.arguments[0]) if name == "date" else self.moment(node.arguments[0])
        if name == "interval" and len(node.arguments) == 2:  # noqa: PLR2004 - start and end
            return self._interval(node.arguments, depth)
        arguments = [self.of(each, depth + 1) for each in node.arguments]
        if name in {"casei", "lower", "upper"} and [each.kind for each in arguments] == ["text"]:
            return Term(f"{'upper' if name == 'upper' else 'lower'}({arguments[0].sql})", "text")
        if name in {"bbox", "envelope"}:
            return self._box(name, arguments)
        relation = name.removeprefix("s_").removeprefix("st_")
        if relation in _SPATIAL and [each.kind for each in arguments] == ["geometry", "geometry"]:
            return Term(f"ST_{relation.capitalize()}({arguments[0].sql}, {arguments[1].sql})", "boolean")
        if name in _TEMPORAL and len(arguments) == 2:  # noqa: PLR2004 - two periods
            a, b = self._period(arguments[0])
            c, d = self._period(arguments[1])
            return Term(f"({_TEMPORAL[name].format(a=a, b=b, c=c, d=d)})", "boolean")
        raise refused(f"{name[:40]!r} of {', '.join(each.kind for each in arguments) or 'nothing'} is no function here")

    def _date(self, text: Any) -> Term:
        try:
            day = date.fromisoformat(str(text))
            start = datetime(day.year, day.month, day.day, tzinfo=UTC)
            end = start + timedelta(days=1) - timedelta(microseconds=1)
        except (ValueError, OverflowError) as error:
            raise refused(f"{str(text)[:40]!r} is no date") from error
        return Term(f"{self._bound(start)}::timestamptz", "moment", end=f"{self._bound(end)}::timestamptz")

    def _interval(self, parts: Sequence[Any], depth: int) -> Term:
        ends = []
        for part, open_end in zip(parts, ("-infinity", "infinity"), strict=True):
            if part == "..":
                ends.append(f"'{open_end}'::timestamptz")
                continue
            term = self.moment(part) if isinstance(part, str) else self.of(part, depth + 1)
            if term.kind != "moment":
                raise refused(f"an interval has times, and one end is a {term.kind}")
            ends.append(f"coalesce({term.sql}, '{open_end}'::timestamptz)")
        return Term(ends[0], "interval", end=ends[1])

    def _period(self, term: Term) -> tuple[str, str]:
        if term.kind == "text" and isinstance(term.literal, str):
            term = self.moment(term.literal)
        if term.kind not in {"moment", "interval"}:
            raise refused(f"a time is expected where a {term.kind} stands")
        return term.sql, term.end or term.sql

    def _box(self, name: str, arguments: list[Term]) -> Term:
        numbers = [each.literal for each in arguments if each.kind == "number" and each.literal is not None]
        has_subject = bool(arguments) and arguments[0].kind == "geometry"
        if len(numbers) not in {4, 6} or len(numbers) + has_subject != len(arguments):
            raise refused(f"{name} takes four numbers")
        middle = len(numbers) // 2
        corners = (numbers[0], numbers[1], numbers[middle], numbers[middle + 1])
        if name == "envelope":
            corners = (numbers[0], numbers[2], numbers[1], numbers[3])
        if not np.isfinite(np.array(corners, dtype=float)).all():
            raise refused("a corner is not finite")
        box = self._geometry(shapely.Polygon.from_bounds(*map(float, corners)))
        return Term(f"ST_Intersects({arguments[0].sql}, {box.sql})", "boolean") if has_subject else box

    def agreeing(self, left: Term, right: Term) -> tuple[Term, Term]:
        """Return two terms of one kind: a text beside a time is read as a time."""
        if left.kind == "moment" and isinstance(right.literal, str):
            right = self.moment(right.literal)
        elif right.kind == "moment" and isinstance(left.literal, str):
            left = self.moment(left.literal)
        if left.kind != right.kind or left.kind in {"geometry", "interval"}:
            raise refused(f"a {left.kind} is compared with a {right.kind}")
        return left, right


def _number_fault(value: float) -> str:
    """Return why a number cannot be compared with; a whole one beyond 64 bits has no kind in the database."""
    if isinstance(value, float):
        return "" if math.isfinite(value) else "it is not a finite number"
    return "" if abs(value) <= LARGEST_INT64 else "a whole number has at most 64 bits"


def _shape(literal: Mapping[str, str]) -> shapely.Geometry:
    try:
        return shapely.from_wkt(literal["wkt"]) if "wkt" in literal else shapely.from_geojson(literal["geojson"])
    except shapely.GEOSException as error:
        raise refused(f"a geometry in it cannot be read ({error})") from error


def _combined(compiler: _Compiler, node: Any, depth: int) -> Term:
    # A chain of ANDs leans to one side: it is as deep as it is long, which says nothing about how nested it is.
    parts, kind = [], type(node)
    while isinstance(node, kind):
        parts.append(compiler.of(node.rhs, depth + 1))
        node = node.lhs
    parts.append(compiler.of(node, depth + 1))
    if any(each.kind != "boolean" for each in parts):
        raise refused(f"{kind.__name__.upper()} joins something that is no condition")
    word = " and " if kind is ast.And else " or "
    return Term(f"({word.join(each.sql for each in reversed(parts))})", "boolean")


def _negated(compiler: _Compiler, node: Any, depth: int) -> Term:
    part = compiler.of(node.sub_node, depth + 1)
    if part.kind != "boolean":
        raise refused("NOT stands before something that is no condition")
    return Term(f"(not {part.sql})", "boolean")


def _compared(compiler: _Compiler, node: Any, depth: int) -> Term:
    left, right = compiler.agreeing(compiler.of(node.lhs, depth + 1), compiler.of(node.rhs, depth + 1))
    return Term(f"({left.sql} {node.op.value} {right.sql})", "boolean")


def _between(compiler: _Compiler, node: Any, depth: int) -> Term:
    value = compiler.of(node.lhs, depth + 1)
    _, low = compiler.agreeing(value, compiler.of(node.low, depth + 1))
    _, high = compiler.agreeing(value, compiler.of(node.high, depth + 1))
    return Term(f"({value.sql} {'not ' if node.not_ else ''}between {low.sql} and {high.sql})", "boolean")


def _like(compiler: _Compiler, node: Any, depth: int) -> Term:
    value, pattern = compiler.of(node.lhs, depth + 1), compiler.of(node.pattern, depth + 1)
    if (value.kind, pattern.kind) != ("text", "text"):
        raise refused(f"LIKE compares texts, and here a {value.kind} with a {pattern.kind}")
    word = f"{'not ' if node.not_ else ''}{'ilike' if node.nocase else 'like'}"
    return Term(f"({value.sql} {word} {pattern.sql})", "boolean")


def _among(compiler: _Compiler, node: Any, depth: int) -> Term:
    value = compiler.of(node.lhs, depth + 1)
    options = [compiler.agreeing(value, compiler.of(each, depth + 1))[1].sql for each in node.sub_nodes]
    if not options:
        raise refused("IN names nothing")
    return Term(f"({value.sql} {'not ' if node.not_ else ''}in ({', '.join(options)}))", "boolean")


def _missing(compiler: _Compiler, node: Any, depth: int) -> Term:
    value = compiler.of(node.lhs, depth + 1)
    return Term(f"({value.sql} is {'not ' if node.not_ else ''}null)", "boolean")


def _computed(compiler: _Compiler, node: Any, depth: int) -> Term:
    left, right = compiler.of(node.lhs, depth + 1), compiler.of(node.rhs, depth + 1)
    if (left.kind, right.kind) != ("number", "number"):
        raise refused(f"{node.op.value} joins numbers, and here a {left.kind} and a {right.kind}")
    return Term(f"({left.sql}::float8 {node.op.value} {right.sql}::float8)", "number")


_HANDLERS: Final[Mapping[type, Callable[[_Compiler, Any, int], Term]]] = {
    ast.And: _combined,
    ast.Or: _combined,
    ast.Not: _negated,
    **dict.fromkeys(
        (ast.Equal, ast.NotEqual, ast.LessThan, ast.LessEqual, ast.GreaterThan, ast.GreaterEqual), _compared
    ),
    ast.Between: _between,
    ast.Like: _like,
    ast.In: _among,
    ast.IsNull: _missing,
    **dict.fromkeys((ast.Add, ast.Sub, ast.Mul, ast.Div), _computed),
}


def refused(reason: str) -> InvalidInputError:
    """Return the refusal of a filter."""
    return InvalidInputError.of(
        "filter",
        f"The filter cannot be used: {reason}.",
        "The fields are at /collections/.../queryables.",
        subject="filter",
    )
