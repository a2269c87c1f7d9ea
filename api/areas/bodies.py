"""Grids of an edition as areas: what each is, what lies above, below and beside it, and its shape."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import shapely
from pyproj import Geod

from boundaries.features.systems import in_datum
from geogrid.editions import Edition, GridInfo
from geogrid.editions.fields import LOADS
from geogrid.errors import NotFoundError
from geogrid.types import CoordType, GeometryArray, GridCode

Shape = dict[str, Any]

_SHARED_LINE = "F***1****"
_LONLAT_DECIMALS = 7
_LISTED_SIMILAR = 5
_COMPARED_CODES = 5_000


@dataclass(frozen=True, slots=True)
class Areas:
    """The grids of an edition with their geometry.

    Parameters
    ----------
    edition : Edition
        Compiled, with the duties of the moment that is asked about.
    frame : GeoDataFrame
        The same grids, see `boundaries.editions.reading.grid_frame`.
    """

    edition: Edition
    frame: gpd.GeoDataFrame

    def grid(self, code: str) -> GridInfo:
        """Return a grid, or raise `NotFoundError` with codes that are like the one asked for."""
        info = self.edition.grids.get(GridCode(code))
        if info is None:
            raise NotFoundError(f"{self.edition.name} has no grid {code!r}.{self._similar(code)}")
        return info

    def at(self, lon: float, lat: float) -> tuple[GridInfo, ...]:
        """Return the leaf at a point, WGS 84, and the grids above it; nothing outside."""
        located = self.edition.locate(lon, lat)
        return () if located is None else located.chain

    def parents(self, code: str) -> tuple[GridInfo, ...]:
        """Return the grids above one, the nearest first."""
        parents, above = [], self.grid(code).parent
        while above is not None:
            parents.append(self.edition.grids[above])
            above = parents[-1].parent
        return tuple(parents)

    def children(self, code: str) -> tuple[GridInfo, ...]:
        """Return the grids right below one, by code."""
        own = self.grid(code).code
        return tuple(each for each in self.edition.grids.values() if each.parent == own)

    def neighbours(self, code: str) -> tuple[GridInfo, ...]:
        """Return the grids of the same level that share a line with one, by code; a common corner is not enough."""
        grid = self.grid(code)
        level = self.frame[self.frame["level"] == grid.level]
        own = level.geometry.to_numpy()[level["code"].to_numpy() == grid.code][0]
        near = level.iloc[shapely.STRtree(level.geometry.to_numpy()).query(own, "intersects")]
        shares = shapely.relate_pattern(near.geometry.to_numpy(), own, _SHARED_LINE)
        return self.listed(near["code"].to_numpy()[shares])

    def listed(self, codes: Iterable[str]) -> tuple[GridInfo, ...]:
        """Return grids by their codes, in the order of the codes."""
        return tuple(self.edition.grids[GridCode(code)] for code in sorted(codes))

    def records(self, grids: Sequence[GridInfo]) -> dict[str, Shape]:
        """Return what is known of grids, by code."""
        rows = self._rows(grids)
        return {grid.code: self._record(grid, rows.loc[grid.code]) for grid in grids}

    def shapes(self, grids: Sequence[GridInfo], coord_type: CoordType) -> GeometryArray:
        """Return the polygons of grids in a datum, in the order of `grids`."""
        return in_datum(self._rows(grids).loc[[grid.code for grid in grids]].geometry.to_numpy(), coord_type)

    def features(self, grids: Sequence[GridInfo], coord_type: CoordType) -> Shape:
        """Return grids as a GeoJSON feature collection, geometry as text for orjson."""
        texts = shapely.to_geojson(self.shapes(grids, coord_type)).tolist() if grids else []
        features = [
            {"type": "Feature", "id": code, "properties": record, "geometry": orjson.Fragment(text)}
            for (code, record), text in zip(self.records(grids).items(), texts, strict=True)
        ]
        return {"type": "FeatureCollection", "features": features}

    def measures(self, code: str, coord_type: CoordType) -> Shape:
        """Return the size and the place of a grid: area and perimeter on the ellipsoid, box, a point inside it."""
        grid = self.grid(code)
        stored = self._rows([grid]).geometry.iloc[0]
        area, perimeter = Geod(ellps="WGS84").geometry_area_perimeter(shapely.orient_polygons(stored))
        shown = in_datum(np.array([stored, shapely.point_on_surface(stored)], dtype=object), coord_type)
        centre = shapely.get_coordinates(shown[1])[0]
        return {
            "code": grid.code,
            "area_m2": round(abs(area), 1),
            "perimeter_m": round(perimeter, 1),
            "bbox": [round(float(each), _LONLAT_DECIMALS) for each in shapely.bounds(shown[0])],
            "centre": {
                "lon": round(float(centre[0]), _LONLAT_DECIMALS),
                "lat": round(float(centre[1]), _LONLAT_DECIMALS),
            },
            "parts": int(shapely.get_num_geometries(stored)),
            "coord_type": coord_type,
        }

    def _record(self, grid: GridInfo, row: Mapping[str, Any]) -> Shape:
        return {
            "code": grid.code,
            "name": grid.name,
            "level": grid.level,
            "level_name": grid.level_name,
            "parent": grid.parent,
            "kind": grid.kind,
            "category": grid.category,
            **{load: None if np.isnan(row[load]) else float(row[load]) for load in LOADS},
            "duties": [asdict(duty) for duty in self.edition.duties.get(grid.code, ())],
            "edition": self.edition.id,
        }

    def _rows(self, grids: Sequence[GridInfo]) -> gpd.GeoDataFrame:
        is_listed = self.frame["code"].isin([grid.code for grid in grids])
        return self.frame[is_listed].set_index("code")

    def _similar(self, code: str) -> str:
        codes = [str(each) for each in self.edition.grids]
        near = difflib.get_close_matches(code, codes[:_COMPARED_CODES], n=_LISTED_SIMILAR)
        return f" Similar codes: {', '.join(near)}." if near else ""
