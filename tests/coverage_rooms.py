"""Coverage with branches, summed by room: a plugin of pytest for ``coverage run -m pytest -p tests.coverage_rooms``.

The tracer of Python 3.11 makes a test take 1.54 times its processor time (tests/unit), so it rests while tests outside
`MEASURED` run, and programs that tests start are not traced. Compiled loops are not seen.
"""

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import coverage
import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
MEASURED: Final = tuple(os.environ.get("GEOGRID_COVERAGE", "tests/unit").split())
_PASSED_ON: Final = "COVERAGE_PROCESS_CONFIG"


def pytest_collection_finish() -> None:
    """Rest until a measured test comes; what tests import was traced until here."""
    os.environ.pop(_PASSED_ON, None)
    _tracer().stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Trace a test of the measured folders with its fixtures."""
    if not item.nodeid.startswith(MEASURED):
        return (yield)
    tracer = _tracer()
    tracer.start()
    try:
        return (yield)
    finally:
        tracer.stop()


def pytest_sessionfinish() -> None:
    """Keep what this process saw: the end of a worker is not always an orderly one."""
    tracer = _tracer()
    tracer.stop()
    tracer.save()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of all processes together."""
    measured = coverage.Coverage()
    measured.combine()
    measured.save()
    report = ROOT / "artifacts" / "coverage.json"
    report.parent.mkdir(exist_ok=True)
    measured.json_report(outfile=str(report))
    terminalreporter.section(f"coverage by {' and '.join(MEASURED)}")
    for line in table({name: each["summary"] for name, each in json.loads(report.read_text())["files"].items()}):
        terminalreporter.write_line(line)


def table(files: dict[str, dict[str, int]]) -> Iterator[str]:
    """Yield a line a room and a layer: statements, branches, and the share of both that ran.

    Parameters
    ----------
    files : mapping of path to counts
        As coverage's JSON report has them.
    """
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for path, counts in files.items():
        layer, *rooms = Path(path).parts[:-1]
        missed = counts["missing_lines"] + counts["missing_branches"]
        for name in {layer, "/".join([layer, *rooms[:1]]), "together"}:
            for place, value in enumerate((counts["num_statements"], counts["num_branches"], missed)):
                sums[name][place] += value
    yield f"{'room':<26}{'statements':>11}{'branches':>10}{'ran':>8}"
    for name in sorted(sums, key=lambda each: (each == "together", each)):
        statements, branches, missed = sums[name]
        share = 1 - missed / max(statements + branches, 1)
        yield f"{name:<26}{statements:>11,}{branches:>10,}{share:>8.1%}"


@cache
def _tracer() -> coverage.Coverage:
    # Once it rests, coverage does not know it as the current one.
    tracer = coverage.Coverage.current()
    if tracer is None:
        raise pytest.UsageError("Nothing is measured. Run it by: coverage run -m pytest -p tests.coverage_rooms")
    return tracer
