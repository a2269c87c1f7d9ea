"""The rows of a layer as grids: codes, names, parents, levels, kinds and loads, read from the columns named."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from boundaries.files.columns import missing_columns, text_or_none
from geogrid.coverage.kinds import CATEGORY_WORDS, KIND_WORDS
from geogrid.editions.fields import LOADS
from geogrid.errors import InvalidInputError, Problem
from geogrid.geometry.rings import only_polygons
from geogrid.types import BoolArray, FloatArray, GeometryArray

_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


@dataclass(frozen=True, slots=True)
class GridFields:
    """Which column holds what.

    Parameters
    ----------
    code : str
        Code of the grid.
    name : str, optional
        Name; without it the code.
    parents, parent_names : tuple of str
        Codes of the parent, the grandparent and so on; names of those that have no row of their own.
    level : str, optional
        Level as a number, 1 is the top, or by name; or one number for all rows.
    kind, category : str, optional
        Comprehensive or dedicated, and for what.
    households, population, buildings : str, optional
        Loads.
    keep : tuple of str
        Columns that are stored as they are.
    """

    code: str
    name: str | None = None
    parents: tuple[str, ...] = ()
    parent_names: tuple[str, ...] = ()
    level: str | None = None
    kind: str | None = None
    category: str | None = None
    households: str | None = None
    population: str | None = None
    buildings: str | None = None
    keep: tuple[str, ...] = ()

    def options(self) -> list[tuple[str, str]]:
        """Return each option given with its column."""
        single = ("code", "name", "kind", "category", *LOADS)
        named = [(f"--{option}", column) for option in single if (column := getattr(self, option)) is not None]
        named += [("--level", self.level)] if self.level is not None and not self.level.isdecimal() else []
        named += [("--parent", column) for column in self.parents]
        named += [("--parent-name", column) for column in self.parent_names]
        return named + [("--keep", column) for column in self.keep]


@dataclass(frozen=True, slots=True)
class GridRows:
    """Rows as read; missing values are None.

    Parameters
    ----------
    codes, names, kinds, categories, stated_levels : list
        One value a row.
    parents, parent_names : list of list
        One list a column of parents.
    loads : dict of str to (n,) float64
        NaN where unknown.
    attributes : list of dict
        Kept columns.
    geometries : (n,) of shapely geometry
        As in the file, two-dimensional, collections of polygons as MultiPolygons.
    problems : tuple of Problem
        Of single rows.
    """

    codes: list[str | None]
    names: list[str | None]
    parents: list[list[str | None]]
    parent_names: list[list[str | None]]
    stated_levels: list[str | None]
    kinds: list[str | None]
    categories: list[str | None]
    loads: dict[str, FloatArray]
    attributes: list[dict[str, Any]]
    geometries: GeometryArray
    problems: tuple[Problem, ...] = field(default=())

    def labels(self) -> list[str]:
        """Return how to name each row: its code, with the number of the row where the code is missing or repeated."""
        counts = pd.Series(self.codes, dtype=object).value_counts()
        return [
            f"row {row}" if code is None else code if counts[code] == 1 else f"{code} (row {row})"
            for row, code in enumerate(self.codes, start=1)
        ]


def read_rows(frame: gpd.GeoDataFrame, fields: GridFields, *, file: str, dissolve: bool = False) -> GridRows:
    """Read the rows of a layer.

    Parameters
    ----------
    frame : GeoDataFrame
        Rows numbered from 1.
    fields : GridFields
        Which column holds what.
    file : str
        How to name it in messages.
    dissolve : bool
        Rows with the same code are parts of one grid: shapes are joined, loads added up, the rest is the first row's.

    Raises
    ------
    InvalidInputError
        Columns are missing; all of them are listed.
    """
    columns = [str(column) for column in frame.columns if column != frame.geometry.name]
    if missing := missing_columns(fields.options(), columns, file):
        raise InvalidInputError(missing)
    codes = text_or_none(frame[fields.code])
    if dissolve:
        frame = _dissolved(frame, codes, fields)
        codes = text_or_none(frame[fields.code])
    loads, load_problems = _loads(frame, fields, codes)
    kinds, kind_problems = _words(frame, fields.kind, KIND_WORDS, codes)
    categories, category_problems = _words(frame, fields.category, CATEGORY_WORDS, codes)
    geometries = shapely.force_2d(frame.geometry.to_numpy())
    collections = shapely.get_type_id(geometries) == shapely.GeometryType.GEOMETRYCOLLECTION
    geometries[collections] = [only_polygons(geometry) for geometry in geometries[collections]]
    kept = frame[list(fields.keep)].astype(object).where(frame[list(fields.keep)].notna(), None)
    return GridRows(
        codes=codes,
        names=_column(frame, fields.name),
        parents=[text_or_none(frame[column]) for column in fields.parents],
        parent_names=[text_or_none(frame[column]) for column in fields.parent_names],
        stated_levels=_stated_levels(frame, fields.level),
        kinds=kinds,
        categories=categories,
        loads=loads,
        attributes=kept.to_dict("records"),
        geometries=geometries,
        problems=(*_shape_problems(geometries, codes), *load_problems, *kind_problems, *category_problems),
    )


def has_shape(geometries: GeometryArray) -> BoolArray:
    """Return which rows have a polygon that is not empty."""
    shaped: BoolArray = np.isin(shapely.get_type_id(geometries), _POLYGONAL) & ~shapely.is_empty(geometries)
    return shaped


def _column(frame: gpd.GeoDataFrame, column: str | None) -> list[str | None]:
    return [None] * len(frame) if column is None else text_or_none(frame[column])


def _stated_levels(frame: gpd.GeoDataFrame, level: str | None) -> list[str | None]:
    if level is not None and level not in frame.columns:
        return [level] * len(frame)
    return _column(frame, level)


def _dissolved(frame: gpd.GeoDataFrame, codes: Sequence[str | None], fields: GridFields) -> gpd.GeoDataFrame:
    # A row without code stays alone, to be listed.
    keys = [f"row {row}" if code is None else f"code {code}" for row, code in enumerate(codes)]
    adding = {column: "sum" for load in LOADS if (column := getattr(fields, load)) is not None}
    others = [column for column in frame.columns if column != frame.geometry.name]
    rules: dict[str, Any] = {column: adding.get(column, "first") for column in others}
    joined = frame.assign(_key=keys).dissolve(by="_key", aggfunc=rules, sort=False)
    joined.index = range(1, len(joined) + 1)
    return joined


def _shape_problems(geometries: GeometryArray, codes: Sequence[str | None]) -> list[Problem]:
    problems = []
    for which in np.flatnonzero(~has_shape(geometries)).tolist():
        geometry, row = geometries[which], which + 1
        subject, named = codes[which] or f"row {row}", _row_name(codes, which)
        if geometry is None or shapely.is_empty(geometry):
            told = Problem("empty", f"{named} has no shape.", "Draw it, or leave the row out.")
        else:
            told = Problem(
                "not-polygon",
                f"{named} is a {geometry.geom_type}; a grid is a Polygon or MultiPolygon.",
                "Export the layer of areas, or close the lines to areas.",
            )
        place = None if geometry is None or shapely.is_empty(geometry) else geometry.representative_point().coords[0]
        problems.append(
            Problem(told.kind, told.message, told.remedy, subject=subject, lonlat=None if place is None else place[:2])
        )
    return problems


def _loads(
    frame: gpd.GeoDataFrame, fields: GridFields, codes: Sequence[str | None]
) -> tuple[dict[str, FloatArray], list[Problem]]:
    loads, problems = {}, []
    for load in LOADS:
        column = getattr(fields, load)
        if column is None:
            loads[load] = np.full(len(frame), np.nan)
            continue
        values = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=np.float64)
        wrong = (np.isnan(values) & frame[column].notna().to_numpy()) | (values < 0) | np.isinf(values)
        problems += _per_row(
            wrong, frame[column], codes, "bad-load", "{column} is {value!r}; a load is a number of 0 or more."
        )
        loads[load] = np.where(wrong, np.nan, values)
    return loads, problems


def _words(
    frame: gpd.GeoDataFrame, column: str | None, words: Any, codes: Sequence[str | None]
) -> tuple[list[str | None], list[Problem]]:
    given = _column(frame, column)
    found = [None if value is None else words.get(value.lower()) for value in given]
    wrong = np.array([value is not None and word is None for value, word in zip(given, found, strict=True)], dtype=bool)
    if column is None:
        return found, []
    sentence = "{column} is {value!r}; it may be " + ", ".join(words) + "."
    return found, _per_row(wrong, frame[column], codes, "unknown-word", sentence)


def _row_name(codes: Sequence[str | None], which: int) -> str:
    return f"Row {which + 1}" if codes[which] is None else f"Row {which + 1} ({codes[which]})"


def _per_row(
    wrong: BoolArray, column: pd.Series, codes: Sequence[str | None], kind: str, sentence: str
) -> list[Problem]:
    values = column.tolist()
    return [
        Problem(
            kind,
            f"{_row_name(codes, which)}: " + sentence.format(column=column.name, value=values[which]),
            "Correct it or leave it empty.",
            subject=codes[which] or f"row {which + 1}",
        )
        for which in np.flatnonzero(wrong).tolist()
    ]
