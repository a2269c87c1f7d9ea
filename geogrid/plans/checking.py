"""Whether a plan may be published: every problem at once, each with place, severity and remedy."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from geogrid.coordinates import WGS84
from geogrid.coverage.examine import area_text
from geogrid.coverage.gaps import find_gaps, find_uncovered
from geogrid.coverage.overlaps import find_overlaps, mismatched
from geogrid.coverage.plane import Plane
from geogrid.errors import Problem
from geogrid.plans.figures import off_band
from geogrid.plans.operations.tools import Buildings, place_of
from geogrid.plans.state import Draft, Node, union
from geogrid.types import GeometryArray, IntArray
from geogrid.wording import amount, counted

NEVER_ACCEPTED: Final = frozenset({"overlap", "no-land", "no-child", "wrong-level", "not-derived", "load-lost"})
"""Kinds of errors that no reason excuses: lookups or sums would be wrong."""

_WALL_M: Final = 0.05
_STRIP_M: Final = 1.0
_LEAST_M2: Final = 0.01
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a plan is checked against, besides itself.

    Parameters
    ----------
    limit : Polygon or MultiPolygon, optional
        What it has to tile, degrees.
    buildings : Buildings
        None of which a boundary may cut.
    """

    limit: shapely.Geometry | None
    buildings: Buildings


@dataclass(frozen=True, slots=True)
class _Leaves:
    """Leaves with their land, by code."""

    nodes: tuple[Node, ...]
    shapes: GeometryArray
    members: tuple[IntArray, ...]

    def codes(self) -> list[str]:
        return [node.code for node in self.nodes]


def check(draft: Draft, around: Surroundings) -> tuple[Problem, ...]:
    """Return everything that is wrong with a whole plan, errors first, then by kind and grid.

    Parameters
    ----------
    draft : Draft
        All of it.
    around : Surroundings
        Limit and buildings.
    """
    leaves = _leaves(draft)
    problems = [*_tree_problems(draft), *_name_problems(draft), *_code_problems(draft), *_duty_problems(draft)]
    if leaves.nodes:
        plane = Plane.around(leaves.shapes, WGS84)
        problems += _land_problems(leaves, plane, around.limit)
        problems += _building_problems(leaves, plane, around.buildings)
        problems += _fragment_problems(leaves)
        problems += _band_problems(draft, leaves)
    return tuple(sorted(problems, key=lambda problem: (problem.severity != "error", problem.kind, problem.subject)))


def _leaves(draft: Draft) -> _Leaves:
    order = np.argsort(draft.owner, kind="stable")
    keys, starts = np.unique(draft.owner[order], return_index=True)
    members = dict(zip(keys.tolist(), np.split(order, starts[1:]), strict=False))
    nodes = sorted((draft.nodes[key] for key in members), key=lambda node: node.code)
    shapes = [union(draft.blocks.polygons[members[node.key]]) for node in nodes]
    return _Leaves(tuple(nodes), np.array(shapes, dtype=np.object_), tuple(members[node.key] for node in nodes))


def _tree_problems(draft: Draft) -> Iterator[Problem]:
    with_land = set(np.unique(draft.owner).tolist())
    with_children = {node.parent for node in draft.nodes.values()}
    for key, node in draft.nodes.items():
        above = None if node.parent is None else draft.nodes[node.parent]
        if (above.level if above else 0) != node.level - 1:
            yield Problem("wrong-level", f"Grid {node.code} is not one level below its parent.", subject=node.code)
        if node.is_leaf and key not in with_land:
            yield Problem("no-land", f"Grid {node.code} has no block.", "Merge it, or give it land.", subject=node.code)
        if not node.is_leaf and key not in with_children:
            yield Problem("no-child", f"Grid {node.code} has no grid below it.", "Merge it.", subject=node.code)


def _name_problems(draft: Draft) -> Iterator[Problem]:
    counts = Counter((node.parent, node.name) for node in draft.nodes.values())
    for (parent, name), count in counts.items():
        if count > 1 and parent is not None:
            codes = sorted(node.code for node in draft.nodes.values() if (node.parent, node.name) == (parent, name))
            yield Problem(
                "same-name",
                f"{count} grids below {draft.nodes[parent].code} have the name {name!r}: {_some(codes)}.",
                "Rename them.",
                severity="warning",
                subject=codes[0],
            )


def _code_problems(draft: Draft) -> Iterator[Problem]:
    for node in draft.nodes.values():
        fault = draft.rules.profile.fault(node.code, place_of(draft, node))
        if fault is not None:
            yield Problem("code", f"Code {node.code}: {fault}.", "Recode it, or number by profile.", subject=node.code)


def _duty_problems(draft: Draft) -> Iterator[Problem]:
    for node in draft.nodes.values():
        if not node.duties:
            yield Problem(
                "no-duty",
                f"Nobody is on duty in grid {node.code}.",
                "Assign a duty.",
                severity="warning",
                subject=node.code,
            )


def _land_problems(leaves: _Leaves, plane: Plane, limit: shapely.Geometry | None) -> list[Problem]:
    polygons, codes = plane.flatten(leaves.shapes), leaves.codes()
    overlaps = find_overlaps(polygons, plane, min_area_m2=_LEAST_M2)
    problems = [
        _sized("overlap", f"Grids {codes[a]} and {codes[b]} overlap", f"{codes[a]}, {codes[b]}", float(area), place)
        for (a, b), area, place in zip(overlaps.pairs.tolist(), overlaps.area_m2, overlaps.lonlat, strict=True)
    ]
    gaps = find_gaps(
        polygons, plane, is_noded=not mismatched(polygons).any(), min_area_m2=_LEAST_M2, sliver_width_m=_STRIP_M
    )
    for area, place, beside in zip(gaps.area_m2, gaps.lonlat, gaps.around, strict=True):
        named = [codes[which] for which in beside.tolist()]
        # Where the limit is known, it says below whether the land is missing; without it a planner has to.
        message = f"Land enclosed by {_some(named)} is in no grid"
        problems.append(_sized("gap", message, ", ".join(named[:_SHOWN]), float(area), place, severity="warning"))
    if limit is not None:
        problems += _limit_problems(polygons, plane, limit)
    return problems


def _limit_problems(polygons: GeometryArray, plane: Plane, limit: shapely.Geometry) -> Iterator[Problem]:
    flat = plane.flatten(np.array([limit], dtype=object))[0]
    pieces, outside = find_uncovered(polygons, flat, min_width_m=_STRIP_M)
    if not len(pieces):
        return
    places, areas = plane.lonlat(pieces), plane.area_m2(pieces)
    for place, area, is_outside in zip(places, areas, outside.tolist(), strict=True):
        kind = "outside-limit" if is_outside else "uncovered"
        message = "Grids reach beyond the limit" if is_outside else "Land within the limit is in no grid"
        lon, lat = place.round(7).tolist()
        yield _sized(kind, message, f"{lon},{lat}", float(area), place)


def _sized(  # noqa: PLR0913, PLR0917 - the fields of a problem
    kind: str, message: str, subject: str, area_m2: float, place: np.ndarray, severity: str = "error"
) -> Problem:
    lon, lat = place.round(7).tolist()
    return Problem(
        kind,
        f"{message}: {area_text(area_m2)}.",
        "Move land there, or accept it with a reason." if kind not in NEVER_ACCEPTED else "Cut the blocks anew.",
        severity="error" if severity == "error" else "warning",
        subject=subject,
        lonlat=(lon, lat),
        size=area_m2,
        unit="m2",
    )


def _building_problems(leaves: _Leaves, plane: Plane, buildings: Buildings) -> Iterator[Problem]:
    if not len(buildings):
        return
    inner = shapely.buffer(plane.flatten(buildings.polygons), -_WALL_M, join_style="mitre")
    building, leaf = shapely.STRtree(plane.flatten(leaves.shapes)).query(inner, predicate="intersects")
    codes = leaves.codes()
    for number in np.flatnonzero(np.bincount(building, minlength=len(buildings)) > 1).tolist():
        cut_by = [codes[which] for which in leaf[building == number].tolist()]
        place = shapely.point_on_surface(buildings.polygons[number])
        yield Problem(
            "building-cut",
            f"Building {buildings.ids[number]} lies in grids {_some(sorted(cut_by))}.",
            "Move the boundary around it, or accept it with a reason.",
            subject=str(buildings.ids[number]),
            lonlat=(round(place.x, 7), round(place.y, 7)),
        )


def _fragment_problems(leaves: _Leaves) -> Iterator[Problem]:
    for node, shape in zip(leaves.nodes, leaves.shapes, strict=True):
        parts = shapely.get_parts(shape)
        if len(parts) > 1:
            parts = parts[np.argsort(-shapely.area(parts), kind="stable")]
            places = shapely.get_coordinates(shapely.point_on_surface(parts)).round(7).tolist()
            where = "; ".join(f"{lon}, {lat}" for lon, lat in places[1 : _SHOWN + 1])
            yield Problem(
                "fragments",
                f"Grid {node.code} is in {counted(len(parts), 'separate piece')}, besides the largest at {where}.",
                "Move them to the grids around them.",
                severity="warning",
                subject=node.code,
                lonlat=(places[1][0], places[1][1]),
                size=float(len(parts)),
                unit="pieces",
            )


def _band_problems(draft: Draft, leaves: _Leaves) -> Iterator[Problem]:
    band = draft.rules.band
    if band is None:
        return
    low, high = map(amount, band)
    for node, shape, members in zip(leaves.nodes, leaves.shapes, leaves.members, strict=True):
        load = draft.load(node.key, members)
        if node.kind != "comprehensive" or np.isnan(load) or off_band(load, band) == 0:
            continue
        place = shapely.point_on_surface(shape)
        yield Problem(
            "band",
            f"Grid {node.code} has {amount(load)} {draft.rules.load}; the band is {low} to {high}.",
            "Move blocks, split or merge.",
            severity="warning",
            subject=node.code,
            lonlat=(round(place.x, 7), round(place.y, 7)),
            size=load,
            unit=draft.rules.load,
        )


def _some(codes: Sequence[str]) -> str:
    more = f" and {len(codes) - _SHOWN} more" if len(codes) > _SHOWN else ""
    return ", ".join(codes[:_SHOWN]) + more


@dataclass(frozen=True, slots=True)
class Verdict:
    """What publishing makes of the problems of a plan.

    Parameters
    ----------
    errors, warnings : tuple of Problem
        Those without an accepted reason.
    accepted : tuple of Problem
        Those with one.
    """

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    accepted: tuple[Problem, ...]


def judge(problems: tuple[Problem, ...], reasons: Mapping[tuple[str, str], str]) -> Verdict:
    """Return which problems stand and which are accepted.

    Parameters
    ----------
    problems : tuple of Problem
        As `check` lists them.
    reasons : mapping of (kind, subject) to str
        The accepted exceptions; errors of `NEVER_ACCEPTED` stand whatever the reason.
    """
    accepted = tuple(
        problem
        for problem in problems
        if (problem.kind, problem.subject) in reasons and problem.kind not in NEVER_ACCEPTED
    )
    left = [problem for problem in problems if problem not in accepted]
    return Verdict(
        errors=tuple(problem for problem in left if problem.severity == "error"),
        warnings=tuple(problem for problem in left if problem.severity == "warning"),
        accepted=accepted,
    )
