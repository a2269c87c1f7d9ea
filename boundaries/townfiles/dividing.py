"""From the layers of a town to grids: blocks, dedicated land, levels, in stages that can be watched."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from boundaries.townfiles.layers import TownLayers
from boundaries.townfiles.writing import problem_frame
from geogrid.blocks import BlockRule, Blocks, areas_holding, build_blocks
from geogrid.codes import reading_order
from geogrid.errors import InvalidInputError, Problem
from geogrid.evaluation import Evaluation, evaluate
from geogrid.ground import NOWHERE, MaxLoad
from geogrid.partition import GridTree, Level, carve_dedicated, partition_levels
from geogrid.types import IntArray

Stage = Callable[[str, str], AbstractContextManager[Callable[[int], None]]]
"""Opens a stage of a name that counts in a unit; what it yields takes the count."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the grids are to be.

    Parameters
    ----------
    scheme : sequence of Level
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
    """

    scheme: Sequence[Level]
    load: str = "households"
    seed: int = 1
    prefix: str = "G"
    rule: BlockRule | None = None
    max_load: float | None = None
    locked: Sequence[str] = ()
    hard_barriers: Sequence[int] = ()
    effort: float = 1.0


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
    previous : (n,) int64 or None
        Row of the earlier plan that each block lies in.
    former_codes : tuple of str
        Codes of the earlier plan by row.
    """

    tree: GridTree
    evaluation: Evaluation
    problems: tuple[Problem, ...]
    previous: IntArray | None
    former_codes: tuple[str, ...]

    def layers(self) -> dict[str, gpd.GeoDataFrame]:
        """Return ``grids``, ``blocks`` and ``problems`` as they are written, EPSG:4326."""
        leaves = self.tree.leaves
        grids = self.tree.to_frame()
        grids["load"] = grids[leaves.load_name]
        for name in ("polsby_popper", "deviation", "pieces"):
            figures = dict(zip(self._leaf_codes(), self.evaluation.grids[name], strict=True))
            grids[name] = grids["code"].map(figures)
        if self.previous is not None:
            former = ["" if row == NOWHERE else self.former_codes[row] for row in leaves.former.tolist()]
            grids["former"] = grids["code"].map(dict(zip(self._leaf_codes(), former, strict=True))).fillna("")
        columns = [
            "code", "name", "kind", "category", "level", "level_name", "parent", "load", "in_band", "polsby_popper",
            "deviation", "pieces", *(["former"] if self.previous is not None else []), *leaves.blocks.loads, "geometry",
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

    def _leaf_codes(self) -> list[str]:
        """Return the code of each leaf by its number."""
        first = np.unique(self.tree.leaves.grid, return_index=True)[1]
        return [str(self.tree.leaf_code[block]) for block in first.tolist()]


def divide_town(layers: TownLayers, wishes: Wishes, stage: Stage) -> DividedTown:
    """Cut a town into blocks and join them to grids.

    Parameters
    ----------
    layers : TownLayers
        From `boundaries.townfiles.read_town`.
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
            blocks = carve_dedicated(blocks, layers.sites)
            advance(len(blocks.sites))
    with stage("Grids", "grids") as advance:
        tree, previous, codes = _tree(blocks, layers, wishes)
        advance(len(tree.leaves))
    with stage("Evaluation", "figures") as advance:
        figures = evaluate(tree.leaves, limit=layers.limit.iloc[0], previous=previous)
        advance(len(figures.overall))
    problems = dict.fromkeys([*layers.problems, *tree.problems, *figures.fragments])
    return DividedTown(tree, figures, tuple(problems), previous, codes)


def _blocks(layers: TownLayers, wishes: Wishes) -> Blocks:
    most = wishes.max_load or (wishes.scheme[-1].band or (0.0, None))[1]
    return build_blocks(
        layers.limit,
        layers.barriers,
        buildings=layers.buildings,
        loads=layers.loads,
        nested_in=layers.nested_in,
        load_columns=layers.load_columns,
        max_load=None if most is None else MaxLoad(most, wishes.load),
        rule=wishes.rule,
    )


def _tree(blocks: Blocks, layers: TownLayers, wishes: Wishes) -> tuple[GridTree, IntArray | None, tuple[str, ...]]:
    scheme = wishes.scheme
    if layers.nested_in is not None and len(scheme) == 2:  # noqa: PLR2004 - the top and the leaves: areas come between
        areas = int(blocks.adjacency.components(blocks.parent).max(initial=0)) + 1
        scheme = [scheme[0], Level("area", n_grids=areas), scheme[-1]]
    options: dict[str, Any] = {}
    if layers.estates is not None:
        options["keep_together"] = _groups(blocks, layers.estates)
    if wishes.hard_barriers:
        options["hard_barriers"] = tuple(wishes.hard_barriers)
    previous: IntArray | None = None
    codes: tuple[str, ...] = ()
    if layers.previous is not None:
        order, codes = _former(layers.previous)
        polygons = layers.previous.geometry.to_numpy()[order]
        previous = options["previous"] = areas_holding(blocks.polygons, polygons)
        options["locked"] = _locked(wishes.locked, codes)
    tree = partition_levels(
        blocks, scheme, prefix=wishes.prefix, load=wishes.load, rng=np.random.default_rng(wishes.seed), **options
    )
    if layers.nested_in is not None and len(scheme) > len(wishes.scheme):
        tree = _named_areas(tree, layers.nested_in)
    return tree, previous, codes


def _groups(blocks: Blocks, estates: gpd.GeoDataFrame) -> list[list[int]]:
    """Return the blocks of each estate on more than one; dedicated land is nobody's estate."""
    owner = areas_holding(blocks.polygons, estates.geometry.to_numpy())
    owner[blocks.site != NOWHERE] = NOWHERE
    members = [np.flatnonzero(owner == estate).tolist() for estate in np.unique(owner[owner != NOWHERE])]
    return [group for group in members if len(group) > 1]


def _former(previous: gpd.GeoDataFrame) -> tuple[IntArray, tuple[str, ...]]:
    """Return the leaves of an earlier plan, in reading order, and their codes."""
    rows = np.arange(len(previous))
    if "kind" in previous:
        rows = rows[(previous["kind"] != "parent").to_numpy()]
    order = rows[reading_order(previous.geometry.to_numpy()[rows])]
    codes = previous["code"].iloc[order] if "code" in previous else pd.Series(order + 1)
    return order, tuple(codes.astype(str))


def _locked(wanted: Sequence[str], codes: Sequence[str]) -> list[int]:
    unknown = [code for code in wanted if code not in codes]
    if unknown:
        raise InvalidInputError(
            Problem("unknown-grid", f"The earlier plan has no grid {code!r}.", "Check --lock.", subject=code)
            for code in unknown
        )
    return [codes.index(code) for code in wanted]


def _named_areas(tree: GridTree, areas: gpd.GeoDataFrame) -> GridTree:
    """Return the tree with the areas of the second level named as in their file."""
    if "name" not in areas:
        return tree
    blocks = tree.leaves.blocks
    level = tree.grids["level"] == 2  # noqa: PLR2004 - below the top
    names = tree.grids["name"].copy()
    for row in tree.grids.index[level].tolist():
        parent = int(blocks.parent[tree.members[row][0]])
        if parent != NOWHERE and shapely.area(blocks.polygons[tree.members[row]]).sum() > 0:
            names[row] = str(areas["name"].iloc[parent])
    return replace(tree, grids=tree.grids.assign(name=names))
