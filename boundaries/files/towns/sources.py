"""One layer of one file: found, read, brought to what its role needs, with every fault said."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from boundaries.files import gdal
from boundaries.files.columns import why_no_number, with_numbers
from boundaries.files.osm_files import is_extract
from boundaries.files.polygons import has_folders, parse_crs, read_grid_layer
from boundaries.files.table_reader import is_table, read_frame
from geogrid.coordinates import WGS84
from geogrid.coverage.plausible import check_coordinates
from geogrid.coverage.zones import datum_doubt_of_points
from geogrid.errors import InvalidInputError, Problem
from geogrid.types import BoolArray, GeometryArray

Read = TypeVar("Read")
Shape = Literal["lines", "areas", "places"]

_LON: Final = ("lon", "lng", "longitude", "x", "经度")
_LAT: Final = ("lat", "latitude", "y", "纬度")
_TOLD_ROWS: Final = 5
_LISTED: Final = 20
_FEW: Final = 0.1
"""Up to this share of the rows of a layer are left out and told; more refuse it: it is another layer."""
_ALSO: Final = {"previous": "grids"}
_DIMENSIONS: Final = {"lines": (1, 2), "areas": (2,), "places": (0, 2)}
_POINTS, _LINES = 0, 1
_REMEDIES: Final[Mapping[tuple[str, int], str]] = {
    ("buildings", _POINTS): "Footprints are polygons; points with households or residents are given by --loads.",
    ("streets", _POINTS): "Points bound no land: give lines, or areas whose outline counts.",
    ("barriers", _POINTS): "Points bound no land: give lines, or areas whose outline counts.",
    ("sites", _LINES): "Close each line, so that it is the outline of its site, or give a point in each site.",
    ("loads", _LINES): "Give a point for each, or its lot as a polygon.",
}
"""What to do by role and the dimension of what is wrong."""
_CLOSE: Final = "Close each line, so that it is the outline of an area."
_NEEDED: Final = {"lines": "lines, or areas whose outline counts", "areas": "polygons", "places": "polygons or points"}


@dataclass(frozen=True, slots=True)
class LayerSource:
    """A file and, where it has several layers, which one.

    Parameters
    ----------
    path : Path
        Whatever GDAL reads, an OpenStreetMap extract, or a table with longitude and latitude.
    layer : str, optional
        Name of the layer.
    crs : str, optional
        Counts in place of what the file says.
    encoding : str, optional
        Of the text, where the file does not say and it is not UTF-8.
    """

    path: Path
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None

    @classmethod
    def parse(cls, text: str, crs: str | None = None, encoding: str | None = None) -> "LayerSource":
        """Return the source that ``FILE`` or ``FILE:LAYER`` means; an existing file is taken as it is."""
        file, colon, layer = text.rpartition(":")
        if Path(text).exists() or not colon or not Path(file).exists():
            return cls(Path(text), None, crs, encoding)
        return cls(Path(file), layer, crs, encoding)

    @property
    def is_osm(self) -> bool:
        """Whether it is an OpenStreetMap extract, which holds every layer of a town."""
        return is_extract(self.path)

    @property
    def is_table(self) -> bool:
        """Whether it is a table with coordinates in columns."""
        return is_table(self.path)


def read_source(source: LayerSource, role: str, shape: Shape) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Return a layer with two-dimensional, valid geometries, and what had to be left out or mended.

    Parameters
    ----------
    source : LayerSource
        Where.
    role : str
        What it is, e.g. ``buildings``; a layer of this name is taken where the file has several.
    shape : {"lines", "areas", "places"}
        What its geometries must be; outlines of areas count as lines.

    Raises
    ------
    InvalidInputError
        The file cannot be read whole, or its geometries are of the wrong kind; every such row is counted.
    """
    frame = _table(source) if source.is_table else _layer(source, role)
    frame = frame.set_geometry(shapely.force_2d(frame.geometry.to_numpy()), crs=frame.crs)
    geometry = frame.geometry.to_numpy()
    usable = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    problems = _left_out(source, role, frame.index[~usable].tolist())
    frame, geometry = frame[usable], geometry[usable]
    if not len(frame):
        raise InvalidInputError.of("empty", f"{source.path.name} has no {role}.", "Check the file and the layer.")
    frame, closed = _with_outlines_filled(source, role, frame, shape)
    problems += closed
    frame, wrong = _without_wrong(source, role, frame, shape)
    problems += wrong
    geometry = frame.geometry.to_numpy()
    implausible = check_coordinates(shapely.get_coordinates(geometry), CRS(frame.crs))
    if implausible is not None:
        # There is no option here to swap axes, as imports have one.
        remedy = implausible.remedy.split(" With the file as it is")[0]
        raise InvalidInputError(
            [replace(implausible, message=f"{source.path.name}: {implausible.message}", remedy=remedy)]
        )
    doubt = datum_doubt_of_points(CRS(frame.crs), shapely.get_coordinates(geometry)[:1])
    if doubt is not None:
        problems.append(replace(doubt, message=f"{source.path.name}: {doubt.message}"))
    mended = _mended(geometry, shape)
    changed = frame.index[~shapely.equals_exact(mended, geometry) & ~shapely.is_valid(geometry)].tolist()
    problems += _repaired(source, role, changed)
    return frame.set_geometry(mended, crs=frame.crs), problems


def in_its_encoding(named: str | None, read: Callable[[str | None], Read]) -> Read:
    """Return what is read of one of several files: in the encoding that it states, else in the one that is named."""
    try:
        return read(None)
    except InvalidInputError as error:
        if named is None or {problem.kind for problem in error.problems} != {"encoding"}:
            raise
        return read(named)


def _layer(source: LayerSource, role: str) -> gpd.GeoDataFrame:
    name = source.layer or _layer_of_role(source.path, role)
    found = in_its_encoding(
        source.encoding,
        lambda encoding: read_grid_layer(source.path, layer=name, crs=source.crs, encoding=encoding),
    )
    return found.frame.set_crs(found.crs, allow_override=True)


def _layer_of_role(path: Path, role: str) -> str | None:
    """Return the layer that bears the name of the role, if there is one; what cannot be listed is told on reading."""
    import pyogrio

    try:
        layers = gdal.layers_with_shapes(path)
    except (pyogrio.errors.DataSourceError, OSError):
        return None
    if len(layers) <= 1 or has_folders(path):
        return None
    found = next((name for name in (role, _ALSO.get(role)) if name in layers), None)
    if found is None:
        raise InvalidInputError.of(
            "which-layer",
            f"{path.name} has {len(layers)} layers, none named '{role}': {', '.join(layers)}.",
            f"Name the one meant after a colon, e.g. {path.name}:{layers[0]}.",
        )
    return found


def _table(source: LayerSource) -> gpd.GeoDataFrame:
    table = with_numbers(in_its_encoding(source.encoding, lambda encoding: read_frame(source.path, encoding=encoding)))
    names = {str(name).strip().lower(): name for name in table.columns}
    lon = next((names[name] for name in _LON if name in names), None)
    lat = next((names[name] for name in _LAT if name in names), None)
    if lon is None or lat is None:
        raise InvalidInputError.of(
            "no-coordinates",
            f"{source.path.name} has no columns for longitude and latitude.",
            f"Name them e.g. lon and lat. It has: {', '.join(map(str, table.columns))}.",
        )
    places = [pd.to_numeric(table[column], errors="coerce") for column in (lon, lat)]
    _require_points(source.path.name, table, [lon, lat], places)
    crs = WGS84 if source.crs is None else parse_crs(source.crs)
    frame = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(*places), crs=crs)
    frame.index = range(1, len(frame) + 1)
    frame.loc[places[0].isna().to_numpy() | places[1].isna().to_numpy(), "geometry"] = None
    return frame


def _require_points(file: str, table: pd.DataFrame, columns: list[str], places: list["pd.Series[float]"]) -> None:
    """Refuse coordinates that can be read once they are written otherwise: a decimal comma, marks between thousands."""
    problems = []
    for column, numbers in zip(columns, places, strict=True):
        for row in np.flatnonzero(numbers.isna() & table[column].notna()).tolist():
            text = str(table[column].iloc[row]).strip()
            why = why_no_number(text)
            if "; write" in why:
                message = f"{file}, row {row + 1}: {column} is {text!r}: it {why}."
                problems.append(Problem("bad-number", message, "Correct the column.", subject=f"row {row + 1}"))
    if problems:
        raise InvalidInputError(problems[:_LISTED])


def _with_outlines_filled(
    source: LayerSource, role: str, frame: gpd.GeoDataFrame, shape: Shape
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Return a layer of areas or places with closed lines as the areas that they go around."""
    geometry = frame.geometry.to_numpy().copy()
    rows = np.flatnonzero((shapely.get_dimensions(geometry) == _LINES) & shapely.is_closed(geometry))
    if shape == "lines" or not len(rows):
        return frame, []
    filled = np.array([shapely.build_area(shapely.node(geometry[row])) for row in rows], dtype=object)
    rows, filled = rows[shapely.area(filled) > 0], filled[shapely.area(filled) > 0]
    if not len(rows):
        return frame, []
    geometry[rows] = filled
    message = f"{source.path.name}: {_rows(frame.index[rows].tolist())} of the {role} are closed lines, taken as areas."
    told = Problem("outline-filled", message, "Write them as polygons.", "warning", size=len(rows), unit="rows")
    return frame.set_geometry(geometry, crs=frame.crs), [told]


def _without_wrong(
    source: LayerSource, role: str, frame: gpd.GeoDataFrame, shape: Shape
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Return the rows of the right kind; where most are of another, or without a place, the file is refused."""
    geometry = frame.geometry.to_numpy()
    wrong: BoolArray = ~np.isin(shapely.get_dimensions(geometry), _DIMENSIONS[shape])
    unplaced: BoolArray = ~np.asarray(np.isfinite(shapely.bounds(geometry)).all(axis=1), dtype=np.bool_)
    problems = []
    if wrong.any():
        kind = str(geometry[wrong][0].geom_type)
        message = f"{source.path.name}: {_rows(frame.index[wrong].tolist())} of the {role} "
        message += f"{'is' if wrong.sum() == 1 else 'are'} no {_NEEDED[shape]}; the first is a {kind}"
        few, dimension = _few(wrong), int(shapely.get_dimensions(geometry[wrong][0]))
        message += f"{', and left out' if few else ''}."
        remedy = _REMEDIES.get((role, dimension), _CLOSE if dimension == _LINES else "Take the right layer.")
        problems.append(Problem("wrong-shape", message, remedy, "warning" if few else "error", role))
    if unplaced.any():
        message = f"{source.path.name}: {_rows(frame.index[unplaced].tolist())} of the {role} "
        message += f"{'has' if unplaced.sum() == 1 else 'have'} infinite coordinates"
        few = _few(unplaced)
        message += f"{', and left out' if few else ''}."
        problems.append(Problem("no-geometry", message, "Correct or delete them.", "warning" if few else "error", role))
    if any(problem.severity == "error" for problem in problems):
        raise InvalidInputError(problems)
    return frame[~(wrong | unplaced)], problems


def _few(rows: BoolArray) -> bool:
    return float(rows.mean()) <= _FEW


def _mended(geometry: GeometryArray, shape: Shape) -> GeometryArray:
    """Return valid geometries; outlines where lines are wanted."""
    mended = geometry.copy()
    mixed = np.flatnonzero(shapely.get_type_id(geometry) == shapely.GeometryType.GEOMETRYCOLLECTION)
    for row in mixed.tolist():
        parts = shapely.get_parts(shapely.get_parts(geometry[row]))
        kept = parts[np.isin(shapely.get_dimensions(parts), _DIMENSIONS[shape])]
        mended[row] = shapely.union_all(kept[shapely.get_dimensions(kept) == shapely.get_dimensions(kept).max()])
    areas = shapely.get_dimensions(mended) == 2  # noqa: PLR2004 - polygons
    broken = areas & ~shapely.is_valid(mended)
    mended[broken] = shapely.make_valid(mended[broken], method="structure", keep_collapsed=False)
    if shape == "lines":
        mended[areas] = shapely.boundary(mended[areas])
    return mended


def _left_out(source: LayerSource, role: str, rows: list[int]) -> list[Problem]:
    if not rows:
        return []
    words = "has no geometry and is left out" if len(rows) == 1 else "have no geometry and are left out"
    message = f"{source.path.name}: {_rows(rows)} of the {role} {words}."
    return [Problem("no-geometry", message, "Draw or delete them.", "warning", size=len(rows), unit="rows")]


def _repaired(source: LayerSource, role: str, rows: list[int]) -> list[Problem]:
    if not rows:
        return []
    words = "crosses itself and was repaired" if len(rows) == 1 else "cross themselves and were repaired"
    message = f"{source.path.name}: {_rows(rows)} of the {role} {words}."
    return [Problem("repaired", message, "Look at them.", "warning", size=len(rows), unit="rows")]


def _rows(rows: list[int]) -> str:
    more = f" and {len(rows) - _TOLD_ROWS:,} more" if len(rows) > _TOLD_ROWS else ""
    return f"row{'s' if len(rows) > 1 else ''} {', '.join(map(str, rows[:_TOLD_ROWS]))}{more}"
