"""What a town is cut from and into, as options that ``geogrid partition`` and ``geogrid import town`` share."""

import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from geogrid.errors import InvalidInputError, Problem

if TYPE_CHECKING:
    from boundaries.files.towns import LayerSource, TownFiles, TownLayers, Wishes
    from geogrid.partition import SchemeLevel
    from geogrid.types import LevelName

Command = TypeVar("Command", bound=Callable[..., Any])

_FILE = click.Path(dir_okay=False, path_type=Path)
_LAYER: Final = "FILE[:LAYER]"

PUBLISHED_RATIO: Final = 0.18
"""As `geogrid.partition.sites` has it, which is not imported for help to be instant; a test compares them."""

DEFAULT_LEVELS: Final = "town/镇街,grid/网格"

_OPTIONS: Final = (
    click.option("--streets", metavar=_LAYER, help="Lines that bound blocks, with their class or rank."),
    click.option("--buildings", metavar=_LAYER, help="Footprints: no boundary cuts one; their loads are balanced."),
    click.option("--osm", type=_FILE, metavar="FILE", help="OpenStreetMap extract: streets, buildings, sites, limit."),
    click.option("--barriers", multiple=True, metavar=_LAYER, help="Further barriers: rail, water, walls. Repeatable."),
    click.option("--sites", metavar=_LAYER, help="Institutions with 'category', for dedicated grids 专属网格."),
    click.option(
        "--dedicated",
        default=str(PUBLISHED_RATIO),
        show_default=True,
        metavar="RATIO|all|none",
        help="Dedicated grids for each comprehensive one, the largest sites first; others stay places in their grid.",
    ),
    click.option(
        "--dedicated-min-area",
        type=click.FloatRange(0),
        default=1500.0,
        show_default=True,
        metavar="M2",
        help="Smaller sites get no dedicated grid.",
    ),
    click.option(
        "--sites-with-homes",
        type=click.Choice(["comprehensive", "divide", "dedicated"]),
        default="comprehensive",
        show_default=True,
        help="What becomes of sites where people live: campuses, shops below flats.",
    ),
    click.option(
        "--cut-off",
        type=click.Choice(["join", "own"]),
        default="join",
        show_default=True,
        help="Exclaves without a house: part of the nearest grid of their parent, or grids of their own.",
    ),
    click.option("--limit", metavar=_LAYER, help="The area to divide. Without it, what --nested-in or --osm covers."),
    click.option("--nested-in", metavar=_LAYER, help="Areas that no grid straddles, e.g. communities 社区."),
    click.option("--band", metavar="LOW:HIGH", help="Load of each comprehensive grid 综合网格, e.g. 300:500."),
    click.option("--grids", type=click.IntRange(1), metavar="N", help="Exactly so many comprehensive grids."),
    click.option(
        "--load",
        default="households",
        show_default=True,
        metavar="COLUMN",
        help="What is balanced: a column, or of the land 'area' (m2) or 'streets' (m).",
    ),
    click.option("--loads", metavar=_LAYER, help="Points or lots with loads, also CSV with lon and lat."),
    click.option("--levels", metavar="LIST", help="NAME[/中文][=N or =LOW:HIGH] from the top, with commas."),
    click.option("--previous", metavar=_LAYER, help="An earlier plan: as few households as can be change their grid."),
    click.option("--lock", multiple=True, metavar="CODE", help="Grid of the earlier plan that stays. Repeatable."),
    click.option("--estates", metavar=_LAYER, help="Housing estates 小区: each is kept in one grid."),
    click.option("--hard-barriers", metavar="RANKS", help="Ranks that no grid crosses, e.g. 8,9."),
    click.option(
        "--min-rank", type=click.IntRange(0, 9), default=3, show_default=True, help="Lower ranks bound no block."
    ),
    click.option("--max-load", type=float, metavar="N", help="Heavier blocks are divided between buildings."),
    click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Same seed, same grids."),
    click.option(
        "--effort", type=click.FloatRange(0.1, 100), default=1.0, show_default=True, help="More: better, slower."
    ),
    click.option("--prefix", default="G", show_default=True, metavar="CODE", help="Code of the top grid."),
    click.option("--crs", metavar="EPSG:CODE", help="Of every file, in place of what it says."),
    click.option("--encoding", metavar="NAME", help="Of the text, where files do not say: gbk, big5 ..."),
)


def town_options(command: Command) -> Command:
    """Give a command the options that say what a town is cut from and into, in the order in which help lists them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def files_of(options: dict[str, Any], *, streets_needed: bool = True) -> "TownFiles":
    """Return which file holds which layer."""
    from boundaries.files.towns import LayerSource, TownFiles

    def source(name: str, *, in_extract: bool = False) -> "LayerSource | None":
        if options[name]:
            return LayerSource.parse(options[name], options["crs"], options["encoding"])
        return LayerSource(options["osm"]) if options["osm"] and in_extract else None

    streets = source("streets", in_extract=True)
    if streets is None and streets_needed:
        raise click.UsageError("Streets are needed: give --streets or --osm.")
    return TownFiles(
        streets=streets,
        buildings=source("buildings", in_extract=True),
        sites=source("sites", in_extract=True),
        limit=source("limit", in_extract=not options["nested_in"]),
        nested_in=source("nested_in"),
        loads=source("loads"),
        estates=source("estates"),
        previous=source("previous"),
        barriers=[LayerSource.parse(text, options["crs"], options["encoding"]) for text in options["barriers"]],
        load=options["load"],
    )


def wishes_of(options: dict[str, Any]) -> "Wishes":
    """Return what the grids are to be."""
    from boundaries.files.towns import Wishes
    from boundaries.files.towns.carving import SiteWishes
    from geogrid.blocks import BlockRule

    if options["lock"] and not options["previous"]:
        raise click.UsageError("--lock names grids of an earlier plan: give it with --previous.")
    return Wishes(
        scheme=scheme_of(options["levels"], options["band"], options["grids"]),
        load=options["load"],
        seed=options["seed"],
        prefix=options["prefix"],
        rule=BlockRule(min_rank=options["min_rank"]),
        max_load=options["max_load"],
        locked=options["lock"],
        hard_barriers=_ranks(options["hard_barriers"]),
        effort=options["effort"],
        sites=SiteWishes(_ratio(options["dedicated"]), options["dedicated_min_area"], options["sites_with_homes"]),
        cut_off=options["cut_off"],
    )


def scheme_of(levels: str | None, band: str | None, n_grids: int | None) -> "list[SchemeLevel]":
    """Return the levels that the options mean.

    Raises
    ------
    InvalidInputError
        With every part that cannot be read.
    """
    from geogrid.partition import SchemeLevel

    parts = [part.strip() for part in (levels or DEFAULT_LEVELS).split(",")]
    problems: list[Problem] = []
    scheme = [_level(part, problems) for part in parts]
    last = scheme[-1]
    given = None if band is None else _band(band, problems)
    scheme[-1] = SchemeLevel(last.name, given or last.band, n_grids or last.n_grids)
    if scheme[-1].band is None and scheme[-1].n_grids is None and not problems:
        remedy = "Give --band LOW:HIGH, --grids N, or both."
        problems.append(Problem("band-or-count", "Nothing says how large the grids are to be.", remedy))
    if len(scheme) < 2:  # noqa: PLR2004 - a top and the leaves
        problems.append(Problem("levels", f"--levels {levels!r} is one level.", 'Write e.g. "town,community=7,grid".'))
    if problems:
        raise InvalidInputError(problems)
    return scheme


def _level(part: str, problems: list[Problem]) -> "SchemeLevel":
    from geogrid.partition import SchemeLevel

    names, equals, size = part.partition("=")
    name = names.partition("/")[0].strip()
    if not name:
        problems.append(Problem("levels", f"--levels: {part!r} has no name.", "Write NAME, NAME=N or NAME=LOW:HIGH."))
    if ":" in size:
        return SchemeLevel(name, band=_band(size, problems))
    if equals and not size.strip().isdecimal():
        problems.append(Problem("levels", f"--levels: {part!r} has no number.", "Write NAME=N or NAME=LOW:HIGH."))
        return SchemeLevel(name)
    return SchemeLevel(name, n_grids=int(size) if equals else None)


def _band(text: str, problems: list[Problem]) -> tuple[float, float] | None:
    found = re.fullmatch(r"\s*([0-9.]+)\s*[:-]\s*([0-9.]+)\s*", text)
    try:
        low, high = (float(part) for part in found.groups()) if found else (0.0, 0.0)
    except ValueError:
        low = high = 0.0
    if 0 < low <= high:
        return low, high
    problems.append(Problem("bad-band", f"The band {text!r} is not LOW:HIGH with 0 < LOW <= HIGH.", "E.g. 300:500."))
    return None


def _ratio(text: str) -> float | None:
    """Return how many dedicated grids there are to be for each comprehensive one; None for every site."""
    if text.strip().lower() in {"all", "none"}:
        return None if text.strip().lower() == "all" else 0.0
    try:
        ratio = float(text)
    except ValueError:
        ratio = math.nan
    if not 0 <= ratio < math.inf:
        raise InvalidInputError.of(
            "dedicated", f"--dedicated {text!r} is no number of 0 or more, and neither all nor none.", "E.g. 0.18."
        )
    return ratio


def _ranks(text: str | None) -> Sequence[int]:
    if text is None:
        return ()
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch("[0-9]", part) for part in parts):
        raise InvalidInputError.of("ranks", f"--hard-barriers {text!r} is no list of ranks 0 to 9.", "E.g. 8,9.")
    return [int(part) for part in parts]


def names_of(options: dict[str, Any]) -> "Sequence[LevelName]":
    """Return the names of the levels, top first, in English and Chinese."""
    from boundaries.files.grids.levels import Levels

    parts = [part.partition("=")[0] for part in (options["levels"] or DEFAULT_LEVELS).split(",")]
    return Levels.parse(",".join(parts)).names


def count_layers(layers: "TownLayers") -> int:
    """Return how many layers a town was read from."""
    optional = (layers.buildings, layers.sites, layers.nested_in, layers.loads, layers.estates, layers.previous)
    return 2 + sum(layer is not None for layer in optional)
