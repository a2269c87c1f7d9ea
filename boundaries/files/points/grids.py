"""Grids of a file, compiled for lookups."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geogrid.errors import InvalidInputError, Problem

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pyproj import CRS

    from geogrid.index import GridIndex

_LISTED = 20


@dataclass(frozen=True, slots=True)
class GridChoice:
    """What the user says of a file of grids: its code column, and its layer, encoding and CRS where needed."""

    path: Path
    code: str
    layer: str | None = None
    encoding: str | None = None
    crs: str | None = None


@dataclass(frozen=True, slots=True)
class CompiledGrids:
    """An index over grids in the order of their codes, the codes, and the CRS."""

    index: "GridIndex"
    codes: list[str]
    crs: "CRS"

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Low x, low y, high x, high y."""
        frame = self.index.frame
        return frame.low_x, frame.low_y, frame.high_x, frame.high_y


def compile_grids(choice: GridChoice) -> CompiledGrids:
    """Read and compile the grids of a file.

    Raises
    ------
    InvalidInputError
        The file cannot be read, has no such column, lacks codes or polygons, or lies outside its CRS.
    """
    from boundaries.files.columns import identifiers
    from boundaries.files.polygons import read_grid_layer
    from geogrid.index import GridIndex

    with _options_of_grids():
        layer = read_grid_layer(choice.path, layer=choice.layer, encoding=choice.encoding, crs=choice.crs)
    frame = layer.frame
    if choice.code not in frame.columns:
        has = ", ".join(str(name) for name in frame.columns if name != frame.geometry.name)
        message = f"{choice.path.name} has no column {choice.code!r}."
        raise InvalidInputError.of("no-column", message, f"It has: {has}.", subject=choice.code)
    codes, problems = identifiers(frame[choice.code], choice.path.name)
    if errors := [problem for problem in problems if problem.severity == "error"]:
        raise InvalidInputError(errors)
    texts = np.array([code or "" for code in codes], dtype=object)
    _check_rows(choice.path, frame, texts)
    if layer.crs.is_geographic:
        with _options_of_grids():
            _check_degrees(choice.path, frame, layer.crs)
    order = np.argsort(texts, kind="stable")
    return CompiledGrids(GridIndex.build(frame.geometry.to_numpy()[order]), texts[order].tolist(), layer.crs)


@contextmanager
def _options_of_grids() -> Iterator[None]:
    """Name the options as they are called where points have the same ones."""
    try:
        yield
    except InvalidInputError as error:
        problems = [replace(each, remedy=each.remedy.replace("--", "--grids-")) for each in error.problems]
        raise InvalidInputError(problems) from error


def _check_rows(path: Path, frame: "GeoDataFrame", texts: Any) -> None:
    problems = [
        Problem("no-code", f"Row {row} of {path.name} has no code.", "Give it one.", subject=str(row))
        for row in frame.index[texts == ""][:_LISTED]
    ]
    problems += [
        Problem("no-polygon", f"Row {row} of {path.name} has no polygon.", "Repair or remove it.", subject=str(row))
        for row in frame.index[~frame.geometry.geom_type.isin(["Polygon", "MultiPolygon"])][:_LISTED]
    ]
    if problems:
        raise InvalidInputError(problems)


def _check_degrees(path: Path, frame: "GeoDataFrame", crs: "CRS") -> None:
    from geogrid.coverage.plausible import check_coordinates

    problem = check_coordinates(frame.total_bounds.reshape(2, 2), crs)
    if problem is not None:
        raise InvalidInputError([replace(problem, message=f"{path.name}: {problem.message}")])
