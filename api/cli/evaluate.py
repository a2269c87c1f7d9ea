"""``geogrid evaluate``: how good grids of any origin are, from files alone."""

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli.output.progress import stage

if TYPE_CHECKING:
    pass

_OUT = click.Path(dir_okay=False, path_type=Path)
_LAYER = "FILE[:LAYER]"
_NEEDS = {
    "on_barriers": "streets",
    "on_barriers_comprehensive": "streets",
    "on_barriers_dedicated": "streets",
    "buildings_cut": "buildings",
    "nested": "nested_in",
}
_EPILOG = """\b
Examples:
  geogrid evaluate grids.gpkg --band 300:500
  geogrid evaluate grids.gpkg --blocks grids.gpkg --streets roads.gpkg --buildings houses.gpkg \\
      --limit town.geojson --band 300:500 --out figures.csv --report figures.json
  geogrid evaluate drawn_by_hand.shp --load households --limit town.geojson
  geogrid evaluate new.gpkg --blocks new.gpkg --previous old.gpkg:grids"""


@click.command(short_help="Measure grids of any origin: balance, pieces, shape, boundaries, gaps.", epilog=_EPILOG)
@click.argument("grids", metavar=_LAYER)
@click.option("--blocks", metavar=_LAYER, help="What the grids are made of, with the code of each in 'grid'.")
@click.option(
    "--streets",
    metavar=_LAYER,
    help="Barriers: which share of the boundary runs along them; wide water parts its shores.",
)
@click.option("--barriers", multiple=True, metavar=_LAYER, help="Further barriers, e.g. water. Repeatable.")
@click.option("--buildings", metavar=_LAYER, help="How many of them a boundary cuts.")
@click.option("--limit", metavar=_LAYER, help="What the grids should tile: gaps in it are measured.")
@click.option("--nested-in", metavar=_LAYER, help="Areas that no grid should straddle.")
@click.option("--previous", metavar=_LAYER, help="An earlier plan: how much load changed its grid. Needs --blocks.")
@click.option("--load", metavar="COLUMN", help="Load of grids or blocks. Without it load, households or population.")
@click.option("--band", metavar="LOW:HIGH", help="Limits of the load of comprehensive grids.")
@click.option("--crs", metavar="EPSG:CODE", help="Of every file, in place of what it says.")
@click.option("--encoding", metavar="NAME", help="Of the text, where files do not say: gbk, big5 ...")
@click.option("--out", type=_OUT, metavar="FILE", help="Also a row per grid as CSV.")
@click.option("--report", type=_OUT, metavar="FILE", help="Also every figure and problem as JSON.")
def command(**options: Any) -> None:
    """Measure grids of any origin.

    FILE holds polygons; of several layers the one named 'grids' is taken. A column 'kind' tells dedicated grids, which
    have no band, and parents, which are left out. What cannot be measured with the files given is 'not known'.
    """
    from api.cli.output.problems import problem_records, require_writable, show_problems, write_report
    from api.cli.partition_report import figure_records, tell_figures
    from boundaries.files.towns import GridSource, read_partition
    from boundaries.text.cells import write_table
    from geogrid.partition.evaluation import evaluate

    require_writable(options["out"])
    require_writable(options["report"])
    if options["previous"] and not options["blocks"]:
        raise click.UsageError("What moved is counted by blocks: give --previous with --blocks.")
    roles = ("blocks", "streets", "buildings", "limit", "nested_in", "previous")
    given = {role: _source(options[role], options["crs"], options["encoding"]) for role in roles}
    with stage("Reading", "grids") as advance:
        band = _band(options["band"])
        read = read_partition(
            GridSource(
                _source(options["grids"], options["crs"], options["encoding"]),
                **given,
                barriers=[_source(text, options["crs"], options["encoding"]) for text in options["barriers"]],
                load=options["load"],
                band=band,
            )
        )
        advance(len(read.partition))
    figures = evaluate(read.partition, limit=read.limit, previous=read.previous, parents=read.parents)
    unknown = [name for name, role in _NEEDS.items() if given[role] is None]
    figures = replace(figures, overall={**figures.overall, **dict.fromkeys(unknown, math.nan)})
    problems = (*read.problems, *figures.fragments, *figures.notes)
    show_problems(problems)
    tell_figures(figures)
    if options["out"]:
        table = figures.grids.assign(code=read.codes)
        with options["out"].open("w", encoding="utf-8", newline="") as file:
            write_table(file, table[["code", *figures.grids.columns]])
    if options["report"]:
        write_report(options["report"], figure_records(figures) | {"problems": problem_records(problems)})


def _source(text: str | None, crs: str | None, encoding: str | None) -> Any:
    from boundaries.files.towns import LayerSource

    return None if text is None else LayerSource.parse(text, crs, encoding)


def _band(text: str | None) -> tuple[float, float]:
    from api.cli.town_options import scheme_of

    if text is None:
        return 0.0, float("inf")
    return scheme_of(None, text, None)[-1].band or (0.0, float("inf"))
