"""A process in which everything slow has happened: libraries are loaded, a cluster runs. Each request is a fork of it.

It reads requests as lines of JSON and answers each with a line. It runs in the copied tree.
"""

import importlib
import json
import os
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest

from tests.fixtures_db import RUNNING_SERVER, running_server

_WITH_LIBRARIES = ("api.app", "api.cli", "boundaries.demo", "tests.http.conftest")
_LIBRARIES = ("geopandas", "hypothesis", "schemathesis.pytest.plugin", "xdist.plugin", "pyogrio", "click.testing")
_OWN = ("api", "boundaries", "geogrid")
_MUTATED_MOSTLY = ("api", "boundaries", "tests")
"""What each fork imports anew; geogrid, with its compiled loops, only where it is what is mutated."""


class Contexts:
    """Tells coverage which test runs, its fixtures included, and keeps how long each took."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self._measured = measured
        self.seconds: dict[str, float] = defaultdict(float)
        self.failed: set[str] = set()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._measured.switch_context(item.nodeid)
        yield

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed.add(report.nodeid)


def main() -> None:
    """Answer requests until there are no more."""
    answers = os.fdopen(os.dup(1), "w")
    _load_libraries()
    with running_server() as url:
        os.environ[RUNNING_SERVER] = url
        _forget(*_MUTATED_MOSTLY)
        for line in sys.stdin:
            request = json.loads(line)
            answers.write(json.dumps(_forked(request)) + "\n")
            answers.flush()


def _load_libraries() -> None:
    """Import what imports them all; lazily imported ones come with the first test that needs them."""
    for each in (*_WITH_LIBRARIES, *_LIBRARIES):
        importlib.import_module(each)
    importlib.import_module("api.warmup").warm_up()


def _forget(*packages: str) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] in packages]:
        del sys.modules[name]


def _forked(request: dict[str, Any]) -> dict[str, Any]:
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        os.setsid()
        _run(request)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        seconds = time.monotonic() - begun
        if ended:
            return {"status": os.waitstatus_to_exitcode(status), "seconds": seconds}
        if seconds > request["limit"]:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return {"status": "timeout", "seconds": seconds}
        time.sleep(0.02)


def _run(request: dict[str, Any]) -> None:
    """Run tests and end this process with pytest's status."""
    status = 70
    if "cover" in request or request.get("mutated", "").startswith("geogrid/"):
        _forget("geogrid")
    try:
        log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for descriptor in (1, 2):
            os.dup2(log, descriptor)
        arguments = [
            "-q",
            "-p",
            "no:cacheprovider",
            "-W",
            "ignore::pytest.PytestAssertRewriteWarning",
            "--tb=short",
            *request["tests"],
        ]
        status = _covered(arguments, Path(request["cover"])) if "cover" in request else pytest.main(["-x", *arguments])
    except BaseException:  # told in the log; a fork must not go on as its parent would
        traceback.print_exc()
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(status))


def _covered(arguments: list[str], path: Path) -> int:
    top = Path.cwd()
    measured = coverage.Coverage(data_file=None, config_file=False, include=[f"{top}/{each}/*" for each in _OWN])
    contexts = Contexts(measured)
    measured.start()
    status = pytest.main(arguments, plugins=[contexts])
    measured.stop()
    data = measured.get_data()
    lines = {str(Path(file).relative_to(top)): data.contexts_by_lineno(file) for file in sorted(data.measured_files())}
    told = {"lines": lines, "seconds": contexts.seconds, "failed": sorted(contexts.failed)}
    path.write_text(json.dumps(told), "utf-8")
    return int(status)


if __name__ == "__main__":
    main()
