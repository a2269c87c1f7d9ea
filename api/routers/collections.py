"""``/collections``: the grids as features, for any client of OGC API Features."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import geopandas as gpd
import numpy as np
import orjson
import shapely
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.dependencies import Editions, Frames
from api.frames import GridFrames
from api.links import GEOJSON, JSON, address, link, link_header, same_page
from api.parameters import refuse_repeats
from api.replies import is_known, json_reply, not_modified
from api.schemas.answers import CollectionAnswer, CollectionsAnswer, GridCollection
from api.schemas.queries import GridsQuery, OfJurisdiction
from boundaries.timetable import Calendar, EditionPeriod

router = APIRouter(prefix="/collections", tags=["collections"], dependencies=[Depends(refuse_repeats)])

_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_FEATURES_A_CHUNK = 200
_PROPERTIES = (
    "code",
    "name",
    "level",
    "level_name",
    "parent",
    "kind",
    "category",
    "households",
    "population",
    "buildings",
    "duty",
)


@router.get("", responses={200: {"model": CollectionsAnswer}})
def collections(
    request: Request, query: Annotated[OfJurisdiction, Query()], editions: Editions, frames: Frames
) -> Response:
    """List the collections: there is one, the grids."""
    links = [link(same_page(request), "self", JSON, "Collections")]
    body = {"collections": [_grids(request, editions.calendar(query.jurisdiction), frames)], "links": links}
    return json_reply(body, links=links)


@router.get("/grids", responses={200: {"model": CollectionAnswer}})
def grids_collection(
    request: Request, query: Annotated[OfJurisdiction, Query()], editions: Editions, frames: Frames
) -> Response:
    """Describe the grids: where they are, since when, and where their features are."""
    body = _grids(request, editions.calendar(query.jurisdiction), frames)
    return json_reply(body, links=body["links"])


@router.get(
    "/grids/items",
    responses={200: {"model": GridCollection, "content": {GEOJSON: {}}}, 304: {"description": "Unchanged."}},
)
def grid_items(request: Request, query: Annotated[GridsQuery, Query()], editions: Editions, frames: Frames) -> Response:
    """Return grids with their geometry, by code, level upon level; the edition decides the ETag."""
    calendar = editions.calendar(query.jurisdiction)
    period = calendar.edition_at(query.at or datetime.now(UTC))
    etag = _etag(request, period)
    if is_known(request, etag):
        return not_modified(etag)
    found = _matching(frames, period, query)
    page = found.iloc[query.offset : query.offset + query.limit]
    links = _page_links(request, query, len(found))
    head = {
        "numberMatched": len(found),
        "numberReturned": len(page),
        "timeStamp": datetime.now(UTC),
        "links": links,
    }
    headers = {"ETag": etag, "Cache-Control": "no-cache", "Link": link_header(links)}
    return StreamingResponse(_features(head, page), headers=headers, media_type=GEOJSON)


def _grids(request: Request, calendar: Calendar, frames: GridFrames) -> dict[str, Any]:
    path, own = "/collections/grids", {"jurisdiction": calendar.code}
    body: dict[str, Any] = {
        "id": "grids",
        "title": f"Grids of {calendar.name}",
        "description": "Every level of the edition in force; `at` asks for another day's.",
        "itemType": "feature",
        "crs": [_CRS84],
        "attribution": "; ".join(calendar.attribution),
        "links": [
            link(address(request, path, own), "self", JSON, "This collection"),
            link(address(request, f"{path}/items", own), "items", GEOJSON, "The grids"),
        ],
    }
    period = calendar.edition_at(datetime.now(UTC))
    if period is not None:
        bounds = frames.of(period).total_bounds
        interval = [[period.valid_from, period.valid_to]]
        body["extent"] = {"spatial": {"bbox": [bounds.tolist()], "crs": _CRS84}, "temporal": {"interval": interval}}
    return body


def _etag(request: Request, period: EditionPeriod | None) -> str:
    edition = "none" if period is None else f"{period.plan_id}-{period.duties}-{period.valid_to}"
    content = f"{edition} {request.url} {request.app.version}"
    return f'"{hashlib.sha256(content.encode()).hexdigest()[:20]}"'


def _matching(frames: GridFrames, period: EditionPeriod | None, query: GridsQuery) -> gpd.GeoDataFrame:
    if period is None:
        return gpd.GeoDataFrame({name: [] for name in _PROPERTIES}, geometry=[], crs="EPSG:4326")
    frame = frames.of(period, query.at)
    keep = np.ones(len(frame), dtype=bool)
    if query.level is not None:
        keep &= frame["level"].to_numpy() == query.level
    if query.bbox is not None:
        keep &= shapely.intersects(frame.geometry.to_numpy(), shapely.box(*query.bbox))
    return frame[keep]


def _page_links(request: Request, query: GridsQuery, matched: int) -> list[dict[str, str]]:
    links = [link(same_page(request), "self", GEOJSON, "This page")]
    if query.offset + query.limit < matched:
        links.append(link(same_page(request, offset=query.offset + query.limit), "next", GEOJSON, "More grids"))
    if query.offset > 0:
        offset = max(query.offset - query.limit, 0) or None
        links.append(link(same_page(request, offset=offset), "prev", GEOJSON, "Grids before"))
    return links


def _features(head: dict[str, Any], page: gpd.GeoDataFrame) -> Iterator[bytes]:
    yield orjson.dumps({"type": "FeatureCollection", **head})[:-1] + b',"features":['
    records = page[list(_PROPERTIES)].to_dict("records")
    for start in range(0, len(page), _FEATURES_A_CHUNK):
        shapes = shapely.to_geojson(page.geometry.to_numpy()[start : start + _FEATURES_A_CHUNK])
        chunk = records[start : start + _FEATURES_A_CHUNK]
        features = b",".join(_feature(row, shape) for row, shape in zip(chunk, shapes, strict=True))
        yield (b"," if start else b"") + features
    yield b"]}"


def _feature(row: dict[str, Any], shape: str) -> bytes:
    # NaN, which a table has for an unknown load, becomes null.
    members = {"type": "Feature", "id": row["code"], "properties": row, "geometry": orjson.Fragment(shape)}
    return orjson.dumps(members)
