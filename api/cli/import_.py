"""``geogrid import``: bring grids or cases in from files."""

import click

from api.cli.import_cases import cases
from api.cli.import_grids import grids


@click.group()
def command() -> None:
    """Bring grids or cases in from files.

    An import is one transaction: it happens whole or not at all, and can be interrupted at any time.
    """


command.add_command(grids)
command.add_command(cases)
