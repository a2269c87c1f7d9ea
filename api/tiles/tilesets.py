"""Descriptions of tiles: as OGC API Tiles has them, and as TileJSON."""

from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request

from api.kit.links import JSON, MVT, address, link
from boundaries.tiles.storing import MAX_ZOOM
from boundaries.tiles.tilesets import FIELDS, LAYERS, Bounds, Tileset, fitting_zoom, shifted_bounds, vector_layers
from geogrid.tiles import WEB_MERCATOR_QUAD, TileMatrixSet
from geogrid.types import CoordType

TILEJSON: Final = "application/json"
_CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0"


def tile_template(request: Request, tileset: Tileset, matrix_set: TileMatrixSet, coord_type: CoordType) -> str:
    """Return the address of a tile with {z}, {y} (row) and {x} (column) in it.

    The number of the edition is part of it, so what it leads to never changes.
    """
    return f"{_own_address(request, tileset, matrix_set)}/{{z}}/{{y}}/{{x}}{_query(coord_type)}"


def tileset_document(
    request: Request, tileset: Tileset, matrix_set: TileMatrixSet, coord_type: CoordType
) -> dict[str, Any]:
    """Return the metadata of a tileset (OGC 17-083r4, clause 9)."""
    own = _own_address(request, tileset, matrix_set)
    west, south, east, north = shifted_bounds(tileset, coord_type)
    described: dict[str, Any] = {
        "title": f"Grids of {tileset.jurisdiction}, {tileset.name}",
        "description": f"Edition {tileset.edition}; datum {coord_type}. Layers: grids, labels.",
        "attribution": "; ".join(tileset.attribution),
        "dataType": "vector",
        "crs": matrix_set.crs,
        "tileMatrixSetId": matrix_set.id,
        "tileMatrixSetLimits": _limits((west, south, east, north), matrix_set),
        "layers": [_layer(name) for name in FIELDS],
        "boundingBox": {"lowerLeft": [west, south], "upperRight": [east, north], "crs": _CRS84},
        "edition": tileset.edition,
        "validFrom": tileset.valid_from,
        "validTo": tileset.valid_to,
        "links": [
            link(own + _query(coord_type), "self", JSON, "This tileset, of this edition"),
            _template(own, coord_type),
            link(
                address(request, f"/tileMatrixSets/{matrix_set.id}"),
                f"{_REL}/tiling-scheme",
                JSON,
                f"Definition of {matrix_set.id}",
            ),
        ],
    }
    if matrix_set is WEB_MERCATOR_QUAD:
        more = "&" if _query(coord_type) else "?"
        described["links"].append(
            link(f"{own}{_query(coord_type)}{more}f=tilejson", "describedby", TILEJSON, "The same as TileJSON")
        )
    if matrix_set.uri:
        described["tileMatrixSetURI"] = matrix_set.uri
    return {name: value for name, value in described.items() if value is not None}


def tilejson(request: Request, tileset: Tileset, coord_type: CoordType) -> dict[str, Any]:
    """Return the description of the web Mercator tiles as TileJSON 3.0.0."""
    bounds = shifted_bounds(tileset, coord_type)
    return {
        "tilejson": "3.0.0",
        "name": f"{tileset.jurisdiction}, {tileset.name}",
        "version": f"{tileset.edition}.0.0",
        "attribution": "; ".join(tileset.attribution),
        "scheme": "xyz",
        "tiles": [tile_template(request, tileset, WEB_MERCATOR_QUAD, coord_type)],
        "minzoom": 0,
        "maxzoom": MAX_ZOOM,
        "bounds": list(bounds),
        "center": [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2, fitting_zoom(bounds)],
        "vector_layers": vector_layers(),
    }


def tileset_item(
    request: Request, tileset: Tileset, matrix_set: TileMatrixSet, coord_type: CoordType
) -> dict[str, Any]:
    """Return the entry of a tileset in a list of them."""
    own = _own_address(request, tileset, matrix_set)
    return {
        "title": f"Grids of {tileset.jurisdiction}, {tileset.name}: {matrix_set.title}",
        "dataType": "vector",
        "crs": matrix_set.crs,
        "tileMatrixSetId": matrix_set.id,
        **({"tileMatrixSetURI": matrix_set.uri} if matrix_set.uri else {}),
        "links": [
            link(own + _query(coord_type), "self", JSON, f"Tiles in {matrix_set.id}"),
            _template(own, coord_type),
        ],
    }


def _template(own: str, coord_type: CoordType) -> dict[str, Any]:
    href = f"{own}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}{_query(coord_type)}"
    return {**link(href, "item", MVT, "Tiles"), "templated": True}


def _own_address(request: Request, tileset: Tileset, matrix_set: TileMatrixSet) -> str:
    return address(request, f"/editions/{tileset.edition}/tiles/{matrix_set.id}")


def _query(coord_type: CoordType) -> str:
    return "" if coord_type == "wgs84" else f"?{urlencode({'coord_type': coord_type})}"


def _limits(bounds: Bounds, matrix_set: TileMatrixSet) -> list[dict[str, Any]]:
    limits = []
    for zoom in range(matrix_set.min_zoom, MAX_ZOOM + 1):
        first_column, last_column, first_row, last_row = matrix_set.span(bounds, zoom)
        limits.append(
            {
                "tileMatrix": str(zoom),
                "minTileRow": first_row,
                "maxTileRow": last_row,
                "minTileCol": first_column,
                "maxTileCol": last_column,
            }
        )
    return limits


def _layer(name: str) -> dict[str, Any]:
    words, dimension = LAYERS[name]
    properties = {field: {"type": kind} for field, kind in FIELDS[name].items()}
    return {
        "id": name,
        "description": words,
        "dataType": "vector",
        "geometryDimension": dimension,
        "minTileMatrix": "0",
        "maxTileMatrix": str(MAX_ZOOM),
        "propertiesSchema": {"type": "object", "properties": properties},
    }
