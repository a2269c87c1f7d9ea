"""Where the scan looks: circles and ellipses as orders of places round a centre, connected sets of near ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geogrid.errors import InvalidInputError
from geogrid.hotspot.scan_kernels import connected_masks
from geogrid.hotspot.weights import SpatialWeights
from geogrid.types import FloatArray, IntArray

SHAPES: Final = ((1.5, 4), (2.0, 6), (3.0, 9), (4.0, 12), (5.0, 15))
"""Long over short axis, and how many directions are tried, after Kulldorff and others (2006), An elliptic spatial scan
statistic."""

MOST_FLEXIBLE: Final = 12
_CENTRES_AT_ONCE: Final = 256
_EARTH_KM: Final = 6371.0


@dataclass(frozen=True, slots=True)
class Orders:
    """Places by distance from centres; every beginning of a row is a zone.

    Parameters
    ----------
    centres : (m,) int64
        Positions of the centres.
    places : (m, k) int32
        Positions, nearest first; equal distances by position.
    lengths : (m,) int64
        How many of each row may be taken.
    factor : float
        What the log likelihood ratio of these zones is multiplied by: long ellipses count less.
    shape : float
        Long over short axis; 1 for circles.
    angle : float
        Radians from the x axis to the long one.
    """

    centres: IntArray
    places: NDArray[np.int32]
    lengths: IntArray
    factor: float = 1.0
    shape: float = 1.0
    angle: float = 0.0


def orders(
    xy: FloatArray,
    population: FloatArray,
    *,
    max_share: float,
    max_radius_m: float | None = None,
    is_elliptic: bool = False,
) -> Iterator[Orders]:
    """Return circles, and ellipses, round every place, a few centres at a time.

    Parameters
    ----------
    xy : (n, 2) float64
        Metres, or any plane measure.
    population : (n,) float64
        What a zone may hold a share of at most.
    max_share : float
        Above 0, at most 0.5.
    max_radius_m : float, optional
        Longest distance from the centre, along the long axis.
    is_elliptic : bool
        Whether ellipses are tried, too.
    """
    limit = max_share * population.sum()
    for shape, count in ((1.0, 1), *(SHAPES if is_elliptic else ())):
        for turn in range(count):
            angle = np.pi * turn / count
            plane = _stretched(xy, shape, angle) if shape > 1.0 else xy
            factor = np.sqrt(4.0 * shape / (shape + 1.0) ** 2)
            for start in range(0, len(xy), _CENTRES_AT_ONCE):
                centres = np.arange(start, min(start + _CENTRES_AT_ONCE, len(xy)))
                places, lengths = _ordered(plane, centres, population, limit, max_radius_m)
                yield Orders(centres, places, lengths, float(factor), shape, angle)


def _stretched(xy: FloatArray, shape: float, angle: float) -> FloatArray:
    """Return the plane in which the ellipses of a shape and an angle are circles."""
    long = xy @ np.array([np.cos(angle), np.sin(angle)])
    short = xy @ np.array([-np.sin(angle), np.cos(angle)]) * shape
    return np.column_stack([long, short])


def _ordered(
    plane: FloatArray, centres: IntArray, population: FloatArray, limit: float, radius_m: float | None
) -> tuple[NDArray[np.int32], IntArray]:
    """Return places by distance; distance and position are sorted as one whole number, since that is quickest."""
    squares = sum((plane[centres, axis, None] - plane[:, axis]) ** 2 for axis in range(plane.shape[1]))
    apart = np.sqrt(squares).astype(np.float32)
    keys = (apart.view(np.uint32).astype(np.int64) << 32) | np.arange(len(plane))
    most = int(np.searchsorted(np.cumsum(np.sort(population)), limit, side="right"))
    if most < len(plane) // 2:
        keys = np.partition(keys, most, axis=1)[:, : most + 1]
    keys.sort(axis=1)
    places = (keys & 0xFFFFFFFF).astype(np.int32)
    lengths = (np.cumsum(population[places], axis=1) <= limit * (1.0 + 1e-12)).sum(axis=1)
    if radius_m is not None:
        lengths = np.minimum(lengths, (keys >> 32 <= int(np.float32(radius_m).view(np.uint32))).sum(axis=1))
    return np.ascontiguousarray(places[:, : max(int(lengths.max()), 1)]), lengths.astype(np.int64)


def on_sphere(lonlat: FloatArray) -> FloatArray:
    """Return (n, 3) float64, kilometres: points of the globe in space, where the nearest by chord is the nearest."""
    lon, lat = np.radians(lonlat).T
    return _EARTH_KM * np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


@dataclass(frozen=True, slots=True)
class FlexibleZones:
    """Connected sets of places near each centre.

    Parameters
    ----------
    near : (n, k) int32
        Places near each centre, itself first.
    masks, starts : int64
        As `connected_masks`.
    """

    near: NDArray[np.int32]
    masks: IntArray
    starts: IntArray

    def members(self, centre: int, mask: int) -> IntArray:
        """Return the places of a set."""
        bits = [bit for bit in range(self.near.shape[1]) if mask >> bit & 1]
        return self.near[centre, bits].astype(np.int64)


def flexible_zones(xy: FloatArray, weights: SpatialWeights, *, members: int) -> FlexibleZones:
    """Return every connected set of the nearest places of each place that holds it.

    Raises
    ------
    InvalidInputError
        More members are wanted than can be tried, or than there are places.

    References
    ----------
    Tango and Takahashi (2005), A flexibly shaped spatial scan statistic for detecting clusters.
    """
    most = min(MOST_FLEXIBLE, len(xy))
    if not 2 <= members <= most:  # noqa: PLR2004 - a set of one is no shape
        raise InvalidInputError.of(
            "members",
            f"Sets of up to {members} grids cannot be tried: their number doubles with each grid.",
            f"Give 2 to {most}, or scan with circles.",
            subject="members",
        )
    _, nearest = cKDTree(xy).query(xy, k=members)
    near: NDArray[np.int32] = np.asarray(nearest).astype(np.int32)
    for centre in np.flatnonzero(near[:, 0] != np.arange(len(xy))).tolist():  # places on one spot
        near[centre] = [centre, *[i for i in near[centre] if i != centre][: members - 1]]
    touching = np.zeros(near.shape, dtype=np.int64)
    for centre, row in enumerate(near):
        for position, place in enumerate(row.tolist()):
            held = np.flatnonzero(np.isin(row, weights.of(place)))
            touching[centre, position] = sum(1 << int(bit) for bit in held)
    masks, starts = connected_masks(near, touching)
    return FlexibleZones(near, masks, starts)
