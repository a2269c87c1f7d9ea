"""Pages of the documentation whose commands are run as they stand, beside a server that has the demo's data."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.cli import main
from api.settings import ServerSettings
from boundaries.store.settings import StoreSettings
from tests.fixtures_db import Database, DemoStore, Server, server_url_of
from tests.serving import GEOGRID, serving

ROOT = Path(__file__).resolve().parents[2]
_COMMAND = re.compile(r"(curl|geogrid|[A-Z]+=\$\(geogrid) ")


def commands_of(page: str) -> list[str]:
    """Return the commands of a page, continued lines joined; a variable is set by what a command prints."""
    lines = re.findall(r"(?:^    .*\n)+", (ROOT / page).read_text("utf-8"), flags=re.MULTILINE)
    commands = "".join(lines).replace("\\\n", " ").splitlines()
    return [each.strip() for each in commands if _COMMAND.match(each.strip())]


@contextmanager
def own_copy(server: Server, demo: DemoStore, name: str) -> Iterator[Database]:
    """Copy the demo's database, for one page to write to."""
    demo.engine.dispose()
    server.execute(f"create database {name} template {demo.engine.url.database} strategy file_copy")
    try:
        url = server.url_of(name)
        home = demo.database.settings.home
        yield Database(url, StoreSettings(database_url=url, server_database_url=server_url_of(url), home=home))
    finally:
        server.execute(f"drop database {name} with (force)")


def run_commands(commands: Sequence[str], *, store: Database, folder: Path) -> dict[str, str]:
    """Run commands one after the other, as in one shell; return what each printed."""
    printed: dict[str, str] = {}
    settings = ServerSettings(**store.settings.model_dump())
    with pytest.MonkeyPatch.context() as patch, serving(settings) as address:
        patch.setenv("GEOGRID_DATABASE_URL", store.url)
        patch.setenv("GEOGRID_HOME", str(store.settings.home))
        patch.setenv("PATH", f"{GEOGRID.parent}:{os.environ['PATH']}")
        patch.chdir(folder)
        for command in commands:
            setting = re.fullmatch(r"([A-Z]+)=\$\((.*)\)", command)
            printed[command] = _run(setting[2] if setting else command, address)
            if setting:
                patch.setenv(setting[1], printed[command].strip())
    return printed


def _run(command: str, address: str) -> str:
    """Run one command; those of geogrid that need no shell in this process, where each would start for seconds."""
    if command.startswith("geogrid ") and not re.search(r"[<>|$&;]", command):
        called = CliRunner().invoke(main, shlex.split(command)[1:])
        assert called.exit_code == 0, f"{command}\n{called.output}"
        return called.output
    here = command.replace("http://127.0.0.1:8000", address).replace("curl ", "curl -sS --fail-with-body ")
    done = subprocess.run(here, shell=True, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout
