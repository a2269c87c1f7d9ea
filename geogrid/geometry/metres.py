"""The one entrance of geometry to metres: straight edges stay straight, what is broken is mended and listed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from geogrid.coordinates.crs import WGS84, require_crs, transformer_between
from geogrid.errors import Problem
from geogrid.geometry.rings import only_polygons
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray

STRAIGHT_M: Final = 0.001
"""An edge that bends by more once projected gets vertices in between."""

_NEVER_BENDS_M: Final = 50.0
"""An edge this short bends by less than a millimetre at any latitude below 85 degrees, in any local system."""

_JOINED: Final[Mapping[type[shapely.Geometry], Callable[[GeometryArray], Any]]] = {
    shapely.MultiPolygon: shapely.multipolygons,
    shapely.MultiLineString: shapely.multilinestrings,
    shapely.GeometryCollection: shapely.geometrycollections,
}
_METRES_A_DEGREE: Final = 111_320.0
_AREAS: Final = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_ROWS_NAMED: Final = 5


class Reprojection(Protocol):
    """Takes (n, 2) float64 of one CRS to (n, 2) of another."""

    def __call__(self, xy: FloatArray, /) -> FloatArray:
        """Return the places in the other CRS."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A layer in metres.

    Parameters
    ----------
    geometry : (n,) of shapely geometry
        Row for row as given; valid, without heights. Empty where there is nothing usable.
    mended : (k,) int64
        Positions of areas that crossed themselves, as given or once projected.
    unusable : (m,) int64
        Positions without geometry, or with coordinates that the projection cannot take.
    rows : (n,) str
        What the layer calls its rows.
    """

    geometry: GeometryArray
    mended: IntArray
    unusable: IntArray

    rows: tuple[str, ...]

    def problems(self, role: str) -> tuple[Problem, ...]:
        """Return what was mended and left out, as warnings about a layer of a role, e.g. ``"buildings"``."""
        return tuple(
            Problem(
                kind,
                f"{self._named(rows)} of the {role} {one if len(rows) == 1 else several}.",
                remedy,
                "warning",
                role,
                size=len(rows),
                unit="rows",
            )
            for kind, rows, one, several, remedy in (
                (
                    "mended",
                    self.mended,
                    "crosses itself and was mended",
                    "cross themselves and were mended",
                    "Look at what became of it.",
                ),
                (
                    "unusable",
                    self.unusable,
                    "has no usable geometry and is left out",
                    "have no usable geometry and are left out",
                    "Draw or delete what has none.",
                ),
            )
            if len(rows)
        )

    def _named(self, rows: IntArray) -> str:
        names = ", ".join(self.rows[row] for row in rows[:_ROWS_NAMED].tolist())
        more = f" and {len(rows) - _ROWS_NAMED:,} more" if len(rows) > _ROWS_NAMED else ""
        return f"{'Row' if len(rows) == 1 else 'Rows'} {names}{more}"


def to_metres(layer: gpd.GeoSeries | gpd.GeoDataFrame, crs: CRS) -> Metric:
    """Bring a layer to a metric CRS.

    Parameters
    ----------
    layer : GeoSeries or GeoDataFrame
        Any geometry, in any CRS that it states.
    crs : CRS
        Projected, metres.

    Raises
    ------
    InvalidInputError
        The layer states no CRS.

    Notes
    -----
    An edge is straight in the CRS that it was drawn in. Where it would bend by more than a millimetre, vertices are
    put on it before it is projected, the same ones whichever way an edge runs: neighbours keep one line between
    them. Areas are mended after that, since a ring that is valid in degrees may cross itself in metres.
    """
    source = require_crs(layer)
    given = np.array(layer.geometry.array, dtype=object)
    missing = shapely.is_missing(given) | shapely.is_empty(given)
    given[missing] = shapely.Point()
    flat = shapely.force_2d(given)
    is_area = np.isin(shapely.get_type_id(flat), _AREAS)
    broken = is_area & ~shapely.is_valid(flat)
    flat[broken] = _mended(flat[broken])
    projected = flat if source == crs else _projected(flat, source, crs)
    outside = ~np.isfinite(shapely.bounds(projected)).all(axis=1) & ~missing
    projected[outside] = shapely.Point()
    crossed = is_area & ~shapely.is_valid(projected)
    projected[crossed] = _mended(projected[crossed])
    gone = shapely.is_empty(projected)
    return Metric(
        projected,
        mended=np.flatnonzero((broken | crossed) & ~gone).astype(np.int64),
        unusable=np.flatnonzero(gone).astype(np.int64),
        rows=tuple(map(str, layer.index)),
    )


def layer_in_metres(layer: gpd.GeoDataFrame, crs: CRS, role: str) -> tuple[gpd.GeoDataFrame, tuple[Problem, ...]]:
    """Return a layer in a metric CRS without its unusable rows, and what was mended or left out; see `to_metres`."""
    metric = to_metres(layer, crs)
    moved = layer.set_geometry(metric.geometry, crs=crs)
    return moved.drop(index=moved.index[metric.unusable]), metric.problems(role)


def to_lonlat(geometry: GeometryArray, crs: CRS) -> GeometryArray:
    """Return geometries of a metric CRS in EPSG:4326, longitude first.

    Each vertex is transformed by itself, so that shared ones stay identical; edges that would bend get vertices as in
    `to_metres`, so that what is drawn in degrees covers the same land.
    """
    return _projected(geometry, crs, WGS84)


def _mended(areas: GeometryArray) -> GeometryArray:
    valid = shapely.make_valid(areas, method="structure", keep_collapsed=False)
    mended = np.empty(len(areas), dtype=object)
    mended[:] = [only_polygons(area) for area in valid]
    return mended


def _projected(geometry: GeometryArray, source: CRS, target: CRS) -> GeometryArray:
    """Return geometries in another CRS, with vertices where straight edges would bend."""
    transformer = transformer_between(source, target)

    def project(xy: FloatArray) -> FloatArray:
        return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))

    edges = _StraightEdges(project, shortest=_NEVER_BENDS_M / _metres_a_unit(source), metres=_metres_a_unit(target))
    straight = np.array(geometry, dtype=object)
    for place in np.flatnonzero(edges.have_bends(straight)).tolist():
        straight[place] = edges.with_vertices(straight[place])
    moved: GeometryArray = shapely.transform(straight, project)
    return moved


def _metres_a_unit(crs: CRS) -> float:
    """Return the length of a unit of a CRS, metres, at the equator where it is a degree."""
    return _METRES_A_DEGREE if crs.is_geographic else float(crs.axis_info[0].unit_conversion_factor)


@dataclass(frozen=True, slots=True)
class _StraightEdges:
    """How straight edges of one CRS run in another.

    Parameters
    ----------
    project : callable
        From the one to the other.
    shortest : float
        Edges below this length need not be looked at, units of the first.
    metres : float
        Of a unit of the other.
    """

    project: Reprojection
    shortest: float
    metres: float

    def have_bends(self, geometry: GeometryArray) -> BoolArray:
        """Return which geometries have an edge that bends; edges are looked at all at once."""
        xy, owner = shapely.get_coordinates(geometry, return_index=True)
        bends: BoolArray = np.zeros(len(geometry), dtype=np.bool_)
        # What runs from one ring or part to the next is no edge; looking at it costs nothing but time.
        long = np.abs(xy[1:] - xy[:-1]).max(axis=1, initial=0.0) > self.shortest
        joined = np.flatnonzero((owner[1:] == owner[:-1]) & long)
        bends[owner[joined[self._bend_m(xy[joined], xy[joined + 1]) > STRAIGHT_M]]] = True
        return bends

    def with_vertices(self, geometry: shapely.Geometry) -> shapely.Geometry:
        """Return a geometry with vertices on the edges that bend."""
        if isinstance(geometry, shapely.Polygon):
            rings = [self._line(ring) for ring in (geometry.exterior, *geometry.interiors)]
            return shapely.Polygon(rings[0], rings[1:])
        if isinstance(geometry, shapely.LineString):
            return shapely.LineString(self._line(geometry))
        if isinstance(geometry, shapely.MultiPolygon | shapely.MultiLineString | shapely.GeometryCollection):
            parts = np.array([self.with_vertices(part) for part in geometry.geoms], dtype=object)
            joined: shapely.Geometry = _JOINED[type(geometry)](parts)
            return joined
        return geometry

    def _bend_m(self, start: FloatArray, end: FloatArray) -> FloatArray:
        """Return how far the middle of each edge is from the middle of its projected ends."""
        apart = self.project((start + end) / 2.0) - (self.project(start) + self.project(end)) / 2.0
        bend: FloatArray = np.hypot(apart[:, 0], apart[:, 1]) * self.metres
        return np.where(np.isfinite(bend), bend, 0.0)

    def _line(self, line: shapely.LineString) -> FloatArray:
        xy = shapely.get_coordinates(line)
        start, end = xy[:-1], xy[1:]
        # Halving an edge quarters its bend.
        pieces = np.maximum(np.ceil(np.sqrt(self._bend_m(start, end) / STRAIGHT_M)), 1.0).astype(np.int64)
        edge = np.repeat(np.arange(len(pieces)), pieces)
        step = np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        # From the smaller end: both neighbours of an edge get the same places on it.
        turned = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
        low, high = np.where(turned[:, None], end, start)[edge], np.where(turned[:, None], start, end)[edge]
        part = np.where(turned[edge], pieces[edge] - step, step) / pieces[edge]
        places = low + part[:, None] * (high - low)
        places[step == 0] = start[edge[step == 0]]
        return np.vstack([places, xy[-1:]])
