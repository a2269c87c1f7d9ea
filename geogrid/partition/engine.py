"""Blocks to grids: contiguous, inside their parents, within a band of the load."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from geogrid.blocks import NOWHERE, Blocks
from geogrid.errors import InvalidInputError, Problem
from geogrid.partition.land import FREE, Bounds, Land, land_of
from geogrid.partition.result import Partition, numbered
from geogrid.partition.search.divide import Wish, divide, thoroughness
from geogrid.partition.search.graph import Graph
from geogrid.partition.search.pool import at_once
from geogrid.partition.search.redivide import redivide
from geogrid.partition.search.shares import share_out
from geogrid.partition.search.terms import Objective
from geogrid.types import FloatArray, IntArray
from geogrid.wording import band_of, counted


def partition(  # noqa: PLR0913 - one wish of the planner each, by keyword
    blocks: Blocks,
    *,
    band: tuple[float, float] | None = None,
    n_grids: int | None = None,
    load: str = "households",
    nested_in: IntArray | None = None,
    previous: IntArray | None = None,
    locked: Sequence[int] = (),
    keep_together: Sequence[Sequence[int]] = (),
    hard_barriers: Sequence[int] = (),
    objective: Objective | None = None,
    effort: float = 1.0,
    rng: np.random.Generator,
) -> Partition:
    """Join blocks to contiguous grids.

    Parameters
    ----------
    blocks : Blocks
        Dedicated land in them becomes dedicated grids, exempt from the band.
    band : tuple of float, optional
        Limits of the load of each comprehensive grid.
    n_grids : int, optional
        Exact number of comprehensive grids, of even loads; beside a band it comes first.
    load : str
        Name of the load in ``blocks.loads``.
    nested_in : (n,) int64, optional
        Parent of each block; ``blocks.parent`` by default. No grid straddles two.
    previous : (n,) int64, optional
        Grid of each block in an earlier plan, -1 for none. As few households leave theirs as the wishes allow.
    locked, keep_together, hard_barriers
        Grids of the earlier plan that stay; blocks of each estate (小区); ranks of barriers that no grid crosses.
    objective, effort
        How much compactness, barriers and evenness count; what to multiply the search by, for better grids, later.
    rng : numpy.random.Generator
        Same state, same grids, however many processors there are.

    Returns
    -------
    Partition
        Always contiguous and complete; what misses a wish is listed, with the nearest that can be met.

    Raises
    ------
    InvalidInputError
        Neither a band nor a number, an impossible band, an unknown load, a lock or group of what is not there.
    """
    parent = blocks.parent if nested_in is None else nested_in
    bounds = Bounds(parent, previous, tuple(locked), tuple(keep_together), tuple(hard_barriers))
    _check_wish(blocks, band, n_grids, load, bounds)
    land = land_of(blocks, blocks.loads[load], bounds)
    tasks, missed = _tasks(land, blocks.loads[load], band, n_grids=n_grids, previous=previous)
    searches = _searches(tasks, objective or Objective(), effort * thoroughness(len(land.graph)))
    labels, former = _labelled(land, searches, at_once(_done, searches, rng))
    limits = band or (0.0, math.inf)
    grids = numbered(land, labels, blocks=blocks, parents=parent, load_name=load, band=limits, former=former)
    return _told(replace(grids, bounds=bounds, problems=(*land.problems, *missed)), fixed=n_grids is not None)


def _told(grids: Partition, *, fixed: bool) -> Partition:
    """Return the grids with why some are out of the band, by their numbers."""
    out_of_band = grids.band_problems([str(grid) for grid in range(len(grids))], fixed=fixed)
    return replace(grids, problems=(*grids.problems, *out_of_band))


@dataclass(frozen=True, slots=True)
class _Task:
    """A region to be divided.

    Parameters
    ----------
    graph : Graph
        Its units.
    members : (u,) int64
        Their numbers in the land.
    wish : Wish
        What is wanted of it.
    home : (u,) int64, optional
        Former grid of each unit, numbered from 0 within the region, -1 for none.
    former : (h,) int64
        The numbers that those grids have in the earlier plan.
    """

    graph: Graph
    members: IntArray
    wish: Wish
    home: IntArray | None
    former: IntArray


def _searches(tasks: list[_Task], objective: Objective, effort: float) -> list[_Task]:
    """Return the tasks with what they have in common."""
    return [replace(task, wish=replace(task.wish, objective=objective, effort=effort)) for task in tasks]


def _done(task: _Task, rng: np.random.Generator) -> IntArray:
    if task.home is None or not len(task.former):
        return divide(task.graph, task.wish, rng)
    return redivide(task.graph, task.home, task.wish, rng)


def _tasks(
    land: Land, loads: FloatArray, band: tuple[float, float] | None, *, n_grids: int | None, previous: IntArray | None
) -> tuple[list[_Task], list[Problem]]:
    """Return the regions to be divided, with what is wanted of each; an exact number is shared out by load."""
    regions = land.unit_regions()
    graphs = land.graph.split(regions)
    members = np.split(np.argsort(regions, kind="stable"), np.cumsum(np.bincount(regions))[:-1])
    chosen = np.flatnonzero(land.divisible).tolist()
    wishes, problems = _wishes([graphs[region] for region in chosen], band, n_grids, int((land.locked != FREE).sum()))
    home = None if previous is None else _homes(land, previous, loads)
    tasks = []
    for region, wish in zip(chosen, wishes, strict=True):
        former, own = np.empty(0, dtype=np.int64), None
        if home is not None:
            former, own = np.unique(home[members[region]], return_inverse=True)
            none = int((former < 0).sum())
            former, own = former[none:], (own - none).astype(np.int64)
        tasks.append(_Task(graphs[region], members[region], wish, own, former))
    return tasks, problems


def _homes(land: Land, previous: IntArray, loads: FloatArray) -> IntArray:
    """Return the former grid of each unit: the one that most of its load was in."""
    grids, home = np.unique(np.maximum(previous, FREE), return_inverse=True)
    both, position = np.unique(land.unit * len(grids) + home, return_inverse=True)
    unit, grid = np.divmod(both, len(grids))
    # The heaviest is written last; between equals the grid with the smaller number.
    order = np.lexsort((-grid, np.bincount(position, weights=loads)))
    homes = np.empty(len(land.graph), dtype=np.int64)
    homes[unit[order]] = grids[grid[order]]
    return homes


def _wishes(
    graphs: list[Graph], band: tuple[float, float] | None, n_grids: int | None, locked: int
) -> tuple[list[Wish], list[Problem]]:
    if n_grids is None:
        return [Wish(band, None) for _ in graphs], []
    high = math.inf if band is None else band[1]
    loads = [float(np.minimum(graph.load_of, high).sum()) for graph in graphs]
    counts = share_out(n_grids - locked, loads, [len(graph) for graph in graphs], band=band)
    problems = []
    if sum(counts) + locked != n_grids:
        message = f"Asked for {counted(n_grids, 'grid')}; {sum(counts) + locked} is the nearest that can be."
        blocks = sum(map(len, graphs))
        remedy = (
            f"The land is in {counted(len(graphs), 'separate piece')} with {counted(blocks, 'block')} in all, "
            f"beside {counted(locked, 'locked grid')}."
        )
        problems.append(
            Problem("count-missed", message, remedy, severity="warning", size=sum(counts) + locked, unit="grids")
        )
    return [Wish(band, count) for count in counts], problems


def _labelled(land: Land, tasks: list[_Task], results: list[IntArray]) -> tuple[IntArray, IntArray]:
    """Return a number for the grid of each block, and the former grid that each number goes on with, -1 for none."""
    of_unit = np.full(len(land.graph), NOWHERE)
    former: list[IntArray] = []
    used = 0
    for task, labels in zip(tasks, results, strict=True):
        present, label = np.unique(labels, return_inverse=True)
        previous = np.full(max(int(present.max()) + 1, len(task.former)), FREE)
        previous[: len(task.former)] = task.former if task.home is not None else FREE
        of_unit[task.members] = used + label
        former.append(previous[present])
        used += len(present)
    whole = np.flatnonzero(~land.divisible)
    number = np.full(len(land.locked), NOWHERE)
    number[whole] = used + np.arange(len(whole))
    former.append(land.locked[whole])
    labels = of_unit[land.unit]
    fixed = number[land.region] != NOWHERE
    labels[fixed] = number[land.region][fixed]
    return labels, np.concatenate(former)


def _check_wish(
    blocks: Blocks, band: tuple[float, float] | None, n_grids: int | None, load: str, bounds: Bounds
) -> None:
    problems = []
    if load not in blocks.loads:
        names = ", ".join(sorted(blocks.loads))
        problems.append(Problem("unknown-load", f"The blocks have no load '{load}'.", f"They have: {names}."))
    if band is None and n_grids is None:
        problems.append(Problem("band-or-count", "A band, a number of grids, or both are needed."))
    if band is not None and not (0 < band[0] <= band[1] < math.inf):
        message = f"The band {band_of(*band)} is not 0 < low <= high."
        problems.append(Problem("bad-band", message, "Give two numbers, e.g. 300:500."))
    if n_grids is not None and n_grids < 1:
        problems.append(Problem("bad-count", f"The number of grids is {n_grids}; it must be 1 or more."))
    problems.extend(bounds.problems(len(blocks)))
    if problems:
        raise InvalidInputError(problems)
