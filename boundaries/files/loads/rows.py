"""Rows of a file of loads: at places, or by code of a grid; what is wrong with them, all at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from boundaries.files.columns import identifiers, why_no_number, with_numbers
from boundaries.files.polygons import read_grid_layer
from boundaries.files.table_reader import is_table, read_frame
from boundaries.files.towns.sources import LayerSource, in_its_encoding, read_source
from geogrid.blocks.ground import is_blank
from geogrid.coordinates import WGS84
from geogrid.errors import InvalidInputError, Problem
from geogrid.types import FloatArray, GeometryArray

COUNTED: Final = ("households", "population")
_MOST: Final = 1e9


@dataclass(frozen=True, slots=True)
class LoadFile:
    """What to read.

    Parameters
    ----------
    source : LayerSource
        The file.
    columns : mapping of str to str
        Column of each load; by default those named ``households`` and ``population``.
    code : str, optional
        Column with codes of grids; without it rows have places.
    """

    source: LayerSource
    columns: dict[str, str]
    code: str | None = None


@dataclass(frozen=True, slots=True)
class LoadRows:
    """Rows as read.

    Parameters
    ----------
    loads : mapping of str to (n,) float64
        NaN where a row states none.
    places : (n,) Point or None
        Where, EPSG:4326; a lot or building counts at a point inside it.
    codes : sequence of str or None
        Codes of grids.
    problems : tuple of Problem
        Warnings.
    """

    loads: dict[str, FloatArray]
    places: GeometryArray | None
    codes: Sequence[str] | None
    problems: tuple[Problem, ...]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.loads.values())))


def read_loads(file: LoadFile) -> LoadRows:
    """Read a file of loads.

    Raises
    ------
    InvalidInputError
        With every problem: no such column, a load that is none, a code that is missing or named twice.
    """
    frame, problems = _frame(file)
    columns = file.columns or {name: name for name in COUNTED if name in frame}
    missing = [name for name in [*columns.values(), *([file.code] if file.code else [])] if name not in frame]
    if missing or not columns:
        had = ", ".join(str(name) for name in frame.columns if name != "geometry")
        what = f"no column {', '.join(map(repr, missing))}" if missing else "no column 'households' or 'population'"
        raise InvalidInputError.of(
            "no-column", f"{file.source.path.name} has {what}.", f"Name one with --households. It has: {had}."
        )
    found: list[Problem] = []
    loads = {load: _numbers(frame[column], str(column), found) for load, column in columns.items()}
    codes = None if file.code is None else _codes(frame[file.code], file.source.path.name, found)
    if found:
        raise InvalidInputError(found)
    places = None
    if isinstance(frame, gpd.GeoDataFrame) and codes is None:
        places = np.asarray(frame.geometry.representative_point().to_crs(WGS84).array, dtype=object)
    return LoadRows(loads, places, codes, tuple(problems))


def _frame(file: LoadFile) -> tuple[pd.DataFrame, list[Problem]]:
    if file.code is None:
        return read_source(file.source, "loads", "places")
    if is_table(file.source.path):
        path = file.source.path
        wanted = (file.code, *file.columns.values())
        table = in_its_encoding(
            file.source.encoding, lambda encoding: read_frame(path, encoding=encoding, wanted=wanted)
        )
        codes = table[file.code].str.strip() if file.code in table else None
        table = with_numbers(table)
        return (table if codes is None else table.assign(**{file.code: codes})), []
    layer = in_its_encoding(
        file.source.encoding,
        lambda encoding: read_grid_layer(file.source.path, layer=file.source.layer, crs="EPSG:4326", encoding=encoding),
    )
    return pd.DataFrame(layer.frame), []


def _numbers(column: "pd.Series[float]", name: str, problems: list[Problem]) -> FloatArray:
    values: FloatArray = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    bad = (np.isnan(values) & ~is_blank(column)) | (values < 0) | (values > _MOST)
    problems.extend(
        Problem(
            "bad-load",
            f"Row {row + 1}: {name} is {column.iloc[row]!r}; a load is a number from 0 to {_MOST:,.0f}."
            f"{_hint(column.iloc[row])}",
            "Correct it or leave it empty.",
            subject=f"row {row + 1}",
        )
        for row in np.flatnonzero(bad).tolist()
    )
    return values


def _hint(value: object) -> str:
    told = why_no_number(value.strip(), is_count=True) if isinstance(value, str) else ""
    return f" It {told}." if "; write" in told else ""


def _codes(column: "pd.Series[str]", file: str, problems: list[Problem]) -> list[str]:
    codes, doubts = identifiers(column, file)
    problems.extend(doubt for doubt in doubts if doubt.severity == "error")
    first: dict[str, int] = {}
    for row, code in enumerate(codes, start=1):
        if code is None:
            problems.append(Problem("null-code", f"Row {row} has no code.", "Give it one.", subject=f"row {row}"))
        elif code in first:
            message = f"Rows {first[code]} and {row} both are of grid {code}."
            problems.append(Problem("duplicate-code", message, "Leave one of them.", subject=code))
        else:
            first[code] = row
    return [code or "" for code in codes]


def places_of(rows: LoadRows) -> GeometryArray:
    """Return the places of rows that have them."""
    return np.empty(0, dtype=object) if rows.places is None else np.asarray(shapely.force_2d(rows.places), dtype=object)
