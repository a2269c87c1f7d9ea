"""Everything that is wrong with the leaf polygons of a file, listed, and the coverage that can be made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.coverage.gaps import Gaps, find_gaps
from geogrid.coverage.nodes import add_missing_nodes
from geogrid.coverage.overlaps import Overlaps, find_overlaps, largest_parts, mismatched, precedence, resolve_overlaps
from geogrid.coverage.plane import Plane
from geogrid.errors import Problem
from geogrid.geometry.rings import mend_rings, only_polygons
from geogrid.types import BoolArray, GeometryArray, IntArray

_MOST_NAMES = 4


@dataclass(frozen=True, slots=True)
class Tolerances:
    """From which size on a fault is listed.

    Parameters
    ----------
    area_m2 : float
        Overlaps, gaps and differences smaller than this are rounding.
    sliver_width_m : float
        A channel between two polygons that is open to the outside is a gap if it is narrower.
    node_m : float
        A vertex this near to a neighbour's edge is on it.
    """

    area_m2: float = 0.01
    sliver_width_m: float = 1.0
    node_m: float = 0.001


DEFAULT_TOLERANCES = Tolerances()


@dataclass(frozen=True, slots=True)
class Examination:
    """Polygons mended into a coverage, with everything that was found on the way.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon
        In the plane; without overlap.
    problems : tuple of Problem
        By kind, then by place in the file.
    """

    polygons: GeometryArray
    problems: tuple[Problem, ...]


def mend(polygons: GeometryArray, codes: Sequence[str], plane: Plane) -> Examination:
    """Repair invalid rings and list each with its place and its change of area.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon
        In `plane`, none empty.
    codes : sequence of str
        How to name each.
    plane : Plane
        Where they are.
    """
    mended = mend_rings(polygons)
    after = mended.polygons[mended.repaired]
    change = np.abs(shapely.area(after) - np.abs(shapely.area(mended.before)))
    places = plane.lonlat(np.asarray(shapely.points(mended.xy), dtype=object)) if len(after) else mended.xy
    problems = []
    for n, which in enumerate(mended.repaired.tolist()):
        text = f"Grid {codes[which]}: its ring is invalid ({mended.reasons[n]})"
        if shapely.is_empty(after[n]):
            message, remedy, severity = f"{text} and encloses no area.", "Draw it again.", "error"
        else:
            message = f"{text}; it was repaired, which changed its area by {area_text(change[n])}."
            remedy, severity = "Compare it with the original.", "warning"
        problems.append(
            Problem(
                "invalid-ring",
                message,
                remedy,
                severity="error" if severity == "error" else "warning",
                subject=codes[which],
                lonlat=_lonlat(places[n]),
                size=float(change[n]),
                unit="m2",
            )
        )
    return Examination(mended.polygons, tuple(problems))


def examine(
    polygons: GeometryArray,
    codes: Sequence[str],
    plane: Plane,
    *,
    yields: BoolArray | None = None,
    tolerances: Tolerances = DEFAULT_TOLERANCES,
) -> Examination:
    """List overlaps and gaps, and give every piece of land that two polygons claim to one of them.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon
        Valid, in `plane`, none empty.
    codes : sequence of str
        How to name each; distinct.
    plane : Plane
        Where they are.
    yields : (n,) bool, optional
        Polygons that yield to the others where they overlap: comprehensive grids yield to the dedicated ones that are
        carved out of them.
    tolerances : Tolerances
        What is too small to be listed.

    Returns
    -------
    Examination
        Where two overlap, the piece goes to the one that does not yield, then to the one with the smaller code, the
        rule of lookups. One that keeps nothing is an error.
    """
    noded = add_missing_nodes(polygons, tolerances.node_m)
    overlaps = find_overlaps(noded, plane, min_area_m2=0.0)
    rank = precedence(codes, np.zeros(len(codes), dtype=bool) if yields is None else yields)
    cut, stronger = resolve_overlaps(noded, overlaps, rank)
    swallowed = _swallowed_problems(noded, cut, stronger, codes, plane)
    gaps = find_gaps(
        noded,
        plane,
        is_noded=not mismatched(noded).any(),
        min_area_m2=tolerances.area_m2,
        sliver_width_m=tolerances.sliver_width_m,
    )
    listed = _overlap_problems(overlaps, rank, codes, tolerances.area_m2)
    return Examination(cut, (*swallowed, *listed, *_gap_problems(gaps, codes)))


def compare_with_children(
    own: GeometryArray, unions: GeometryArray, codes: Sequence[str], plane: Plane, *, min_area_m2: float
) -> tuple[Problem, ...]:
    """List parents whose own polygon is not the union of their children, which is what counts.

    Parameters
    ----------
    own, unions : (n,) Polygon or MultiPolygon
        Valid, in `plane`.
    codes : sequence of str
        How to name each parent.
    plane : Plane
        Where they are.
    min_area_m2 : float
        Smaller differences are rounding.
    """
    different = np.array([only_polygons(geometry) for geometry in shapely.symmetric_difference(own, unions)])
    large = np.flatnonzero(shapely.area(different) >= min_area_m2)
    if not len(large):
        return ()
    areas = plane.area_m2(different[large])
    places = plane.lonlat(largest_parts(different[large]))
    return tuple(
        Problem(
            "parent-differs",
            f"Grid {codes[which]} differs from the union of its children by {area_text(area)}.",
            "The union of the children counts.",
            severity="warning",
            subject=codes[which],
            lonlat=_lonlat(place),
            size=float(area),
            unit="m2",
        )
        for which, area, place in zip(large.tolist(), areas, places, strict=True)
    )


def area_text(area_m2: float) -> str:
    """Return an area for people."""
    return f"{area_m2:,.2f} m2" if area_m2 < 10 else f"{area_m2:,.0f} m2"  # noqa: PLR2004 - digits


def _swallowed_problems(
    polygons: GeometryArray,
    cut: GeometryArray,
    stronger: Mapping[int, Sequence[int]],
    codes: Sequence[str],
    plane: Plane,
) -> list[Problem]:
    """List the polygons that keep nothing once stronger ones have taken what they claim."""
    return [
        Problem(
            "covered",
            f"Grid {codes[weak]} lies wholly within {_names(strong, codes)}: no land is left for it.",
            "Draw it again or leave it out.",
            subject=codes[weak],
            lonlat=_lonlat(plane.lonlat(polygons[[weak]])[0]),
            size=float(plane.area_m2(polygons[[weak]])[0]),
            unit="m2",
        )
        for weak, strong in sorted(stronger.items())
        if shapely.is_empty(cut[weak])
    ]


def _overlap_problems(overlaps: Overlaps, rank: IntArray, codes: Sequence[str], min_area_m2: float) -> list[Problem]:
    problems = []
    for pair, area, place in zip(overlaps.pairs.tolist(), overlaps.area_m2, overlaps.lonlat, strict=True):
        if area < min_area_m2:
            continue
        first, second = sorted(pair, key=lambda which: rank[which])
        problems.append(
            Problem(
                "overlap",
                f"Grids {codes[first]} and {codes[second]} overlap by {area_text(area)}.",
                f"The land goes to {codes[first]}.",
                severity="warning",
                subject=f"{codes[first]}, {codes[second]}",
                lonlat=_lonlat(place),
                size=float(area),
                unit="m2",
            )
        )
    return problems


def _gap_problems(gaps: Gaps, codes: Sequence[str]) -> list[Problem]:
    return [
        Problem(
            "gap",
            f"There is a gap of {area_text(area)} {'between' if len(around) > 1 else 'in'} {_names(around, codes)}.",
            "A point there is in no grid. Close it, unless it is left out on purpose.",
            severity="warning",
            subject=", ".join(sorted(codes[which] for which in around)),
            lonlat=_lonlat(place),
            size=float(area),
            unit="m2",
        )
        for area, place, around in zip(gaps.area_m2, gaps.lonlat, gaps.around, strict=True)
    ]


def _names(positions: Sequence[int] | IntArray, codes: Sequence[str]) -> str:
    named = sorted(codes[which] for which in positions)
    first = named[:_MOST_NAMES]
    if len(named) > len(first):
        return f"grids {', '.join(first)} and {len(named) - len(first)} more"
    return f"grid {first[0]}" if len(first) == 1 else f"grids {', '.join(first[:-1])} and {first[-1]}"


def _lonlat(place: np.ndarray) -> tuple[float, float]:
    return (round(float(place[0]), 7), round(float(place[1]), 7))
