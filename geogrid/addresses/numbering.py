"""How a town numbers its streets: where all streets that run one way count alike, a number tells how far along it is.

Much of North America numbers so: on every street with W in its name, number 2400 stands at the same cross street.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np

from geogrid.addresses.gazetteer import GazetteerPlace
from geogrid.addresses.numbers import HouseNumber
from geogrid.addresses.street import BUILDING_ERROR_M, AddressPoint, PlaceLevel
from geogrid.addresses.words import DIRECTIONS
from geogrid.coordinates import metres_per_degree
from geogrid.types import FloatArray, IntArray

_LEAST_ADDRESSES: Final = 200
_BLOCK: Final = 100
_LEAST_OF_A_BLOCK: Final = 5
_MOST_ERROR_M: Final = 100.0
_LEAST_SHARE: Final = 0.7
"""Of the addresses of a direction that have to be where the rule says; else the town does not number so."""
_WIDEST_GAP: Final = 300
_OUTLIERS: Final = 3.0
_ROUNDS: Final = 4
_SURE_SHARE: Final = 0.9
_PARALLEL: Final = 0.98
_OFF_THE_GRID: Final = 2.0
_SLANT: Final = 0.05
_SLANT_OF_ONE: Final = 0.1
_SLANT_OF_DIAGONAL: Final = 0.4
"""How far a street may turn aside on its way from the nearest known number, metres for each metre."""
_STRAIGHT: Final = 0.1
_LEAST_RUN_M: Final = 50.0


def direction_of(key: str) -> str:
    """Return the direction that a normalised street begins with: "w" of "w 26 st"; empty without one."""
    first, _, rest = key.partition(" ")
    return first if rest and first in DIRECTIONS else ""


@dataclass(frozen=True, slots=True)
class Axis:
    """How far along the streets of one direction each number is.

    Parameters
    ----------
    east, north : float
        The way along which numbers count, a vector of length one; never to the west.
    numbers : tuple of float
        Ascending, one for each hundred of them that is known well.
    along_m : tuple of float
        How far along that way each is, metres.
    error_m : tuple of float
        How far off nine of ten addresses of that hundred are at most, metres.
    """

    east: float
    north: float
    numbers: tuple[float, ...]
    along_m: tuple[float, ...]
    error_m: tuple[float, ...]

    def at(self, number: int) -> tuple[float, float] | None:
        """Return how far along a number is and the error, metres; None where no known number is near."""
        after = min(max(int(np.searchsorted(self.numbers, number)), 1), len(self.numbers) - 1)
        first, last = self.numbers[after - 1], self.numbers[after]
        if last - first > _WIDEST_GAP or not first - _BLOCK <= number <= last + _BLOCK:
            return None
        start_m, end_m = self.along_m[after - 1], self.along_m[after]
        along_m = start_m + (end_m - start_m) * (number - first) / (last - first)
        return along_m, max(self.error_m[after - 1 : after + 1])

    def is_parallel(self, other: "Axis") -> bool:
        """Return whether both count along the same way, forth or back."""
        return abs(self.east * other.east + self.north * other.north) > _PARALLEL


@dataclass(frozen=True, slots=True)
class TownNumbering:
    """How a town numbers its streets, by the direction in their names; nothing where it follows no such rule.

    Parameters
    ----------
    origin : tuple of float
        Longitude and latitude from which metres are counted.
    axes : mapping of str to Axis
        By direction.
    """

    origin: tuple[float, float] = (0.0, 0.0)
    axes: Mapping[str, Axis] = field(default_factory=dict)

    def spot(
        self, number: HouseNumber, query_key: str, entry_key: str, places: Sequence[GazetteerPlace]
    ) -> AddressPoint | None:
        """Return where a number is on a street by the town's rule and the street's known numbers, None if unknown.

        Parameters
        ----------
        number : HouseNumber
            As asked.
        query_key : str
            The street as asked, normalised.
        entry_key : str
            The street as known, normalised; its direction may be another one.
        places : sequence of GazetteerPlace
            Numbers of the street.
        """
        ours, theirs = (self.axes.get(direction_of(key)) for key in (query_key, entry_key))
        numbered = [place for place in places if place.place is not None and not place.kind]
        if ours is None or theirs is None or not ours.is_parallel(theirs) or not numbered:
            return None
        place_on_axis = ours.at(number.first)
        if place_on_axis is None:
            return None
        along_m, error_m = place_on_axis
        xy = self._metres(np.array([(place.lon, place.lat) for place in numbered]))
        own_m, aside_m = xy @ (ours.east, ours.north), xy @ (-ours.north, ours.east)
        nearest = int(np.abs(own_m - along_m).argmin())
        if not self._is_on_grid(theirs, numbered[nearest], xy[nearest]):
            return None
        aside, unsure_m = _aside(along_m, own_m, aside_m)
        lon, lat = self._degrees(
            along_m * ours.east - aside * ours.north,
            along_m * ours.north + aside * ours.east,
        )
        first = numbered[nearest]
        is_between = own_m.min() <= along_m <= own_m.max()
        level: PlaceLevel = "between_numbers" if is_between else "nearest_number"
        return AddressPoint(lon, lat, error_m + BUILDING_ERROR_M + unsure_m, level, (first,), is_by_rule=True)

    def _is_on_grid(self, axis: Axis, place: GazetteerPlace, xy: FloatArray) -> bool:
        """Return whether a known number is where the rule says: streets of their own count are left in peace."""
        said = axis.at(place.place or 0)
        if said is None:
            return False
        return abs(float(xy @ (axis.east, axis.north)) - said[0]) <= _OFF_THE_GRID * said[1] + BUILDING_ERROR_M

    def _metres(self, lonlat: FloatArray) -> FloatArray:
        xy_m: FloatArray = (lonlat - np.array(self.origin)) * _scale(self.origin)
        return xy_m

    def _degrees(self, east_m: float, north_m: float) -> tuple[float, float]:
        lon, lat = (np.array([east_m, north_m]) / _scale(self.origin) + np.array(self.origin)).tolist()
        return lon, lat

    def to_document(self) -> dict[str, Any]:
        """Return it as plain values, for a store."""
        return {
            "origin": list(self.origin),
            "axes": {
                direction: [axis.east, axis.north, list(axis.numbers), list(axis.along_m), list(axis.error_m)]
                for direction, axis in self.axes.items()
            },
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Return what `to_document` wrote."""
        axes = {
            direction: Axis(east, north, tuple(numbers), tuple(along_m), tuple(error_m))
            for direction, (east, north, numbers, along_m, error_m) in document["axes"].items()
        }
        lon, lat = document["origin"]
        return cls((lon, lat), axes)


def learn_numbering(directions: Sequence[str], numbers: IntArray, lonlat: FloatArray) -> TownNumbering:
    """Return how a town numbers its streets, learned from its addresses.

    Parameters
    ----------
    directions : sequence of str
        Of each address's street, by `direction_of`.
    numbers : (n,) int64
        House numbers.
    lonlat : (n, 2) float64
        Degrees.
    """
    if len(numbers) < _LEAST_ADDRESSES:
        return TownNumbering()
    lon, lat = np.median(lonlat, axis=0).tolist()
    origin = (lon, lat)
    xy = (lonlat - np.array(origin)) * _scale(origin)
    of = np.array(directions)
    axes = {}
    for direction in sorted(set(directions) - {""}):
        mine = of == direction
        axis = _learn_axis(numbers[mine].astype(np.float64), xy[mine])
        if axis is not None:
            axes[direction] = axis
    return TownNumbering(origin, axes)


def _learn_axis(numbers: FloatArray, xy: FloatArray) -> Axis | None:
    if len(numbers) < _LEAST_ADDRESSES:
        return None
    way = _way_of(numbers, xy)
    along_m = xy @ way
    blocks = (numbers // _BLOCK).astype(np.int64)
    counts = np.bincount(blocks)
    middles = [
        (float(np.median(numbers[blocks == block])), float(np.median(along_m[blocks == block])))
        for block in np.flatnonzero(counts >= _LEAST_OF_A_BLOCK)
    ]
    if len(middles) < 2:  # noqa: PLR2004 - a line needs two points
        return None
    knots = np.array(middles)
    off_m = np.abs(np.interp(numbers, knots[:, 0], knots[:, 1]) - along_m)
    kept = []
    explained = 0
    for block, knot in zip(np.flatnonzero(counts >= _LEAST_OF_A_BLOCK), middles, strict=True):
        error_m = float(np.quantile(off_m[blocks == block], _SURE_SHARE))
        if error_m <= _MOST_ERROR_M:
            kept.append((*knot, error_m))
            explained += int(counts[block])
    if explained < _LEAST_SHARE * len(numbers):
        return None
    marks, places, errors = zip(*kept, strict=True)
    return Axis(float(way[0]), float(way[1]), marks, places, errors)


def _way_of(numbers: FloatArray, xy: FloatArray) -> FloatArray:
    """Return the way along which numbers grow most evenly, a vector of length one to the east; outliers left out."""
    is_in = np.ones(len(numbers), dtype=bool)
    table = np.column_stack([xy, np.ones(len(xy))])
    slope: FloatArray = np.zeros(3, dtype=np.float64)
    for _ in range(_ROUNDS):
        slope = np.asarray(np.linalg.lstsq(table[is_in], numbers[is_in], rcond=None)[0], dtype=np.float64)
        off = np.abs(table @ slope - numbers)
        is_in = off <= _OUTLIERS * max(float(np.median(off[is_in])), 1.0)
    way = slope[:2] / max(float(np.hypot(*slope[:2])), 1e-12)
    forward: FloatArray = way if (way[0], way[1]) >= (0.0, 0.0) else -way
    return forward


def _aside(along_m: float, own_m: FloatArray, aside_m: FloatArray) -> tuple[float, float]:
    """Return how far aside a street is at some way along, by its known numbers, and how unsure that is, metres."""
    order = np.argsort(own_m, kind="stable")
    own, aside = own_m[order], aside_m[order]
    gap_m = float(np.abs(own - along_m).min())
    if own[0] <= along_m <= own[-1]:
        return float(np.interp(along_m, own, aside)), _SLANT * gap_m
    end, other = (0, int(np.searchsorted(own, own[0] + _LEAST_RUN_M))) if along_m < own[0] else (
        len(own) - 1, int(np.searchsorted(own, own[-1] - _LEAST_RUN_M, side="right")) - 1
    )  # fmt: skip
    if not 0 <= other < len(own):
        return float(aside[end]), _SLANT_OF_ONE * gap_m
    slant = float((aside[other] - aside[end]) / (own[other] - own[end]))
    if abs(slant) <= _STRAIGHT:
        return float(aside[end]), _SLANT * gap_m
    return float(aside[end] + slant * (along_m - own[end])), _SLANT_OF_DIAGONAL * gap_m


def _scale(origin: tuple[float, float]) -> FloatArray:
    along_lon, along_lat = metres_per_degree(np.array([origin[1]]))
    return np.array([along_lon[0], along_lat[0]])
