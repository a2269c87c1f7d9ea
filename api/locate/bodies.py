"""Places, grids and editions as the plain dictionaries that JSON answers are made of."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from api.locate.outside import why_outside
from geogrid.coordinates import metres_per_degree
from geogrid.editions import Edition, GridInfo, Located

Shape = dict[str, Any]

_CENTIMETRE = 2
_LONLAT_DECIMALS = 7


def grid_shape(grid: GridInfo) -> Shape:
    """Return a grid without its geometry."""
    return {
        "code": grid.code,
        "name": grid.name,
        "level": grid.level,
        "level_name": grid.level_name,
        "parent": grid.parent,
        "kind": grid.kind,
        "category": grid.category,
        "key": grid.key,
    }


def edition_shape(edition: Edition) -> Shape:
    """Return what an answer says of the edition that gave it."""
    return {
        "id": edition.id,
        "name": edition.name,
        "valid_from": edition.valid_from,
        "valid_to": edition.valid_to,
    }


def place_shape(edition: Edition, located: Located) -> Shape:
    """Return a place that has a grid."""
    return {
        "edition": edition_shape(edition),
        "grid": grid_shape(located.grid),
        "chain": [grid_shape(grid) for grid in located.chain],
        "duties": [
            {"grid": grid.code, "role": duty.role, "holder": duty.holder, "phone": duty.phone}
            for grid in located.chain
            for duty in located.duties[grid.code]
        ],
        "boundary_distance_m": round(located.boundary_distance_m, _CENTIMETRE),
        "neighbours": [
            {"grid": grid_shape(near.grid), "distance_m": round(near.distance_m, _CENTIMETRE)}
            for near in located.neighbours
        ],
        "reason": None,
    }


def no_place(edition: Edition | None, code: str, detail: str) -> Shape:
    """Return a place that has no grid, with the reason."""
    return {
        "edition": None if edition is None else edition_shape(edition),
        "grid": None,
        "chain": [],
        "duties": [],
        "boundary_distance_m": None,
        "neighbours": [],
        "reason": {"code": code, "detail": detail},
    }


def outside(edition: Edition, lon: float, lat: float, error_m: float) -> Shape:
    """Return a place outside every grid: how far off it is, which grids its error reaches, and a likely slip."""
    place = no_place(edition, "outside", why_outside(edition, lon, lat))
    if error_m > 0:
        x, y = np.array([lon]), np.array([lat])
        near = edition.index.within(x, y, error_m, scale=metres_per_degree(y))
        place["neighbours"] = [
            {"grid": grid_shape(edition.leaves[int(position)]), "distance_m": round(float(away), _CENTIMETRE)}
            for position, away in zip(near.positions, near.distances, strict=True)
        ]
    return place


def place_of(
    edition: Edition | None, lon: float, lat: float, *, error_m: float, moment: datetime | None = None
) -> Shape:
    """Return what the edition in force at a moment (now, if left out) says of a point, or that there was none."""
    if edition is None:
        moment = moment or datetime.now(UTC)
        return no_place(None, "no_edition", f"No edition was in force at {moment.isoformat()}.")
    located = edition.locate(lon, lat, error_m=error_m)
    return outside(edition, lon, lat, error_m) if located is None else place_shape(edition, located)
