"""Random sets of polygons for the index: coverages with every kind of seam, and sets that are none."""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np
import shapely

from geogrid.types import GeometryArray
from tests.benchmarks.coverages import coverage

Maker = Callable[[np.random.Generator], GeometryArray]


def noisy_voronoi(rng: np.random.Generator) -> GeometryArray:
    """Cells whose shared edges wind."""
    return coverage(int(rng.integers(4, 14)), 1, seed=int(rng.integers(1 << 30))).polygons


def rectangles_with_t_junctions(rng: np.random.Generator) -> GeometryArray:
    """Rectangles of repeated cuts: corners end at the middle of longer edges, which have no vertex there."""
    unit = rng.choice([1.0, 0.1, 1 / 3])
    boxes = [(0, 0, 64, 64)]
    for _ in range(int(rng.integers(3, 16))):
        x0, y0, x1, y1 = boxes.pop(int(rng.integers(len(boxes))))
        if x1 - x0 < 2 or y1 - y0 < 2:
            boxes.append((x0, y0, x1, y1))
        elif rng.random() < 0.5:
            cut = int(rng.integers(x0 + 1, x1))
            boxes += [(x0, y0, cut, y1), (cut, y0, x1, y1)]
        else:
            cut = int(rng.integers(y0 + 1, y1))
            boxes += [(x0, y0, x1, cut), (x0, cut, x1, y1)]
    return np.array([shapely.box(*(unit * np.array(box, dtype=float))) for box in boxes], dtype=object)


def fan_of_slivers(rng: np.random.Generator) -> GeometryArray:
    """Many thin triangles around one vertex, in a place where floats are coarse."""
    count = int(rng.integers(3, 80))
    angles = np.sort(rng.uniform(0, 2 * np.pi, count))
    far = np.array([500_000.1, 4_000_000.7])
    rim = far + rng.uniform(5, 50) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return shapely.polygons([[far, rim[i], rim[(i + 1) % count]] for i in range(count)])


def nested_rings(rng: np.random.Generator) -> GeometryArray:
    """Grids within the holes of grids, and an island of the first in the innermost."""
    sides = np.sort(rng.choice(np.arange(1, 40), size=int(rng.integers(3, 7)), replace=False))[::-1].astype(float)
    squares = [shapely.box(-side, -side / 2, side, side) for side in sides]
    rings = [
        shapely.Polygon(shapely.get_exterior_ring(outer), [shapely.get_coordinates(hole)])
        for outer, hole in pairwise(squares)
    ]
    rings[0] = shapely.MultiPolygon([rings[0], squares[-1]])
    return np.array(rings, dtype=object)


def stars_on_a_lattice(rng: np.random.Generator) -> GeometryArray:
    """Polygons of few lattice points that overlap, touch and coincide in every way; some leave gaps."""
    shapes = []
    while len(shapes) < int(rng.integers(2, 9)):
        points = rng.integers(0, 9, (int(rng.integers(3, 9)), 2)).astype(float)
        around = points - points.mean(axis=0)
        ring = shapely.Polygon(points[np.argsort(np.arctan2(around[:, 1], around[:, 0]))])
        if ring.is_valid and ring.area > 0:
            shapes.append(ring)
    if rng.random() < 0.3:
        shapes.append(shapes[0])
    return np.array(shapes, dtype=object)


def tangled_rings(rng: np.random.Generator) -> GeometryArray:
    """Rings that cross themselves, which are inside where a ray crosses them an odd number of times."""
    shapes: list[shapely.Polygon] = []
    while len(shapes) < 3:
        ring = rng.integers(0, 7, (int(rng.integers(3, 12)), 2)).tolist()
        edges = [frozenset([tuple(a), tuple(b)]) for a, b in pairwise([*ring, ring[0]])]
        if len(set(edges)) == len(edges):  # an edge there and back again bounds nothing
            shapes.append(shapely.Polygon(ring))
    return np.array(shapes, dtype=object)


def village_in_a_country(rng: np.random.Generator) -> GeometryArray:
    """A detailed place a millionth as wide as what is around it."""
    village = noisy_voronoi(rng)
    x, y, _, _ = shapely.total_bounds(village)
    small = shapely.transform(village, lambda xy: (xy - [x, y]) * 1e-4 + [116.0, 39.0])
    country = shapely.box(70.0, 10.0, 140.0, 60.0).difference(shapely.union_all(small))
    return np.array([country, *small], dtype=object)


MAKERS: Final[dict[str, Maker]] = {
    maker.__name__: maker
    for maker in (
        noisy_voronoi,
        rectangles_with_t_junctions,
        fan_of_slivers,
        nested_rings,
        stars_on_a_lattice,
        tangled_rings,
        village_in_a_country,
    )
}
