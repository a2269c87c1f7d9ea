"""From the layers of a town to grids: blocks, dedicated land, levels, in stages that can be watched."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from boundaries.files.towns.carving import SiteWishes, carved, placed_sites
from boundaries.files.towns.layers import TownLayers
from boundaries.files.towns.writing import problem_frame
from geogrid.blocks import NOWHERE, BlockRule, Blocks, MaxLoad, build_blocks, divide_along_weak
from geogrid.blocks.assembly import areas_holding
from geogrid.blocks.land_loads import AREA, STREETS, area_points, carry_streets, street_points
from geogrid.codes import reading_order
from geogrid.errors import InvalidInputError, Problem
from geogrid.partition import GridTree, Partition, SchemeLevel, divide_heavy, partition, partition_levels
from geogrid.partition.cut_off import CutOff, join_cut_off, joined_parts
from geogrid.partition.evaluation import Evaluation, evaluate
from geogrid.partition.finer import finer_blocks
from geogrid.types import IntArray

_NOT_OF_THE_BAND: Final = frozenset({"count-missed", "estate-divided"})

Stage = Callable[[str, str], AbstractContextManager[Callable[[int], None]]]
"""Opens a stage of a name that counts in a unit; what it yields takes the count."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the grids are to be.

    Parameters
    ----------
    scheme : sequence of SchemeLevel
        From the top; the lowest has a band, a number, or both.
    load : str
        What is balanced.
    seed : int
        Same seed, same grids.
    prefix : str
        Code of the top grid.
    rule : BlockRule
        How fine the blocks are.
    max_load : float, optional
        Blocks with more are divided between buildings; by default the upper end of the band.
    locked : sequence of str
        Codes of grids of the earlier plan that stay.
    hard_barriers : sequence of int
        Ranks of barriers that no grid crosses.
    effort : float
        Multiplies the search.
    sites : SiteWishes
        Which sites get a dedicated grid.
    cut_off : {"join", "own"}
        What becomes of land without a house that is cut off from the rest of its parent; see `join_cut_off`.
    """

    scheme: Sequence[SchemeLevel]
    load: str = "households"
    seed: int = 1
    prefix: str = "G"
    rule: BlockRule | None = None
    max_load: float | None = None
    locked: Sequence[str] = ()
    hard_barriers: Sequence[int] = ()
    effort: float = 1.0
    sites: SiteWishes = field(default_factory=SiteWishes)
    cut_off: CutOff = "join"


@dataclass(frozen=True, slots=True)
class _Former:
    """The leaf of an earlier plan that each block was in, the one that its grid goes on with, and their codes."""

    before: IntArray
    now: IntArray
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DividedTown:
    """Grids of a town.

    Parameters
    ----------
    tree : GridTree
        All levels.
    evaluation : Evaluation
        The figures of the leaves.
    problems : tuple of Problem
        Of the files, the blocks and the grids.
    former : (n,) str or None
        Code of the grid of the earlier plan that the grid of each block goes on with, empty for new ones.
    """

    tree: GridTree
    evaluation: Evaluation
    problems: tuple[Problem, ...]
    former: tuple[str, ...] | None

    def layers(self) -> dict[str, gpd.GeoDataFrame]:
        """Return ``grids``, ``blocks`` and ``problems`` as they are written, EPSG:4326."""
        leaves = self.tree.leaves
        grids = self.tree.to_frame()
        grids["load"] = grids[leaves.load_name]
        for name in ("polsby_popper", "deviation", "pieces"):
            figures = dict(zip(self._leaf_codes(), self.evaluation.grids[name], strict=True))
            grids[name] = grids["code"].map(figures)
        if self.former is not None:
            grids["former"] = grids["code"].map(dict(zip(self.tree.leaf_code, self.former, strict=True))).fillna("")
        columns = [
            "code", "name", "kind", "category", "level", "level_name", "parent", "load", "in_band", "polsby_popper",
            "deviation", "pieces", *(["former"] if self.former is not None else []), *leaves.blocks.loads, "geometry",
        ]  # fmt: skip
        blocks = self.tree.block_frame()
        blocks.insert(0, "block", np.arange(len(blocks)))
        blocks["load"] = blocks[leaves.load_name]
        text = dict.fromkeys(("code", "name", "kind", "category", "level_name", "parent"), "str")
        kept = list(dict.fromkeys(column for column in columns if column in grids))
        return {
            "grids": grids[kept].astype(text),
            "blocks": blocks.astype({"grid": "str"}),
            "problems": problem_frame(self.problems),
        }

    def sites(self, sites: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
        """Return the sites with the grid that each is in; see `placed_sites`."""
        return None if sites is None else placed_sites(sites, self.tree.leaves.blocks, self.tree.leaf_code)

    def _leaf_codes(self) -> list[str]:
        """Return the code of each leaf by its number."""
        first = np.unique(self.tree.leaves.grid, return_index=True)[1]
        return [str(self.tree.leaf_code[block]) for block in first.tolist()]


def divide_town(layers: TownLayers, wishes: Wishes, stage: Stage) -> DividedTown:
    """Cut a town into blocks and join them to grids.

    Parameters
    ----------
    layers : TownLayers
        From `boundaries.files.towns.read_town`.
    wishes : Wishes
        What is wanted.
    stage : callable
        Told of each stage.

    Raises
    ------
    InvalidInputError
        A wish that cannot be understood, such as a lock on a grid that the earlier plan does not have.
    """
    with stage("Blocks", "blocks") as advance:
        blocks = _blocks(layers, wishes)
        advance(len(blocks))
    if layers.sites is not None:
        with stage("Dedicated land", "sites") as advance:
            blocks = carved(blocks, layers.sites, wishes.sites, leaf=wishes.scheme[-1], load=wishes.load)
            advance(len(blocks.sites))
    with stage("Grids", "grids") as advance:
        tree, earlier = _tree(blocks, layers, wishes)
        advance(len(tree.leaves))
    with stage("Evaluation", "figures") as advance:
        figures = evaluate(
            tree.leaves,
            limit=layers.limit.iloc[0],
            previous=None if earlier is None else earlier.before,
            parents=None if layers.nested_in is None else layers.nested_in.geometry.to_numpy(),
        )
        advance(len(figures.overall))
    problems = dict.fromkeys([*layers.problems, *tree.problems, *figures.fragments, *figures.notes])
    former = None
    if earlier is not None:
        former = tuple("" if row == NOWHERE else earlier.codes[row] for row in earlier.now.tolist())
    return DividedTown(tree, figures, tuple(problems), former)


def _land_loads(layers: TownLayers, wishes: Wishes) -> gpd.GeoDataFrame | None:
    """Return the loads that are given, or those with the land itself as points, where it is balanced."""
    limit = layers.limit.iloc[0]
    if wishes.load == AREA:
        band, count = wishes.scheme[-1].band, wishes.scheme[-1].n_grids
        share = wishes.max_load or (band[1] if band else limit.area / (count or 1))
        points = area_points(limit, share, layers.crs)
    elif wishes.load == STREETS:
        streets = layers.barriers.geometry.to_numpy()[carry_streets(layers.barriers)]
        points = street_points(shapely.intersection(streets, limit), layers.crs)
    else:
        return layers.loads
    return points if layers.loads is None else pd.concat([layers.loads, points], ignore_index=True)


def _blocks(layers: TownLayers, wishes: Wishes) -> Blocks:
    blocks = build_blocks(
        layers.limit,
        layers.barriers,
        buildings=layers.buildings,
        loads=_land_loads(layers, wishes),
        nested_in=layers.nested_in,
        water=layers.water,
        load_columns=layers.load_columns,
        rule=wishes.rule,
    )
    least, highest = wishes.scheme[-1].band or (0.0, None)
    most = wishes.max_load or highest
    if most is None:
        return blocks
    limit, merge = MaxLoad(most, wishes.load, least), None if wishes.rule is None else wishes.rule.merge
    return divide_heavy(divide_along_weak(blocks, limit, rule=merge), limit, rule=merge)


def _tree(blocks: Blocks, layers: TownLayers, wishes: Wishes) -> tuple[GridTree, _Former | None]:
    leaves, earlier, rng = _leaves(blocks, layers, wishes)
    if wishes.max_load is None:
        for finer in finer_blocks(leaves, rule=None if wishes.rule is None else wishes.rule.merge):
            divided = _leaves(finer, layers, wishes)
            if (~divided[0].in_band).sum() < (~leaves.in_band).sum():
                leaves, earlier, rng = divided
            if leaves.in_band.all():
                break
    blocks = leaves.blocks
    scheme = _with_areas(wishes.scheme, blocks, layers.nested_in)
    scheme[-1] = replace(scheme[-1], given=leaves.grid)
    tree = partition_levels(blocks, scheme, prefix=wishes.prefix, load=wishes.load, rng=rng)
    # Above, grids out of the band are told by the tree; leaves know what was fixed, which the tree does not.
    told = [problem for problem in leaves.problems if problem.kind in _NOT_OF_THE_BAND]
    codes = {int(grid): str(code) for grid, code in zip(tree.leaves.grid, tree.leaf_code, strict=True)}
    names = [codes[grid] for grid in range(len(leaves))]
    above = [problem for problem in tree.problems if problem.subject not in set(names)]
    banded = leaves.band_problems(names, fixed=scheme[-1].n_grids is not None)
    joined = joined_parts(leaves, names) if wishes.cut_off == "join" else []
    tree = replace(tree, problems=(*above, *banded, *told, *joined))
    if layers.nested_in is not None:
        tree = _named_areas(tree, scheme, layers.nested_in)
    return tree, None if earlier is None else replace(earlier, now=leaves.former[leaves.grid])


def _leaves(
    blocks: Blocks, layers: TownLayers, wishes: Wishes
) -> tuple[Partition, _Former | None, np.random.Generator]:
    """Return the leaves, those before, and chance for the levels above."""
    earlier = None if layers.previous is None else _leaves_before(blocks, layers.previous)
    rng = np.random.default_rng(wishes.seed)
    estates = {} if layers.estates is None else _groups(blocks, layers.estates)
    leaves = partition(
        blocks,
        band=wishes.scheme[-1].band,
        n_grids=wishes.scheme[-1].n_grids,
        load=wishes.load,
        previous=None if earlier is None else earlier.before,
        locked=[] if earlier is None else _locked(wishes.locked, earlier.codes),
        keep_together=list(estates.values()),
        hard_barriers=tuple(wishes.hard_barriers),
        effort=wishes.effort,
        rng=rng,
    )
    leaves = replace(leaves, problems=tuple(_of_estate(problem, list(estates)) for problem in leaves.problems))
    return join_cut_off(leaves) if wishes.cut_off == "join" else leaves, earlier, rng


def _with_areas(scheme: Sequence[SchemeLevel], blocks: Blocks, areas: gpd.GeoDataFrame | None) -> list[SchemeLevel]:
    """Return the scheme with the areas as the level that has their number, else as one between the top and the rest."""
    levels = list(scheme)
    if areas is None:
        return levels
    count = len(np.unique(blocks.parent))
    place = next((number for number, level in enumerate(levels[1:-1], 1) if level.n_grids == count), None)
    if place is None:
        levels.insert(1, SchemeLevel("area"))
        place = 1
    levels[place] = replace(levels[place], given=blocks.parent)
    return levels


def _leaves_before(blocks: Blocks, previous: gpd.GeoDataFrame) -> _Former:
    """Return the leaf of an earlier plan that each block lies in; they are numbered in reading order."""
    rows = np.arange(len(previous))
    if "kind" in previous:
        rows = rows[(previous["kind"] != "parent").to_numpy()]
    order = rows[reading_order(previous.geometry.to_numpy()[rows])]
    codes = previous["code"].iloc[order] if "code" in previous else pd.Series(order + 1)
    before = areas_holding(blocks.polygons, previous.geometry.to_numpy()[order])
    return _Former(before, before, tuple(codes.astype(str)))


def _groups(blocks: Blocks, estates: gpd.GeoDataFrame) -> dict[str, list[int]]:
    """Return the blocks of each estate on more than one, by what it is called; dedicated land is nobody's estate."""
    owner = areas_holding(blocks.polygons, estates.geometry.to_numpy())
    owner[blocks.site != NOWHERE] = NOWHERE
    names = estates["name"] if "name" in estates else pd.Series(None, index=estates.index, dtype="object")
    members = {int(row): np.flatnonzero(owner == row).tolist() for row in np.unique(owner[owner != NOWHERE])}
    return {
        f"Estate {row + 1}" if pd.isna(names.iloc[row]) else f"Estate {row + 1}, '{names.iloc[row]}',": group
        for row, group in members.items()
        if len(group) > 1
    }


def _of_estate(problem: Problem, names: Sequence[str]) -> Problem:
    """Return the problem with the name of the estate that the engine knows by its number only."""
    if problem.kind != "estate-divided":
        return problem
    name = names[int(problem.subject)]
    message = problem.message.replace(f"Group {problem.subject} of blocks to keep together", name, 1)
    return replace(problem, message=message, remedy=problem.remedy.replace("the group", "the estate"), subject=name)


def _locked(wanted: Sequence[str], codes: Sequence[str]) -> list[int]:
    unknown = [code for code in wanted if code not in codes]
    if unknown:
        raise InvalidInputError(
            Problem("unknown-grid", f"The earlier plan has no grid {code!r}.", "Check --lock.", subject=code)
            for code in unknown
        )
    return [codes.index(code) for code in wanted]


def _named_areas(tree: GridTree, scheme: Sequence[SchemeLevel], areas: gpd.GeoDataFrame) -> GridTree:
    """Return the tree with the grids of the areas named as in their file."""
    if "name" not in areas:
        return tree
    depth = next(number for number, level in enumerate(scheme[:-1]) if level.given is not None)
    names = tree.grids["name"].copy()
    for row in tree.grids.index[tree.grids["level"] == depth + 1].tolist():
        parent = int(tree.leaves.blocks.parent[tree.members[row][0]])
        if parent != NOWHERE:
            names[row] = str(areas["name"].iloc[parent])
    return replace(tree, grids=tree.grids.assign(name=names))
