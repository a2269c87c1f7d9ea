"""The interface that others rely on, as texts: the HTTP description and the help of every command.

After a change that is meant: python -m tests.contract.interface
"""

import json
from pathlib import Path
from typing import Final

import click
from fastapi.testclient import TestClient

from api.app import create_app
from api.cli import main
from api.settings import ServerSettings

OPENAPI: Final = Path(__file__).with_name("openapi.json")
HELP: Final = Path(__file__).with_name("help.txt")
WIDTH: Final = 100


def openapi() -> str:
    """Return the description at ``/api`` in the order in which the server sends it, a line a member."""
    sent = TestClient(create_app(ServerSettings()), base_url="http://localhost").get("/api").json()
    return json.dumps(sent, ensure_ascii=False, indent=1) + "\n"


def helps() -> str:
    """Return the help of every command, parents before children."""
    return "\n".join(_helps(main, "geogrid", None))


def _helps(command: click.Command, name: str, parent: click.Context | None) -> list[str]:
    settings = command.context_settings | {"terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(command, info_name=name, parent=parent, **settings)
    texts = [command.get_help(context), ""]
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            texts += _helps(found, child, context)
    return texts


if __name__ == "__main__":
    OPENAPI.write_text(openapi(), encoding="utf-8")
    HELP.write_text(helps(), encoding="utf-8")
