"""``/locate``: which grid a point is in."""

from typing import Annotated, Any, Final

import numpy as np
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.kit.links import JSON
from api.kit.parameters import describe_query, read_query, refuse_repeats
from api.kit.replies import json_reply
from api.locate.batch import ARROW, FORMATS, NDJSON, PointFormat
from api.locate.bodies import place_of
from api.locate.schemas import LocateAnswer, LocateManyAnswer, LocateManyQuery, LocateQuery
from api.state.dependencies import Editions
from api.state.editions import EditionBook
from boundaries.editions.calendar import Calendar
from geogrid.coordinates import to_wgs84
from geogrid.editions import Edition
from geogrid.types import IntArray

router = APIRouter(tags=["locate"])

_POINT: Final = {
    "type": "object",
    "required": ["lon", "lat"],
    "properties": {
        "id": {"description": "Repeated in the answer."},
        "lon": {"type": "number", "nullable": True, "minimum": -180, "maximum": 180},
        "lat": {"type": "number", "nullable": True, "minimum": -90, "maximum": 90},
    },
}
_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        JSON: {"schema": {"type": "object", "properties": {"points": {"type": "array", "items": _POINT}}}},
        NDJSON: {"schema": _POINT},
        ARROW: {"schema": {"type": "string", "format": "binary"}},
    },
}


@router.get(
    "/locate",
    responses={200: {"model": LocateAnswer}},
    response_class=Response,
    openapi_extra={"parameters": describe_query(LocateQuery)},
)
async def locate(request: Request) -> Response:
    """Find the grid of a point: the grid, its parents, the duties, and how sure it is.

    A point outside every grid is answered with `grid` null and the `reason`. A point on a shared edge belongs to
    the grid with the smaller code.
    """
    query = read_query(request, LocateQuery)
    editions: EditionBook = request.app.state.editions
    calendar = editions.calendar(query.jurisdiction)
    # The edition in force is in memory: a lookup is shorter than the way to a thread and back.
    edition = editions.current(calendar) if query.at is None else None
    if edition is not None:
        return _answer(query, calendar, edition)
    return await run_in_threadpool(_answer_from_store, query, calendar, editions)


@router.post(
    "/locate",
    responses={200: {"model": LocateManyAnswer, "content": {NDJSON: {}, ARROW: {}}}},
    response_class=Response,
    dependencies=[Depends(refuse_repeats)],
    openapi_extra={"requestBody": _BODY},
)
async def locate_many(request: Request, query: Annotated[LocateManyQuery, Query()], editions: Editions) -> Response:
    """Find the grids of many points, in the order they are given; the answer has the form of the request.

    * JSON: `{"points": [{"lon": 24.94, "lat": 60.17, "id": 1}]}`, or a bare list of such points or of `[lon, lat]`.
    * NDJSON: one point a line.
    * Arrow IPC stream: columns `lon` and `lat`; the answer has the other columns and `grid`.

    A point outside every grid, or without coordinates (null, NaN), has `grid` null. A point beyond the globe refuses
    the whole request, and every such point is named.
    """
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent not in FORMATS:
        detail = f"The body is {sent or 'of no stated type'}; send it as {', '.join(FORMATS)}."
        raise HTTPException(415, detail)
    body = await request.body()
    return await run_in_threadpool(_answer_many, FORMATS[sent], body, query, editions)


def _answer_from_store(query: LocateQuery, calendar: Calendar, editions: EditionBook) -> Response:
    return _answer(query, calendar, editions.edition(calendar, query.at))


def _answer(query: LocateQuery, calendar: Calendar, edition: Edition | None) -> Response:
    lon, lat = query.lon, query.lat
    if query.coord_type != "wgs84":
        lons, lats = to_wgs84([lon], [lat], query.coord_type)
        lon, lat = float(lons[0]), float(lats[0])
    place = place_of(edition, lon, lat, error_m=query.error_m, moment=query.at)
    return json_reply({"point": {"lon": lon, "lat": lat}, "jurisdiction": calendar.code, **place})


def _answer_many(form: PointFormat, body: bytes, query: LocateManyQuery, editions: EditionBook) -> Response:
    calendar = editions.calendar(query.jurisdiction)
    edition = editions.edition(calendar, query.at)
    points = form.read(body)
    lon, lat = to_wgs84(points.lon, points.lat, query.coord_type)
    positions = _positions(edition, lon, lat)
    content = form.write(points, positions, edition, calendar.code)
    headers = {"GeoGrid-Edition": "" if edition is None else str(edition.id)}
    return Response(content, headers=headers, media_type=form.media_type)


def _positions(edition: Edition | None, lon: Any, lat: Any) -> IntArray:
    positions = np.full(len(lon), -1) if edition is None else edition.index.locate(lon, lat)
    return positions.astype(np.int64)
