"""A flat piece of the earth in metres, around a layer: where overlaps and gaps are measured."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Proj, Transformer

from geogrid.coordinates import WGS84, metres_per_degree, transformer_between
from geogrid.types import FloatArray, GeometryArray


@dataclass(frozen=True)
class Plane:
    """The layer's own coordinates, stretched so that one unit is a metre in the middle of the layer.

    Stretching is affine: straight edges stay straight and vertices on them stay on them, which reprojecting does not
    promise.

    Parameters
    ----------
    crs : CRS
        CRS of the layer.
    metres : (2,) float64
        Metres per unit of x and of y.
    """

    crs: CRS
    metres: FloatArray

    @classmethod
    def around(cls, geometries: GeometryArray, crs: CRS) -> "Plane":
        """Return the plane of a layer.

        Parameters
        ----------
        geometries : (n,) of shapely geometry
            At least one that is not empty.
        crs : CRS
            Their CRS, geographic (longitude first) or projected.
        """
        west, south, east, north = shapely.total_bounds(geometries)
        middle = np.array([[(west + east) / 2.0, (south + north) / 2.0]])
        return cls(crs, _metres_per_unit(crs, middle)[0])

    @cached_property
    def _to_lonlat(self) -> Transformer:
        return transformer_between(self.crs, WGS84)

    def flatten(self, geometries: GeometryArray) -> GeometryArray:
        """Return the layer's geometries in this plane, without heights."""
        flat: GeometryArray = shapely.transform(shapely.force_2d(geometries), lambda xy: xy * self.metres)
        return flat

    def restore(self, geometries: GeometryArray, originals: GeometryArray) -> GeometryArray:
        """Return geometries of this plane in the layer's CRS, with every vertex that came from the layer as it was.

        Parameters
        ----------
        geometries : (n,) of shapely geometry
            Made from what `flatten` returned.
        originals : (m,) of shapely geometry
            What `flatten` was given.
        """
        originals_xy = np.unique(shapely.get_coordinates(originals), axis=0)
        flat = _as_keys(originals_xy * self.metres)
        order = np.argsort(flat)
        flat, originals_xy = flat[order], originals_xy[order]

        def unstretched(xy: FloatArray) -> FloatArray:
            keys = _as_keys(xy)
            position = np.minimum(np.searchsorted(flat, keys), len(flat) - 1)
            matched = flat[position] == keys
            return np.where(matched[:, None], originals_xy[position], xy / self.metres)

        restored: GeometryArray = shapely.transform(geometries, unstretched)
        return restored

    def lonlat(self, geometries: GeometryArray) -> FloatArray:
        """Return a place inside each geometry of this plane: longitude, latitude, shape (n, 2)."""
        points = shapely.point_on_surface(geometries)
        own = np.column_stack([shapely.get_x(points), shapely.get_y(points)]) / self.metres
        return np.column_stack(self._to_lonlat.transform(own[:, 0], own[:, 1]))

    def area_m2(self, geometries: GeometryArray) -> FloatArray:
        """Return areas of geometries of this plane, square metres, with the scale at each one's own place."""
        centre = shapely.centroid(geometries)
        own = np.column_stack([shapely.get_x(centre), shapely.get_y(centre)]) / self.metres
        stretch = (_metres_per_unit(self.crs, own) / self.metres).prod(axis=1)
        area: FloatArray = shapely.area(geometries) * np.where(np.isfinite(stretch), stretch, 1.0)
        return area


def _as_keys(xy: FloatArray) -> NDArray[np.complex128]:
    """Return pairs as single numbers, which sort and compare as the pairs do."""
    keys: NDArray[np.complex128] = xy[:, 0] + 1j * xy[:, 1]
    return keys


def _metres_per_unit(crs: CRS, xy: FloatArray) -> FloatArray:
    """Return true metres per unit of x and y at places of a CRS, shape (n, 2)."""
    if crs.is_geographic:
        return np.column_stack(metres_per_degree(xy[:, 1]))
    if not len(xy):
        return np.empty((0, 2))
    unit = crs.axis_info[0].unit_conversion_factor
    lon, lat = transformer_between(crs, WGS84).transform(xy[:, 0], xy[:, 1])
    factors = Proj(crs).get_factors(lon, lat, errcheck=False)
    scale = unit / np.sqrt(np.atleast_1d(factors.areal_scale))
    return np.column_stack([scale, scale])
