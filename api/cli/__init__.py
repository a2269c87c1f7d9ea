"""The command line. Commands are imported only when they are called, so that ``geogrid --help`` is instant."""

from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from api.cli.rights import governed
from geogrid.errors import GeogridError

_COMMANDS = {
    "account": "Make accounts, give them roles, passwords and tokens.",
    "audit": "Show and check who did what.",
    "casework": "Say how cases are worked on: steps, limits, working time.",
    "db": "Start, stop and look after the database.",
    "demo": "Run the whole main job on real streets of Helsinki, and serve it.",
    "export": "Write an edition as vector tiles in one file, for static hosting.",
    "evaluate": "Measure grids of any origin: balance, pieces, shape, boundaries, gaps.",
    "geocode": "Find where the addresses of a file are.",
    "hotspots": "Tell which grids have more cases than chance explains.",
    "import": "Bring grids, cases or addresses in from files.",
    "jobs": "Show and do the work that is due, where no server does it.",
    "locate": "Find the grid of each point in a file; no database.",
    "map": "Write a coverage or hotspot map as one file that needs no network.",
    "open311": "Offer services to other applications, and give out keys.",
    "partition": "Cut a town into grids: streets and buildings in, grids out; no database.",
    "plan": "Draft, check, compare and publish plans of grids, and go back.",
    "privacy": "Give out and erase what is known of a person; say how long it is kept.",
    "serve": "Serve the maps, the case search and the HTTP interface.",
    "webhook": "Tell other applications of changes: add, list, remove, try again.",
}

# Where a command is not a module of its own name.
_MODULES = {
    "hotspots": "api.cli.maps.hotspots",
    "import": "api.cli.imports",
    "map": "api.cli.maps.pages",
    "plan": "api.cli.plans.commands",
}


class _LazyGroup(click.Group):
    """A group whose commands live in modules of the same name; errors end as one sentence, not a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(_MODULES.get(cmd_name, f"api.cli.{cmd_name}"))
        command: click.Command = module.command
        return governed(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        near = [] if args[0] in _COMMANDS or args[0].startswith("-") else get_close_matches(args[0], sorted(_COMMANDS))
        if near and not ctx.resilient_parsing:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {' or '.join(map(repr, near))}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GeogridError as error:
            raise click.ClickException(str(error)) from error
        except ValueError as error:
            from api.cli.output.settings_faults import settings_fault

            fault = settings_fault(error)
            if fault is None:
                raise
            raise click.ClickException(fault) from error


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="geogrid", message="GeoGrid %(version)s")
def main() -> None:
    """Cut a town into grids, keep their boundaries, find the grid of every complaint."""
