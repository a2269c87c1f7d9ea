"""Legacy polygons: their faults with geometry, and a repair that logs every change and its area."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import shapely

from geogrid.coverage.gaps import find_gaps, find_uncovered
from geogrid.coverage.overlaps import find_overlaps, mismatched
from geogrid.coverage.plane import Plane
from geogrid.geometry.rings import only_polygons
from geogrid.plans.operations.tools import Buildings
from geogrid.types import GeometryArray

FaultKind = Literal["overlap", "gap", "sliver", "uncovered", "spill", "building-cut"]
RepairKind = Literal["gap-closed", "overlap-settled", "spill-clipped", "boundary-moved"]

_SLIVER_M: Final = 1.0
_LEAST_M2: Final = 0.01
_WALL_M: Final = 0.05


@dataclass(frozen=True, slots=True)
class CoverageFault:
    """Something wrong with drawn polygons, and where.

    Parameters
    ----------
    kind : str
        ``overlap``; ``gap``, and ``sliver`` for one that is narrower than a metre; ``uncovered``, land of the limit in
        no polygon, and ``spill``, land of polygons beyond it; ``building-cut``.
    subject : str
        Codes of the grids, or the number of a building.
    area_m2 : float
        How much.
    polygon : Polygon or MultiPolygon
        Degrees.
    """

    kind: FaultKind
    subject: str
    area_m2: float
    polygon: shapely.Geometry


@dataclass(frozen=True, slots=True)
class Repair:
    """A piece of land that a repair gave to a grid or took from it.

    Parameters
    ----------
    kind : str
        Why: a gap closed, an overlap settled, what spills over the limit clipped, or a boundary moved by snapping.
    code : str
        The grid.
    area_m2 : float
        Gained, or lost where it is negative.
    polygon : Polygon or MultiPolygon
        The piece, degrees.
    """

    kind: RepairKind
    code: str
    area_m2: float
    polygon: shapely.Geometry


@dataclass(frozen=True, slots=True)
class Repaired:
    """Polygons that tile, and everything that was changed for it.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon
        Degrees; empty for a grid that keeps no land.
    log : tuple of Repair
        By grid. Pieces below a hundredth of a square metre are left out.
    rounding_m2 : float
        Sum of those.
    """

    polygons: GeometryArray
    log: tuple[Repair, ...]
    rounding_m2: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """Polygons as somebody drew them.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon
        Degrees, valid.
    codes : tuple of str
        Theirs.
    plane : Plane
        Where they are measured.
    """

    polygons: GeometryArray
    codes: tuple[str, ...]
    plane: Plane

    def flat(self) -> GeometryArray:
        """Return the polygons in the plane."""
        return self.plane.flatten(self.polygons)

    def degrees(self, geometries: GeometryArray) -> GeometryArray:
        """Return geometries of the plane in degrees, with every vertex that was drawn as it was."""
        return self.plane.restore(geometries, self.polygons)


def faults_of(drawn: Drawn, *, limit: shapely.Geometry | None, buildings: Buildings) -> tuple[CoverageFault, ...]:
    """Return everything that is wrong with drawn polygons, with its geometry.

    Parameters
    ----------
    drawn : Drawn
        The polygons.
    limit : Polygon or MultiPolygon, optional
        What they are to tile, degrees.
    buildings : Buildings
        None of which they are to cut.
    """
    flat = drawn.flat()
    faults = [*_overlaps(drawn, flat), *_gaps(drawn, flat)]
    if limit is not None:
        faults += _at_the_limit(drawn, flat, limit)
    return (*faults, *_cut_buildings(drawn, buildings))


def _fault(drawn: Drawn, kind: FaultKind, subject: str, piece: shapely.Geometry) -> CoverageFault:
    one = np.array([piece], dtype=np.object_)
    return CoverageFault(kind, subject, float(drawn.plane.area_m2(one)[0]), drawn.degrees(one)[0])


def _overlaps(drawn: Drawn, flat: GeometryArray) -> Iterator[CoverageFault]:
    for first, second in find_overlaps(flat, drawn.plane, min_area_m2=_LEAST_M2).pairs.tolist():
        shared = only_polygons(shapely.intersection(flat[first], flat[second]))
        yield _fault(drawn, "overlap", f"{drawn.codes[first]}, {drawn.codes[second]}", shared)


def _gaps(drawn: Drawn, flat: GeometryArray) -> Iterator[CoverageFault]:
    gaps = find_gaps(
        flat,
        drawn.plane,
        is_noded=not mismatched(flat).any(),
        min_area_m2=_LEAST_M2,
        sliver_width_m=_SLIVER_M,
    )
    narrow = shapely.is_empty(shapely.buffer(gaps.pieces, -_SLIVER_M / 2.0))
    for piece, around, is_narrow in zip(gaps.pieces, gaps.around, narrow.tolist(), strict=True):
        codes = ", ".join(sorted(drawn.codes[which] for which in around.tolist()))
        yield _fault(drawn, "sliver" if is_narrow else "gap", codes, piece)


def _at_the_limit(drawn: Drawn, flat: GeometryArray, limit: shapely.Geometry) -> Iterator[CoverageFault]:
    within = drawn.plane.flatten(np.array([limit], dtype=np.object_))[0]
    pieces, outside = find_uncovered(flat, within, min_width_m=_SLIVER_M)
    tree = shapely.STRtree(flat)
    for piece, is_outside in zip(pieces, outside.tolist(), strict=True):
        near = np.sort(tree.query(piece, predicate="intersects")).tolist()
        codes = ", ".join(sorted(drawn.codes[which] for which in near))
        yield _fault(drawn, "spill" if is_outside else "uncovered", codes, piece)


def _cut_buildings(drawn: Drawn, buildings: Buildings) -> Iterator[CoverageFault]:
    if not len(buildings):
        return
    flat, walls = drawn.flat(), drawn.plane.flatten(buildings.polygons)
    inner = shapely.buffer(walls, -_WALL_M, join_style="mitre")
    building, _ = shapely.STRtree(flat).query(inner, predicate="intersects")
    numbers, counts = np.unique(building, return_counts=True)
    for number in numbers[counts > 1].tolist():
        yield CoverageFault(
            "building-cut",
            str(buildings.ids[number]),
            float(drawn.plane.area_m2(walls[[number]])[0]),
            buildings.polygons[number],
        )


def repair(drawn: Drawn, *, settled: GeometryArray, limit: shapely.Geometry | None, gap_width_m: float) -> Repaired:
    """Make drawn polygons tile, and log what that changes.

    Parameters
    ----------
    drawn : Drawn
        The polygons as they were drawn.
    settled : (n,) Polygon or MultiPolygon
        The same where every overlap has been given to one of the two, degrees.
    limit : Polygon or MultiPolygon, optional
        What spills over it is clipped, and what it has beyond the polygons is filled where it is narrow, degrees.
    gap_width_m : float
        Gaps narrower than this go to the neighbour with the longest border.
    """
    flat = drawn.plane.flatten(settled)
    cleaned: GeometryArray = shapely.coverage_clean(flat, gap_width=gap_width_m)  # type: ignore[attr-defined]  # newer than the stubs
    if limit is not None:
        within = drawn.plane.flatten(np.array([limit], dtype=np.object_))[0]
        cleaned = np.array([only_polygons(shape) for shape in shapely.intersection(cleaned, within)], dtype=np.object_)
        cleaned = _filled(cleaned, within, gap_width_m)
        cleaned = shapely.coverage_clean(cleaned)  # type: ignore[attr-defined]  # newer than the stubs
    else:
        within = None
    log, rounding = _log(drawn, cleaned, within)
    return Repaired(drawn.degrees(cleaned), log, rounding)


def _filled(polygons: GeometryArray, limit: shapely.Geometry, width_m: float) -> GeometryArray:
    """Return polygons with the narrow strips of the limit that none has; each goes to its longest neighbour."""
    rest = shapely.get_parts(only_polygons(shapely.difference(limit, shapely.union_all(polygons))))
    strips = rest[shapely.is_empty(shapely.buffer(rest, -width_m / 2.0))]
    filled, tree = polygons.copy(), shapely.STRtree(polygons)
    for strip in strips:
        near = np.sort(tree.query(strip, predicate="intersects"))
        if len(near):
            shared = shapely.length(shapely.intersection(strip.boundary, polygons[near]))
            taker = int(near[int(shared.argmax())])
            filled[taker] = only_polygons(shapely.union(filled[taker], strip))
    return filled


def _log(drawn: Drawn, after: GeometryArray, limit: shapely.Geometry | None) -> tuple[tuple[Repair, ...], float]:
    before = drawn.flat()
    changed = np.flatnonzero(~shapely.equals_exact(shapely.normalize(before), shapely.normalize(after), 0.0))
    tree = shapely.STRtree(before)
    log: list[Repair] = []
    rounding = 0.0
    for which in changed.tolist():
        near = np.sort(tree.query(before[which].union(after[which]), predicate="intersects"))
        others = shapely.union_all(before[near[near != which]])
        for kind, sign, piece in _pieces(before[which], after[which], others, limit):
            area = float(drawn.plane.area_m2(np.array([piece], dtype=np.object_))[0])
            if area < _LEAST_M2:
                rounding += area
            else:
                log.append(
                    Repair(kind, drawn.codes[which], sign * area, drawn.degrees(np.array([piece], dtype=np.object_))[0])
                )
    return tuple(log), rounding


def _pieces(
    before: shapely.Geometry, after: shapely.Geometry, others: shapely.Geometry, limit: shapely.Geometry | None
) -> Iterator[tuple[RepairKind, float, shapely.Geometry]]:
    """Yield what a polygon lost and gained, by reason; `others` is what its neighbours had."""
    lost, gained = shapely.difference(before, after), shapely.difference(after, before)
    if limit is not None:
        yield from _parts("spill-clipped", -1.0, shapely.difference(lost, limit))
        lost = shapely.intersection(lost, limit)
    yield from _parts("overlap-settled", -1.0, shapely.intersection(lost, others))
    yield from _parts("boundary-moved", -1.0, shapely.difference(lost, others))
    yield from _parts("gap-closed", 1.0, shapely.difference(gained, others))
    yield from _parts("boundary-moved", 1.0, shapely.intersection(gained, others))


def _parts(
    kind: RepairKind, sign: float, geometry: shapely.Geometry
) -> Iterator[tuple[RepairKind, float, shapely.Geometry]]:
    for part in shapely.get_parts(only_polygons(geometry)):
        if not part.is_empty:
            yield kind, sign, part
