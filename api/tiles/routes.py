"""``/tiles``, ``/editions/{id}/tiles``: grids as vector tiles (OGC API Tiles), and their style."""

# ruff: noqa: FAST003 - tiles take the parts of their address through `SpotOf`

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask

from api.kit.links import JSON, MVT, address, link
from api.kit.negotiation import preferred_encoding
from api.kit.parameters import refuse_repeats
from api.kit.queries import QueryParameters
from api.kit.replies import is_known, json_reply, not_modified
from api.plans.schemas import PlanNumber
from api.state.dependencies import OpenSession
from api.tiles.schemas import (
    CurrentTileQuery,
    CurrentTilesetQuery,
    CurrentTilesetsQuery,
    MatrixSetId,
    MatrixSetQuery,
    StyleQuery,
    TileIndex,
    TileQuery,
    TilesetQuery,
    TilesetsQuery,
    Zoom,
)
from api.tiles.shelf import TileAddress, TileShelf
from api.tiles.style import map_style
from api.tiles.tilesets import tilejson, tileset_document, tileset_item
from boundaries.editions.reading import edition_at
from boundaries.jurisdictions.reading import the_jurisdiction
from boundaries.plans.drafts import get_plan
from boundaries.tiles.storing import MAX_ZOOM
from boundaries.tiles.tilesets import Tileset, tileset_of
from geogrid.errors import InvalidInputError, NotFoundError
from geogrid.tiles import MATRIX_SETS, WEB_MERCATOR_QUAD, Tile, TileMatrixSet
from geogrid.types import CoordType

router = APIRouter(tags=["tiles"], dependencies=[Depends(refuse_repeats)])

_FOREVER = "public, max-age=31536000, immutable"
_STYLE_TYPE = "application/vnd.mapbox.style+json"
_TILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {MVT: {"schema": {"type": "string", "format": "binary"}}}},
    204: {"description": "No grid reaches into this tile."},
    304: {"description": "Unchanged."},
    404: {"description": "There is no such edition, tile matrix set or tile."},
}
_UNCHANGED: dict[int | str, dict[str, Any]] = {
    304: {"description": "Unchanged."},
    404: {"description": "There is no such edition or tile matrix set."},
}


@dataclass(frozen=True, slots=True)
class TilePosition:
    """Which tile of which tile matrix set an address names."""

    matrix_set: TileMatrixSet
    tile: Tile


async def tile_position(matrix_set_id: MatrixSetId, zoom: Zoom, row: TileIndex, column: TileIndex) -> TilePosition:
    """Return the tile that an address names, or raise `NotFoundError` where there can be none."""
    matrices, tile = _matrix_set(matrix_set_id), Tile(zoom, column, row)
    if not matrices.has(tile):
        raise NotFoundError(
            f"{matrices.id} has no tile at zoom {zoom}, row {row}, column {column}: it starts at zoom "
            f"{matrices.min_zoom} and has {matrices.rows(zoom)} rows and {matrices.columns(zoom)} columns there."
        )
    return TilePosition(matrices, tile)


TileInPath = Annotated[TilePosition, Depends(tile_position)]


@router.get("/tileMatrixSets")
def matrix_sets(request: Request, query: Annotated[MatrixSetQuery, Query()]) -> Response:
    """List the tile matrix sets."""
    del query
    listed = [
        {
            "id": each.id,
            "title": each.title,
            "crs": each.crs,
            **({"uri": each.uri} if each.uri else {}),
            "links": [link(address(request, f"/tileMatrixSets/{each.id}"), "self", JSON, f"Definition of {each.id}")],
        }
        for each in MATRIX_SETS.values()
    ]
    return json_reply({"tileMatrixSets": listed})


@router.get("/tileMatrixSets/{matrix_set_id}", responses={404: _UNCHANGED[404]})
def matrix_set(query: Annotated[MatrixSetQuery, Query()], matrix_set_id: MatrixSetId) -> Response:
    """Describe a tile matrix set: its zooms with their scales and numbers of tiles."""
    del query
    return json_reply(_matrix_set(matrix_set_id).describe(MAX_ZOOM))


@router.get("/tiles", responses=_UNCHANGED)
def tilesets(request: Request, query: Annotated[CurrentTilesetsQuery, Query()], session: OpenSession) -> Response:
    """List the tilesets of the edition in force, or of that of another moment."""
    return _tilesets(request, _in_force(session, query), query.coord_type)


@router.get("/editions/{edition_id}/tiles", responses=_UNCHANGED)
def edition_tilesets(
    request: Request, query: Annotated[TilesetsQuery, Query()], edition_id: PlanNumber, session: OpenSession
) -> Response:
    """List the tilesets of an edition."""
    return _tilesets(request, tileset_of(session, get_plan(session, edition_id)), query.coord_type)


@router.get("/tiles/{matrix_set_id}", responses=_UNCHANGED)
def tileset(
    request: Request,
    query: Annotated[CurrentTilesetQuery, Query()],
    matrix_set_id: MatrixSetId,
    session: OpenSession,
) -> Response:
    """Describe the tiles of the edition in force; their addresses name it, so each is right for ever."""
    return _tileset(request, _in_force(session, query), matrix_set_id, query)


@router.get("/editions/{edition_id}/tiles/{matrix_set_id}", responses=_UNCHANGED)
def edition_tileset(
    request: Request,
    query: Annotated[TilesetQuery, Query()],
    edition_id: PlanNumber,
    matrix_set_id: MatrixSetId,
    session: OpenSession,
) -> Response:
    """Describe the tiles of an edition."""
    return _tileset(request, tileset_of(session, get_plan(session, edition_id)), matrix_set_id, query)


@router.get(
    "/tiles/{matrix_set_id}/{zoom}/{row}/{column}", name="current_tile", responses=_TILE, response_class=Response
)
def tile(
    request: Request, query: Annotated[CurrentTileQuery, Query()], place: TileInPath, session: OpenSession
) -> Response:
    """Return a tile of the edition in force. Better ask by the edition's own address, which may be kept for ever."""
    edition = _in_force(session, query).edition
    tile_address = TileAddress(edition, place.matrix_set.id, query.coord_type, place.tile)
    etag = _tile_etag(tile_address)
    headers = {"ETag": etag, "Cache-Control": "no-cache", "GeoGrid-Edition": str(edition)}
    return not_modified(etag) if is_known(request, etag) else _tile_reply(request, tile_address, headers)


@router.get(
    "/editions/{edition_id}/tiles/{matrix_set_id}/{zoom}/{row}/{column}", responses=_TILE, response_class=Response
)
async def edition_tile(
    request: Request, query: Annotated[TileQuery, Query()], edition_id: PlanNumber, place: TileInPath
) -> Response:
    """Return a tile of an edition. It never changes."""
    tile_address = TileAddress(edition_id, place.matrix_set.id, query.coord_type, place.tile)
    etag = _tile_etag(tile_address)
    headers = {"ETag": etag, "Cache-Control": _FOREVER, "GeoGrid-Edition": str(edition_id)}
    if is_known(request, etag):
        return Response(status_code=304, headers=headers)
    shelf: TileShelf = request.app.state.tiles
    if shelf.at_hand(tile_address) is None:
        return await run_in_threadpool(_tile_reply, request, tile_address, headers)
    return _tile_reply(request, tile_address, headers)


@router.get("/styles")
def styles(request: Request, query: Annotated[QueryParameters, Query()]) -> Response:
    """List the styles: there is one."""
    del query
    own = link(address(request, "/styles/grids"), "stylesheet", _STYLE_TYPE, "MapLibre style")
    return json_reply({"default": "grids", "styles": [{"id": "grids", "title": "Grids by load", "links": [own]}]})


@router.get("/styles/grids", responses={**_UNCHANGED, 200: {"content": {_STYLE_TYPE: {}}}}, response_class=Response)
def style(request: Request, query: Annotated[StyleQuery, Query()], session: OpenSession) -> Response:
    """Return the MapLibre style of the edition in force: give its address to a map, and nothing else is needed."""
    tileset = _in_force(session, query)
    drawn = map_style(request, tileset, coord_type=query.coord_type, base=query.base, level=query.level)
    return _revalidated(request, drawn, media_type=_STYLE_TYPE)


def _in_force(session: Session, query: CurrentTileQuery) -> Tileset:
    # Read from the store, not from memory: the map opened after a publication shows it.
    town = the_jurisdiction(session, query.jurisdiction)
    at = query.at or datetime.now(UTC)
    plan = edition_at(session, town.id, at)
    if plan is None:
        raise NotFoundError(f"No edition of {town.name} was in force at {at.isoformat(timespec='seconds')}.")
    return tileset_of(session, plan)


def _tilesets(request: Request, tileset: Tileset, coord_type: CoordType) -> Response:
    listed = [tileset_item(request, tileset, each, coord_type) for each in MATRIX_SETS.values()]
    links = [link(address(request, f"/editions/{tileset.edition}/tiles"), "self", JSON, "The tilesets of this edition")]
    return _revalidated(request, {"tilesets": listed, "links": links})


def _tileset(
    request: Request, tileset: Tileset, matrix_set_id: str, query: TilesetQuery | CurrentTilesetQuery
) -> Response:
    matrices = _matrix_set(matrix_set_id)
    if query.f == "json":
        return _revalidated(request, tileset_document(request, tileset, matrices, query.coord_type))
    if matrices is not WEB_MERCATOR_QUAD:
        raise InvalidInputError.of(
            "tilejson-mercator",
            f"TileJSON describes tiles of {WEB_MERCATOR_QUAD.id} only, not of {matrices.id}.",
            "Use f=json.",
            subject="f",
        )
    return _revalidated(request, tilejson(request, tileset, query.coord_type))


def _revalidated(request: Request, body: dict[str, Any], *, media_type: str = JSON) -> Response:
    """Return a document that a client asks about before it uses it again, so that a publication is seen at once."""
    etag = f'"{hashlib.sha256(orjson.dumps(body)).hexdigest()[:20]}"'
    if is_known(request, etag):
        return not_modified(etag)
    return json_reply(body, media_type=media_type, headers={"ETag": etag, "Cache-Control": "no-cache"})


def _matrix_set(name: str) -> TileMatrixSet:
    matrix_set = MATRIX_SETS.get(name)
    if matrix_set is None:
        raise NotFoundError(f"There is no tile matrix set {name!r}. There are: {', '.join(MATRIX_SETS)}.")
    return matrix_set


def _tile_etag(tile_address: TileAddress) -> str:
    place = f"{tile_address.tile.zoom}/{tile_address.tile.row}/{tile_address.tile.column}"
    return f'"{tile_address.edition}-{tile_address.matrix_set}-{tile_address.coord_type}-{place}"'


def _tile_reply(request: Request, tile_address: TileAddress, headers: dict[str, str]) -> Response:
    shelf: TileShelf = request.app.state.tiles
    shelved = shelf.at_hand(tile_address)
    after = None
    if shelved is None:
        shelved = shelf.fetch(tile_address)
        after = None if shelved.is_stored else BackgroundTask(shelf.store, tile_address, shelved)
    if not shelved.content:
        return Response(status_code=204, headers=headers, background=after)
    encoding = preferred_encoding(request.headers.get("accept-encoding", ""), ("gzip",))
    if encoding == "gzip" and shelved.packed is not None:
        packed = {**headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Response(shelved.packed, headers=packed, media_type=MVT, background=after)
    return Response(shelved.content, headers=headers, media_type=MVT, background=after)
