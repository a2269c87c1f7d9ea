"""The small picture of the grids on the start page, drawn as SVG paths."""

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely

from geogrid.coordinates import metres_per_degree
from geogrid.maps.classes import band_states
from geogrid.types import FloatArray, GeometryArray

_LEAST_WIDTH, _MOST_WIDTH = 380.0, 720.0
_LEAST_HEIGHT, _MOST_HEIGHT = 320.0, 620.0
_MARGIN: Final = 14.0
_TOLERANCE: Final = 0.6
_MOST_SHAPES: Final = 2_000
_MOST_STREETS: Final = 6_000
_OUTLINE_DECIMALS: Final = 5


@dataclass(frozen=True, slots=True)
class Projection:
    """From degrees to the pixels of the picture: x to the right, y down, true to shape at the middle latitude."""

    west: float
    north: float
    pixels_per_lon: float
    pixels_per_lat: float
    left: float
    top: float
    width: float
    height: float

    def pixels(self, lonlat: FloatArray) -> FloatArray:
        """Return pixels of (n, 2) longitudes and latitudes."""
        x = self.left + (lonlat[:, 0] - self.west) * self.pixels_per_lon
        y = self.top + (self.north - lonlat[:, 1]) * self.pixels_per_lat
        return np.column_stack([x, y])

    def shapes(self, geometries: GeometryArray) -> GeometryArray:
        """Return geometries in pixels."""
        moved: GeometryArray = shapely.transform(geometries, self.pixels)
        return moved


@dataclass(frozen=True, slots=True)
class SketchGrid:
    """A grid of the picture; `lon`, `lat` is a point inside it, which a click without script asks for."""

    code: str
    name: str
    style: str
    path: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Sketch:
    """The picture: what it shows, and how degrees become its pixels."""

    projection: Projection
    streets: str
    grids: tuple[SketchGrid, ...]
    parents: tuple[tuple[str, float], ...]
    styles: tuple[str, ...]

    def dots(self, lonlat: FloatArray) -> str:
        """Return the path of dots at (n, 2) longitudes and latitudes within the picture."""
        pixels = self.projection.pixels(lonlat).round(1)
        inside = (pixels >= 0).all(axis=1) & (pixels <= [self.projection.width, self.projection.height]).all(axis=1)
        return "".join(f"M{x:g} {y:g}h0" for x, y in np.unique(pixels[inside], axis=0).tolist())

    def pixel(self, lon: float, lat: float) -> tuple[float, float]:
        """Return where a point is in the picture."""
        x, y = self.projection.pixels(np.array([[lon, lat]]))[0].round(1).tolist()
        return x, y


def draw_sketch(
    grids: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, *, band: tuple[float, float] | None, load: str
) -> Sketch:
    """Draw the leaf grids in the colours of the coverage map, the parents' outlines and the main streets.

    Parameters
    ----------
    grids : GeoDataFrame
        Every level of an edition, columns as `boundaries.editions.reading.grid_frame`; not empty.
    streets : GeoDataFrame
        Lines with a rank; the lowest ranks are left out where there are too many.
    band : tuple of float, optional
        Two-sided limit of the load.
    load : str
        Column that the band is about.
    """
    shown, parents = _levels(grids)
    projection = _projection(grids.total_bounds)
    shapes = shapely.coverage_simplify(projection.shapes(shown.geometry.to_numpy()), _TOLERANCE)
    places = shapely.get_coordinates(shapely.point_on_surface(shown.geometry.to_numpy()))
    styles = _styles(shown, band, load)
    drawn = tuple(
        SketchGrid(str(code), str(name), style, _path(shape), round(lon, 6), round(lat, 6))
        for code, name, style, shape, (lon, lat) in zip(
            shown["code"], shown["name"], styles, shapes, places.tolist(), strict=True
        )
    )
    return Sketch(
        projection=projection,
        streets=_streets(projection, streets),
        grids=drawn,
        parents=_outlines(projection, parents),
        styles=tuple(dict.fromkeys(sorted(styles))),
    )


def _levels(grids: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the grids to fill and those to outline; where leaves would be specks, those above them are filled."""
    leaves, parents = grids[grids["kind"] != "parent"], grids[grids["kind"] == "parent"]
    if len(leaves) <= _MOST_SHAPES:
        return leaves, parents
    counts = parents.groupby("level").size()
    fitting = counts[counts <= _MOST_SHAPES]
    if len(fitting):
        level = int(fitting.index.max())
        return parents[parents["level"] == level], parents[parents["level"] < level]
    whole = leaves.iloc[:1].assign(kind="parent", level=1)
    # Rounded alike, shared edges are equal to the last bit, which the fast union needs.
    rounded = shapely.transform(leaves.geometry.to_numpy(), lambda lonlat: lonlat.round(_OUTLINE_DECIMALS))
    outline = shapely.coverage_union_all(rounded)
    return leaves.iloc[:0], whole.set_geometry([outline], crs=grids.crs)


def _projection(bounds: FloatArray) -> Projection:
    west, south, east, north = bounds.tolist()
    along_lon, along_lat = metres_per_degree(np.array([(south + north) / 2]))
    wide, high = max((east - west) * along_lon[0], 1.0), max((north - south) * along_lat[0], 1.0)
    scale = min((_MOST_WIDTH - 2 * _MARGIN) / wide, (_MOST_HEIGHT - 2 * _MARGIN) / high)
    width = round(max(wide * scale + 2 * _MARGIN, _LEAST_WIDTH))
    height = round(max(high * scale + 2 * _MARGIN, _LEAST_HEIGHT))
    return Projection(
        west=west,
        north=north,
        pixels_per_lon=float(along_lon[0] * scale),
        pixels_per_lat=float(along_lat[0] * scale),
        left=float((width - wide * scale) / 2),
        top=float((height - high * scale) / 2),
        width=float(width),
        height=float(height),
    )


def _styles(shown: gpd.GeoDataFrame, band: tuple[float, float] | None, load: str) -> list[str]:
    values = shown[load].to_numpy(dtype=float) if load in shown else np.full(len(shown), np.nan)
    states = band_states(values, band)
    return ["dedicated" if kind == "dedicated" else state for kind, state in zip(shown["kind"], states, strict=True)]


def _streets(projection: Projection, streets: gpd.GeoDataFrame) -> str:
    chosen = streets.sort_values("rank", ascending=False, kind="stable").head(_MOST_STREETS)
    lines = shapely.simplify(projection.shapes(chosen.geometry.to_numpy()), _TOLERANCE)
    return "".join(_ring(shapely.get_coordinates(line), end="") for line in lines)


def _outlines(projection: Projection, parents: gpd.GeoDataFrame) -> tuple[tuple[str, float], ...]:
    if not len(parents):
        return ()
    shapes = shapely.simplify(projection.shapes(parents.geometry.to_numpy()), _TOLERANCE)
    deepest = int(parents["level"].max())
    widths = [1.6 + 0.9 * (deepest - int(level)) for level in parents["level"]]
    return tuple((_path(shape), width) for shape, width in zip(shapes, widths, strict=True))


def _path(shape: Any) -> str:
    rings = shapely.get_rings(shapely.get_parts(shape))
    return "".join(_ring(shapely.get_coordinates(ring)[:-1], end="Z") for ring in rings)


def _ring(pixels: FloatArray, *, end: str) -> str:
    points = [f"{x:g} {y:g}" for x, y in pixels.round(1).tolist()]
    return f"M{'L'.join(points)}{end}" if points else ""
