"""A plan as arrays: blocks with their loads, the leaf grid of each, and the tree of grids above them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import shapely

from geogrid.blocks import Adjacency, rook_adjacency
from geogrid.blocks.land_loads import AREA, LAND_LOADS, StreetMetres
from geogrid.codes import FREE, CodeProfile
from geogrid.coordinates import metres_per_degree
from geogrid.editions import Duty
from geogrid.editions.fields import LOADS
from geogrid.errors import InvalidInputError, NotFoundError
from geogrid.geometry.overlays import DEGREE, union_of_coverage
from geogrid.types import (
    BoolArray,
    DedicatedCategory,
    FloatArray,
    GeometryArray,
    GridCode,
    GridKind,
    IntArray,
    LevelName,
)

NO_LOADS: Final = (0.0, 0.0, 0.0)
KNOWN_LOADS: Final = (*LOADS, *LAND_LOADS)
"""What plans can balance."""


@dataclass(frozen=True, slots=True)
class BlockTable:
    """Blocks in the order of their identifiers.

    Parameters
    ----------
    ids : (n,) int64
        Ascending.
    polygons : (n,) Polygon
        Longitude, latitude in degrees, WGS 84.
    loads : (n, 3) float64
        Columns as `LOADS`; NaN where unknown.
    """

    ids: IntArray
    polygons: GeometryArray
    loads: FloatArray

    def __len__(self) -> int:
        """Return the number of blocks."""
        return len(self.ids)

    @classmethod
    def empty(cls) -> "BlockTable":
        """Return a table without rows."""
        return cls(np.empty(0, dtype=np.int64), np.empty(0, dtype=object), np.empty((0, len(LOADS))))

    @classmethod
    def sorted(cls, ids: IntArray, polygons: GeometryArray, loads: FloatArray) -> "BlockTable":
        """Return a table of rows in any order."""
        order = np.argsort(ids, kind="stable")
        return cls(ids[order], polygons[order], loads[order])

    def rows(self, chosen: IntArray | BoolArray) -> "BlockTable":
        """Return some rows, by ascending position or by mask."""
        return BlockTable(self.ids[chosen], self.polygons[chosen], self.loads[chosen])

    def joined(self, other: "BlockTable") -> "BlockTable":
        """Return the rows of both."""
        return BlockTable.sorted(
            np.concatenate([self.ids, other.ids]),
            np.concatenate([self.polygons, other.polygons]),
            np.concatenate([self.loads, other.loads]),
        )

    def positions(self, ids: Iterable[int]) -> IntArray:
        """Return where blocks stand; raise `NotFoundError` with those that are not here."""
        block_ids = np.unique(np.fromiter(ids, dtype=np.int64))
        position = np.searchsorted(self.ids, block_ids)
        present = np.isin(block_ids, self.ids)
        if not present.all():
            missing = ", ".join(map(str, block_ids[~present].tolist()[:10]))
            raise NotFoundError(f"The plan has no block {missing}. Take the numbers from its blocks as they are now.")
        return position.astype(np.int64)


@dataclass(frozen=True, slots=True)
class Node:
    """A grid of the tree, without its land.

    Parameters
    ----------
    key : int
        Stays the same whatever else changes.
    code, name : str
        As people see them.
    level : int
        1 is the top.
    parent : int, optional
        Key of the grid above; None at the top.
    kind, category
        As everywhere.
    unplaced : tuple of float
        Loads of a leaf that no block has: a file may give the load of a grid but not of its pieces. They stay with
        the grid, whatever land it gains or loses. Columns as `LOADS`.
    duties : tuple of Duty
        People and teams.
    attributes : mapping
        Other columns of the source.
    locked_by : str, optional
        Who locked it; None for a grid that may be changed.
    """

    key: int
    code: GridCode
    name: str
    level: int
    parent: int | None
    kind: GridKind
    category: DedicatedCategory | None = None
    unplaced: tuple[float, ...] = NO_LOADS
    duties: tuple[Duty, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    locked_by: str | None = None

    @property
    def is_leaf(self) -> bool:
        """Whether it is made of blocks."""
        return self.kind != "parent"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a plan is judged by.

    Parameters
    ----------
    depth : int
        Number of levels.
    load : str
        What the band balances: one of `LOADS`, or of `LAND_LOADS`, which are measured of the blocks.
    band : tuple of float, optional
        Limits of the load of comprehensive leaves.
    profile : CodeProfile
        What codes look like.
    levels : tuple of LevelName
        Names of the levels, top first; as many as `depth`, or none where names do not matter.
    streets : StreetMetres, optional
        Whose metres are balanced, degrees; needed for the load ``streets`` alone.
    """

    depth: int
    load: str = "households"
    band: tuple[float, float] | None = None
    profile: CodeProfile = FREE
    levels: tuple[LevelName, ...] = ()
    streets: StreetMetres | None = field(default=None, compare=False)

    @property
    def load_column(self) -> int | None:
        """Position of the load in `LOADS`, None for one that is measured of the land."""
        require_known_load(self.load)
        return None if self.load in LAND_LOADS else LOADS.index(self.load)


def require_known_load(load: str) -> None:
    """Refuse a load that plans cannot balance."""
    if load not in KNOWN_LOADS:
        known = ", ".join(KNOWN_LOADS)
        raise InvalidInputError.of("unknown-load", f"Plans do not know the load {load!r}.", f"Known: {known}.")


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan, or the part of it that an operation needs.

    A part has whole leaves: every block of each leaf that has blocks in it, and every grid above them.

    Parameters
    ----------
    blocks : BlockTable
        Land.
    owner : (n,) int64
        Key of the leaf of each block.
    nodes : mapping of int to Node
        Grids by key.
    rules : Rules
        What it is judged by.
    taken : frozenset of str
        Codes in use, also of grids that are not in this part.
    """

    blocks: BlockTable
    owner: IntArray
    nodes: Mapping[int, Node]
    rules: Rules
    taken: frozenset[str] = frozenset()

    def node(self, code: str) -> Node:
        """Return a grid by its code, or raise `NotFoundError`."""
        return self.grids((code,))[0]

    def grids(self, codes: Iterable[str]) -> list[Node]:
        """Return grids by their codes, each once, in order; raise `NotFoundError` with all that are not there."""
        by_code = {str(node.code): node for node in self.nodes.values()}
        named = list(dict.fromkeys(codes))
        missing = [repr(code) for code in named if code not in by_code]
        if missing:
            raise NotFoundError(f"The plan has no grid {', '.join(missing)}.")
        return [by_code[code] for code in named]

    def lock_of(self, key: int) -> Node | None:
        """Return the grid by which a grid is locked: itself, or one above it; None where it may be changed."""
        return next((self.nodes[each] for each in self.chain(key) if self.nodes[each].locked_by is not None), None)

    def leaf(self, code: str) -> Node:
        """Return a leaf by its code.

        Raises
        ------
        NotFoundError
            There is no such grid.
        InvalidInputError
            It is a parent.
        """
        node = self.node(code)
        if not node.is_leaf:
            raise InvalidInputError.of(
                "not-a-leaf",
                f"Grid {code} is of level {node.level}, and only grids of level {self.rules.depth} have blocks.",
                "Name the grids below it.",
                subject=code,
            )
        return node

    def members(self, key: int) -> IntArray:
        """Return the positions of the blocks of a leaf."""
        return np.flatnonzero(self.owner == key)

    def shape(self, key: int) -> shapely.Geometry:
        """Return the land of a leaf: the union of its blocks, every vertex kept, degrees."""
        return union(self.blocks.polygons[self.members(key)])

    def loads(self, key: int) -> FloatArray:
        """Return the loads of a leaf, shape (3,); NaN where nothing is known."""
        return leaf_loads(self.blocks.loads[self.members(key)], self.nodes[key].unplaced)

    def balanced(self, positions: IntArray) -> FloatArray:
        """Return what the band balances of each of some blocks, shape (k,); NaN where unknown."""
        column = self.rules.load_column
        if column is not None:
            counted: FloatArray = self.blocks.loads[positions, column]
            return counted
        polygons = self.blocks.polygons[positions]
        if self.rules.load == AREA:
            latitude = shapely.get_y(shapely.centroid(polygons))
            square = np.column_stack(metres_per_degree(latitude)).prod(axis=1)
            measured: FloatArray = shapely.area(polygons) * square
            return measured
        return np.zeros(len(polygons)) if self.rules.streets is None else self.rules.streets.on(polygons)

    def balanced_unplaced(self, key: int) -> float:
        """Return what the band balances of a leaf beyond that of its blocks."""
        column = self.rules.load_column
        return 0.0 if column is None else self.nodes[key].unplaced[column]

    def load(self, key: int, positions: IntArray | None = None) -> float:
        """Return what the band balances of a leaf, NaN where unknown; `positions` are its blocks, if known already."""
        own = self.members(key) if positions is None else positions
        column = self.rules.load_column
        if column is None:
            return float(self.balanced(own).sum())
        return float(leaf_loads(self.blocks.loads[own], self.nodes[key].unplaced)[column])

    def chain(self, key: int | None) -> tuple[int, ...]:
        """Return a grid and those above it."""
        chain = []
        while key is not None:
            chain.append(key)
            key = self.nodes[key].parent
        return tuple(chain)

    def leaves_below(self, key: int) -> list[int]:
        """Return the leaves below a grid, or the leaf itself, by key."""
        return [leaf for leaf, node in sorted(self.nodes.items()) if node.is_leaf and key in self.chain(leaf)]

    def owner_at(self, level: int) -> IntArray:
        """Return the key of the grid of a level that each block is in, shape (n,)."""
        keys, position = np.unique(self.owner, return_inverse=True)
        above = [
            next(ancestor for ancestor in self.chain(key) if self.nodes[ancestor].level <= level)
            for key in keys.tolist()
        ]
        owner: IntArray = np.array(above, dtype=np.int64)[position]
        return owner

    def codes(self) -> frozenset[str]:
        """Return every code in use."""
        return self.taken | {node.code for node in self.nodes.values()}

    def adjacency(self, positions: IntArray) -> Adjacency:
        """Return the rook neighbours among some blocks, metres."""
        return rook_adjacency(flat(self.blocks.polygons[positions])[0])

    def with_nodes(self, *changed: Node) -> "Draft":
        """Return the draft with grids added or replaced."""
        return replace(self, nodes={**self.nodes, **{node.key: node for node in changed}})

    def without(self, *keys: int) -> "Draft":
        """Return the draft without some grids."""
        return replace(self, nodes={key: node for key, node in self.nodes.items() if key not in keys})

    def with_owner(self, positions: IntArray, key: int) -> "Draft":
        """Return the draft with blocks given to a leaf."""
        owner = self.owner.copy()
        owner[positions] = key
        return replace(self, owner=owner)


def union(polygons: GeometryArray) -> shapely.Geometry:
    """Return the union of blocks, as the store keeps it; depends on their order."""
    return union_of_coverage(polygons, metre=DEGREE)


def leaf_loads(loads: FloatArray, unplaced: Sequence[float]) -> FloatArray:
    """Return the sums of the loads of blocks, shape (n, 3), and of what no block has; NaN where all are unknown."""
    counted = np.isfinite(loads).any(axis=0) | (np.asarray(unplaced) > 0)
    total: FloatArray = np.where(counted, np.nansum(loads, axis=0) + np.asarray(unplaced), np.nan)
    return total


def flat(polygons: GeometryArray) -> tuple[GeometryArray, FloatArray]:
    """Return degrees stretched to metres around the middle of some polygons, and the metres of a degree, shape (2,).

    Stretching is affine: vertices that two blocks share stay shared.
    """
    if not len(polygons):
        return polygons, np.ones(2)
    bounds = shapely.total_bounds(polygons)
    middle = np.array([(bounds[1] + bounds[3]) / 2.0])
    scale = np.column_stack(metres_per_degree(middle))[0]
    stretched: GeometryArray = shapely.transform(polygons, lambda xy: xy * scale)
    return stretched, scale
