"""Levels (层级): grids joined to grids above them, coded and named."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.blocks import Blocks
from geogrid.codes import number_within, reading_order
from geogrid.crs import WGS84
from geogrid.errors import InvalidInputError, Problem
from geogrid.faces import dissolve
from geogrid.ground import NOWHERE, to_lonlat
from geogrid.partition.divide import Wish, divide
from geogrid.partition.engine import Partition, partition
from geogrid.partition.graph import graph_of
from geogrid.partition.reasons import Banded, band_problems
from geogrid.partition.shares import share_out
from geogrid.types import GridCode, IntArray

_CODE_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the scheme.

    Parameters
    ----------
    name : str
        E.g. ``community``.
    band : tuple of float, optional
        Limits of the load of each grid; of comprehensive grids on the lowest level.
    n_grids : int, optional
        Exact number of grids instead. The top level may leave both out: it is one grid.
    """

    name: str
    band: tuple[float, float] | None = None
    n_grids: int | None = None


@dataclass(frozen=True, slots=True)
class GridTree:
    """All grids of a plan, from the top level to the leaves.

    Parameters
    ----------
    leaves : Partition
        The lowest level.
    level_names : tuple of str
        From the top.
    grids : DataFrame
        One row per grid, parents first: ``code``, ``name``, ``level`` (1 at the top), ``level_name``, ``parent``
        (code, None at the top), ``kind``, ``category``, ``in_band``, and a column per load.
    leaf_code : (n,) str
        Code of the leaf grid of each block.
    members : (g,) tuple of IntArray
        Blocks of each row of `grids`.
    problems : tuple of Problem
        Of the blocks and of every level.
    """

    leaves: Partition
    level_names: tuple[str, ...]
    grids: pd.DataFrame
    leaf_code: tuple[GridCode, ...]
    members: tuple[IntArray, ...]
    problems: tuple[Problem, ...]

    def to_frame(self) -> gpd.GeoDataFrame:
        """Return every grid with its geometry in EPSG:4326: the union of its blocks, vertex by vertex the same."""
        polygons = self.leaves.blocks.polygons
        shapes = np.array([shapely.coverage_union_all(polygons[blocks]) for blocks in self.members], dtype=object)
        return gpd.GeoDataFrame(self.grids, geometry=to_lonlat(shapes, self.leaves.blocks.crs), crs=WGS84)

    def block_frame(self) -> gpd.GeoDataFrame:
        """Return every block in EPSG:4326 with the code of its leaf in ``grid`` and a column per load."""
        blocks = self.leaves.blocks
        columns = {"grid": list(self.leaf_code), **blocks.loads}
        return gpd.GeoDataFrame(columns, geometry=to_lonlat(blocks.polygons, blocks.crs), crs=WGS84)


def partition_levels(
    blocks: Blocks,
    scheme: Sequence[Level],
    *,
    prefix: str,
    load: str = "households",
    rng: np.random.Generator,
) -> GridTree:
    """Divide blocks into nested levels of grids.

    Parameters
    ----------
    blocks : Blocks
        With dedicated land or without.
    scheme : sequence of Level
        From the top to the leaves, at least two.
    prefix : str
        Code of the top grid; each level below adds three digits.
    load : str
        What is balanced.
    rng : numpy.random.Generator
        Same state, same grids.

    Returns
    -------
    GridTree
        Parents are unions of their children, every grid is contiguous as far as the land is.

    Raises
    ------
    InvalidInputError
        Fewer than two levels, or a level below the top with neither or both of band and count.

    Notes
    -----
    The leaves are made first, then joined upward, so that leaves meet their band wherever blocks allow.
    """
    _check_scheme(scheme)
    lowest = scheme[-1]
    leaves = partition(blocks, band=lowest.band, n_grids=lowest.n_grids, load=load, rng=rng)
    problems = [*blocks.problems, *(problem for problem in leaves.problems if problem.kind == "count-missed")]
    labels = [leaves.grid]
    for level in reversed(scheme[1:-1]):
        grids, missed = _join(blocks, labels[0], level, load=load, rng=rng)
        labels.insert(0, grids)
        problems.extend(missed)
    labels.insert(0, np.zeros(len(blocks), dtype=np.int64))
    coded = [_coded(blocks, labels, depth, prefix=prefix) for depth in range(len(scheme))]
    for depth in range(1, len(scheme)):
        problems.extend(_out_of_band(leaves, scheme, depth, labels=labels, codes=coded[depth]))
    levels = [_level_rows(leaves, scheme, depth, labels=labels, coded=coded) for depth in range(len(scheme))]
    return GridTree(
        leaves=leaves,
        level_names=tuple(level.name for level in scheme),
        grids=pd.concat(levels, ignore_index=True),
        leaf_code=tuple(GridCode(code) for code in coded[-1]),
        members=tuple(np.flatnonzero(codes == code) for codes in map(np.array, coded) for code in np.unique(codes)),
        problems=tuple(problems),
    )


def _check_scheme(scheme: Sequence[Level]) -> None:
    problems = []
    if len(scheme) < 2:  # noqa: PLR2004 - a top and the leaves
        problems.append(Problem("too-few-levels", f"{len(scheme)} levels were given; a tree needs at least 2."))
    problems.extend(
        Problem("band-or-count", f"Level '{level.name}' needs exactly one of a band and a number of grids.")
        for level in scheme[1:]
        if (level.band is None) == (level.n_grids is None)
    )
    if problems:
        raise InvalidInputError(problems)


def _join(
    blocks: Blocks, grids: IntArray, level: Level, *, load: str, rng: np.random.Generator
) -> tuple[IntArray, list[Problem]]:
    """Return the grid of the level above for each block, joining grids of the level below."""
    adjacency = blocks.adjacency.contracted(grids)
    loads = np.bincount(grids, weights=blocks.loads[load]).astype(np.float64)
    parents = blocks.parent[np.unique(grids, return_index=True)[1]]
    region = adjacency.components(parents)
    numbers = np.unique(region).tolist()
    counts: list[int | None] = [None] * len(numbers)
    problems = []
    if level.n_grids is not None:
        shares = share_out(
            level.n_grids,
            [float(loads[region == n].sum()) for n in numbers],
            [int((region == n).sum()) for n in numbers],
        )
        counts = list(shares)
        if sum(shares) != level.n_grids:
            message = f"Level '{level.name}': {level.n_grids} grids were asked for; {sum(shares)} is the nearest."
            problems.append(Problem("count-missed", message, "The land is in pieces.", severity="warning"))
    above = np.empty(len(loads), dtype=np.int64)
    used = 0
    for number, count in zip(numbers, counts, strict=True):
        inside = region == number
        above[inside] = used + divide(graph_of(adjacency, loads, inside), Wish(level.band, count), rng)
        used = int(above[inside].max()) + 1
    return above[grids], problems


def _out_of_band(
    leaves: Partition, scheme: Sequence[Level], depth: int, *, labels: list[IntArray], codes: list[str]
) -> list[Problem]:
    """Return why grids of a level with a band are out of it, by their codes."""
    band = scheme[depth].band
    if band is None:
        return []
    names = [codes[block] for block in np.unique(labels[depth], return_index=True)[1]]
    if depth == len(scheme) - 1:
        return leaves.band_problems(names)
    blocks, below = leaves.blocks, labels[depth + 1]
    first = np.unique(below, return_index=True)[1]
    grids = Banded(
        part=scheme[depth + 1].name,
        load=np.bincount(below, weights=blocks.loads[leaves.load_name]).astype(np.float64),
        grid=labels[depth][first],
        region=blocks.adjacency.contracted(below).components(blocks.parent[first]),
        exempt=np.zeros(len(names), dtype=np.bool_),
    )
    lonlat = to_lonlat(dissolve(blocks.polygons, labels[depth]), blocks.crs)
    return band_problems(grids, band, names=names, lonlat=lonlat, unit=leaves.load_name)


def _coded(blocks: Blocks, labels: list[IntArray], depth: int, *, prefix: str) -> list[str]:
    """Return for each block the code of its grid at a depth: the code above and a number in reading order."""
    codes = np.full(len(blocks), prefix, dtype=object)
    for level in range(1, depth + 1):
        first = np.unique(labels[level], return_index=True)[1]
        above = np.unique(codes.astype(str), return_inverse=True)[1]
        order = reading_order(dissolve(blocks.polygons, labels[level]))
        number = number_within(above[first].astype(np.int64), order)
        codes = np.array(
            [f"{code}{n:0{_CODE_DIGITS}d}" for code, n in zip(codes, number[labels[level]], strict=True)], dtype=object
        )
    return [str(code) for code in codes]


def _level_rows(
    leaves: Partition, scheme: Sequence[Level], depth: int, *, labels: list[IntArray], coded: list[list[str]]
) -> pd.DataFrame:
    """Return the rows of one level, ordered by code."""
    codes, first, member = np.unique(np.array(coded[depth]), return_index=True, return_inverse=True)
    sums = {name: np.bincount(member, weights=values) for name, values in leaves.blocks.loads.items()}
    site = leaves.site[labels[-1][first]] if depth == len(scheme) - 1 else np.full(len(codes), NOWHERE)
    leaf = depth == len(scheme) - 1
    band = scheme[depth].band
    load = sums[leaves.load_name]
    within = np.ones(len(codes), dtype=np.bool_) if band is None else (load >= band[0]) & (load <= band[1])
    sites = leaves.blocks.sites
    return pd.DataFrame(
        {
            "code": codes,
            "name": _names(scheme[depth].name, codes.tolist(), [sites[n].name if n != NOWHERE else None for n in site]),
            "level": depth + 1,
            "level_name": scheme[depth].name,
            "parent": [coded[depth - 1][block] for block in first] if depth else None,
            "kind": [("comprehensive" if n == NOWHERE else "dedicated") if leaf else "parent" for n in site],
            "category": [sites[n].category if n != NOWHERE else None for n in site],
            "in_band": within | (site != NOWHERE),
            **sums,
        }
    )


def _names(level: str, codes: Sequence[str], institutions: list[str | None]) -> list[str]:
    """Return the name of each grid: its institution's, numbered from the second piece on, or level and number."""
    seen: Counter[str] = Counter()
    names = []
    for code, institution in zip(codes, institutions, strict=True):
        if institution is None:
            number = code[-_CODE_DIGITS:].lstrip("0")
            names.append(f"{level.capitalize()} {number}")
            continue
        seen[institution] += 1
        names.append(institution if seen[institution] == 1 else f"{institution} ({seen[institution]})")
    return names
