"""Many points on their way through: read, checked, located."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from api.kit.limits import MOST_ERRORS
from api.locate.bodies import Shape, edition_shape
from geogrid.coordinates import to_wgs84
from geogrid.editions import Edition
from geogrid.errors import InvalidInputError, Problem
from geogrid.index import GridIndex
from geogrid.types import BoolArray, CoordType, FloatArray, IntArray

_LARGEST_LON: Final = 180.0
_LARGEST_LAT: Final = 90.0


@dataclass(frozen=True, slots=True)
class Points:
    """Points of a request, in order.

    Parameters
    ----------
    lon, lat : (n,) float64
        Degrees in the datum of the request; NaN where the point is not known.
    rest : object
        What the answer repeats: the identifiers, or the other columns.
    """

    lon: FloatArray
    lat: FloatArray
    rest: Any


@dataclass(frozen=True)
class PointWork:
    """What a request with many points is answered by.

    Parameters
    ----------
    index : GridIndex, optional
        Of the edition in force at the moment asked for.
    codes : sequence of str
        Codes of its leaves, by position.
    edition : dict, optional
        What the answer says of it.
    jurisdiction : str
        Its code.
    coord_type : {"wgs84", "gcj02", "bd09"}
        Datum of the points.
    """

    index: GridIndex | None
    codes: Sequence[str]
    edition: Shape | None
    jurisdiction: str
    coord_type: CoordType

    @classmethod
    def of(cls, edition: Edition | None, jurisdiction: str, coord_type: CoordType) -> "PointWork":
        """Return what answers by an edition."""
        if edition is None:
            return cls(None, (), None, jurisdiction, coord_type)
        codes = [str(leaf.code) for leaf in edition.leaves]
        return cls(edition.index, codes, edition_shape(edition), jurisdiction, coord_type)

    @cached_property
    def names(self) -> np.ndarray[Any, np.dtype[np.object_]]:
        """The codes, and None in the last place, which is that of -1, outside."""
        return np.array([*self.codes, None], dtype=object)

    def locate(self, points: Points) -> IntArray:
        """Return the positions of the leaves of points, -1 outside."""
        lon, lat = to_wgs84(points.lon, points.lat, self.coord_type)
        positions = np.full(len(lon), -1) if self.index is None else self.index.locate(lon, lat)
        return positions.astype(np.int64)


def check_lonlats(lon: FloatArray, lat: FloatArray, noun: str, before: int) -> None:
    """Refuse coordinates beyond the globe; NaN stays, since a missing point is an answer, not a mistake.

    Parameters
    ----------
    lon, lat : (n,) float64
        Degrees.
    noun : str
        What a point is in the request: point, line, row.
    before : int
        How many there were before these.

    Raises
    ------
    InvalidInputError
        With the first of them.
    """
    with np.errstate(invalid="ignore"):
        wrong: BoolArray = (np.abs(lon) > _LARGEST_LON) | (np.abs(lat) > _LARGEST_LAT)
    where = np.flatnonzero(wrong)
    if not len(where):
        return
    problems = [
        Problem(
            "beyond-the-globe",
            f"{noun.capitalize()} {before + number + 1} is {lon[number]:g}, {lat[number]:g}; lon must be from -180 to "
            "180, lat from -90 to 90.",
            subject=f"{noun} {before + number + 1}",
        )
        for number in where[:MOST_ERRORS].tolist()
    ]
    if len(where) > MOST_ERRORS:
        read = f"{before + len(lon):,}"
        problems.append(Problem("beyond-the-globe", f"{len(where):,} of {read} points are beyond the globe."))
    raise InvalidInputError(problems)


def raise_listed(problems: Sequence[Problem]) -> None:
    """Refuse a request with the problems found, at most `MOST_ERRORS`; reading stopped there."""
    if not problems:
        return
    listed = list(problems)
    if len(problems) >= MOST_ERRORS:
        listed.append(Problem(problems[0].kind, "Reading stopped here; there may be more."))
    raise InvalidInputError(listed)


def unreadable(message: str) -> InvalidInputError:
    """Return the refusal of a body."""
    return InvalidInputError.of("unreadable", message, "See POST /locate at /docs.", subject="body")
