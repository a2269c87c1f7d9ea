"""Mutants of a module: mutmut's operators, in decorated functions and default values as well, and three of our own.

Ours are what side effects hang on: a statement left out, a keyword argument left out, a rule of SQL changed.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import mutators

from tests.mutation.sql import is_sql, sql_mutants

_WORD = re.compile(r"[\"'][\w.:/*-]{1,30}[\"']")
_LEFT_ALONE = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom, cst.Raise)
_KEPT = {"strict", "dtype"}
"""Arguments that only say once more what is so."""

_OPERATORS: tuple[tuple[type[cst.CSTNode], Callable[[Any], Any]], ...] = (
    (cst.BaseNumber, mutators.operator_number),
    (cst.Name, mutators.operator_name),
    (cst.UnaryOperation, mutators.operator_remove_unary_ops),
    (cst.AugAssign, mutators.operator_augmented_assignment),
    (cst.Match, mutators.operator_match),
    (cst.IfExp, mutators.operator_if_exp),
    (cst.CSTNode, mutators.operator_keywords),
    (cst.CSTNode, mutators.operator_swap_op),
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one place changed.

    Parameters
    ----------
    path : str
        Of the module, from the top of the checkout.
    line : int
        Where, counted from 1.
    lines : tuple of int
        First and last line of the statement around it: a run of any of them runs the mutant.
    before, after : str
        The place.
    make : callable
        Gives the text of the whole module.
    """

    path: str
    line: int
    lines: tuple[int, int]
    before: str
    after: str
    make: Callable[[], str] = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """The change in one line; it stays the same when the module grows elsewhere."""
        before, after = _differing(self.before, self.after)
        return f"{self.path}: {before} -> {after or 'nothing'}"


def mutants_of(path: Path, name: str) -> list[Mutant]:
    """Return every mutant of a module, in order of place."""
    visitor = _Visitor()
    wrapper = MetadataWrapper(cst.parse_module(path.read_text("utf-8")))
    wrapper.visit(visitor)
    found = []
    for place in visitor.places:
        before, after = _text(wrapper.module, place.node), _text(wrapper.module, place.changed)
        if before != after:
            make = partial(_replaced, wrapper.module, place.node, place.changed)
            found.append(Mutant(name, place.line, place.lines, before, after, make))
    return sorted(found, key=lambda mutant: (mutant.line, mutant.after))


def _replaced(module: cst.Module, node: cst.CSTNode, changed: cst.CSTNode) -> str:
    # Nodes of libcst are compared by identity: only this one is replaced.
    whole = module.deep_replace(node, changed)
    assert isinstance(whole, cst.Module)
    return whole.code


@dataclass(frozen=True, slots=True)
class _Place:
    node: cst.CSTNode
    changed: cst.CSTNode
    line: int
    lines: tuple[int, int]


class _Visitor(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.places: list[_Place] = []
        self._statements: list[tuple[int, int]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, _LEFT_ALONE) or _is_docstring(node):
            return False
        if isinstance(node, cst.If) and _is_for_types(node):
            return False
        if isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
            where = self.get_metadata(PositionProvider, node)
            is_whole = isinstance(node, cst.SimpleStatementLine)
            self._statements.append((where.start.line, where.end.line if is_whole else 0))
        for line, changed in _changes(node):
            self._add(node, changed, line)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.SimpleStatementLine | cst.BaseCompoundStatement) and self._statements:
            where = self.get_metadata(PositionProvider, original_node)
            if self._statements[-1][0] == where.start.line:
                self._statements.pop()

    def _add(self, node: cst.CSTNode, changed: cst.CSTNode, within: int) -> None:
        where = self.get_metadata(PositionProvider, node, None)
        first, last = self._statements[-1] if self._statements else (1, 1)
        line = (where.start.line if where is not None else first) + within
        self.places.append(_Place(node, changed, line, (first, last or max(line, first))))


def _changes(node: cst.CSTNode) -> Iterator[tuple[int, cst.CSTNode]]:
    for kind, operator in _OPERATORS:
        if isinstance(node, kind):
            for changed in operator(node):
                yield 0, changed
    if isinstance(node, cst.SimpleString):
        yield from _changed_string(node)
    if isinstance(node, cst.Call):
        for which, argument in enumerate(node.args):
            if argument.keyword is not None and argument.keyword.value not in _KEPT:
                yield 0, node.with_changes(args=[*node.args[:which], *node.args[which + 1 :]])
    if isinstance(node, cst.SimpleStatementLine) and _has_an_effect(node.body[0]):
        yield 0, node.with_changes(body=[cst.Pass()])
    if isinstance(node, cst.If | cst.While) and isinstance(node.test, cst.Name | cst.Attribute | cst.Call):
        yield 0, node.with_changes(test=cst.UnaryOperation(cst.Not(), node.test))


def _changed_string(node: cst.SimpleString) -> Iterator[tuple[int, cst.CSTNode]]:
    if is_sql(node.value):
        for line, changed in sql_mutants(node.value):
            yield line, node.with_changes(value=changed)
    elif _WORD.fullmatch(node.value):
        yield 0, node.with_changes(value=f"{node.value[0]}XX{node.value[1:]}")


def _has_an_effect(statement: cst.BaseSmallStatement) -> bool:
    """Return whether a statement may be left out: a call whose value nobody takes, a value put into something."""
    if isinstance(statement, cst.Expr):
        return isinstance(statement.value, cst.Call)
    if isinstance(statement, cst.Assign):
        return all(isinstance(each.target, cst.Attribute | cst.Subscript) for each in statement.targets)
    return isinstance(statement, cst.AugAssign | cst.Del)


def _is_docstring(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Expr) and isinstance(node.value, cst.SimpleString | cst.ConcatenatedString)


def _is_for_types(node: cst.If) -> bool:
    return isinstance(node.test, cst.Name) and node.test.value == "TYPE_CHECKING"


def _text(module: cst.Module, node: cst.CSTNode) -> str:
    return module.code_for_node(node).strip()


def _differing(before: str, after: str) -> tuple[str, str]:
    """Return the lines in which two texts differ, each as one line."""
    old, new = before.splitlines(), after.splitlines()
    while len(old) > 1 and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while len(old) > 1 and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return " ".join(" ".join(old).split()), " ".join(" ".join(new).split())
