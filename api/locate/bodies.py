"""Places, grids and editions as the plain dictionaries that JSON answers are made of."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from geogrid.coordinates import metres_per_degree
from geogrid.editions import Edition, GridInfo, Located

Shape = dict[str, Any]

_CENTIMETRE = 2
_LONLAT_DECIMALS = 7
_NEAR_M = 50_000.0


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
    x, y = np.array([lon]), np.array([lat])
    scale = metres_per_degree(y)
    distance, across = edition.index.nearest_boundary(x, y, scale=scale)
    detail = f"The point {lon:.6f}, {lat:.6f} is outside every grid of {edition.name}."
    if across[0] >= 0 and distance[0] < _NEAR_M:
        nearest = edition.leaves[int(across[0])]
        detail += f" The nearest is {nearest.code} {nearest.name}, {_distance(float(distance[0]))} away."
    detail += _swapped_hint(edition, lon, lat)
    place = no_place(edition, "outside", detail)
    if error_m > 0:
        near = edition.index.within(x, y, error_m, scale=scale)
        place["neighbours"] = [
            {"grid": grid_shape(edition.leaves[int(position)]), "distance_m": round(float(away), _CENTIMETRE)}
            for position, away in zip(near.positions, near.distances, strict=True)
        ]
    return place


def _swapped_hint(edition: Edition, lon: float, lat: float) -> str:
    if abs(lon) > 90 or edition.index.locate(np.array([lat]), np.array([lon]))[0] < 0:  # noqa: PLR2004 - the pole
        return ""
    return " With longitude and latitude exchanged it would be inside: lon comes first."


def _distance(metres: float) -> str:
    return f"{metres:,.0f} m" if metres < 1000 else f"{metres / 1000:,.0f} km"  # noqa: PLR2004 - m to km


def place_of(
    edition: Edition | None, lon: float, lat: float, *, error_m: float, moment: datetime | None = None
) -> Shape:
    """Return what the edition in force at a moment (now, if left out) says of a point, or that there was none."""
    if edition is None:
        moment = moment or datetime.now(UTC)
        return no_place(None, "no_edition", f"No edition was in force at {moment.isoformat()}.")
    located = edition.locate(lon, lat, error_m=error_m)
    return outside(edition, lon, lat, error_m) if located is None else place_shape(edition, located)
