"""Blocks to grids: contiguous, inside their parents, within a band of the load."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np

from geogrid.blocks import Blocks
from geogrid.codes import reading_order
from geogrid.crs import WGS84
from geogrid.errors import InvalidInputError, Problem
from geogrid.faces import dissolve
from geogrid.ground import NOWHERE, to_lonlat
from geogrid.partition.divide import Wish, divide
from geogrid.partition.graph import Shapes, graph_of
from geogrid.partition.reasons import Banded, band_problems
from geogrid.partition.shares import share_out
from geogrid.partition.terms import Objective
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray


@dataclass(frozen=True, slots=True)
class Partition:
    """Grids as an assignment of blocks.

    Parameters
    ----------
    blocks : Blocks
        What is assigned.
    grid : (n,) int64
        Grid of each block, 0 .. k-1; grids are numbered by parent, then north to south and west to east.
    parent : (k,) int64
        Parent of each grid, as in `nested_in`.
    site : (k,) int64
        Position in ``blocks.sites`` of a dedicated grid, -1 for a comprehensive one.
    load_name : str
        What is balanced.
    load : (k,) float64
        Load of each grid.
    band : tuple of float
        Lower and upper limit of the load of comprehensive grids.
    problems : tuple of Problem
        What could not be met, with the nearest wish that can.
    """

    blocks: Blocks
    grid: IntArray
    parent: IntArray
    site: IntArray
    load_name: str
    load: FloatArray
    band: tuple[float, float]
    problems: tuple[Problem, ...]

    def __len__(self) -> int:
        """Return the number of grids."""
        return len(self.load)

    @property
    def in_band(self) -> BoolArray:
        """Which grids are within the band; dedicated grids are exempt and count as within."""
        low, high = self.band
        within: BoolArray = (self.site != NOWHERE) | ((self.load >= low) & (self.load <= high))
        return within

    def polygons(self) -> GeometryArray:
        """Return the grids in the metric CRS of the blocks: the unions of their blocks."""
        return dissolve(self.blocks.polygons, self.grid)

    def band_problems(self, names: Sequence[str]) -> list[Problem]:
        """Return why each comprehensive grid out of the band is so, under the names given."""
        grids = Banded(
            part="block",
            load=self.blocks.loads[self.load_name],
            grid=self.grid,
            region=_regions(self.blocks, self.parent[self.grid]),
            exempt=self.site != NOWHERE,
        )
        lonlat = to_lonlat(self.polygons(), self.blocks.crs)
        return band_problems(grids, self.band, names=names, lonlat=lonlat, unit=self.load_name)

    def to_frame(self) -> gpd.GeoDataFrame:
        """Return the grids in EPSG:4326; the index is the grid number."""
        columns = {"parent": self.parent, "site": self.site, "load": self.load, "in_band": self.in_band}
        return gpd.GeoDataFrame(columns, geometry=to_lonlat(self.polygons(), self.blocks.crs), crs=WGS84)


def partition(  # noqa: PLR0913 - one wish of the planner each, by keyword
    blocks: Blocks,
    *,
    band: tuple[float, float] | None = None,
    n_grids: int | None = None,
    load: str = "households",
    nested_in: IntArray | None = None,
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
        Lower and upper limit of the load of each comprehensive grid.
    n_grids : int, optional
        Exact number of comprehensive grids, instead of a band; loads are then as even as can be.
    load : str
        Name of the load in ``blocks.loads``.
    nested_in : (n,) int64, optional
        Parent of each block; ``blocks.parent`` by default. No grid straddles two.
    objective : Objective, optional
        How much compactness, barriers and evenness count.
    effort : float
        Multiplies the search: more finds better grids, later.
    rng : numpy.random.Generator
        Same state, same grids.

    Returns
    -------
    Partition
        Always contiguous and complete; what misses the band is listed in its problems.

    Raises
    ------
    InvalidInputError
        Neither or both of `band` and `n_grids`, an impossible band, an unknown load.
    """
    _check_wish(blocks, band, n_grids, load)
    parents = blocks.parent if nested_in is None else nested_in
    loads = blocks.loads[load]
    region = _regions(blocks, parents)
    regions = np.split(np.argsort(region, kind="stable"), np.cumsum(np.bincount(region))[:-1])
    ordinary = [members for members in regions if blocks.site[members[0]] == NOWHERE]
    wishes, problems = _wishes(ordinary, loads, band, n_grids)
    wishes = [replace(wish, objective=objective or Objective(), effort=effort) for wish in wishes]
    labels = _labelled(blocks, loads, regions, wishes, rng)
    limits = band or (0.0, math.inf)
    result = _numbered(blocks, labels, parents, load_name=load, band=limits)
    if band is not None:
        names = [str(grid) for grid in range(len(result))]
        problems.extend(result.band_problems(names))
    return replace(result, problems=tuple(problems))


def partition_of(
    blocks: Blocks, grid: IntArray, *, load: str = "households", band: tuple[float, float] = (0.0, math.inf)
) -> Partition:
    """Return grids made elsewhere as a partition, e.g. to evaluate them.

    Parameters
    ----------
    blocks : Blocks
        What is assigned.
    grid : (n,) int64
        Grid of each block, any numbers.
    load, band
        As in `partition`.
    """
    labels = np.unique(grid, return_inverse=True)[1].astype(np.int64)
    return _numbered(blocks, labels, blocks.parent, load_name=load, band=band)


def _labelled(
    blocks: Blocks, loads: FloatArray, regions: list[IntArray], wishes: list[Wish], rng: np.random.Generator
) -> IntArray:
    """Return the grid of each block: a dedicated region is one, an ordinary one is divided."""
    whole = graph_of(blocks.adjacency, loads, np.ones(len(blocks), dtype=np.bool_), shapes=Shapes.of(blocks.polygons))
    labels = np.full(len(blocks), NOWHERE)
    used, pending = 0, iter(wishes)
    for members in regions:
        if blocks.site[members[0]] == NOWHERE:
            labels[members] = used + divide(whole.part(members), next(pending), rng)
        else:
            labels[members] = used
        used = int(labels[members].max()) + 1
    return labels


def _check_wish(blocks: Blocks, band: tuple[float, float] | None, n_grids: int | None, load: str) -> None:
    problems = []
    if load not in blocks.loads:
        known = ", ".join(sorted(blocks.loads))
        problems.append(Problem("unknown-load", f"The blocks have no load '{load}'.", f"They have: {known}."))
    if (band is None) == (n_grids is None):
        problems.append(Problem("band-or-count", "Exactly one of a band and a number of grids is needed."))
    if band is not None and not (0 < band[0] <= band[1] < math.inf):
        message = f"The band {band[0]:g}:{band[1]:g} is not 0 < low <= high."
        problems.append(Problem("bad-band", message, "Give two numbers, e.g. 300:500."))
    if n_grids is not None and n_grids < 1:
        problems.append(Problem("bad-count", f"The number of grids is {n_grids}; it must be 1 or more."))
    if problems:
        raise InvalidInputError(problems)


def _regions(blocks: Blocks, parents: IntArray) -> IntArray:
    """Return for each block its land that grids cannot leave: contiguous, of one parent, of one site or ordinary."""
    key = np.unique(np.column_stack([parents, blocks.site]), axis=0, return_inverse=True)[1]
    return blocks.adjacency.components(key.astype(np.int64))


def _wishes(
    regions: list[IntArray], loads: FloatArray, band: tuple[float, float] | None, n_grids: int | None
) -> tuple[list[Wish], list[Problem]]:
    """Return what is wanted in each region; an exact number of grids is shared out by load."""
    if band is not None:
        return [Wish(band, None) for _ in regions], []
    wanted = n_grids or 0
    counts = share_out(wanted, [float(loads[region].sum()) for region in regions], [len(r) for r in regions])
    problems = []
    if sum(counts) != wanted:
        message = f"{wanted} grids were asked for; {sum(counts)} is the nearest that can be."
        remedy = f"There are {len(regions)} separate pieces of land with {sum(map(len, regions))} blocks in all."
        problems.append(Problem("count-missed", message, remedy, severity="warning", size=sum(counts), unit="grids"))
    return [Wish(None, count) for count in counts], problems


def _numbered(
    blocks: Blocks, labels: IntArray, parents: IntArray, *, load_name: str, band: tuple[float, float]
) -> Partition:
    """Return the partition with its grids numbered by parent, then in reading order."""
    count = int(labels.max(initial=-1)) + 1
    first = np.unique(labels, return_index=True)[1]
    order = reading_order(dissolve(blocks.polygons, labels))
    order = order[np.argsort(parents[first][order], kind="stable")]
    number = np.empty(count, dtype=np.int64)
    number[order] = np.arange(count)
    grid = number[labels]
    return Partition(
        blocks=blocks,
        grid=grid,
        parent=parents[first][order],
        site=blocks.site[first][order],
        load_name=load_name,
        load=np.bincount(grid, weights=blocks.loads[load_name], minlength=count).astype(np.float64),
        band=band,
        problems=(),
    )
