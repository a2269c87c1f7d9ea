"""CQL2 text and the older CQL text, read into the tree of pygeofilter.

The grammar is our own: pygeofilter 0.4 gives AND and OR one precedence, keeps doubled quotes doubled and refuses names
of one letter, so that some filters would silently mean something else.
"""

from functools import cache
from importlib.resources import files
from typing import Any, Final

from lark import Lark, Transformer, v_args
from lark.exceptions import LarkError, UnexpectedInput
from pygeofilter import ast, values
from pygeofilter.cql2 import COMPARISON_MAP

from boundaries.text.numbers import parse_number, read_identifier
from geogrid.errors import InvalidInputError

_FLAT: Final = r"[^()']*"
_KINDS: Final = "(?:MULTI)?(?:POINT|LINESTRING|POLYGON)"


def read_text(text: str) -> Any:
    """Return a filter as a tree.

    Raises
    ------
    InvalidInputError
        The text is no filter; the message says where.
    """
    try:
        return _parser().parse(text)
    except UnexpectedInput as error:
        context = " ".join(error.get_context(text, span=20).split("\n")[0].split())
        place = "at its end" if error.column in {-1, "?"} else f"at character {error.column}, near {context!r}"
        raise InvalidInputError.of(
            "filter",
            f"The filter cannot be read {place}.",
            "Write it as in: level = 2 AND name LIKE 'A%'.",
            subject="filter",
        ) from error
    except (LarkError, RecursionError, ValueError) as error:
        raise InvalidInputError.of("filter", "The filter cannot be read.", "Shorten it.", subject="filter") from error


def _nested(inner: str) -> str:
    return rf"\({_FLAT}(?:{inner}{_FLAT})*\)"


@cache
def _parser() -> Lark:
    simple = _nested(_nested(_nested(r"\([^()]*\)")))
    shape = rf"(?:SRID=[0-9]+;)?(?:GEOMETRYCOLLECTION|{_KINDS})\s*Z?\s*{simple}"
    grammar = files("boundaries.features.cql").joinpath("cql.lark").read_text(encoding="utf-8")
    return Lark(f"{grammar}\nWKT.2: /{shape}/i\n", parser="lalr", transformer=_Tree(), maybe_placeholders=False)


@v_args(inline=True)
class _Tree(Transformer[Any, Any]):
    """Nodes of the grammar as nodes of pygeofilter; one method a rule."""

    def either(self, *parts: Any) -> Any:
        return ast.Or.from_items(*parts)

    def both(self, *parts: Any) -> Any:
        return ast.And.from_items(*parts)

    def negated(self, part: Any) -> Any:
        return ast.Not(part)

    def compared(self, left: Any, operator: str, right: Any) -> Any:
        return COMPARISON_MAP[str(operator)](left, right)

    def like(self, left: Any, operator: str, pattern: Any) -> Any:
        return like(left, pattern, nocase=operator.lower() == "ilike")

    def not_like(self, left: Any, operator: str, pattern: Any) -> Any:
        return like(left, pattern, nocase=operator.lower() == "ilike", is_not=True)

    def between(self, value: Any, low: Any, high: Any) -> Any:
        return ast.Between(value, low, high, not_=False)

    def not_between(self, value: Any, low: Any, high: Any) -> Any:
        return ast.Between(value, low, high, not_=True)

    def among(self, value: Any, *options: Any) -> Any:
        return ast.In(value, list(options), not_=False)

    def not_among(self, value: Any, *options: Any) -> Any:
        return ast.In(value, list(options), not_=True)

    def missing(self, value: Any) -> Any:
        return ast.IsNull(value, not_=False)

    def not_missing(self, value: Any) -> Any:
        return ast.IsNull(value, not_=True)

    def add(self, left: Any, right: Any) -> Any:
        return ast.Add(left, right)

    def subtract(self, left: Any, right: Any) -> Any:
        return ast.Sub(left, right)

    def multiply(self, left: Any, right: Any) -> Any:
        return ast.Mul(left, right)

    def divide(self, left: Any, right: Any) -> Any:
        return ast.Div(left, right)

    def minus(self, value: Any) -> Any:
        return -value if isinstance(value, int | float) else ast.Sub(0, value)

    def call(self, name: str, *arguments: Any) -> Any:
        return ast.Function(str(name).lower(), [each for each in arguments if each is not None])

    def attribute(self, name: str) -> Any:
        return ast.Attribute(str(name))

    def quoted_attribute(self, name: str) -> Any:
        return ast.Attribute(str(name)[1:-1])

    def number(self, text: str) -> int | float:
        return int(text) if read_identifier(text) is not None else parse_number(text)

    def text(self, text: str) -> str:
        return str(text)[1:-1].replace("''", "'")

    def true(self) -> bool:
        return True

    def false(self) -> bool:
        return False

    def geometry(self, text: str) -> Any:
        return values.Geometry({"wkt": str(text).rpartition(";")[2]})


def like(value: Any, pattern: Any, *, nocase: bool = False, is_not: bool = False) -> Any:
    """Return a comparison with a pattern: % is any text, _ any character, either is meant after a backslash."""
    return ast.Like(value, pattern, nocase, "%", "_", "\\", is_not)
