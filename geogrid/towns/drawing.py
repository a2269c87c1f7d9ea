"""Lines and polygons of a lattice, bent as the streets of a town that has grown."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import shapely

from geogrid.towns.lattice import UNITS_PER_M, Lattice
from geogrid.types import FloatArray, GeometryArray, IntArray

_KEY: Final = 10**8
"""More units than any town is wide."""

_BEND_EVERY: Final = 100 * UNITS_PER_M
_ROUNDED: Final = 0.6
_STEEPEST: Final = 0.12
_STEEPEST_SUM: Final = 0.45
_SHORTEST_WAVE_M: Final = 420.0
_DECIMALS: Final = 3
_STEP_M: Final = 1.0


@dataclass(frozen=True, slots=True)
class Bend:
    """A smooth map from the lattice to the land: a square with round corners, wavy at every scale.

    Parameters
    ----------
    size_m : (2,) float64
        Width and height of the lattice.
    origin_m : (2,) float64
        Place of its middle.
    waves : (w, 2) float64
        Wave vectors, radians a metre.
    phases : (w, 2) float64
        Of each wave, for x and y.
    heights_m : (w,) float64
        Of each wave.
    """

    size_m: FloatArray
    origin_m: FloatArray
    waves: FloatArray
    phases: FloatArray
    heights_m: FloatArray

    @classmethod
    def random(cls, size_m: FloatArray, origin_m: FloatArray, rng: np.random.Generator) -> "Bend":
        """Return a bend whose slopes stay so gentle that no line crosses another."""
        longest = 0.9 * float(size_m.max())
        count = max(int(np.log(max(longest / _SHORTEST_WAVE_M, 1.0)) / np.log(2.5)) + 1, 1)
        lengths = longest / 2.5 ** np.arange(count)
        angles = rng.uniform(0, 2 * np.pi, count)
        waves = (2 * np.pi / lengths)[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
        slope = min(_STEEPEST, _STEEPEST_SUM / count)
        heights = np.asarray(slope * lengths / (2 * np.pi), dtype=np.float64)
        return cls(size_m, origin_m, waves, rng.uniform(0, 2 * np.pi, (count, 2)), heights)

    def __call__(self, uv_m: FloatArray) -> FloatArray:
        """Return places on the land, (n, 2) metres, of points of the lattice, (n, 2) metres."""
        square = 2.0 * uv_m / self.size_m - 1.0
        round_ = square * np.sqrt(1.0 - _ROUNDED * square[:, ::-1] ** 2 / 2.0)
        xy = round_ * self.size_m / 2.0
        for wave, phase, height in zip(self.waves, self.phases, self.heights_m, strict=True):
            angle = uv_m @ wave
            xy[:, 0] += height * np.sin(angle + phase[0])
            xy[:, 1] += height * np.sin(angle + phase[1])
        moved: FloatArray = np.round(xy + self.origin_m, _DECIMALS)
        return moved

    def frames(self, uv_m: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return how the land lies at points of the lattice.

        Returns
        -------
        angle : (n,) float64
            Direction of a line to the east, radians.
        stretch : (n, 2) float64
            Metres on the land a metre of the lattice, to the east and to the north.
        """
        here = self(uv_m)
        east = self(uv_m + np.array([_STEP_M, 0.0])) - here
        north = self(uv_m + np.array([0.0, _STEP_M])) - here
        angle = np.arctan2(east[:, 1], east[:, 0])
        # Lines to the north lean; what counts is how far apart lines to the east are.
        apart = np.abs(east[:, 0] * north[:, 1] - east[:, 1] * north[:, 0]) / np.hypot(*east.T)
        return angle, np.column_stack([np.hypot(*east.T), apart]) / _STEP_M


@dataclass(frozen=True)
class BentLattice:
    """Every corner and bend of a lattice once, so that what shares a line shares its vertices."""

    lattice: Lattice
    bend: Bend

    @cached_property
    def _points(self) -> IntArray:
        """Corners of blocks and bends of lines, each once, from west to east, then south to north."""
        box, lines = self.lattice.box, self.lattice.splits.box
        width, height = self.lattice.size.tolist()
        frame = np.array([[0, 0, width, 0], [0, height, width, height], [0, 0, 0, height], [width, 0, width, height]])
        corners = np.concatenate([box[:, [0, 1]], box[:, [2, 1]], box[:, [2, 3]], box[:, [0, 3]]])
        keys = np.concatenate([corners, _bends(np.concatenate([lines, frame]))]) @ np.array([_KEY, 1])
        once = np.unique(keys)
        return np.column_stack([once // _KEY, once % _KEY])

    @cached_property
    def places(self) -> FloatArray:
        """The points on the land, metres."""
        return self.bend(self._points / UNITS_PER_M)

    @cached_property
    def _northward(self) -> tuple[IntArray, IntArray]:
        """Keys of the points column by column, and the points in this order."""
        return self._points @ np.array([_KEY, 1]), np.arange(len(self._points))

    @cached_property
    def _eastward(self) -> tuple[IntArray, IntArray]:
        """Keys of the points row by row, and the points in this order."""
        keys = self._points @ np.array([1, _KEY])
        order = np.argsort(keys, kind="stable")
        return keys[order], order

    def lines(self, box: IntArray) -> GeometryArray:
        """Return LineStrings along degenerate boxes, (m, 4) units."""
        upright = box[:, 0] == box[:, 2]
        drawn = np.empty(len(box), dtype=object)
        for chosen, table, first, last in (
            (upright, self._northward, box[:, 0] * _KEY + box[:, 1], box[:, 2] * _KEY + box[:, 3]),
            (~upright, self._eastward, box[:, 1] * _KEY + box[:, 0], box[:, 3] * _KEY + box[:, 2]),
        ):
            points, line = _runs(table, first[chosen], last[chosen])
            if len(line):
                drawn[chosen] = shapely.linestrings(self.places[points], indices=line)
        return drawn

    def polygons(self, box: IntArray) -> GeometryArray:
        """Return the polygons of boxes, (n, 4) units, with every corner that lies on their sides."""
        west, south, east, north = box.T
        sides = [
            _runs(self._eastward, south * _KEY + west, south * _KEY + east),
            _runs(self._northward, east * _KEY + south, east * _KEY + north),
            _runs(self._eastward, north * _KEY + west, north * _KEY + east),
            _runs(self._northward, west * _KEY + south, west * _KEY + north),
        ]
        points = np.concatenate([side[0] for side in sides])
        owner = np.concatenate([side[1] for side in sides])
        number = np.repeat(np.arange(4), [len(side[0]) for side in sides])
        along = np.concatenate([np.arange(len(side[0])) * (1 if n < 2 else -1) for n, side in enumerate(sides)])  # noqa: PLR2004 - the last two sides are walked back
        order = np.lexsort((along, number, owner))
        points, owner = points[order], owner[order]
        fresh = np.append(True, (points[1:] != points[:-1]) | (owner[1:] != owner[:-1]))
        rings = shapely.linearrings(self.places[points[fresh]], indices=owner[fresh])
        polygons: GeometryArray = shapely.polygons(rings)
        return polygons


def _bends(lines: IntArray) -> IntArray:
    """Return a point for every hundred metres of the lines."""
    upright = lines[:, 0] == lines[:, 2]
    start = np.where(upright, lines[:, 1], lines[:, 0])
    end = np.where(upright, lines[:, 3], lines[:, 2])
    first = -(-start // _BEND_EVERY)
    count = np.maximum(end // _BEND_EVERY - first + 1, 0)
    owner = np.repeat(np.arange(len(lines)), count)
    step = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    moving = (first[owner] + step) * _BEND_EVERY
    fixed = np.where(upright, lines[:, 0], lines[:, 1])[owner]
    points: IntArray = np.where(
        upright[owner, None], np.column_stack([fixed, moving]), np.column_stack([moving, fixed])
    )
    return points


def _runs(table: tuple[IntArray, IntArray], first: IntArray, last: IntArray) -> tuple[IntArray, IntArray]:
    """Return the points from the first to the last key of each run, and the run of each."""
    keys, points = table
    start, stop = np.searchsorted(keys, first), np.searchsorted(keys, last, side="right")
    count = stop - start
    owner = np.repeat(np.arange(len(first)), count)
    at = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count) + start[owner]
    return points[at], owner
