"""The real program, run by tests."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

from api.cli import main
from tests.fixtures_db import Database

GEOGRID = Path(sys.executable).with_name("geogrid")
NOBODY = 65534

Geogrid = Callable[..., subprocess.CompletedProcess[str]]


Said = Callable[..., str]
"""Runs `geogrid` on a store, asserts its exit status (0, or the keyword `status`), and returns all that it said."""


def saying(database: Database) -> Said:
    """Return a caller of `geogrid` on a test's database."""

    def called(*arguments: object, status: int = 0) -> str:
        done = called_geogrid(*map(str, arguments), GEOGRID_DATABASE_URL=database.url)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    return called


def run_geogrid(
    *arguments: str, home: Path | None = None, before: tuple[str, ...] = (), **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run `geogrid`; other keywords are environment variables, `before` is a program that runs it."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GEOGRID_")}
    homes = {} if home is None else {"GEOGRID_HOME": str(home)}
    return subprocess.run(
        [*before, GEOGRID, *arguments],
        check=False,
        env={**inherited, **homes, **variables},
        cwd="/",
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def called_geogrid(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `geogrid` in this process, where only what it says counts: a process takes seconds to start."""
    done = CliRunner().invoke(main, arguments, env=variables, prog_name="geogrid")
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def as_nobody(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run `geogrid` as an ordinary user, who may read the environment's folders wherever they are."""
    user = (f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    reading = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    return run_geogrid(*arguments, home=home, before=("setpriv", *user, *reading))
