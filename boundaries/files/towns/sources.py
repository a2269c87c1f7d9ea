"""One layer of one file: found, read, brought to what its role needs, with every fault said."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from boundaries.files.columns import with_numbers
from boundaries.files.osm import is_extract
from boundaries.files.polygons import parse_crs, read_grid_layer
from boundaries.files.table_reader import read_frame
from boundaries.text.delimited import is_delimited
from geogrid.coordinates import WGS84
from geogrid.coverage.plausible import check_coordinates
from geogrid.errors import InvalidInputError, Problem
from geogrid.types import BoolArray, GeometryArray

Shape = Literal["lines", "areas", "places"]

_LON: Final = ("lon", "lng", "longitude", "x", "经度")
_LAT: Final = ("lat", "latitude", "y", "纬度")
_TOLD_ROWS: Final = 5
_ALSO: Final = {"previous": "grids"}
_DIMENSIONS: Final = {"lines": (1, 2), "areas": (2,), "places": (0, 2)}
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
    """

    path: Path
    layer: str | None = None
    crs: str | None = None

    @classmethod
    def parse(cls, text: str, crs: str | None = None) -> "LayerSource":
        """Return the source that ``FILE`` or ``FILE:LAYER`` means; an existing file is taken as it is."""
        file, colon, layer = text.rpartition(":")
        if Path(text).exists() or not colon or not Path(file).exists():
            return cls(Path(text), None, crs)
        return cls(Path(file), layer, crs)

    @property
    def is_osm(self) -> bool:
        """Whether it is an OpenStreetMap extract, which holds every layer of a town."""
        return is_extract(self.path)

    @property
    def is_table(self) -> bool:
        """Whether it is text with coordinates in columns."""
        return is_delimited(self.path)


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
    _refuse_wrong(source, role, frame, shape)
    implausible = check_coordinates(shapely.get_coordinates(geometry), CRS(frame.crs))
    if implausible is not None:
        # There is no option here to swap axes, as imports have one.
        remedy = implausible.remedy.split(" With the file as it is")[0]
        raise InvalidInputError(
            [replace(implausible, message=f"{source.path.name}: {implausible.message}", remedy=remedy)]
        )
    mended = _mended(geometry, shape)
    changed = frame.index[~shapely.equals_exact(mended, geometry) & ~shapely.is_valid(geometry)].tolist()
    problems += _repaired(source, role, changed)
    return frame.set_geometry(mended, crs=frame.crs), problems


def _layer(source: LayerSource, role: str) -> gpd.GeoDataFrame:
    name = source.layer or _layer_of_role(source.path, role)
    found = read_grid_layer(source.path, layer=name, crs=source.crs)
    return found.frame.set_crs(found.crs, allow_override=True)


def _layer_of_role(path: Path, role: str) -> str | None:
    """Return the layer that bears the name of the role, if there is one; what cannot be listed is told on reading."""
    import pyogrio

    try:
        layers = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    except (pyogrio.errors.DataSourceError, OSError):
        return None
    if len(layers) <= 1:
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
    table = with_numbers(read_frame(source.path))
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
    crs = WGS84 if source.crs is None else parse_crs(source.crs)
    frame = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(*places), crs=crs)
    frame.index = range(1, len(frame) + 1)
    frame.loc[places[0].isna().to_numpy() | places[1].isna().to_numpy(), "geometry"] = None
    return frame


def _refuse_wrong(source: LayerSource, role: str, frame: gpd.GeoDataFrame, shape: Shape) -> None:
    geometry = frame.geometry.to_numpy()
    wrong: BoolArray = ~np.isin(shapely.get_dimensions(geometry), _DIMENSIONS[shape])
    unplaced = ~np.isfinite(shapely.bounds(geometry)).all(axis=1)
    problems = []
    if wrong.any():
        kind = str(geometry[wrong][0].geom_type)
        message = f"{source.path.name}: {_rows(frame.index[wrong].tolist())} of the {role} are no {_NEEDED[shape]}"
        problems.append(Problem("wrong-shape", f"{message}; the first is a {kind}.", "Take the right layer."))
    if unplaced.any():
        message = (
            f"{source.path.name}: {_rows(frame.index[unplaced].tolist())} of the {role} have infinite coordinates."
        )
        problems.append(Problem("coordinates", message, "Correct or delete them."))
    if problems:
        raise InvalidInputError(problems)


def _mended(geometry: GeometryArray, shape: Shape) -> GeometryArray:
    """Return valid geometries; outlines where lines are wanted."""
    areas = shapely.get_dimensions(geometry) == 2  # noqa: PLR2004 - polygons
    mended = geometry.copy()
    broken = areas & ~shapely.is_valid(geometry)
    mended[broken] = shapely.make_valid(geometry[broken], method="structure", keep_collapsed=False)
    if shape == "lines":
        mended[areas] = shapely.boundary(mended[areas])
    return mended


def _left_out(source: LayerSource, role: str, rows: list[int]) -> list[Problem]:
    if not rows:
        return []
    message = f"{source.path.name}: {_rows(rows)} of the {role} have no geometry and are left out."
    return [Problem("no-geometry", message, "Draw or delete them.", "warning", size=len(rows), unit="rows")]


def _repaired(source: LayerSource, role: str, rows: list[int]) -> list[Problem]:
    if not rows:
        return []
    message = f"{source.path.name}: {_rows(rows)} of the {role} cross themselves and were repaired."
    return [Problem("repaired", message, "Look at them.", "warning", size=len(rows), unit="rows")]


def _rows(rows: list[int]) -> str:
    more = f" and {len(rows) - _TOLD_ROWS:,} more" if len(rows) > _TOLD_ROWS else ""
    return f"row{'s' if len(rows) > 1 else ''} {', '.join(map(str, rows[:_TOLD_ROWS]))}{more}"
