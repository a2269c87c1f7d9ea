"""Lists of village and town codes, which have no points: placed by the published grids of the same code or name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
_COMMUNITY_DIGITS, _TOWN_DIGITS = 12, 9


@dataclass(frozen=True, slots=True)
class CodePlaces:
    """Areas of a list with the point of their grid, and the names of those that no grid or several grids bear."""

    areas: gpd.GeoDataFrame
    unplaced: Sequence[str] = ()


def place_codes(session: Session, jurisdiction_id: int, table: pd.DataFrame) -> CodePlaces:
    """Return the areas of a code list as addresses, each where the grid of its code or name is.

    Parameters
    ----------
    session : Session
        Read only.
    jurisdiction_id : int
        Whose grids: those of its latest edition.
    table : DataFrame
        ``code`` (6, 9 or 12 digits) and ``name`` ("金鼎村村民委员会").

    Raises
    ------
    InvalidInputError
        Nothing has been published, or none of the areas has a grid.
    """
    editions = editions_of(session, jurisdiction_id)
    if not editions:
        raise InvalidInputError.of("no-edition", "Nothing has been published yet.", "Publish grids first.")
    grids = grid_frame(session, editions[-1])
    by_code = {str(code): row for row, code in enumerate(grids["code"])}
    by_name = _by_name(grids["name"])
    found, unplaced = [], []
    for code, name in zip(table["code"].astype(str), table["name"].astype(str), strict=True):
        row = by_code.get(code, by_name.get(_stem(name)))
        if row is None:
            unplaced.append(name)
        else:
            found.append((code, name, row))
    if not found:
        raise InvalidInputError.of(
            "no-grid",
            f"None of the {len(table):,} areas has a published grid of its code or name.",
            "Publish grids with these names, or add the columns lon and lat.",
        )
    shapes = grids.geometry.iloc[[row for *_, row in found]].to_numpy()
    columns = {"osm_id": [code for code, *_ in found], "error_m": _radius_m(shapes).tolist()}
    columns |= {"aliases": [name for _, name, _ in found]}
    for kind, digits in (("community", _COMMUNITY_DIGITS), ("town", _TOWN_DIGITS)):
        columns[kind] = [_OFFICE.sub("", name) + _mark(name) if len(code) == digits else "" for code, name, _ in found]
    columns["district"] = [name if len(code) < _TOWN_DIGITS else "" for code, name, _ in found]
    points = shapely.point_on_surface(shapes)
    return CodePlaces(gpd.GeoDataFrame(columns, geometry=points, crs=WGS84), tuple(unplaced))


def _radius_m(shapes: GeometryArray) -> FloatArray:
    """Return half the diagonals of the boxes of shapes in degrees, metres."""
    west, south, east, north = shapely.bounds(shapes).T
    along_lon, along_lat = metres_per_degree((south + north) / 2)
    radius: FloatArray = np.hypot((east - west) * along_lon, (north - south) * along_lat) / 2
    return radius


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
