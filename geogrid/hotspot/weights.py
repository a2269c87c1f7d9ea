"""Which grids are neighbours: the weights that every statistic of place rests on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import shapely
from scipy.spatial import cKDTree

from geogrid.errors import InvalidInputError
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray

Contiguity = Literal["queen", "rook"]
_SMALLEST_SHARED_EDGE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class SpatialWeights:
    """Neighbours of each place, all of them with the same weight; no place is its own neighbour.

    Parameters
    ----------
    starts : (n + 1,) int64
        Where the neighbours of each place begin in `neighbors`.
    neighbors : (m,) int64
        Positions of neighbours, ascending within a place.
    name : str
        What makes a neighbour, e.g. ``"queen"``.
    """

    starts: IntArray
    neighbors: IntArray
    name: str

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self.starts) - 1

    @property
    def counts(self) -> IntArray:
        """Number of neighbours by place."""
        return np.diff(self.starts)

    @property
    def islands(self) -> BoolArray:
        """Whether a place has no neighbour at all."""
        return np.asarray(self.counts == 0)

    def of(self, place: int) -> IntArray:
        """Return the neighbours of one place."""
        return self.neighbors[self.starts[place] : self.starts[place + 1]]

    def sums(self, values: FloatArray) -> FloatArray:
        """Return the sum of a value over the neighbours of each place; 0 where there are none.

        Parameters
        ----------
        values : (n,) float64
            By place.
        """
        owner = np.repeat(np.arange(len(self)), self.counts)
        return np.asarray(np.bincount(owner, weights=values[self.neighbors], minlength=len(self)), dtype=np.float64)

    def averages(self, values: FloatArray) -> FloatArray:
        """Return the mean of a value over the neighbours of each place; 0 where there are none."""
        return self.sums(values) / np.maximum(self.counts, 1)

    @classmethod
    def from_pairs(cls, first: IntArray, second: IntArray, *, size: int, name: str) -> "SpatialWeights":
        """Return weights from pairs of places; each pair counts both ways, once.

        Parameters
        ----------
        first, second : (m,) int64
            Positions; a pair of a place with itself is passed over.
        size : int
            Number of places.
        name : str
            What makes a neighbour.
        """
        ends = np.concatenate([first, second]), np.concatenate([second, first])
        is_pair = ends[0] != ends[1]
        keys = np.unique(ends[0][is_pair] * size + ends[1][is_pair])
        owner, neighbors = np.divmod(keys, size)
        starts = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=size))]).astype(np.int64)
        return cls(starts, neighbors.astype(np.int64), name)

    @classmethod
    def from_neighbors(cls, neighbors: Sequence[Sequence[int]], *, name: str) -> "SpatialWeights":
        """Return weights from a list of neighbours by place, as they stand: they need not be mutual.

        Raises
        ------
        InvalidInputError
            A neighbour is no place, or is the place itself.
        """
        size = len(neighbors)
        wrong = [place for place, row in enumerate(neighbors) if any(not 0 <= i < size or i == place for i in row)]
        if wrong:
            raise InvalidInputError.of(
                "neighbors",
                f"{len(wrong)} places have neighbours that are no other place, the first at position {wrong[0]}.",
                f"Name positions from 0 to {size - 1}, without the place itself.",
            )
        rows = [np.unique(np.asarray(row, dtype=np.int64)) for row in neighbors]
        starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        return cls(starts, np.concatenate(rows) if rows else np.empty(0, np.int64), name)


def contiguity_weights(polygons: GeometryArray, *, contiguity: Contiguity = "queen") -> SpatialWeights:
    """Return which polygons of a coverage touch.

    Parameters
    ----------
    polygons : (n,) array of Polygon or MultiPolygon
        In any coordinate reference system.
    contiguity : {"queen", "rook"}
        Queen: they share at least a point. Rook: they share an edge.
    """
    first, second = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    if contiguity == "rook" and len(first):
        shared = shapely.length(shapely.intersection(polygons[first], polygons[second]))
        edges = shared > _SMALLEST_SHARED_EDGE
        first, second = first[edges], second[edges]
    return SpatialWeights.from_pairs(first, second, size=len(polygons), name=contiguity)


def nearest_weights(xy: FloatArray, *, count: int) -> SpatialWeights:
    """Return the nearest places of each place; being near is not mutual.

    Parameters
    ----------
    xy : (n, 2) float64
        Metres in one projected coordinate reference system.
    count : int
        Neighbours of each place, at least 1 and fewer than there are places.

    Raises
    ------
    InvalidInputError
        There are too few places.
    """
    if not 1 <= count < len(xy):
        raise InvalidInputError.of(
            "count",
            f"{count} nearest neighbours cannot be found among {len(xy)} places.",
            f"Give a number from 1 to {len(xy) - 1}.",
            subject="count",
        )
    _, near = cKDTree(xy).query(xy, k=count + 1)
    rows = [[int(i) for i in row if i != place][:count] for place, row in enumerate(np.asarray(near))]
    return SpatialWeights.from_neighbors(rows, name=f"{count} nearest")


def distance_weights(xy: FloatArray, *, within_m: float) -> SpatialWeights:
    """Return the places within a distance of each place.

    Parameters
    ----------
    xy : (n, 2) float64
        Metres in one projected coordinate reference system.
    within_m : float
        Metres, above 0.
    """
    pairs = cKDTree(xy).query_pairs(within_m, output_type="ndarray").astype(np.int64)
    return SpatialWeights.from_pairs(pairs[:, 0], pairs[:, 1], size=len(xy), name=f"within {within_m:g} m")
