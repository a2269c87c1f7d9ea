"""A layer made into grids that can be stored, or the list of everything that forbids it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from boundaries.files.grids.fields import GridRows, has_shape
from boundaries.files.grids.levels import Levels, settle_tree
from boundaries.files.polygons import GridLayer
from geogrid.coordinates import WGS84, to_wgs84, transformer_between
from geogrid.coverage.examine import DEFAULT_TOLERANCES, area_text, compare_with_children, examine, mend
from geogrid.coverage.gaps import find_uncovered
from geogrid.coverage.plane import Plane
from geogrid.coverage.plausible import Bounds, check_coordinates
from geogrid.coverage.tree import Tree, check_codes
from geogrid.coverage.zones import datum_doubt
from geogrid.editions.fields import LOADS
from geogrid.errors import Problem
from geogrid.geometry.metres import to_lonlat
from geogrid.geometry.rings import only_polygons
from geogrid.types import CoordType, FloatArray, GeometryArray, IntArray

_MOST_LON, _MOST_LAT, _MOST_ROWS = 180.0, 90.0, 0.5


@dataclass(frozen=True, slots=True)
class GridPlan:
    """Grids ready to be stored.

    Parameters
    ----------
    grids : GeoDataFrame or None
        As `save_plan` takes them; None where there are errors.
    tree : Tree or None
        Levels and parents, where the codes make one.
    problems : tuple of Problem
        Everything found, errors first.
    """

    grids: gpd.GeoDataFrame | None
    tree: Tree | None
    problems: tuple[Problem, ...]


def plan_grids(
    rows: GridRows, layer: GridLayer, levels: Levels, *, coord_type: CoordType, limit: shapely.Geometry | None
) -> GridPlan:
    """Check rows as a whole and make grids of them.

    Parameters
    ----------
    rows : GridRows
        As read.
    layer : GridLayer
        Where they come from, with the CRS that counts.
    levels : Levels
        Names of the levels, if given.
    coord_type : {"wgs84", "gcj02", "bd09"}
        Datum of longitudes and latitudes.
    limit : Polygon or MultiPolygon, optional
        Limit of the jurisdiction, degrees, WGS 84, where it is known.
    """
    shaped = has_shape(rows.geometries)
    problems = list(rows.problems)
    if not shaped.any():
        return _refused(problems, rows)
    wild = _wild_rows(rows, np.flatnonzero(shaped), layer.crs)
    if wild:
        return _refused([*problems, *wild], rows)
    xy = shapely.get_coordinates(rows.geometries[shaped])
    frame: Bounds | None = None if limit is None else tuple(shapely.bounds(limit).tolist())
    implausible = check_coordinates(xy, layer.crs, limit=frame)
    if implausible is not None:
        return _refused([implausible, *problems], rows)
    labels = rows.labels()
    kept = np.flatnonzero(shaped)
    plane = Plane.around(rows.geometries[kept], layer.crs)
    problems += _doubts(layer.crs, plane, rows.geometries[kept])
    problems += check_codes(rows.codes, _places(rows.geometries, plane, kept))
    mended = mend(plane.flatten(rows.geometries[kept]), [labels[which] for which in kept], plane)
    problems += mended.problems
    whole = kept[~shapely.is_empty(mended.polygons)]
    flat = mended.polygons[~shapely.is_empty(mended.polygons)]
    tree, tree_problems = settle_tree(_taken(rows, whole), [labels[which] for which in whole], flat, levels)
    problems += tree_problems
    if tree is None:
        return _refused(problems, rows)
    drawing = _Drawing(rows, whole, flat, tuple(labels[which] for which in whole), tree, plane, layer.crs, coord_type)
    checked, leaves = drawing.check()
    problems += checked
    problems += drawing.check_limit(leaves, limit)
    if any(problem.severity == "error" for problem in problems):
        return GridPlan(None, tree, _errors_first(problems))
    return GridPlan(drawing.grids(leaves), tree, _errors_first(problems))


def _doubts(crs: CRS, plane: Plane, geometries: GeometryArray) -> list[Problem]:
    lon, lat = plane.lonlat(plane.flatten(geometries[:1]))[0].round(7).tolist()
    doubt = datum_doubt(crs, (lon, lat))
    return [] if doubt is None else [doubt]


def _wild_rows(rows: GridRows, shaped: IntArray, crs: CRS) -> list[Problem]:
    """List single rows that are not on the earth; where most are not, the CRS is wrong and not the rows."""
    west, south, east, north = shapely.bounds(rows.geometries[shaped]).T
    wild = (west < -_MOST_LON) | (east > _MOST_LON) | (south < -_MOST_LAT) | (north > _MOST_LAT)
    if not crs.is_geographic or wild.mean() >= _MOST_ROWS:
        return []
    labels = rows.labels()
    return [
        Problem(
            "coordinates",
            f"Grid {labels[shaped[which]]} goes from {west[which]:.10g}, {south[which]:.10g} to {east[which]:.10g}, "
            f"{north[which]:.10g}: longitudes go from -180 to 180, latitudes from -90 to 90.",
            "Draw it again; the other grids are on the earth.",
            subject=labels[shaped[which]],
        )
        for which in np.flatnonzero(wild).tolist()
    ]


def _refused(problems: Sequence[Problem], rows: GridRows) -> GridPlan:
    """Return the refusal, with the faults of codes, which need no shapes to be seen."""
    known = {problem.kind for problem in problems}
    codes = () if known & {"null-code", "duplicate-code"} else check_codes(rows.codes, [None] * len(rows.codes))
    return GridPlan(None, None, _errors_first([*problems, *codes]))


def _errors_first(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: problem.severity != "error"))


def _places(geometries: GeometryArray, plane: Plane, kept: IntArray) -> list[tuple[float, float] | None]:
    places: list[tuple[float, float] | None] = [None] * len(geometries)
    found = plane.lonlat(plane.flatten(shapely.envelope(geometries[kept])))
    for which, (lon, lat) in zip(kept.tolist(), found.round(7).tolist(), strict=True):
        places[which] = (lon, lat)
    return places


def _taken(rows: GridRows, kept: IntArray) -> GridRows:
    def of(values: Sequence[Any]) -> list[Any]:
        return [values[which] for which in kept]

    return GridRows(
        codes=of(rows.codes),
        names=of(rows.names),
        parents=[of(column) for column in rows.parents],
        parent_names=[of(column) for column in rows.parent_names],
        stated_levels=of(rows.stated_levels),
        kinds=of(rows.kinds),
        categories=of(rows.categories),
        loads={load: values[kept] for load, values in rows.loads.items()},
        attributes=of(rows.attributes),
        geometries=rows.geometries[kept],
    )


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Rows with a shape, their tree, and the plane they are measured in."""

    all_rows: GridRows
    kept: IntArray
    polygons: GeometryArray
    codes: tuple[str, ...]
    tree: Tree
    plane: Plane
    crs: CRS
    coord_type: CoordType

    def leaf_positions(self) -> IntArray:
        parents = self.tree.with_children()
        return np.flatnonzero([code not in parents for code in self.codes])

    def check(self) -> tuple[list[Problem], GeometryArray]:
        """Return what is wrong with the coverage of the leaves and with the parents, and the leaves' polygons."""
        leaves = self.leaf_positions()
        codes = [self.codes[which] for which in leaves]
        kinds = [self._kind(which) for which in leaves]
        yields = np.array([kind != "dedicated" for kind in kinds], dtype=bool)
        examined = examine(self.polygons[leaves], codes, self.plane, yields=yields)
        problems = list(examined.problems)
        unions = _unions(self.tree, dict(zip(codes, examined.polygons, strict=True)))
        drawn = [which for which in range(len(self.codes)) if self.codes[which] in self.tree.with_children()]
        if drawn:
            named = [self.codes[which] for which in drawn]
            of_children = np.array([unions[code] for code in named], dtype=object)
            problems += compare_with_children(
                self.polygons[drawn], of_children, named, self.plane, min_area_m2=DEFAULT_TOLERANCES.area_m2
            )
        return problems + self._kind_problems(), examined.polygons

    def check_limit(self, leaves: GeometryArray, limit: shapely.Geometry | None) -> list[Problem]:
        """Return the land of the jurisdiction that no leaf covers, and the leaves' land outside it."""
        if limit is None:
            return []
        own = transformer_between(WGS84, self.crs)
        moved = shapely.transform(limit, lambda xy: np.column_stack(own.transform(*xy.T)))
        flat = self.plane.flatten(np.array([shapely.make_valid(moved)], dtype=object))[0]
        pieces, outside = find_uncovered(leaves, flat, min_width_m=DEFAULT_TOLERANCES.sliver_width_m)
        if not len(pieces):
            return []
        areas, places = self.plane.area_m2(pieces), self.plane.lonlat(pieces).round(7).tolist()
        return [
            Problem(
                "outside-limit" if is_outside else "uncovered",
                f"{area_text(area)} of the grids lie outside the jurisdiction's limit."
                if is_outside
                else f"{area_text(area)} of the jurisdiction lie in no grid.",
                "Compare the file with the limit of the jurisdiction.",
                severity="warning",
                lonlat=(place[0], place[1]),
                size=float(area),
                unit="m2",
            )
            for is_outside, area, place in zip(outside.tolist(), areas.tolist(), places, strict=True)
        ]

    def grids(self, leaf_polygons: GeometryArray) -> gpd.GeoDataFrame:
        """Return the grids as `save_plan` takes them, derived parents and unions included."""
        leaves = self.leaf_positions()
        restored = self.plane.restore(leaf_polygons, self.all_rows.geometries[self.kept])
        placed = dict(
            zip((self.codes[which] for which in leaves), _placed(restored, self.crs, self.coord_type), strict=True)
        )
        shapes = _unions(self.tree, placed)
        loads = {load: self._summed(self.all_rows.loads[load][self.kept], leaves) for load in LOADS}
        position = {code: which for which, code in enumerate(self.codes)}
        names = self._derived_names()
        parents = self.tree.with_children()
        records = []
        for code, level in self.tree.levels.items():
            which = position.get(code)
            kind = "parent" if code in parents or which is None else self._kind(which)
            own_name = None if which is None else self._value(self.all_rows.names, which)
            records.append(
                {
                    "code": code,
                    "name": own_name or names.get(code, code),
                    "level": level,
                    "parent": self.tree.parents[code],
                    "kind": kind,
                    "category": self._category(which) if kind == "dedicated" and which is not None else None,
                    **{load: values[code] for load, values in loads.items()},
                    "attributes": {} if which is None else self._value(self.all_rows.attributes, which),
                }
            )
        geometry = [shapes[code] for code in self.tree.levels]
        return gpd.GeoDataFrame(records, geometry=geometry, crs="EPSG:4326")

    def _value(self, column: Sequence[Any], which: int) -> Any:
        return column[self.kept[which]]

    def _kind(self, which: int) -> str:
        kind = self._value(self.all_rows.kinds, which)
        if kind in {None, "parent"}:
            return "comprehensive" if self._value(self.all_rows.categories, which) is None else "dedicated"
        return str(kind)

    def _category(self, which: int) -> str:
        return str(self._value(self.all_rows.categories, which) or "other")

    def _kind_problems(self) -> list[Problem]:
        return [
            Problem(
                "category-of-comprehensive",
                f"Grid {self.codes[which]} is comprehensive and has category "
                f"{self._value(self.all_rows.categories, which)}.",
                "Only dedicated grids have one: correct the kind, or leave the category empty.",
                subject=self.codes[which],
            )
            for which in range(len(self.codes))
            if self._value(self.all_rows.kinds, which) == "comprehensive"
            and self._value(self.all_rows.categories, which) is not None
        ]

    def _derived_names(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for codes, given in zip(self.all_rows.parents, self.all_rows.parent_names, strict=False):
            for code, name in zip(codes, given, strict=True):
                if code is not None and name is not None:
                    names.setdefault(code, name)
        return names

    def _summed(self, values: FloatArray, leaves: IntArray) -> dict[str, float]:
        """Return the load of every grid: a leaf's own, a parent's the sum of what is known of its leaves."""
        sums: dict[str, float] = dict.fromkeys(self.tree.levels, np.nan)
        for which in leaves.tolist():
            code: str | None = self.codes[which]
            while code is not None and not np.isnan(values[which]):
                sums[code] = float(np.nansum([sums[code], values[which]]))
                code = self.tree.parents[code]
        return sums


def _unions(tree: Tree, leaves: dict[str, Any]) -> dict[str, Any]:
    """Return the shape of every grid: parents are the unions of their children."""
    shapes = dict(leaves)
    children: dict[str, list[str]] = {}
    for code, parent in tree.parents.items():
        if parent is not None:
            children.setdefault(parent, []).append(code)
    for code in sorted(children, key=lambda one: -tree.levels[one]):
        shapes[code] = only_polygons(shapely.union_all([shapes[child] for child in children[code]]))
    return shapes


def _placed(geometries: GeometryArray, crs: CRS, coord_type: CoordType) -> GeometryArray:
    """Return geometries in WGS 84, vertex by vertex, so that shared edges stay shared."""
    if not crs.equals(WGS84, ignore_axis_order=True):
        geometries = to_lonlat(geometries, crs)
    if coord_type != "wgs84":
        geometries = shapely.transform(geometries, lambda xy: np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], coord_type)))
    broken = ~shapely.is_valid(geometries)
    geometries[broken] = [only_polygons(mended) for mended in shapely.make_valid(geometries[broken])]
    return geometries
