"""What a file of grids can say: which column holds what, and the rows as read."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geogrid.editions.fields import LOADS
from geogrid.errors import Problem
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


def has_shape(geometries: GeometryArray) -> BoolArray:
    """Return which rows have a polygon that is not empty."""
    shaped: BoolArray = np.isin(shapely.get_type_id(geometries), _POLYGONAL) & ~shapely.is_empty(geometries)
    return shaped
