"""Grids that were made one though they do not touch, found by what they were before."""

from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.errors import Problem
from geogrid.geometry.overlays import DEGREE, intersections
from geogrid.plans.state import flat
from geogrid.types import GeometryArray, IntArray

_MOST = 0.5


@dataclass(frozen=True, slots=True)
class LeafLand:
    """Leaves by code with their land, degrees."""

    codes: tuple[str, ...]
    polygons: GeometryArray


def joined_apart(former: LeafLand, now: LeafLand) -> list[Problem]:
    """Return the leaves that have most of two former leaves in pieces that do not touch each other.

    Parameters
    ----------
    former : LeafLand
        Of the edition before, as far as it lies under the others.
    now : LeafLand
        Leaves that are in several pieces.
    """
    problems = []
    for code, shape in zip(now.codes, now.polygons, strict=True):
        parts = shapely.get_parts(shape)
        home = _homes(former, parts)
        pieces = sorted(set(home[home >= 0].tolist()), key=lambda piece: -float(shapely.area(parts[piece])))
        if len(pieces) > 1:
            groups = [[former.codes[which] for which in np.flatnonzero(home == piece).tolist()] for piece in pieces]
            problems.append(_problem(code, parts[pieces], groups))
    return problems


def _homes(former: LeafLand, parts: GeometryArray) -> IntArray:
    """Return for each former leaf the piece that has most of its land, -1 for none."""
    home = np.full(len(former.codes), -1, dtype=np.int64)
    leaf, part = shapely.STRtree(parts).query(former.polygons, predicate="intersects")
    share = shapely.area(intersections(former.polygons[leaf], parts[part], metre=DEGREE))
    most = share > _MOST * shapely.area(former.polygons[leaf])
    home[leaf[most]] = part[most]
    return home


def _problem(code: str, pieces: GeometryArray, groups: list[list[str]]) -> Problem:
    land = flat(pieces)[0]
    away = float(shapely.distance(land[0], land[1:]).min())
    place = shapely.point_on_surface(pieces[1])
    others = "; ".join(", ".join(group) for group in groups[1:])
    return Problem(
        "joined-apart",
        f"Grid {code} joins {', '.join(groups[0])} with {others}, which does not touch: at least {away:,.0f} m lie "
        "between.",
        "Keep them as grids of their own, or accept this grid by its code with a reason.",
        subject=code,
        lonlat=(round(place.x, 7), round(place.y, 7)),
        size=float(shapely.area(land[1:]).sum()),
        unit="m2",
    )
