"""What a map must know of an edition before it asks for tiles."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanValues
from boundaries.jurisdictions.reading import levels_of
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.tiles.making import LAYER_FIELDS
from boundaries.tiles.storing import MAX_ZOOM
from geogrid.coordinates import from_wgs84
from geogrid.editions.fields import FieldKind
from geogrid.errors import NotFoundError
from geogrid.tiles import WEB_MERCATOR_QUAD
from geogrid.types import CoordType

_JSON_TYPES: Final[Mapping[FieldKind, str]] = {"text": "string", "integer": "integer", "number": "number"}
FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    layer: {field.name: _JSON_TYPES[field.kind] for field in fields} for layer, fields in LAYER_FIELDS.items()
}
"""Fields of the layers in a tile, with their types in JSON Schema."""

LAYERS: Final[Mapping[str, tuple[str, int]]] = {
    "grids": ("Grids of every level; each level is a coverage.", 2),
    "labels": ("A point for the name of each grid.", 0),
}
"""What each layer is, and the dimension of its geometry."""

Bounds = tuple[float, float, float, float]

_BOUNDS = text("""
    select ST_XMin(box) as west, ST_YMin(box) as south, ST_XMax(box) as east, ST_YMax(box) as north
    from (select ST_Extent(geom) as box from grids where plan_id = :plan and level = 1) as found
""")


@dataclass(frozen=True, slots=True)
class TilesetLevel:
    """A level of grids, 1 is the top, with its name in English and in Chinese."""

    position: int
    name: str
    name_zh: str


@dataclass(frozen=True, slots=True)
class Tileset:
    """An edition as a source of tiles.

    Parameters
    ----------
    edition : int
        Number of the edition.
    name, jurisdiction, jurisdiction_code : str
        Names of the edition and of its town; the town's code.
    attribution : tuple of str
        Lines that every map shows.
    valid_from, valid_to : datetime
        Half-open period of validity; no `valid_to` means until replaced.
    bounds : tuple of float
        West, south, east, north in degrees, WGS 84.
    levels : tuple of TilesetLevel
        Top first; the last has the leaves.
    band : tuple of float, optional
        Limits of the load of a leaf.
    load : str
        What the band balances.
    """

    edition: int
    name: str
    jurisdiction: str
    jurisdiction_code: str
    attribution: tuple[str, ...]
    valid_from: datetime
    valid_to: datetime | None
    bounds: Bounds
    levels: tuple[TilesetLevel, ...]
    band: tuple[float, float] | None
    load: str


def tileset_of(session: Session, plan: PlanValues) -> Tileset:
    """Return what there is to know of an edition.

    Raises
    ------
    NotFoundError
        The plan was never published.
    """
    if plan.valid_from is None:
        raise NotFoundError(f"Plan {plan.id} is {plan.state}, not an edition; only editions have tiles of this kind.")
    town = session.get_one(Jurisdiction, plan.jurisdiction_id)
    box = session.execute(_BOUNDS, {"plan": plan.id}).one()
    return Tileset(
        edition=plan.id,
        name=plan.name,
        jurisdiction=town.name,
        jurisdiction_code=town.code,
        attribution=tuple(town.attribution),
        valid_from=plan.valid_from,
        valid_to=plan.valid_to,
        bounds=(box.west, box.south, box.east, box.north),
        levels=tuple(TilesetLevel(each.position, each.name, each.name_zh) for each in levels_of(session, town)),
        band=None if plan.band_low is None or plan.band_high is None else (plan.band_low, plan.band_high),
        load=plan.load,
    )


def shifted_bounds(tileset: Tileset, coord_type: CoordType) -> Bounds:
    """Return west, south, east, north in the datum of the tiles, to about a centimetre."""
    west, south, east, north = tileset.bounds
    lon, lat = from_wgs84([west, west, east, east], [south, north, south, north], coord_type)
    found = (np.min(lon), np.min(lat), np.max(lon), np.max(lat))
    return tuple(round(float(each), 7) for each in found)  # type: ignore[return-value]


def fitting_zoom(bounds: Bounds) -> int:
    """Return the finest zoom at which a box is not wider or higher than a tile."""
    lon, lat = np.array([bounds[0], bounds[2]]), np.array([bounds[3], bounds[1]])
    x, y = WEB_MERCATOR_QUAD.forward(lon, lat)
    side = max(float(x[1] - x[0]), float(y[1] - y[0]), 2.0**-MAX_ZOOM)
    return int(np.clip(np.floor(-np.log2(side)), 0, MAX_ZOOM))


def vector_layers() -> list[dict[str, Any]]:
    """Return the layers in a tile as TileJSON describes them."""
    return [
        {"id": name, "description": LAYERS[name][0], "minzoom": 0, "maxzoom": MAX_ZOOM, "fields": _words(fields)}
        for name, fields in FIELDS.items()
    ]


def _words(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: "String" if kind == "string" else "Number" for name, kind in fields.items()}
