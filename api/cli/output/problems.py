"""Problems of an input: a table on a terminal, aligned lines elsewhere, JSON in a file."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from geogrid.errors import Problem, UnavailableError

_SHOWN_OF_A_KIND = 20
_HEADINGS = ("", "problem", "place (lon, lat)", "size", "what")


def show_problems(problems: Sequence[Problem]) -> None:
    """Print problems to standard error, at most 20 of a kind.

    Parameters
    ----------
    problems : sequence of Problem
        In the order to be shown.
    """
    if not problems:
        return
    rows = [_row(problem) for problem in _shown(problems)]
    if sys.stderr.isatty():
        _show_table(rows)
    else:
        _show_lines(rows)
    for kind, hidden in _hidden(problems).items():
        click.echo(f"and {hidden:,} more of kind {kind}, see --report", err=True)
    for remedy in dict.fromkeys(problem.remedy for problem in problems if _is_common(problem, problems)):
        click.echo(remedy, err=True)


def require_writable(path: Path | None) -> None:
    """Refuse a report that cannot be written before any work is done for it.

    Raises
    ------
    UnavailableError
        The file cannot be written.
    """
    if path is None:
        return
    try:
        with path.open("a", encoding="utf-8"):
            pass
    except OSError as error:
        raise UnavailableError(f"The report cannot be written to {path}: {error.strerror}.") from error


def write_report(path: Path, report: Mapping[str, Any]) -> None:
    """Write a report as JSON.

    Raises
    ------
    UnavailableError
        The file cannot be written.
    """
    try:
        path.write_text(json.dumps(report, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")
    except OSError as error:
        raise UnavailableError(f"The report cannot be written to {path}: {error.strerror}.") from error


def problem_records(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Return problems as JSON objects."""
    return [asdict(problem) for problem in problems]


def _shown(problems: Sequence[Problem]) -> list[Problem]:
    counts: dict[str, int] = {}
    shown = []
    for problem in problems:
        counts[problem.kind] = counts.get(problem.kind, 0) + 1
        if counts[problem.kind] <= _SHOWN_OF_A_KIND:
            shown.append(problem)
    return shown


def _hidden(problems: Sequence[Problem]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for problem in problems:
        counts[problem.kind] = counts.get(problem.kind, 0) + 1
    return {kind: count - _SHOWN_OF_A_KIND for kind, count in counts.items() if count > _SHOWN_OF_A_KIND}


def _is_common(problem: Problem, problems: Sequence[Problem]) -> bool:
    """Return whether a remedy belongs to a whole kind, and so is said once below the table."""
    return bool(problem.remedy) and all(
        other.remedy == problem.remedy for other in problems if other.kind == problem.kind
    )


def _row(problem: Problem) -> tuple[str, ...]:
    place = "" if problem.lonlat is None else f"{problem.lonlat[0]:.6f}, {problem.lonlat[1]:.6f}"
    size = "" if problem.size is None else f"{problem.size:,.2f} {problem.unit}"
    return (problem.severity, problem.kind, place, size, problem.message)


def _show_table(rows: Sequence[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*_HEADINGS, show_edge=False, pad_edge=False)
    for row in rows:
        colour = "red" if row[0] == "error" else "yellow"
        table.add_row(Text(row[0], style=colour), *(Text(cell) for cell in row[1:]))
    Console(stderr=True).print(table)


def _show_lines(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in [_HEADINGS, *rows]) for column in range(len(_HEADINGS) - 1)]
    for row in [_HEADINGS, *rows]:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join([*cells, row[-1]]).rstrip(), err=True)
