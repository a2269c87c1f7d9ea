"""Mutations of SQL inside string constants, where many rules of this product stand."""

import re
from collections.abc import Iterator

_STATEMENT = re.compile(r"\b(select|insert into|update|delete from)\b.*\b(from|set|values|into)\b", re.DOTALL)
_SWAPS = (
    (r" <> ", " = "),
    (r" >= ", " > "),
    (r" <= ", " < "),
    (r" > (?!=)", " >= "),
    (r" < (?!=)", " <= "),
    (r"\bis not null\b", "is null"),
    (r"\bis null\b", "is not null"),
    (r"\bdesc\b", "asc"),
    (r"\border by [\w.]+(?= |$|,)(?! desc)", r"\g<0> desc"),
    (r", (?:\w+\.)?code collate \"C\"", r"\g<0> desc"),
    (r"\bmax\(", "min("),
    (r"\bleft join\b", "join"),
    (r"\bunion all\b", "union"),
    (r"\bdistinct on \([^)]*\)", ""),
    (r"\bfor (?:no key |key )?(?:update|share)\b(?: of \w+)?(?: skip locked)?", ""),
    (r"\bcoalesce\(([^,()]*), [^()]*\)", r"\1"),
)
_CONJUNCT = re.compile(r"\band (?!now\b)[^\n()]*?(?:\([^()]*\)[^\n()]*?)*(?=\n| and | or |\"|$)")


def is_sql(value: str) -> bool:
    """Return whether a string is a statement."""
    return _STATEMENT.search(value) is not None


def sql_mutants(value: str) -> Iterator[tuple[int, str]]:
    """Yield the line within a statement, counted from 0, and the statement with one rule of it changed."""
    for pattern, replacement in _SWAPS:
        for match in re.finditer(pattern, value):
            changed = value[: match.start()] + match.expand(replacement) + value[match.end() :]
            yield value.count("\n", 0, match.start()), changed
    for match in _CONJUNCT.finditer(value):
        yield value.count("\n", 0, match.start()), value[: match.start()] + value[match.end() :]
