"""The rows of a layer as grids: codes, names, parents, levels, kinds and loads, read from the columns named."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from boundaries.files.columns import identifiers, kept_values, missing_columns, text_or_none
from boundaries.files.grids.dissolving import dissolved
from boundaries.files.grids.fields import GridFields, GridRows, has_shape
from boundaries.text.json_values import json_faults
from boundaries.text.packed import is_delimited
from geogrid.blocks.ground import is_blank
from geogrid.coverage.kinds import CATEGORY_WORDS, KIND_WORDS
from geogrid.editions.fields import LOADS
from geogrid.errors import InvalidInputError, Problem
from geogrid.geometry.rings import only_polygons
from geogrid.types import BoolArray, FloatArray, GeometryArray

_NO_PARENT = frozenset({"0", "-1", "-", "/", "无", "000000", "000000000000"})


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
        Rows with the same code are parts of one grid; see `dissolved`.

    Raises
    ------
    InvalidInputError
        Columns are missing; all of them are listed.
    """
    columns = [str(column) for column in frame.columns if column != frame.geometry.name]
    if missing := missing_columns(fields.options(), columns, file):
        raise InvalidInputError(missing)
    reader = _ColumnReader(frame, file, is_delimited(Path(file)))
    codes = reader.identifiers(fields.code)
    parents = _without_zeros([reader.identifiers(column) for column in fields.parents], codes)
    loads, load_problems = _loads(frame, fields, codes)
    kinds, kind_problems = _words(reader, fields.kind, KIND_WORDS, codes)
    categories, category_problems = _words(reader, fields.category, CATEGORY_WORDS, codes)
    geometries = shapely.force_2d(frame.geometry.to_numpy())
    collections = shapely.get_type_id(geometries) == shapely.GeometryType.GEOMETRYCOLLECTION
    geometries[collections] = [only_polygons(geometry) for geometry in geometries[collections]]
    reader.refuse_lost_digits(fields.keep)
    attributes = kept_values(frame[list(fields.keep)])
    rows = GridRows(
        codes=codes,
        names=reader.text(fields.name),
        parents=parents,
        parent_names=[reader.text(column) for column in fields.parent_names],
        stated_levels=_stated_levels(reader, fields.level),
        kinds=kinds,
        categories=categories,
        loads=loads,
        attributes=attributes,
        geometries=geometries,
        problems=(
            *reader.problems,
            *_shape_problems(geometries, codes),
            *(() if any(each.kind == "digits-lost" for each in reader.problems) else _unstorable(attributes, codes)),
            *load_problems,
            *kind_problems,
            *category_problems,
        ),
    )
    return dissolved(rows) if dissolve else rows


@dataclass(slots=True)
class _ColumnReader:
    """Columns of a layer as text, and what is wrong with them."""

    frame: gpd.GeoDataFrame
    file: str
    is_text_table: bool
    problems: list[Problem] = field(default_factory=list)

    def identifiers(self, column: str) -> list[str | None]:
        found, problems = identifiers(self.frame[column], self.file, is_text_table=self.is_text_table)
        self.problems += problems
        return found

    def refuse_lost_digits(self, columns: Sequence[str]) -> None:
        for column in columns:
            _, problems = identifiers(self.frame[column], self.file, is_text_table=self.is_text_table)
            self.problems += [problem for problem in problems if problem.severity == "error"]

    def text(self, column: str | None) -> list[str | None]:
        if column is None:
            return [None] * len(self.frame)
        return text_or_none(self.frame[column], is_text_table=self.is_text_table)


def _without_zeros(parents: list[list[str | None]], codes: Sequence[str | None]) -> list[list[str | None]]:
    """Return the parents without those words that databases write for "none", where no row has such a code."""
    words = _NO_PARENT - set(codes)
    return [[None if code in words else code for code in column] for column in parents]


def _stated_levels(reader: _ColumnReader, level: str | None) -> list[str | None]:
    if level is not None and level not in reader.frame.columns:
        return [level] * len(reader.frame)
    return reader.text(level)


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


def _unstorable(attributes: Sequence[dict[str, Any]], codes: Sequence[str | None]) -> list[Problem]:
    return [
        Problem(
            "unstorable",
            f"{_row_name(codes, which)}: what is kept of it: {'; '.join(faults)}.",
            "Correct it, or do not keep the column.",
            subject=codes[which] or f"row {which + 1}",
        )
        for which, kept in enumerate(attributes)
        if kept and (faults := json_faults(kept))
    ]


def _loads(
    frame: gpd.GeoDataFrame, fields: GridFields, codes: Sequence[str | None]
) -> tuple[dict[str, FloatArray], list[Problem]]:
    loads, problems = {}, []
    for load in LOADS:
        column = getattr(fields, load)
        if column is None:
            loads[load] = np.full(len(frame), np.nan)
            continue
        values = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        wrong = (np.isnan(values) & ~is_blank(frame[column])) | (values < 0) | np.isinf(values)
        problems += _per_row(
            wrong, frame[column], codes, "bad-load", "{column} is {value!r}; a load is a number of 0 or more."
        )
        loads[load] = np.where(wrong, np.nan, values)
    return loads, problems


def _words(
    reader: _ColumnReader, column: str | None, words: Any, codes: Sequence[str | None]
) -> tuple[list[str | None], list[Problem]]:
    given = reader.text(column)
    found = [None if value is None else words.get(value.lower()) for value in given]
    wrong = np.array([value is not None and word is None for value, word in zip(given, found, strict=True)], dtype=bool)
    if column is None:
        return found, []
    sentence = "{column} is {value!r}; it may be " + ", ".join(words) + "."
    return found, _per_row(wrong, reader.frame[column], codes, "unknown-word", sentence)


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
