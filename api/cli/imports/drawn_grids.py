"""Grids that exist, for ``geogrid import town``: which file and columns hold them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from api.cli.output.progress import stage
from api.cli.town_options import count_layers, files_of, scheme_of
from geogrid.errors import InvalidInputError

if TYPE_CHECKING:
    from boundaries.files.grids.importing import GridFile
    from boundaries.files.towns.town import Town

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS: Final = (
    click.option("--code", metavar="COLUMN", help="With --grids FILE: code of the grid."),
    click.option("--name-column", metavar="COLUMN", help="Its name. Without it a column 'name', else the code."),
    click.option("--parent", multiple=True, metavar="COLUMN", help="Code of its parent; again for the grandparent."),
    click.option("--parent-name", multiple=True, metavar="COLUMN", help="Name of a parent that has no row of its own."),
    click.option("--level", metavar="COLUMN|N", help="Level, 1 is the top, or its name; or one number for all rows."),
    click.option("--kind", metavar="COLUMN", help="comprehensive 综合网格 or dedicated 专属网格."),
    click.option("--category", metavar="COLUMN", help="What a dedicated grid is for: school 学校, hospital 医院 ..."),
    click.option("--households", metavar="COLUMN", help="Households of the grid, spread over its buildings or blocks."),
    click.option("--population", metavar="COLUMN", help="Residents of the grid, spread likewise."),
    click.option("--keep", multiple=True, metavar="COLUMN", help="Another column to store. Repeatable."),
    click.option("--dissolve", is_flag=True, help="Rows with the same code are parts of one grid."),
)
_COLUMNS: Final = ("name_column", "parent", "parent_name", "level", "kind", "category", "households", "population")
_NAMES: Final = ("name", "NAME", "Name", "名称")
_DRAWING: Final = ("nested_in", "previous", "lock", "estates", "hard_barriers")


class CountOrFile(click.ParamType["int | str"]):
    """A number of grids to be drawn, or the file of grids that are drawn already."""

    name = "grids"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> "int | str":
        """Return the number, or the name of the file; another thing is told."""
        text = str(value)
        if text.isdecimal() and int(text) > 0:
            return int(text)
        if not Path(text).exists() and not Path(text.rpartition(":")[0]).is_file():
            self.fail(f"{text!r} is neither a number of 1 or more nor a file of grids.", param, ctx)
        return text


def drawn_grid_options(command: Command) -> Command:
    """Give a command the options that say which column of a file of grids holds what."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def takes_grid_file(command: click.Command) -> click.Command:
    """Let ``--grids`` of a command take a file besides a number."""
    option = next(param for param in command.params if param.name == "grids")
    if isinstance(option, click.Option):
        option.type, option.metavar = CountOrFile(), "N|FILE[:LAYER]"
        option.help = "Exactly so many comprehensive grids; or grids that exist, which stay as they are."
    return command


def has_drawn_grids(options: dict[str, Any]) -> bool:
    """Return whether the options name a file of grids.

    Raises
    ------
    UsageError
        Columns are named and no file; no column of codes; options for grids that are still to be drawn.
    """
    given = isinstance(options["grids"], str)
    if not given:
        named = [_flag(name) for name in ("code", *_COLUMNS, "keep", "dissolve", "encoding") if options[name]]
        if named:
            raise click.UsageError(f"{', '.join(named)} goes with --grids FILE.")
        return False
    if not options["code"]:
        raise click.UsageError("Name the column of the grids' codes: --code COLUMN.")
    useless = [_flag(name) for name in _DRAWING if options[name]]
    if useless:
        raise click.UsageError(f"{', '.join(useless)}: grids of a file stay as they are; nothing is drawn.")
    return True


def town_with_drawn_grids(options: dict[str, Any]) -> "Town":
    """Return the town of a file of grids, with blocks cut within them."""
    from boundaries.files.grids.levels import Levels
    from boundaries.files.towns.drawn import Fineness, read_around, read_drawn_grids, town_of_grids
    from geogrid.blocks import BlockRule

    files = files_of(options | {"grids": None}, streets_needed=False)
    band = None
    if options["band"]:
        band = scheme_of(None, options["band"], None)[-1].band
    with stage("Reading", "layers") as advance:
        grids = read_drawn_grids(_grid_file(options), Levels.parse(_level_names(options["levels"])), files)
        layers = read_around(grids, files)
        advance(1 + count_layers(layers))
    rule = BlockRule(min_rank=options["min_rank"])
    return town_of_grids(grids, layers, Fineness(rule, options["max_load"], band, options["load"]), stage)


def _grid_file(options: dict[str, Any]) -> "GridFile":
    from boundaries.files.grids.fields import GridFields
    from boundaries.files.grids.importing import GridFile
    from boundaries.files.polygons import read_grid_layer
    from boundaries.files.towns import LayerSource

    source = LayerSource.parse(options["grids"], options["crs"])
    layer = read_grid_layer(source.path, layer=source.layer, encoding=options["encoding"], crs=source.crs)
    columns = [str(column) for column in layer.frame.columns]
    if options["name"] in columns and not options["name_column"]:
        raise InvalidInputError.of(
            "name-of-town",
            f"--name is the name of the town, and {source.path.name} has a column {options['name']!r}.",
            f"For the names of the grids write --name-column {options['name']}.",
        )
    fields = GridFields(
        code=options["code"],
        name=options["name_column"] or next((name for name in _NAMES if name in columns), None),
        parents=options["parent"],
        parent_names=options["parent_name"],
        keep=options["keep"],
        **{name: options[name] for name in ("level", "kind", "category", "households", "population")},
    )
    return GridFile(
        source.path,
        fields,
        layer=source.layer,
        encoding=options["encoding"],
        crs=source.crs,
        dissolve=options["dissolve"],
    )


def _level_names(levels: str | None) -> str:
    return ",".join(part.partition("=")[0] for part in (levels or "").split(","))


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
