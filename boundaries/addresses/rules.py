"""What an address must have to be stored: a point on the earth, and a street or name that can be kept."""

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import shapely

from geogrid.coordinates import WGS84, require_crs
from geogrid.errors import InvalidInputError, Problem

LADDER = (
    "province",
    "city",
    "district",
    "town",
    "community",
    "village_group",
    "street",
    "house_number",
    "estate",
    "building",
    "unit",
    "room",
    "postcode",
    "name",
)
"""Columns of an address, from the widest area to the narrowest; a frame may have any of them."""

NO_ADDRESS = "neither street nor name"
"""What a row lacks that is no address: a building of a layer, for example."""

_NAMED_BY = ("street", "name", "estate", "community", "town")
_LONGEST_WORD = 300
_MOST_LON, _MOST_LAT = 180.0, 90.0


def address_words(frame: gpd.GeoDataFrame) -> dict[str, list[str]]:
    """Return the columns of `LADDER` as trimmed texts, empty where there is nothing."""
    return {
        name: frame[name].fillna("").astype(str).str.strip().tolist() if name in frame else [""] * len(frame)
        for name in LADDER
    }


def address_faults(frame: gpd.GeoDataFrame) -> list[str]:
    """Return why each row of a frame as `import_addresses` takes it cannot be stored, to say after "it has"; or ''."""
    require_crs(frame)
    return _faults(frame.geometry.to_crs(WGS84), address_words(frame))


def _faults(points: gpd.GeoSeries, words: Mapping[str, Sequence[str]]) -> list[str]:
    is_point = (points.geom_type == "Point").to_numpy() & ~points.is_empty.to_numpy()
    named = [any(row) for row in zip(*(words[name] for name in _NAMED_BY), strict=True)]
    longest = [max(map(len, row)) for row in zip(*words.values(), strict=True)]
    unstorable = ["\0" in "".join(row) for row in zip(*words.values(), strict=True)]
    lon, lat = shapely.get_x(points.to_numpy()), shapely.get_y(points.to_numpy())
    on_earth = (np.abs(lon) <= _MOST_LON) & (np.abs(lat) <= _MOST_LAT)
    return [_fault(*checks) for checks in zip(is_point, on_earth, named, longest, unstorable, strict=True)]


def require_places(frame: gpd.GeoDataFrame, points: gpd.GeoSeries, words: Mapping[str, Sequence[str]]) -> None:
    """Raise `InvalidInputError` with every row that cannot be stored."""
    faults = [(row, fault) for row, fault in enumerate(_faults(points, words)) if fault]
    if faults:
        raise InvalidInputError(
            Problem(
                "bad-address",
                f"Row {frame.index[row]} has {fault}.",
                "Correct it or leave it out.",
                subject=str(frame.index[row]),
            )
            for row, fault in faults
        )


def _fault(is_point: bool, on_earth: bool, is_named: bool, longest: int, unstorable: bool) -> str:  # noqa: FBT001
    if not is_point:
        return "no point"
    if not on_earth:
        return "a point that is not on the earth"
    if not is_named:
        return NO_ADDRESS
    if unstorable:
        return "a zero character, which cannot be stored"
    return f"a name of {longest:,} characters, more than {_LONGEST_WORD}" if longest > _LONGEST_WORD else ""
