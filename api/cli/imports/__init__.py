"""``geogrid import``: bring towns, grids, loads, cases or addresses in from files."""

import click

from api.cli.imports.addresses import addresses
from api.cli.imports.cases import cases
from api.cli.imports.grids import grids
from api.cli.imports.loads import loads
from api.cli.imports.town import town


@click.group()
def command() -> None:
    """Bring towns, grids, loads, cases or addresses in from files.

    An import is one transaction: it happens whole or not at all, and can be interrupted at any time.
    """


command.add_command(town)
command.add_command(grids)
command.add_command(cases)
command.add_command(addresses)
command.add_command(loads)
