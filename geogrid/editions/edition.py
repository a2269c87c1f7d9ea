"""An edition compiled for lookups: leaf grids, the chain above each, the duties, and the index."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from geogrid.coordinates import metres_per_degree
from geogrid.index import GridIndex
from geogrid.types import DedicatedCategory, FloatArray, GridCode, GridKind


@dataclass(frozen=True, slots=True)
class Duty:
    """A person or team with a role on a grid (责任)."""

    role: str
    holder: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class GridInfo:
    """What a lookup says of one grid, without its geometry; `key` outlives a redraw, and is 0 without a store."""

    id: int
    code: GridCode
    name: str
    level: int
    level_name: str
    parent: GridCode | None
    kind: GridKind
    category: DedicatedCategory | None = None
    key: int = 0


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another grid that the positional error circle touches."""

    grid: GridInfo
    distance_m: float


@dataclass(frozen=True, slots=True)
class Located:
    """The answer of one lookup: a primary grid, its chain, its duties and how sure it is."""

    grid: GridInfo
    chain: tuple[GridInfo, ...]
    duties: Mapping[GridCode, tuple[Duty, ...]]
    boundary_distance_m: float
    neighbours: tuple[Neighbour, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """A published plan compiled for lookups; built by the store, shared by every request.

    Parameters
    ----------
    id : int
        Identifier of the plan that was published.
    jurisdiction, name : str
        Code of the jurisdiction; name of the plan.
    valid_from, valid_to : datetime
        Half-open period of validity; no `valid_to` means until replaced.
    leaves : sequence of GridInfo
        Leaf grids in the order of the index's polygons, which is the order of their codes.
    grids : mapping of GridCode to GridInfo
        Every grid of the tree.
    duties : mapping of GridCode to tuple of Duty
        Duties in force, by grid.
    index : GridIndex
        Over the leaf polygons, longitude and latitude in degrees, WGS 84.

    Attributes
    ----------
    level_names : mapping of int to str
        Levels that have grids, top first, with their names.
    """

    id: int
    jurisdiction: str
    name: str
    valid_from: datetime
    valid_to: datetime | None
    leaves: Sequence[GridInfo]
    grids: Mapping[GridCode, GridInfo]
    duties: Mapping[GridCode, tuple[Duty, ...]]
    index: GridIndex
    level_names: Mapping[int, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find the levels once: there may be tens of thousands of grids."""
        names = {grid.level: grid.level_name for grid in self.grids.values()}
        object.__setattr__(self, "level_names", dict(sorted(names.items())))

    def chain(self, code: GridCode) -> tuple[GridInfo, ...]:
        """Return the grid and its parents, leaf first."""
        chain = [self.grids[code]]
        while (parent := chain[-1].parent) is not None:
            chain.append(self.grids[parent])
        return tuple(chain)

    def locate(self, lon: float, lat: float, *, error_m: float = 0.0) -> Located | None:
        """Return everything a caller needs to know about one point.

        Parameters
        ----------
        lon, lat : float
            Degrees, WGS 84.
        error_m : float
            Positional error of the point, metres; grids within it are the neighbours.

        Returns
        -------
        Located or None
            None outside every grid. A point on a shared edge belongs to the grid with the smaller code.
        """
        x, y = np.array([lon]), np.array([lat])
        position = int(self.index.locate(x, y)[0])
        if position < 0:
            return None
        distance, _ = self.index.nearest_boundary(x, y, scale=metres_per_degree(y))
        leaf = self.leaves[position]
        chain = self.chain(leaf.code)
        return Located(
            grid=leaf,
            chain=chain,
            duties={grid.code: self.duties.get(grid.code, ()) for grid in chain},
            boundary_distance_m=float(distance[0]),
            neighbours=self._neighbours(x, y, position, error_m),
        )

    def held(self, code: GridCode) -> Located:
        """Return what a caller needs to know of an area that a grid of any level holds, without a point in it."""
        chain = self.chain(code)
        duties = {grid.code: self.duties.get(grid.code, ()) for grid in chain}
        return Located(chain[0], chain, duties, boundary_distance_m=0.0, neighbours=())

    def _neighbours(self, x: FloatArray, y: FloatArray, own: int, error_m: float) -> tuple[Neighbour, ...]:
        if error_m <= 0:
            return ()
        candidates = self.index.within(x, y, error_m, scale=metres_per_degree(y))
        near = [
            Neighbour(self.leaves[position], float(distance))
            for position, distance in zip(candidates.positions, candidates.distances, strict=True)
            if position != own
        ]
        return tuple(sorted(near, key=lambda neighbour: (neighbour.distance_m, neighbour.grid.code)))
