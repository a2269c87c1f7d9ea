"""Seeded coverages of any size, and points that crowd where the grids are small, as people do in a town."""

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import Voronoi

from geogrid.types import FloatArray, GeometryArray, IntArray

_CLUSTERED = 0.75
_SEGMENTS = 8
_WIGGLE = 0.35


@dataclass(frozen=True, slots=True)
class City:
    """A unit square of centres with their weight and spread: where grids are small and points many."""

    centres: FloatArray
    spreads: FloatArray
    weights: FloatArray

    @classmethod
    def draw(cls, rng: np.random.Generator, *, centres: int = 60) -> "City":
        """Return a random city."""
        spreads = rng.lognormal(np.log(0.03), 0.6, centres).clip(0.008, 0.15)
        weights = spreads**1.5 * rng.uniform(0.5, 2.0, centres)
        return cls(rng.uniform(0.05, 0.95, (centres, 2)), spreads, weights / weights.sum())

    def sample(self, rng: np.random.Generator, count: int, *, clustered: float = _CLUSTERED) -> FloatArray:
        """Return points, (count, 2) float64 in the unit square, in random order."""
        near = rng.random(count) < clustered
        centre = rng.choice(len(self.weights), size=count, p=self.weights)
        points = self.centres[centre] + rng.normal(size=(count, 2)) * self.spreads[centre, None]
        spread = ~near | (points <= 0).any(axis=1) | (points >= 1).any(axis=1)
        points[spread] = rng.random((int(spread.sum()), 2))
        return points


@dataclass(frozen=True, slots=True)
class Coverage:
    """Polygons that tile a square, and points in it.

    Parameters
    ----------
    polygons : (n,) object
        Shapely polygons, degrees.
    x, y : (m,) float64
        Points, degrees.
    edges : int
        Number of different edges.
    """

    polygons: GeometryArray
    x: FloatArray
    y: FloatArray
    edges: int


def coverage(polygons: int, points: int, *, seed: int) -> Coverage:
    """Return a Voronoi coverage with noisy shared edges, about 47 vertices a polygon, and points in it."""
    rng = np.random.default_rng(seed)
    city = City.draw(rng)
    seeds = city.sample(rng, polygons)
    side = 0.005 * np.sqrt(polygons)
    origin = np.array([116.0, 39.5])
    cells, edges = _noisy_voronoi(seeds, rng)
    placed = shapely.transform(cells, lambda xy: origin + side * xy)
    places = origin + side * city.sample(rng, points)
    return Coverage(placed, places[:, 0].copy(), places[:, 1].copy(), edges)


def _noisy_voronoi(seeds: FloatArray, rng: np.random.Generator) -> tuple[GeometryArray, int]:
    count = len(seeds)
    band = min(1.0, 12.0 / np.sqrt(count * (1 - _CLUSTERED)))
    diagram = Voronoi(np.vstack([seeds, *_mirrors(seeds, band)]))
    inner = (diagram.ridge_points < count).any(axis=1)
    pairs = diagram.ridge_points[inner]
    ends = np.asarray(diagram.ridge_vertices)[inner]
    lines = _noisy_lines(diagram, pairs, ends, rng, count)
    return _rings(diagram.points, pairs, lines, count), lines.shape[0] * _SEGMENTS


def _mirrors(seeds: FloatArray, band: float) -> list[FloatArray]:
    mirrored = []
    for axis in (0, 1):
        for wall in (0.0, 1.0):
            near = seeds[np.abs(seeds[:, axis] - wall) < band].copy()
            near[:, axis] = 2 * wall - near[:, axis]
            mirrored.append(near)
    return mirrored


def _noisy_lines(diagram: Voronoi, pairs: IntArray, ends: IntArray, rng: np.random.Generator, count: int) -> FloatArray:
    """Return (ridges, segments + 1, 2): each line stays in the two triangles to its seeds, so none cross."""
    start, stop = diagram.vertices[ends[:, 0]], diagram.vertices[ends[:, 1]]
    t = np.linspace(0, 1, _SEGMENTS + 1)
    lines = start[:, None] * (1 - t)[None, :, None] + stop[:, None] * t[None, :, None]
    along = stop - start
    length = np.hypot(*along.T)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.maximum(length, 1e-300)[:, None]
    height = np.abs(np.einsum("ij,ij->i", diagram.points[pairs[:, 0]] - start, normal))
    reach = _WIGGLE * np.minimum(height, length) / _SEGMENTS
    reach[(pairs >= count).any(axis=1)] = 0.0
    shift = rng.uniform(-1, 1, (len(lines), _SEGMENTS + 1)) * reach[:, None]
    shift[:, [0, -1]] = 0.0
    return lines + shift[:, :, None] * normal[:, None]


def _rings(seeds: FloatArray, pairs: IntArray, lines: FloatArray, count: int) -> GeometryArray:
    ridge = np.repeat(np.arange(len(pairs)), 2)
    cell = pairs.ravel()
    keep = cell < count
    ridge, cell = ridge[keep], cell[keep]
    start, stop = lines[ridge, 0] - seeds[cell], lines[ridge, -1] - seeds[cell]
    forward = start[:, 0] * stop[:, 1] - start[:, 1] * stop[:, 0] > 0
    first = np.where(forward[:, None], start, stop)
    order = np.lexsort((np.arctan2(first[:, 1], first[:, 0]), cell))
    ridge, cell, forward = ridge[order], cell[order], forward[order]
    steps = np.arange(_SEGMENTS)
    within = np.where(forward[:, None], steps, _SEGMENTS - steps)
    coords = lines[ridge[:, None], within].reshape(-1, 2)
    rings = shapely.linearrings(coords, indices=np.repeat(cell, _SEGMENTS))
    polygons: GeometryArray = shapely.polygons(rings)
    return polygons
