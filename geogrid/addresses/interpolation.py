"""A house number that is not known: between its known neighbours, or beyond the last number of its street."""

from collections.abc import Sequence
from typing import Final

from geogrid.addresses.gazetteer import GazetteerPlace
from geogrid.addresses.numbers import HouseNumber
from geogrid.addresses.street import (
    BUILDING_ERROR_M,
    LEAST_STREET_ERROR_M,
    AddressPoint,
    apart_m,
    by_area,
    middle_of,
)

_METRES_PER_NUMBER: Final = 8.0
_MOST_METRES_PER_NUMBER: Final = 25.0
_ACROSS_THE_STREET_M: Final = 20.0
_FARTHEST_M: Final = 600.0
_OWN_SIDE: Final = 1.5
_OWN_SIDE_NUMBERS: Final = 20


def near_spots(number: HouseNumber, places: Sequence[GazetteerPlace]) -> list[AddressPoint]:
    """Return where an unknown number is likely: between its neighbours, else beyond the last of them.

    Notes
    -----
    Only house numbers stand in a row; of buildings and village groups no number tells where another one is.
    """
    nearest = []
    for group in by_area([place for place in places if place.place is not None and not place.kind]):
        tried = [_near(start, group) for start in number.starts()]
        spots = [spot for spot in tried if spot is not None and spot.error_m <= _FARTHEST_M]
        if spots:
            nearest.append(min(spots, key=lambda spot: (spot.level == "nearest_number", spot.error_m)))
    return nearest


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
        max(abs(steps) * _METRES_PER_NUMBER, LEAST_STREET_ERROR_M),
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
        max(abs(steps) * max(spacing, 1.0) * 0.7, LEAST_STREET_ERROR_M),
        "nearest_number",
        end.places,
    )
