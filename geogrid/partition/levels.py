"""Levels (层级): grids joined to grids above them, coded and named."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.blocks import NOWHERE, Blocks
from geogrid.blocks.faces import dissolve
from geogrid.codes import number_within, reading_order
from geogrid.coordinates import WGS84
from geogrid.errors import Problem
from geogrid.geometry.metres import to_lonlat
from geogrid.partition.engine import partition
from geogrid.partition.reasons import Banded, band_problems
from geogrid.partition.result import Partition, partition_of
from geogrid.partition.scheme import SchemeLevel, check_scheme
from geogrid.partition.search.divide import Wish, divide, thoroughness
from geogrid.partition.search.graph import graph_of
from geogrid.partition.search.pool import at_once
from geogrid.partition.search.shares import share_out
from geogrid.partition.search.terms import Objective
from geogrid.types import CodeArray, GridCode, IntArray
from geogrid.wording import counted

_CODE_DIGITS = 3


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


def partition_levels(  # noqa: PLR0913 - one wish of the planner each, by keyword
    blocks: Blocks,
    scheme: Sequence[SchemeLevel],
    *,
    prefix: str,
    load: str = "households",
    keep_together: Sequence[Sequence[int]] = (),
    hard_barriers: Sequence[int] = (),
    objective: Objective | None = None,
    rng: np.random.Generator,
) -> GridTree:
    """Divide blocks into nested levels of grids.

    Parameters
    ----------
    blocks : Blocks
        With dedicated land or without.
    scheme : sequence of SchemeLevel
        From the top to the leaves, at least two.
    prefix : str
        Code of the top grid; each level below adds three digits, or more where a grid has over 999 children.
    load : str
        What is balanced.
    keep_together, hard_barriers, objective
        For the leaves, as in `partition`.
    rng : numpy.random.Generator
        Same state, same grids.

    Returns
    -------
    GridTree
        Parents are unions of their children, every grid is contiguous as far as the land is.

    Raises
    ------
    InvalidInputError
        Fewer than two levels, a level below the top with nothing wanted, given levels that do not nest.

    Notes
    -----
    The leaves are made first, then joined upward, so that leaves meet their band wherever blocks allow. No grid
    straddles two of the nearest given level above it or, where no level is given, two parents of the blocks.
    """
    check_scheme(scheme, len(blocks))
    lowest, limits = scheme[-1], _limits(blocks, scheme)
    if lowest.given is not None:
        leaves = replace(partition_of(blocks, lowest.given, load=load), band=lowest.band or (0.0, math.inf))
    else:
        leaves = partition(
            blocks,
            band=lowest.band,
            n_grids=lowest.n_grids,
            load=load,
            nested_in=limits[-1],
            keep_together=keep_together,
            hard_barriers=hard_barriers,
            objective=objective,
            rng=rng,
        )
    return _tree(leaves, scheme, limits, prefix=prefix, load=load, rng=rng)


def _tree(  # noqa: PLR0913 - the leaves, and what bounds the levels above them
    leaves: Partition,
    scheme: Sequence[SchemeLevel],
    limits: list[IntArray],
    *,
    prefix: str,
    load: str,
    rng: np.random.Generator,
) -> GridTree:
    """Join leaves upward, level by level, and give every grid its code."""
    blocks = leaves.blocks
    unbanded = (problem for problem in leaves.problems if problem.kind in {"count-missed", "estate-divided"})
    problems = [*blocks.problems, *unbanded]
    labels = [leaves.grid]
    for level, limit in zip(reversed(scheme[1:-1]), reversed(limits[1:-1]), strict=True):
        grids, missed = _join(blocks, labels[0], level, limit=limit, load=load, rng=rng)
        labels.insert(0, grids)
        problems.extend(missed)
    labels.insert(0, np.zeros(len(blocks), dtype=np.int64))
    coded = _coded(blocks, labels, prefix)
    for depth in range(1, len(scheme)):
        problems.extend(_out_of_band(leaves, scheme, depth, labels=labels, coded=coded))
    levels = [_level_rows(leaves, scheme, depth, labels=labels, coded=coded) for depth in range(len(scheme))]
    return GridTree(
        leaves=leaves,
        level_names=tuple(level.name for level in scheme),
        grids=pd.concat(levels, ignore_index=True),
        leaf_code=tuple(GridCode(code) for code in coded[-1][labels[-1]]),
        members=tuple(member for depth in range(len(scheme)) for member in _members(labels[depth], coded[depth])),
        problems=tuple(problems),
    )


def _limits(blocks: Blocks, scheme: Sequence[SchemeLevel]) -> list[IntArray]:
    """Return for each level what its grids must not straddle, shape (n,) each."""
    if all(level.given is None for level in scheme[1:]):
        return [blocks.parent] * len(scheme)
    nothing = np.zeros(len(blocks), dtype=np.int64)
    limits, current = [nothing], nothing
    for level in scheme[1:]:
        limits.append(current)
        current = current if level.given is None else level.given
    return limits


def _join(  # noqa: PLR0913 - a level, what it is made of, and what bounds it
    blocks: Blocks, grids: IntArray, level: SchemeLevel, *, limit: IntArray, load: str, rng: np.random.Generator
) -> tuple[IntArray, list[Problem]]:
    """Return the grid of a level for each block, joining grids of the level below."""
    if level.given is not None:
        return np.unique(level.given, return_inverse=True)[1].astype(np.int64), []
    adjacency = blocks.adjacency.contracted(grids)
    loads = np.bincount(grids, weights=blocks.loads[load]).astype(np.float64)
    region = adjacency.components(limit[np.unique(grids, return_index=True)[1]])
    graphs = graph_of(adjacency, loads, np.ones(len(loads), dtype=np.bool_)).split(region)
    effort = thoroughness(len(loads))
    wishes = [Wish(level.band, None, effort=effort) for _ in graphs]
    problems = []
    if level.n_grids is not None:
        totals, sizes = [graph.total for graph in graphs], [len(graph) for graph in graphs]
        shares = share_out(level.n_grids, totals, sizes, band=level.band)
        wishes = [Wish(level.band, share, effort=effort) for share in shares]
        if sum(shares) != level.n_grids:
            message = f"Level '{level.name}': asked for {counted(level.n_grids, 'grid')}; {sum(shares)} is the nearest."
            pieces, below = counted(len(graphs), "separate piece"), counted(len(loads), "grid")
            remedy = f"The land is in {pieces} with {below} of the level below."
            problems.append(Problem("count-missed", message, remedy, severity="warning", subject=level.name))
    results = at_once(lambda lot, chance: divide(*lot, chance), list(zip(graphs, wishes, strict=True)), rng)
    above = np.empty(len(loads), dtype=np.int64)
    used = 0
    for number, label in enumerate(results):
        above[region == number] = used + label
        used += int(label.max()) + 1
    return above[grids], problems


def _out_of_band(
    leaves: Partition, scheme: Sequence[SchemeLevel], depth: int, *, labels: list[IntArray], coded: list[CodeArray]
) -> list[Problem]:
    """Return why grids of a level with a band are out of it, by their codes."""
    band, fixed = scheme[depth].band, scheme[depth].n_grids is not None
    if band is None:
        return []
    codes = coded[depth].tolist()
    if depth == len(scheme) - 1:
        return leaves.band_problems(codes, fixed=fixed)
    blocks, below = leaves.blocks, labels[depth + 1]
    first = np.unique(below, return_index=True)[1]
    limit = _limits(blocks, scheme)[depth][first]
    sums = np.bincount(below, weights=blocks.loads[leaves.load_name]).astype(np.float64)
    grids = Banded(
        part=lambda number: f"grid {coded[depth + 1][number]}",
        load=sums,
        grid=labels[depth][first],
        region=blocks.adjacency.contracted(below).components(limit),
        parent=limit,
        exempt=np.zeros(len(codes), dtype=np.bool_),
        locked=np.full(len(codes), scheme[depth].given is not None),
        fixed=fixed,
        graph=graph_of(blocks.adjacency.contracted(below), sums, np.ones(len(sums), dtype=np.bool_)),
        parent_names=dict(enumerate(blocks.ground.parent_names)) if (limit == blocks.parent[first]).all() else {},
    )
    lonlat = to_lonlat(dissolve(blocks.polygons, labels[depth]), blocks.crs)
    return band_problems(grids, band, names=codes, lonlat=lonlat, unit=leaves.load_name)


def _coded(blocks: Blocks, labels: list[IntArray], prefix: str) -> list[CodeArray]:
    """Return the codes of the grids of each level: the code above and a number in reading order."""
    codes = [np.array([prefix], dtype=object)]
    for level in range(1, len(labels)):
        above = labels[level - 1][np.unique(labels[level], return_index=True)[1]]
        number = number_within(above, reading_order(dissolve(blocks.polygons, labels[level])))
        digits = max(_CODE_DIGITS, len(str(int(number.max()))))
        prefixes = codes[-1][above].tolist()
        codes.append(np.array([f"{a}{n:0{digits}d}" for a, n in zip(prefixes, number, strict=True)], dtype=object))
    return codes


def _members(labels: IntArray, codes: CodeArray) -> list[IntArray]:
    """Return the blocks of each grid of a level, by code."""
    blocks = np.split(np.argsort(labels, kind="stable"), np.cumsum(np.bincount(labels))[:-1])
    return [blocks[grid] for grid in np.argsort(codes.astype(str), kind="stable").tolist()]


def _level_rows(
    leaves: Partition, scheme: Sequence[SchemeLevel], depth: int, *, labels: list[IntArray], coded: list[CodeArray]
) -> pd.DataFrame:
    """Return the rows of one level, ordered by code."""
    order = np.argsort(coded[depth].astype(str), kind="stable")
    codes = coded[depth][order].tolist()
    first = np.unique(labels[depth], return_index=True)[1][order]
    count = len(order)
    sums = {
        name: np.bincount(labels[depth], weights=values, minlength=count)[order]
        for name, values in leaves.blocks.loads.items()
    }
    leaf = depth == len(scheme) - 1
    site = leaves.site[order] if leaf else np.full(count, NOWHERE)
    band = scheme[depth].band
    load = sums[leaves.load_name]
    within = np.ones(count, dtype=np.bool_) if band is None else (load >= band[0]) & (load <= band[1])
    sites = leaves.blocks.sites
    above = coded[depth - 1][labels[depth - 1][first]].tolist() if depth else None
    return pd.DataFrame(
        {
            "code": codes,
            "name": _names(scheme[depth].name, codes, above, [sites[n].name if n != NOWHERE else None for n in site]),
            "level": depth + 1,
            "level_name": scheme[depth].name,
            "parent": above,
            "kind": [("comprehensive" if n == NOWHERE else "dedicated") if leaf else "parent" for n in site],
            "category": [sites[n].category if n != NOWHERE else None for n in site],
            "in_band": within | (site != NOWHERE),
            **sums,
        }
    )


def _names(
    level: str, codes: Sequence[str], above: Sequence[str] | None, institutions: Sequence[str | None]
) -> list[str]:
    """Return the name of each grid: its institution's, numbered from the second piece on, or level and number."""
    count_of: Counter[str] = Counter()
    names = []
    for place, (code, institution) in enumerate(zip(codes, institutions, strict=True)):
        if institution is None:
            number = code[len(above[place]) :] if above else code[-_CODE_DIGITS:]
            names.append(f"{level.capitalize()} {number.lstrip('0')}")
            continue
        count_of[institution] += 1
        names.append(institution if count_of[institution] == 1 else f"{institution} ({count_of[institution]})")
    return names
