"""Where a point is, by rational arithmetic on the given doubles: slow, simple and right."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
import shapely

from geogrid.types import FloatArray, GeometryArray

Place = tuple[Fraction, Fraction]
Ring = list[Place]


def rings_of(polygon: shapely.Geometry) -> list[Ring]:
    return [
        [(Fraction(x), Fraction(y)) for x, y in shapely.get_coordinates(ring).tolist()]
        for ring in shapely.get_rings(shapely.get_parts(polygon))
    ]


def turn(a: Place, b: Place, p: Place) -> Fraction:
    return (a[0] - p[0]) * (b[1] - p[1]) - (a[1] - p[1]) * (b[0] - p[0])


def lies_on(a: Place, b: Place, p: Place) -> bool:
    between = all(min(a[k], b[k]) <= p[k] <= max(a[k], b[k]) for k in (0, 1))
    return between and turn(a, b, p) == 0


def covers(rings: Iterable[Ring], p: Place) -> bool:
    """Tell whether the closed polygon covers the point: on a ring, or an odd number of crossings to the right."""
    inside = False
    for ring in rings:
        for a, b in pairwise(ring):
            if lies_on(a, b, p):
                return True
            if (a[1] > p[1]) != (b[1] > p[1]):
                at = a[0] + (p[1] - a[1]) * (b[0] - a[0]) / (b[1] - a[1])
                inside ^= at > p[0]
    return inside


def locate(polygons: GeometryArray, xy: FloatArray, codes: Sequence[str] | None = None) -> list[int]:
    """Return the position of the polygon with the smallest code, or position, that covers each point; -1 for none."""
    order = range(len(polygons)) if codes is None else sorted(range(len(polygons)), key=lambda i: (codes[i], i))
    outlines = [(i, rings_of(polygons[i])) for i in order]
    return [next((i for i, rings in outlines if covers(rings, (Fraction(x), Fraction(y)))), -1) for x, y in xy.tolist()]


def telling_points(polygons: GeometryArray, rng: np.random.Generator, *, most: int = 250) -> FloatArray:
    """Return points where a mistake would show: vertices, points of edges, each also one ulp aside; and any."""
    coords = shapely.get_coordinates(polygons)
    rings = shapely.get_rings(shapely.get_parts(polygons))
    starts = np.concatenate([shapely.get_coordinates(ring)[:-1] for ring in rings])
    stops = np.concatenate([shapely.get_coordinates(ring)[1:] for ring in rings])
    t = rng.choice([0.5, 0.25, rng.random()], size=(len(starts), 1))
    on_edges = starts + t * (stops - starts)
    low, high = coords.min(axis=0), coords.max(axis=0)
    anywhere = rng.uniform(low - 0.1 * (high - low), high + 0.1 * (high - low), (60, 2))
    crossed = np.stack([rng.choice(coords[:, 0], 40), rng.choice(coords[:, 1], 40)], axis=1)
    points = np.concatenate([coords, on_edges, crossed])
    nudged = np.nextafter(points, points + rng.choice([-1.0, 0.0, 1.0], size=points.shape))
    everything = np.concatenate([points, nudged, anywhere])
    return everything[rng.permutation(len(everything))[:most]]
