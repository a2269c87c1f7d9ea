"""Lists of village and town codes, which have no points: placed by the published grids of the same code or name."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from boundaries.editions.reading import editions_of, grid_frame
from geogrid.addresses.normalise import normalise
from geogrid.coordinates import WGS84, metres_per_degree
from geogrid.errors import InvalidInputError
from geogrid.types import FloatArray, GeometryArray

_OFFICE = re.compile(r"(?:社区)?(?:居民委员会|居委会)$|(?:村民委员会|村委会|办事处)$")
_KIND = re.compile(r"(?:社区|街道|地区|镇|乡|村)$")
_COMMUNITY_DIGITS, _TOWN_DIGITS, _DISTRICT_DIGITS = 12, 9, 6


_LEVELS = (12, 9, 6, 4, 2)
"""Digits of the code of a community, town, county, city and province; zeros fill what a code does not say."""


@dataclass(frozen=True, slots=True)
class CodePlaces:
    """Areas of a list with the point of their grid.

    Parameters
    ----------
    areas : GeoDataFrame
        Columns of the gazetteer; ``error_m`` is the radius of the grid that the point stands for.
    unplaced : sequence of str
        Names of those that no grid, or several, bear, nor any area above them.
    above : dict of str to int
        How many have no grid of their own and stand at an area above them, by its name.
    widest_m : float
        The largest radius among these.
    """

    areas: gpd.GeoDataFrame
    unplaced: Sequence[str] = ()
    above: Mapping[str, int] = field(default_factory=dict)
    widest_m: float = 0.0


def place_codes(session: Session, jurisdiction_id: int, table: pd.DataFrame) -> CodePlaces:
    """Return the areas of a code list as addresses, each where the grid of its code or name is.

    An area that has none stands where the nearest area above it by code that has one stands, with the radius of that.

    Parameters
    ----------
    session : Session
        Read only.
    jurisdiction_id : int
        Whose grids: those of its latest edition.
    table : DataFrame
        ``code`` (2 to 12 digits, with or without zeros at the end) and ``name`` ("金鼎村村民委员会").

    Raises
    ------
    InvalidInputError
        Nothing has been published, or none of the areas has a grid, nor an area above it that has one.
    """
    editions = editions_of(session, jurisdiction_id)
    if not editions:
        raise InvalidInputError.of("no-edition", "Nothing has been published yet.", "Publish grids first.")
    grids = grid_frame(session, editions[-1])
    by_code: dict[str, int] = {}
    for row, code in enumerate(grids["code"].astype(str)):
        by_code.setdefault(_bare(code), row)
    by_name = _by_name(grids["name"])
    parents = [by_code.get(_bare(str(code))) for code in grids["parent"]]

    def above(row: int) -> Iterator[int]:
        while (parent := parents[row]) is not None:
            yield (row := parent)

    found: list[_Placed] = []
    unplaced: list[str] = []
    for code, name in zip(table["code"].astype(str), table["name"].astype(str), strict=True):
        bare = _bare(code)
        holder = next((by_code[each] for each in _above(bare) if each in by_code), None)
        named = by_name.get(_stem(name))
        if named is not None and holder is not None and holder not in above(named):
            named = None  # a village called as a district is, say
        own = by_code.get(bare, named)
        at = own if own is not None else holder
        if at is None:
            unplaced.append(name)
        else:
            found.append(_Placed(code, bare, name, at, is_above=own is None))
    if not found:
        raise InvalidInputError.of(
            "no-grid",
            f"None of the {len(table):,} areas has a published grid of its code or name, nor has any area above it.",
            "Publish grids with these names or codes, or add the columns lon and lat.",
        )
    areas = _areas(found, grids)
    names = [str(name) or str(code) for code, name in zip(grids["code"], grids["name"], strict=True)]
    is_above = np.array([each.is_above for each in found], dtype=np.bool_)
    widest_m = float(areas["error_m"].to_numpy()[is_above].max(initial=0.0))
    return CodePlaces(areas, tuple(unplaced), Counter(names[each.row] for each in found if each.is_above), widest_m)


@dataclass(frozen=True, slots=True)
class _Placed:
    """An area of the list, and the row of the grid that it stands at."""

    code: str
    bare: str
    name: str
    row: int
    is_above: bool


def _areas(found: Sequence[_Placed], grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    shapes = grids.geometry.iloc[[each.row for each in found]].to_numpy()
    columns = {"osm_id": [each.code for each in found], "error_m": radius_m(shapes).tolist()}
    columns |= {"aliases": [each.name for each in found]}
    for kind, digits in (("community", _COMMUNITY_DIGITS), ("town", _TOWN_DIGITS)):
        columns[kind] = [_area_name(each.name) if len(each.bare) == digits else "" for each in found]
    towns = {each.bare: _area_name(each.name) for each in found if len(each.bare) == _TOWN_DIGITS}
    columns["town"] = [
        town or towns.get(each.bare[:_TOWN_DIGITS], "") for town, each in zip(columns["town"], found, strict=True)
    ]
    names = {_bare(str(code)): str(name) for code, name in zip(grids["code"], grids["name"], strict=True)}
    columns["district"] = [
        each.name if len(each.bare) < _TOWN_DIGITS else names.get(each.bare[:_DISTRICT_DIGITS], "") for each in found
    ]
    return gpd.GeoDataFrame(columns, geometry=shapely.point_on_surface(shapes), crs=WGS84)


def _bare(code: str) -> str:
    """Return a code without the zeros that say nothing: 430121000000 is 430121."""
    trimmed = code.strip()
    if not (trimmed.isascii() and trimmed.isdigit() and len(trimmed) in _LEVELS):
        return trimmed
    said = len(trimmed.rstrip("0"))
    return trimmed[: min(digits for digits in _LEVELS if digits >= said)] if said else trimmed


def _above(bare: str) -> list[str]:
    """Return the codes of the areas that an area lies in, the nearest first."""
    return [bare[:digits] for digits in _LEVELS if digits < len(bare)] if bare.isdigit() else []


def radius_m(shapes: GeometryArray) -> FloatArray:
    """Return half the diagonals of the boxes of shapes in degrees, metres."""
    west, south, east, north = shapely.bounds(shapes).T
    along_lon, along_lat = metres_per_degree((south + north) / 2)
    radius: FloatArray = np.hypot((east - west) * along_lon, (north - south) * along_lat) / 2
    return radius


def _area_name(name: str) -> str:
    return _OFFICE.sub("", name) + _mark(name)


def _mark(name: str) -> str:
    """Return what the name of an office lacks of that of its area: 新宫社区居民委员会 is 新宫社区."""
    return "社区" if re.search(r"社区(?:居民委员会|居委会)$", name) else ""


def _by_name(names: Sequence[str]) -> Mapping[str, int]:
    """Return the rows of names that are borne once, without what says the kind of area."""
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        if name:
            rows.setdefault(_stem(name), []).append(row)
    return {name: only[0] for name, only in rows.items() if len(only) == 1}


def _stem(name: str) -> str:
    key = _OFFICE.sub("", normalise(name))
    return _KIND.sub("", key) or key
