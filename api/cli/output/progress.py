"""Progress of long work: a bar on a terminal, plain lines elsewhere, nothing when asked to be quiet."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SECONDS_BETWEEN_LINES = 2.0

Advance = Callable[[int], None]


@contextmanager
def progress(label: str, *, total: int | None = None, unit: str = "rows") -> Iterator[Advance]:
    """Show the progress of a long work on standard error.

    Parameters
    ----------
    label : str
        What is being done.
    total : int, optional
        Number of steps, where it is known.
    unit : str
        What a step is.

    Yields
    ------
    callable
        Takes the number of steps done since the last call.
    """
    show = _bar if sys.stderr.isatty() else _lines
    with show(label, total, unit) as advance:
        yield advance


@contextmanager
def stage(label: str, unit: str) -> Iterator[Advance]:
    """Show a stage of a long work on standard error: it turns on a terminal, and ends as a line everywhere.

    Parameters
    ----------
    label : str
        What is being done.
    unit : str
        What is counted.

    Yields
    ------
    callable
        Takes the number of units, at the end.
    """
    from rich.console import Console

    done, start = 0, time.monotonic()

    def advance(count: int) -> None:
        nonlocal done
        done += count

    if sys.stderr.isatty():
        with Console(stderr=True).status(label):
            yield advance
    else:
        yield advance
    print(f"{label}: {done:,} {unit} in {time.monotonic() - start:.1f} s", file=sys.stderr)


@contextmanager
def _bar(label: str, total: int | None, unit: str) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=total)
        yield lambda steps: bar.advance(task, steps)


@contextmanager
def _lines(label: str, total: int | None, unit: str) -> Iterator[Advance]:
    done, told, start = 0, 0.0, time.monotonic()

    def advance(steps: int) -> None:
        nonlocal done, told
        done += steps
        now = time.monotonic()
        if now - told >= _SECONDS_BETWEEN_LINES:
            told = now
            of = f" of {total:,}" if total is not None else ""
            print(f"{label}: {done:,}{of} {unit}", file=sys.stderr)

    yield advance
    print(f"{label}: {done:,} {unit} in {time.monotonic() - start:.1f} s", file=sys.stderr)
