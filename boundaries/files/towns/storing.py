"""A town into the store, in one transaction: what planners need to redraw it from the first day."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from sqlalchemy.orm import Session

from boundaries.basemap.storing import save_barriers, save_buildings, save_sites
from boundaries.files.towns.town import Town
from boundaries.grids.tables import Plan
from boundaries.jurisdictions.reading import get_jurisdiction
from boundaries.jurisdictions.storing import lock_import, save_jurisdiction
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.plans.storing import save_plan
from geogrid.coordinates import local_crs
from geogrid.errors import ConflictError, InvalidInputError, NotFoundError, Problem
from geogrid.geometry.metres import to_metres
from geogrid.geometry.overlays import DEGREE, difference_m2, union, union_of_coverage
from geogrid.geometry.rings import Area
from geogrid.types import GeometryArray

_DRAWN_ALIKE_M: Final = 0.01
"""Two drawings of one outline differ by no more than this width along it."""


@dataclass(frozen=True, slots=True)
class TownChoice:
    """Where a town goes.

    Parameters
    ----------
    code : str
        Short name of the jurisdiction, in addresses and commands.
    name : str
        Its name for people.
    plan_name : str
        Name of the plan, and of the edition that it becomes.
    time_zone : str
        IANA name.
    source : str
        Where the plan came from, e.g. the name of a file.
    """

    code: str
    name: str
    plan_name: str
    time_zone: str = "UTC"
    source: str = ""


def store_town(session: Session, town: Town, choice: TownChoice) -> tuple[Jurisdiction, Plan]:
    """Store a town: its jurisdiction with limit and levels, barriers, buildings, sites, and a draft of its grids.

    Parameters
    ----------
    session : Session
        Flushed, not committed: interrupted, nothing is stored.
    town : Town
        All of it.
    choice : TownChoice
        Where to.

    Raises
    ------
    InvalidInputError
        The grids are not what the blocks make, or do not tile the limit; everything is listed.
    ConflictError
        The jurisdiction is stored already.
    """
    lock_import(session, "grids", choice.code)
    _refuse_stored(session, choice.code)
    problems = land_problems(town)
    if problems:
        raise InvalidInputError(problems)
    jurisdiction = save_jurisdiction(
        session,
        code=choice.code,
        name=choice.name,
        levels=town.levels,
        time_zone=choice.time_zone,
        attribution=town.attribution,
        limit=land_of(town)[0],
    )
    save_barriers(session, jurisdiction.id, town.barriers)
    save_buildings(session, jurisdiction.id, town.buildings)
    save_sites(session, jurisdiction.id, town.sites)
    plan = save_plan(
        session,
        jurisdiction,
        name=choice.plan_name,
        grids=town.grids,
        blocks=town.blocks,
        band=town.band,
        load=town.load,
        source=choice.source,
    )
    return jurisdiction, plan


def land_of(town: Town) -> GeometryArray:
    """Return what the grids cover, as one area: the limit, vertex by vertex as the blocks have it.

    Drawn again, a limit differs from that by up to a millimetre along it.
    """
    top = town.grids.geometry[(town.grids["level"] == 1).to_numpy()].to_numpy()
    return np.array([union_of_coverage(top, metre=DEGREE), None], dtype=object)[:1]


def _refuse_stored(session: Session, code: str) -> None:
    try:
        get_jurisdiction(session, code)
    except NotFoundError:
        return
    raise ConflictError(
        f"Jurisdiction {code!r} is stored already. Give another --jurisdiction, or make a plan from what it has: "
        f"geogrid plan new --jurisdiction {code}."
    )


def land_problems(town: Town) -> list[Problem]:
    """Return where the land of a town does not add up: blocks against limit and leaves, children against parents.

    Areas are compared as they are in the file, by their land in metres, whatever made them.
    """
    centre = shapely.centroid(town.limit.iloc[0])
    crs = local_crs(centre.x, float(np.clip(centre.y, -80, 84)))
    grids = dict(zip(town.grids["code"], to_metres(town.grids, crs).geometry, strict=True))
    limit = union(to_metres(town.limit, crs).geometry)
    blocks = _united(to_metres(town.blocks, crs).geometry, town.blocks["grid"].to_numpy())
    children = town.grids[town.grids["level"] > 1]
    shapes = np.array([grids[code] for code in children["code"]], dtype=object)
    parents = _united(shapes, children["parent"].to_numpy())
    problems = []
    for code, land in {**blocks, **parents}.items():
        if code in grids:
            what = "its blocks" if code in blocks else "the grids below it"
            problems += _difference(f"Grid {code}", grids[code], what, land, subject=code)
    return problems + _difference(
        "The limit", limit, "the blocks", union(np.array(list(blocks.values()), dtype=object))
    )


def _united(shapes: GeometryArray, owner: GeometryArray) -> dict[str, Area]:
    if not len(shapes):
        return {}
    codes, position = np.unique(owner.astype(str), return_inverse=True)
    order = np.argsort(position, kind="stable")
    groups = np.split(shapes[order], np.cumsum(np.bincount(position))[:-1])
    return {str(code): union_of_coverage(group) for code, group in zip(codes, groups, strict=True)}


def _difference(name: str, own: Area, what: str, land: Area, *, subject: str = "") -> list[Problem]:
    missing, beyond = difference_m2(own, land)
    if missing + beyond <= _DRAWN_ALIKE_M * (own.length + land.length) / 2.0:
        return []
    message = f"{name} and {what} differ by land: {missing:,.1f} m2 are not covered, {beyond:,.1f} m2 lie outside."
    return [Problem("land-differs", message, "Cut the town again.", subject=subject, size=missing + beyond, unit="m2")]
