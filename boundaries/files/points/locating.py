"""Locate every point of a file in the grids of another."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from boundaries.files.points import columnar
from boundaries.files.points.grids import CompiledGrids, GridChoice, compile_grids
from boundaries.files.points.output import complete
from boundaries.files.points.rows import Answered, Answers, Piece, PointSource, refusal
from boundaries.files.points.text import open_text
from boundaries.text.packed import SUFFIXES, is_delimited
from geogrid.coordinates import to_wgs84, transformer_between
from geogrid.coverage.zones import datum_doubt_of_points
from geogrid.errors import InvalidInputError, Problem
from geogrid.types import CoordType, FloatArray

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

_TEXT = SUFFIXES
_GEOPACKAGE = (".gpkg",)
_FORMATS = (_TEXT, columnar.PARQUET, columnar.ARROW, _GEOPACKAGE)
_LARGEST_LON, _LARGEST_LAT = 180.0, 90.0
_READABLE = (
    "GeoGrid reads .csv, .tsv, .txt (each also with .gz, .bz2, .xz or .zst), .parquet, .arrow, .feather and .gpkg."
)
# Geographic systems of these datums differ by less than points are known to.
_MODERN_DATUMS = {"World Geodetic System 1984", "World Geodetic System 1984 ensemble", "China 2000"}

Convert = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True, slots=True)
class PointChoice:
    """What the user says of a file of points.

    Parameters
    ----------
    path : Path
        The file.
    x, y : str, optional
        Columns of longitude and latitude, or of easting and northing; a GeoPackage has them in its geometry.
    column : str
        Name of the column to add.
    crs : str, optional
        Counts in place of what the file says; tables say nothing, and have longitude and latitude.
    coord_type : {"wgs84", "gcj02", "bd09"}
        Datum of longitudes and latitudes.
    encoding : str, optional
        Of a text file; without it UTF-8.
    layer : str, optional
        Of a GeoPackage.
    """

    path: Path
    x: str | None = None
    y: str | None = None
    column: str = "grid"
    crs: str | None = None
    coord_type: CoordType = "wgs84"
    encoding: str | None = None
    layer: str | None = None


@dataclass(slots=True)
class LocatedFile:
    """What became of the rows.

    Parameters
    ----------
    rows, located : int
        All rows; those in a grid.
    unusable : int
        Rows without coordinates, or with impossible ones.
    first_unusable : int
        Number of the first of them, from 1; 0 for none.
    extent : (4,) float64
        Of the usable points in the CRS of the grids: low x, low y, high x, high y.
    hint : str
        What may be wrong, where no point is in a grid.
    """

    rows: int = 0
    located: int = 0
    unusable: int = 0
    first_unusable: int = 0
    extent: FloatArray = field(default_factory=lambda: np.array([np.inf, np.inf, -np.inf, -np.inf]))
    hint: str = ""

    def add(self, x: FloatArray, y: FloatArray, positions: "NDArray[np.int32]") -> None:
        """Count rows."""
        self.rows += len(positions)
        self.located += int((positions >= 0).sum())
        known = np.isfinite(x) & np.isfinite(y)
        for axis, values in enumerate((x[known], y[known])):
            self.extent[axis] = values.min(initial=self.extent[axis])
            self.extent[axis + 2] = values.max(initial=self.extent[axis + 2])


def locate_file(
    grids: GridChoice,
    points: PointChoice,
    target: Path,
    *,
    threads: int = 1,
    start: Callable[[int | None], Callable[[int], None]] | None = None,
) -> LocatedFile:
    """Write the rows of a file of points with the code of the grid that each is in.

    Parameters
    ----------
    grids : GridChoice
        Where several grids share a point, the smallest code answers.
    points : PointChoice
        The points.
    target : Path
        The output, of the same format; it appears when it is complete. Rows keep their order; the new column is
        empty outside every grid.
    threads : int
        Threads that look points up.
    start : callable, optional
        Called with the number of rows, where it is known, before the first; returns what is told of rows done.

    Raises
    ------
    InvalidInputError
        A file cannot be used, with every problem found in it; nothing is written.
    """
    _check_target(points.path, target)
    compiled = compile_grids(grids)
    done = LocatedFile()
    with _opened(points) as source:
        convert = _converter(points, source.crs, compiled.crs)
        advance = start(source.total) if start else lambda _: None

        def answered() -> Answered:
            for piece in source.pieces:
                x, y = _usable(points, piece, done, geographic=_is_geographic(points, source.crs))
                x, y = convert(x, y)
                positions = compiled.index.locate(x, y, threads=threads)
                done.add(x, y, positions)
                advance(len(positions))
                yield piece, positions

        with complete(target) as path:
            source.write(path, Answers(points.column, compiled.codes), answered())
        doubt = _doubt(points, source.crs, done, compiled)
    done.hint = " ".join(filter(None, (_hint(done, compiled), doubt)))
    return done


def _doubt(points: PointChoice, stated: "CRS | None", done: LocatedFile, compiled: CompiledGrids) -> str:
    """Return what is to be said of points of an old datum, for which no shift to that of the grids is known."""
    crs = _crs_of(points, stated)
    if _are_same(crs, compiled.crs) or not np.isfinite(done.extent).all():
        return ""
    x, y = transformer_between(compiled.crs, crs).transform(*done.extent[:2].tolist())
    doubt = datum_doubt_of_points(crs, np.array([[x, y]]))
    return "" if doubt is None else f"{doubt.message} {doubt.remedy}"


def _hint(done: LocatedFile, compiled: CompiledGrids) -> str:
    if done.located or not np.isfinite(done.extent).all():
        return ""
    reach = "from {:,.10g}, {:,.10g} to {:,.10g}, {:,.10g}"
    return (
        f"No point is in a grid. In {compiled.crs.name}, the grids reach {reach.format(*compiled.extent)}, "
        f"the points {reach.format(*done.extent)}. Check --crs, --grids-crs, --x and --y."
    )


def _check_target(source: Path, target: Path) -> None:
    problems = [
        Problem("no-file", f"There is no file {path}.", "Check the name; relative ones start at this folder.")
        for path, present in ((source, source.is_file()), (target.parent, target.parent.is_dir()))
        if not present
    ]
    if not problems and not source.stat().st_size:
        problems.append(Problem("empty", f"{source.name} is empty (0 bytes).", "Export it again from where it came."))
    if target.exists() and source.exists() and target.samefile(source):
        problems.append(Problem("same-file", f"{target} would overwrite the points.", "Name another file."))
    family, other = _family(source), _family(target)
    if family is None:
        problems.append(Problem("format", f"{source.name} is no file of points that GeoGrid knows.", _READABLE))
    elif family != other:
        message = f"The output {target.name} is not of the format of {source.name}."
        problems.append(Problem("format", message, f"End it in {' or '.join(family)}."))
    if problems:
        raise InvalidInputError(problems)


def _family(path: Path) -> tuple[str, ...] | None:
    suffix = path.suffix.lower()
    if is_delimited(path):
        return _TEXT
    return next((family for family in _FORMATS if suffix in family), None)


def _opened(points: PointChoice) -> AbstractContextManager[PointSource]:
    family, given = _family(points.path), (points.x is not None) + (points.y is not None)
    if family == _GEOPACKAGE and given == 0:
        return columnar.open_geopackage(points.path, xy=None, new=points.column, layer=points.layer, crs=points.crs)
    if points.x is None or points.y is None:
        raise refusal(
            "no-column", f"The columns of the points of {points.path.name} are not named.", "Use --x and --y."
        )
    if family == _GEOPACKAGE:
        xy = points.x, points.y
        return columnar.open_geopackage(points.path, xy=xy, new=points.column, layer=points.layer, crs=points.crs)
    wanted = {"x": points.x, "y": points.y, "new": points.column}
    if family == columnar.PARQUET:
        return columnar.open_parquet(points.path, **wanted)
    if family == columnar.ARROW:
        return columnar.open_arrow(points.path, **wanted)
    return open_text(points.path, encoding=points.encoding, **wanted)


def _crs_of(points: PointChoice, stated: "CRS | None") -> "CRS":
    from boundaries.files.polygons import parse_crs
    from geogrid.coordinates import WGS84

    if points.crs is not None:
        return parse_crs(points.crs)
    if stated is None and _family(points.path) == _GEOPACKAGE:
        raise refusal("no-crs", f"{points.path.name} states no coordinate reference system.", "Name it with --crs.")
    return stated or WGS84


def _is_geographic(points: PointChoice, stated: "CRS | None") -> bool:
    return bool(_crs_of(points, stated).is_geographic)


def _converter(points: PointChoice, stated: "CRS | None", crs: "CRS") -> Convert:
    """Return what brings points to the CRS of the grids; points that are there already stay as they are."""
    source = _crs_of(points, stated)
    if points.coord_type != "wgs84" and not source.is_geographic:
        raise refusal(
            "crs",
            f"The datum {points.coord_type} is one of longitudes and latitudes, not of {source.name}.",
            "Drop one.",
        )
    transformer = None if _are_same(source, crs) else transformer_between(source, crs)

    def convert(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        if points.coord_type != "wgs84":
            x, y = to_wgs84(x, y, points.coord_type)
        return (x, y) if transformer is None else transformer.transform(x, y)

    return convert


def _are_same(one: "CRS", other: "CRS") -> bool:
    if one.equals(other, ignore_axis_order=True):
        return True
    both_degrees = one.is_geographic and other.is_geographic
    return both_degrees and {crs.datum.name for crs in (one, other) if crs.datum} <= _MODERN_DATUMS


def _usable(points: PointChoice, piece: Piece, done: LocatedFile, *, geographic: bool) -> tuple[FloatArray, FloatArray]:
    """Return coordinates with NaN for what cannot be one; count such rows."""
    known = np.isfinite(piece.x) & np.isfinite(piece.y)
    possible = known
    if geographic:
        with np.errstate(invalid="ignore"):
            possible = known & (np.abs(piece.x) <= _LARGEST_LON) & (np.abs(piece.y) <= _LARGEST_LAT)
        if not done.rows and 2 * possible.sum() < known.sum():
            first = int(np.flatnonzero(known & ~possible)[0])
            raise refusal(
                "not-degrees",
                f"Most points of {points.path.name} are no longitudes and latitudes, e.g. "
                f"x {piece.x[first]:g}, y {piece.y[first]:g} in row {first + 1}.",
                "Exchange --x and --y, or name their CRS, e.g. --crs EPSG:4547.",
            )
    if not possible.all():
        if not done.unusable:
            done.first_unusable = done.rows + int(np.flatnonzero(~possible)[0]) + 1
        done.unusable += int((~possible).sum())
    return np.where(possible, piece.x, np.nan), np.where(possible, piece.y, np.nan)
