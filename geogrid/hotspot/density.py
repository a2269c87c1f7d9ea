"""Kernel density: cases per square kilometre in the plane, or per kilometre along the streets."""

import heapq
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from scipy.spatial import cKDTree

from geogrid.errors import InvalidInputError
from geogrid.types import FloatArray, GeometryArray, IntArray

_PER_KM: Final = 1000.0
_NODE_DECIMALS: Final = 3


def plane_density(xy: FloatArray, places: FloatArray, *, bandwidth_m: float) -> FloatArray:
    """Return the density of cases at places, by Epanechnikov's kernel.

    Parameters
    ----------
    xy : (n, 2) float64
        Cases, metres.
    places : (m, 2) float64
        Where the density is asked for, metres.
    bandwidth_m : float
        How far a case is felt, above 0.

    Returns
    -------
    (m,) float64
        Cases per square kilometre.

    References
    ----------
    Silverman (1986), Density estimation for statistics and data analysis, equation 4.5.
    """
    _require_bandwidth(bandwidth_m)
    density = np.zeros(len(places))
    if len(xy) and len(places):
        apart = cKDTree(places).sparse_distance_matrix(cKDTree(xy), bandwidth_m, output_type="ndarray")
        felt = 2.0 / (np.pi * bandwidth_m**2) * (1.0 - (apart["v"] / bandwidth_m) ** 2)
        np.add.at(density, apart["i"], felt)
    return density * _PER_KM**2


@dataclass(frozen=True, slots=True)
class StreetNet:
    """Streets as pieces between nodes.

    Parameters
    ----------
    ends : (m, 2) int64
        Nodes of each piece.
    lengths_m : (m,) float64
        Of each piece.
    lines : (m,) array of LineString
        In metres, from the first node to the second.
    """

    ends: IntArray
    lengths_m: FloatArray
    lines: GeometryArray

    @classmethod
    def of(cls, streets: GeometryArray) -> "StreetNet":
        """Return the net of streets that are cut where they meet; ends within a millimetre are one node.

        Parameters
        ----------
        streets : array of LineString or MultiLineString
            In metres.
        """
        lines = shapely.get_parts(streets)
        lines = lines[shapely.length(lines) > 0]
        ends = np.concatenate(
            [
                shapely.get_coordinates(shapely.get_point(lines, 0)),
                shapely.get_coordinates(shapely.get_point(lines, -1)),
            ]
        )
        _, node = np.unique(ends.round(_NODE_DECIMALS), axis=0, return_inverse=True)
        return cls(node.reshape(2, -1).T.astype(np.int64), shapely.length(lines), lines)


def street_density(net: StreetNet, points: GeometryArray, *, bandwidth_m: float) -> FloatArray:
    """Return the density of cases at the middle of each piece of street, felt along the streets only.

    Each case is felt on the nearest street. At a junction of d pieces what goes on is divided among the d - 1 others,
    so that every case counts as one in all (Okabe's equal-split discontinuous kernel).

    Parameters
    ----------
    net : StreetNet
        Streets.
    points : (n,) array of Point
        Cases, metres, in the reference system of the streets.
    bandwidth_m : float
        How far a case is felt along the streets, above 0.

    Returns
    -------
    (m,) float64
        Cases per kilometre of street.

    References
    ----------
    Okabe, Satoh and Sugihara (2009), A kernel density estimation method for networks.
    """
    _require_bandwidth(bandwidth_m)
    at_node: dict[int, list[int]] = {}
    for piece, ends in enumerate(net.ends.tolist()):
        for node in ends:
            at_node.setdefault(node, []).append(piece)
    density = np.zeros(len(net.lines))
    if not len(points) or not len(net.lines):
        return density
    nearest = shapely.STRtree(net.lines).nearest(points)
    along = shapely.line_locate_point(net.lines[nearest], points)
    for piece, place in zip(nearest.tolist(), along.tolist(), strict=True):
        _spread(net, at_node, piece, place, bandwidth_m, density)
    return density * _PER_KM


def _spread(  # noqa: PLR0913, PLR0917 - called for each case
    net: StreetNet, at_node: dict[int, list[int]], piece: int, place: float, reach_m: float, density: FloatArray
) -> None:
    """Add one case to the density of every piece whose middle it reaches."""
    lengths, ends = net.lengths_m, net.ends
    density[piece] += _felt(abs(lengths[piece] / 2.0 - place), reach_m)
    waiting = [
        (place, int(ends[piece, 0]), piece, 1.0),
        (float(lengths[piece]) - place, int(ends[piece, 1]), piece, 1.0),
    ]
    heapq.heapify(waiting)
    while waiting:
        gone, node, came, share = heapq.heappop(waiting)
        onward = [other for other in at_node[node] if other != came]
        if gone >= reach_m or not onward:
            continue
        part = share / len(onward)
        for other in onward:
            density[other] += part * _felt(gone + lengths[other] / 2.0, reach_m)
            far = int(ends[other, 1] if ends[other, 0] == node else ends[other, 0])
            heapq.heappush(waiting, (gone + float(lengths[other]), far, other, part))


def _felt(apart_m: float, reach_m: float) -> float:
    """Return Epanechnikov's kernel in one dimension, per metre."""
    return 0.75 / reach_m * (1.0 - (apart_m / reach_m) ** 2) if apart_m < reach_m else 0.0


def _require_bandwidth(bandwidth_m: float) -> None:
    if not (np.isfinite(bandwidth_m) and bandwidth_m > 0):
        raise InvalidInputError.of(
            "bandwidth_m", f"A bandwidth of {bandwidth_m:g} m reaches nowhere.", "Give metres above 0, e.g. 500."
        )
