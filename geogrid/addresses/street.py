"""A number on a street: known, between known ones, or beyond them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from geogrid.addresses.details import Details, narrowed
from geogrid.addresses.gazetteer import GazetteerPlace
from geogrid.addresses.numbers import HouseNumber
from geogrid.coordinates import metres_per_degree
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
_LEAST_STREET_ERROR_M: Final = _LEAST_ERROR_M["street"]
_ONE_STREET_M: Final = 500.0
_MOST_GROUPS: Final = 30
_APART_M: Final = 250.0
_METRES_PER_NUMBER: Final = 8.0
_MOST_METRES_PER_NUMBER: Final = 25.0
_ACROSS_THE_STREET_M: Final = 20.0
_FARTHEST_M: Final = 600.0
_OWN_SIDE: Final = 1.5
_OWN_SIDE_NUMBERS: Final = 20


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


def apart_m(first: AddressPoint | GazetteerPlace, second: AddressPoint | GazetteerPlace) -> float:
    """Return the distance of two spots, metres."""
    return float(distance_m(np.array([[first.lon, first.lat], [second.lon, second.lat]]))[0, 1])


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
    for group in _by_area([place for place in places if not place.kind]):
        first, last = ([place for place in group if place.place == end] for end in (number.first, number.range_end))
        if first and last:
            ends = middle_of(first, "house_number"), middle_of(last, "house_number")
            middle = (ends[0].lon + ends[1].lon) / 2, (ends[0].lat + ends[1].lat) / 2
            error_m = apart_m(*ends) / 2 + BUILDING_ERROR_M
            stretches.append(AddressPoint(*middle, error_m, "between_numbers", (*ends[0].places, *ends[1].places)))
    return stretches


def near_spots(number: HouseNumber, places: Sequence[GazetteerPlace]) -> list[AddressPoint]:
    """Return where an unknown number is likely: between its neighbours, else beyond the last of them.

    Notes
    -----
    Only house numbers stand in a row; of buildings and village groups no number tells where another one is.
    """
    nearest = []
    for group in _by_area([place for place in places if place.place is not None and not place.kind]):
        tried = [_near(start, group) for start in number.starts()]
        spots = [spot for spot in tried if spot is not None and spot.error_m <= _FARTHEST_M]
        if spots:
            nearest.append(min(spots, key=lambda spot: (spot.level == "nearest_number", spot.error_m)))
    return nearest


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
        groups = _by_street(numbered) if level == "street" else _by_area(numbered)
        points += [middle_of(group, level) for group in groups]  # type: ignore[arg-type]
    return points


def middle_of(same: Sequence[GazetteerPlace], level: PlaceLevel) -> AddressPoint:
    """Return the one of several places that is most in their middle, with an error that takes them all in."""
    ordered = sorted(
        {place.address_id: place for place in same}.values(), key=lambda place: (place.lon, place.lat, place.address_id)
    )
    distance = distance_m(np.array([(place.lon, place.lat) for place in ordered]))
    middle = int(distance.sum(axis=0).argmin())
    chosen = ordered[middle]
    error_m = max(float(distance[middle].max()), chosen.error_m, _LEAST_ERROR_M.get(level, BUILDING_ERROR_M))
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
    for part in _by_area(places)[:_MOST_GROUPS]:
        lonlat = _lonlat(part)
        beside = [street for street in streets if closest_between(lonlat, _lonlat(street))[2] <= _ONE_STREET_M]
        streets = [street for street in streets if street not in beside]
        streets.append([place for street in (*beside, part) for place in street])
    return streets


def _lonlat(places: Sequence[GazetteerPlace]) -> FloatArray:
    return np.array([(place.lon, place.lat) for place in places], dtype=np.float64)


def _by_area(places: Sequence[GazetteerPlace]) -> list[list[GazetteerPlace]]:
    areas: dict[str, list[GazetteerPlace]] = {}
    for place in places:
        areas.setdefault(place.areas, []).append(place)
    return [areas[name] for name in sorted(areas)]


def _near(number: int, group: Sequence[GazetteerPlace]) -> AddressPoint | None:
    by_place: dict[int, list[GazetteerPlace]] = {}
    for place in group:
        if place.place is not None:
            by_place.setdefault(place.place, []).append(place)
    side = _bracket(number, [place for place in by_place if (place - number) % 2 == 0])
    any_side = _bracket(number, list(by_place))
    chosen = side if _is_tighter(side, any_side) else any_side
    if chosen[0] is not None and chosen[1] is not None:
        return _between(number, by_place[chosen[0]], by_place[chosen[1]], across=chosen != side)
    return _beyond(number, by_place)


Bracket = tuple[int | None, int | None]


def _bracket(number: int, numbers: Sequence[int]) -> Bracket:
    below = max((place for place in numbers if place < number), default=None)
    return below, min((place for place in numbers if place > number), default=None)


def _is_tighter(side: Bracket, any_side: Bracket) -> bool:
    """Return whether the asked number's own side serves, or the other side's numbers are very much closer."""
    if side[0] is None or side[1] is None:
        return any_side[0] is None or any_side[1] is None
    if any_side[0] is None or any_side[1] is None:
        return True
    return side[1] - side[0] <= _OWN_SIDE * (any_side[1] - any_side[0]) + _OWN_SIDE_NUMBERS


def _between(
    number: int, low: Sequence[GazetteerPlace], high: Sequence[GazetteerPlace], *, across: bool
) -> AddressPoint:
    both = {place.address_id for place in low} & {place.address_id for place in high}
    if both and not across:  # the ends of a known range
        return middle_of([place for place in low if place.address_id in both], "house_number")
    first, last = middle_of(low, "house_number"), middle_of(high, "house_number")
    below, above = first.places[0].place or 0, last.places[0].place or 0
    part = (number - below) / (above - below)
    gap_m = apart_m(first, last)
    # Streets number evenly, but not exactly: the error is largest in the middle between the known numbers.
    error_m = max(gap_m * min(part, 1.0 - part) / 2, BUILDING_ERROR_M) + (_ACROSS_THE_STREET_M if across else 0.0)
    return AddressPoint(
        first.lon + part * (last.lon - first.lon),
        first.lat + part * (last.lat - first.lat),
        max(error_m, gap_m / 8),
        "between_numbers",
        (first.places[0], last.places[0]),
    )


def _beyond(number: int, by_place: dict[int, list[GazetteerPlace]]) -> AddressPoint | None:
    """Return a spot beyond the last known number, as far as the street's own spacing of numbers says."""
    if not by_place:
        return None
    nearest = sorted(by_place, key=lambda place: (abs(place - number), place))
    end = middle_of(by_place[nearest[0]], "house_number")
    steps = number - nearest[0]
    fallback = AddressPoint(
        end.lon,
        end.lat,
        max(abs(steps) * _METRES_PER_NUMBER, _LEAST_STREET_ERROR_M),
        "nearest_number",
        end.places,
    )
    # The spacing is read from a number about as far behind the end as the asked one is beyond it.
    behind = [place for place in nearest[1:] if abs(place - nearest[0]) >= min(abs(steps), 40) and place != nearest[0]]
    if not behind:
        return fallback
    other = middle_of(by_place[behind[0]], "house_number")
    spacing = apart_m(end, other) / abs(behind[0] - nearest[0])
    if spacing > _MOST_METRES_PER_NUMBER:
        return fallback
    ratio = steps / (nearest[0] - behind[0])
    return AddressPoint(
        end.lon + ratio * (end.lon - other.lon),
        end.lat + ratio * (end.lat - other.lat),
        max(abs(steps) * max(spacing, 1.0) * 0.7, _LEAST_STREET_ERROR_M),
        "nearest_number",
        end.places,
    )
