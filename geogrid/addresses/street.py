"""Where a known number of a street is, and a street, place or area as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np

from geogrid.addresses.details import Details, narrowed
from geogrid.addresses.gazetteer import GazetteerPlace
from geogrid.addresses.numbers import HouseNumber
from geogrid.coordinates import metres_apart, metres_per_degree
from geogrid.types import FloatArray

PlaceLevel = Literal[
    "room", "unit", "building", "house_number", "between_numbers", "nearest_number", "name", "crossing", "street",
    "village_group", "community", "town", "district",
]  # fmt: skip
"""What of an address matched, from the narrowest to the widest."""

BUILDING_ERROR_M: Final = 15.0
_LEAST_ERROR_M: Final[Mapping[PlaceLevel, float]] = {
    "street": 30.0,
    "village_group": 100.0,
    "community": 400.0,
    "town": 2_000.0,
    "district": 8_000.0,
}
LEAST_STREET_ERROR_M: Final = _LEAST_ERROR_M["street"]
_ONE_STREET_M: Final = 500.0
_MOST_GROUPS: Final = 30
_APART_M: Final = 250.0


@dataclass(frozen=True, slots=True)
class AddressPoint:
    """A point with what it was found by; `places` are the known addresses that it rests on.

    `is_by_rule` says that the town's numbering of all streets put it there.
    """

    lon: float
    lat: float
    error_m: float
    level: PlaceLevel
    places: tuple[GazetteerPlace, ...]
    is_by_rule: bool = False


def distance_m(lonlat: FloatArray) -> FloatArray:
    """Return the distances between all pairs of (n, 2) points a town apart at most, metres, as (n, n)."""
    along_lon, along_lat = metres_per_degree(lonlat[:1, 1])
    offset = (lonlat[:, None, :] - lonlat[None, :, :]) * np.array([along_lon[0], along_lat[0]])
    distance: FloatArray = np.hypot(offset[..., 0], offset[..., 1])
    return distance


def closest_between(ones: FloatArray, others: FloatArray) -> tuple[float, float, float]:
    """Return the middle (lon, lat) of the closest pair out of two sets of (n, 2) points, and their distance, metres."""
    scale = np.array([length[0] for length in metres_per_degree(ones[:1, 1])])
    offset = (ones[:, None, :] - others[None, :, :]) * scale
    distance = np.hypot(offset[..., 0], offset[..., 1])
    one, other = np.unravel_index(int(distance.argmin()), distance.shape)
    lon, lat = ((ones[one] + others[other]) / 2).tolist()
    return lon, lat, float(distance[one, other])


class _Spot(Protocol):
    @property
    def lon(self) -> float: ...

    @property
    def lat(self) -> float: ...


def apart_m(first: _Spot, second: _Spot) -> float:
    """Return the distance of two spots, metres."""
    return metres_apart(first.lon, first.lat, second.lon, second.lat)


def exact_spots(
    number: HouseNumber,
    places: Sequence[GazetteerPlace],
    details: Details = Details(),  # noqa: B008 - frozen
) -> list[AddressPoint]:
    """Return where a number is known to be: one spot for each group of addresses that lie together.

    Parameters
    ----------
    number : HouseNumber
        As asked; a range such as 12-20 is the stretch between both; a part such as 12-1 is at 12.
    places : sequence of GazetteerPlace
        Of one name.
    details : Details
        Building, unit and room: of several addresses of the number those that agree are meant.
    """
    same = [place for place in places if place.number_key == number.key]
    if not same:
        joined = number.key.replace("-", "")
        same = [place for place in places if "-" in place.number_key and place.number_key.replace("-", "") == joined]
    if not same and number.second is not None:
        same = [place for place in places if place.place == number.block_place and "-" in place.number_key]
        stretches = [] if same or _counts_blocks(places) else _stretches(number, places)
        if stretches:
            return stretches
    if not same and (number.second is None or not _counts_blocks(places)):
        same = [place for place in places if place.place == number.first]
    meant, level = narrowed(same, details)
    return [middle_of(group, level or group[0].kind or "house_number") for group in together(meant)]


def _counts_blocks(places: Sequence[GazetteerPlace]) -> bool:
    """Return whether the hyphens of a street's numbers set blocks apart, as in Queens."""
    hyphenated = [place for place in places if place.place is not None and "-" in place.number_key]
    return any((place.place or 0) > int(place.number_key.partition("-")[0]) * 100 for place in hyphenated)


def _stretches(number: HouseNumber, places: Sequence[GazetteerPlace]) -> list[AddressPoint]:
    """Return the stretches that a range such as 12-20 takes up, where both of its ends are known."""
    stretches = []
    for group in by_area([place for place in places if not place.kind]):
        first, last = ([place for place in group if place.place == end] for end in (number.first, number.range_end))
        if first and last:
            ends = middle_of(first, "house_number"), middle_of(last, "house_number")
            middle = (ends[0].lon + ends[1].lon) / 2, (ends[0].lat + ends[1].lat) / 2
            error_m = apart_m(*ends) / 2 + BUILDING_ERROR_M
            stretches.append(AddressPoint(*middle, error_m, "between_numbers", (*ends[0].places, *ends[1].places)))
    return stretches


def whole_spots(places: Sequence[GazetteerPlace]) -> list[AddressPoint]:
    """Return where a name without a number is: its places, its areas, or the middle of a street that spans it."""
    points: list[AddressPoint] = []
    plain = [place for place in places if place.place is None and not place.kind]
    points += [middle_of(group, "name") for group in together(plain)]
    areas = [middle_of([place], place.kind) for place in places if place.place is None and place.kind]
    if areas:
        return [*points, *areas]
    for kind, level in (("", "street"), ("building", "name"), ("village_group", "community")):
        numbered = [place for place in places if place.place is not None and place.kind == kind]
        groups = _by_street(numbered) if level == "street" else by_area(numbered)
        points += [middle_of(group, level) for group in groups]  # type: ignore[arg-type]
    return points


def middle_of(same: Sequence[GazetteerPlace], level: PlaceLevel) -> AddressPoint:
    """Return the one of several places that is most in their middle, with an error that takes them all in."""
    ordered = sorted(
        {place.address_id: place for place in same}.values(), key=lambda place: (place.lon, place.lat, place.address_id)
    )
    chosen, farthest_m = ordered[0], 0.0
    if len(ordered) > 1:
        distance = distance_m(np.array([(place.lon, place.lat) for place in ordered]))
        middle = int(distance.sum(axis=0).argmin())
        chosen, farthest_m = ordered[middle], float(distance[middle].max())
    error_m = max(farthest_m, chosen.error_m, _LEAST_ERROR_M.get(level, BUILDING_ERROR_M))
    return AddressPoint(chosen.lon, chosen.lat, error_m, level, (chosen,))


def together(places: Sequence[GazetteerPlace]) -> list[list[GazetteerPlace]]:
    """Return places in groups that lie within 250 m of their first member."""
    groups: list[list[GazetteerPlace]] = []
    for place in sorted(places, key=lambda place: (place.lon, place.lat, place.address_id)):
        home = next((group for group in groups if apart_m(group[0], place) <= _APART_M), None)
        if home is None:
            groups.append([place])
        else:
            home.append(place)
    return groups


def _by_street(places: Sequence[GazetteerPlace]) -> list[list[GazetteerPlace]]:
    """Return places in groups that are one street each: parts of it in other areas that begin where it ends join it."""
    streets: list[list[GazetteerPlace]] = []
    for part in by_area(places)[:_MOST_GROUPS]:
        lonlat = _lonlat(part)
        beside = [street for street in streets if closest_between(lonlat, _lonlat(street))[2] <= _ONE_STREET_M]
        streets = [street for street in streets if street not in beside]
        streets.append([place for street in (*beside, part) for place in street])
    return streets


def _lonlat(places: Sequence[GazetteerPlace]) -> FloatArray:
    return np.array([(place.lon, place.lat) for place in places], dtype=np.float64)


def by_area(places: Sequence[GazetteerPlace]) -> list[list[GazetteerPlace]]:
    """Return places in groups that are of one area each."""
    areas: dict[str, list[GazetteerPlace]] = {}
    for place in places:
        areas.setdefault(place.areas, []).append(place)
    return [areas[name] for name in sorted(areas)]
