"""The index that answers which grid a point is in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geogrid.types import FloatArray, GeometryArray

Positions = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Polygons near points, as three arrays of one length, ordered by point and then by distance.

    Parameters
    ----------
    point : (k,) int64
        Which input point.
    positions : (k,) int32
        Position of the polygon.
    distances : (k,) float64
        Distance in scaled units; 0 where the polygon contains the point.
    """

    point: NDArray[np.int64]
    positions: Positions
    distances: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class GridIndex:
    """Polygons compiled for point lookups; see `build`."""

    polygons: GeometryArray
    rank: NDArray[np.int64]
    tree: shapely.STRtree

    @classmethod
    def build(cls, polygons: ArrayLike, *, codes: Sequence[str] | NDArray[Any] | None = None) -> Self:
        """Compile polygons; a point of several polygons goes to the smallest code, or position without codes."""
        array = np.asarray(polygons, dtype=object)
        order = np.arange(len(array)) if codes is None else np.argsort(np.asarray(codes), kind="stable")
        rank = np.empty(len(array), dtype=np.int64)
        rank[order] = np.arange(len(array))
        return cls(array, rank, shapely.STRtree(array))

    def locate(self, x: ArrayLike, y: ArrayLike, *, threads: int = 1) -> Positions:
        """Return the position of the polygon of each point, -1 outside."""
        del threads
        xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        found = np.full(len(xs), -1, dtype=np.int32)
        finite = np.flatnonzero(np.isfinite(xs) & np.isfinite(ys))
        which, position = self.tree.query(shapely.points(xs[finite], ys[finite]), predicate="intersects")
        order = np.lexsort((-self.rank[position], which))
        found[finite[which[order]]] = position[order]
        return found

    def nearest_boundary(
        self, x: ArrayLike, y: ArrayLike, *, scale: tuple[ArrayLike, ArrayLike] = (1.0, 1.0)
    ) -> tuple[FloatArray, Positions]:
        """Return the distance to the nearest line between different grids and the grid across it, -1 for none."""
        xs, ys, sx, sy = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (x, y, *scale)))
        own = self.locate(xs, ys)
        distance, across = np.full(len(xs), np.nan), np.full(len(xs), -1, dtype=np.int32)
        for i in np.flatnonzero(np.isfinite(xs) & np.isfinite(ys)):
            point, scaled = self._scaled(xs[i], ys[i], sx[i], sy[i])
            outlines = shapely.distance(point, shapely.boundary(scaled))
            distance[i] = outlines.min() if own[i] < 0 else outlines[own[i]]
            others = np.where(np.arange(len(outlines)) == own[i], np.inf, outlines)
            if others.min() <= distance[i] * (1 + 1e-9):
                across[i] = int(np.argmin(others))
        return distance, across

    def within(
        self, x: ArrayLike, y: ArrayLike, radius: ArrayLike, *, scale: tuple[ArrayLike, ArrayLike] = (1.0, 1.0)
    ) -> Candidates:
        """Return every polygon whose distance to a point is at most `radius`."""
        xs, ys, rs, sx, sy = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (x, y, radius, *scale)))
        point: list[int] = []
        positions: list[int] = []
        distances: list[float] = []
        for i in np.flatnonzero(np.isfinite(xs) & np.isfinite(ys)):
            place, scaled = self._scaled(xs[i], ys[i], sx[i], sy[i])
            away = shapely.distance(place, scaled)
            near = np.flatnonzero(away <= rs[i])
            near = near[np.lexsort((self.rank[near], away[near]))]
            point.extend([i] * len(near))
            positions.extend(near)
            distances.extend(away[near])
        return Candidates(np.array(point, np.int64), np.array(positions, np.int32), np.array(distances, np.float64))

    def _scaled(self, x: float, y: float, sx: float, sy: float) -> tuple[shapely.Point, GeometryArray]:
        factors = np.array([sx, sy])
        return shapely.Point(x * sx, y * sy), shapely.transform(self.polygons, lambda xy: xy * factors)
