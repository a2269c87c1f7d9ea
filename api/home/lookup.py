"""What somebody typed into "which grid is this?", and what there is to answer."""

import re
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from api.home.finding import FoundGrid, find_grids
from boundaries.addresses.geocoding import geocode
from geogrid.editions import Duty, Edition, GridInfo, Located

_PAIR = re.compile(r"\s*(-?\d+(?:\.\d+)?)°?\s*[,，;；\s]\s*(-?\d+(?:\.\d+)?)°?\s*")
_MOST_LON, _MOST_LAT = 180.0, 90.0

LookupOutcome = Literal["found", "outside", "not_found", "bad_coordinates", "grids"]


@dataclass(frozen=True, slots=True)
class Lookup:
    """The answer to one question.

    Parameters
    ----------
    query : str
        As typed.
    outcome : {"found", "outside", "not_found", "bad_coordinates", "grids"}
        What came of it; `grids`: what was typed is a code, a name, or somebody on duty.
    lon, lat : float, optional
        The place, WGS 84.
    located : Located, optional
        Its grid, chain and duties.
    address : str
        The known address that matched, empty for coordinates.
    error_m : float
        Uncertainty of the place, metres.
    is_exchanged : bool
        The numbers were read as latitude, longitude, since only so they are inside.
    grids : tuple of FoundGrid
        Those that fit, the best first.
    """

    query: str
    outcome: LookupOutcome
    lon: float | None = None
    lat: float | None = None
    located: Located | None = None
    address: str = ""
    error_m: float = 0.0
    is_exchanged: bool = False
    grids: tuple[FoundGrid, ...] = ()

    @property
    def duties(self) -> tuple[tuple[GridInfo, Duty], ...]:
        """Who is on duty, the leaf grid's first."""
        if self.located is None:
            return ()
        return tuple((grid, duty) for grid in self.located.chain for duty in self.located.duties[grid.code])


def look_up(session: Session, jurisdiction_id: int, edition: Edition, query: str) -> Lookup:
    """Return the grid of typed coordinates or of a typed address, or grids by code, name or who is on duty."""
    pair = _PAIR.fullmatch(query)
    if pair is not None:
        return _coordinates(edition, query, float(pair[1]), float(pair[2]))
    grids = tuple(find_grids(edition, query))
    whole = tuple(each for each in grids if each.rank == 0)
    if whole:
        return Lookup(query, "grids", grids=whole)
    answer = geocode(session, jurisdiction_id, query)
    if answer is None:
        return Lookup(query, "grids" if grids else "not_found", grids=grids)
    located = edition.locate(answer.lon, answer.lat, error_m=answer.positional_error_m)
    return Lookup(
        query,
        "outside" if located is None else "found",
        lon=answer.lon,
        lat=answer.lat,
        located=located,
        address=answer.address,
        error_m=answer.positional_error_m,
    )


def _coordinates(edition: Edition, query: str, first: float, second: float) -> Lookup:
    for lon, lat, is_exchanged in ((first, second, False), (second, first, True)):
        if abs(lon) <= _MOST_LON and abs(lat) <= _MOST_LAT:
            located = edition.locate(lon, lat)
            if located is not None:
                return Lookup(query, "found", lon=lon, lat=lat, located=located, is_exchanged=is_exchanged)
    if abs(first) > _MOST_LON or abs(second) > _MOST_LAT:
        return Lookup(query, "bad_coordinates")
    return Lookup(query, "outside", lon=first, lat=second)
