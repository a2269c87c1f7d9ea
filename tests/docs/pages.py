"""Pages of the documentation whose commands are run as they stand, beside a server that has the demo's data."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fixtures_db import Database, DemoStore, Server
from tests.serving import GEOGRID, environment, running

ROOT = Path(__file__).resolve().parents[2]


def commands_of(page: str) -> list[str]:
    """Return the commands of a page, continued lines joined; a variable is set by what a command prints."""
    lines = re.findall(r"(?:^    .*\n)+", (ROOT / page).read_text("utf-8"), flags=re.MULTILINE)
    commands = "".join(lines).replace("\\\n", " ").splitlines()
    return [each.strip() for each in commands if re.match(r"(curl|geogrid|[A-Z]+=\$\(geogrid) ", each.strip())]


@contextmanager
def own_copy(server: Server, demo: DemoStore, name: str) -> Iterator[Database]:
    """Copy the demo's database, for one page to write to."""
    demo.engine.dispose()
    server.execute(f"create database {name} template {demo.engine.url.database} strategy file_copy")
    try:
        yield Database(server.url_of(name), demo.database.settings)
    finally:
        server.execute(f"drop database {name} with (force)")


def run_pages(*pages: str, store: Database, folder: Path) -> dict[str, str]:
    """Run the commands of pages one after the other, as in one shell; return what each printed."""
    printed: dict[str, str] = {}
    with running(store) as (_, address):
        variables = environment(store) | {"PATH": f"{GEOGRID.parent}:{os.environ['PATH']}"}
        for command in (each for page in pages for each in commands_of(page)):
            here = command.replace("http://127.0.0.1:8000", address).replace("curl ", "curl -sS --fail-with-body ")
            setting = re.fullmatch(r"([A-Z]+)=\$\((.*)\)", here)
            done = subprocess.run(
                setting[2] if setting else here,
                shell=True,
                cwd=folder,
                env=variables,
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            if setting:
                variables[setting[1]] = done.stdout.strip()
            printed[command] = done.stdout
    return printed
