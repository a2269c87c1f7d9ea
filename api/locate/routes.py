"""``/locate``: which grid a point is in."""

from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from api.heavy.work import OpenHeavyWork
from api.kit.budget import lease_of
from api.kit.links import JSON
from api.kit.parameters import describe_query, read_query, refuse_repeats
from api.kit.replies import json_reply
from api.locate.batch import ARROW, FORMATS, NDJSON, answer_many
from api.locate.bodies import place_of
from api.locate.points import PointWork
from api.locate.schemas import LocateAnswer, LocateManyAnswer, LocateManyQuery, LocateQuery
from api.state.dependencies import Editions
from api.state.editions import EditionBook
from api.state.sight import editions_of
from boundaries.editions.calendar import Calendar
from geogrid.coordinates import to_wgs84
from geogrid.editions import Edition

router = APIRouter(tags=["locate"])

_BESIDE_BYTES: Final = 200_000
"""Longer bodies are answered beside the requests."""

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
    editions = editions_of(request)
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
async def locate_many(
    request: Request, query: Annotated[LocateManyQuery, Query()], editions: Editions, heavy: OpenHeavyWork
) -> Response:
    """Find the grids of many points, in the order they are given; the answer has the form of the request.

    * JSON: `{"points": [{"lon": 24.94, "lat": 60.17, "id": 1}]}`, or a bare list of such points or of `[lon, lat]`.
    * NDJSON: one point a line.
    * Arrow IPC stream: columns `lon` and `lat`; the answer has the other columns and `grid`.

    A point outside every grid, or without coordinates (null, NaN), has `grid` null. A point beyond the globe refuses
    the whole request, and the first 20 such points are named. 500,000 points at most, 100,000 in JSON.
    """
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent not in FORMATS:
        detail = f"The body is {sent or 'of no stated type'}; send it as {', '.join(FORMATS)}."
        raise HTTPException(415, detail)
    form, body, lease = FORMATS[sent], await request.body(), lease_of(request)
    edition, work = await run_in_threadpool(_work, query, editions)
    pieces = None
    if len(body) > _BESIDE_BYTES:
        plan_id, plain = None if edition is None else edition.id, replace(work, index=None)
        pieces = await heavy.do(request, answer_many, body, form.media_type, plan_id, plain)
        lease.grow(sum(map(len, pieces or ())))
    if pieces is None:
        # A short body, or the database is away: lookups as of now go on.
        pieces = await run_in_threadpool(form.answer, body, work, lease)
    headers = {"GeoGrid-Edition": "" if edition is None else str(edition.id)}
    if len(pieces) > 1:
        return StreamingResponse(iter(pieces), headers=headers, media_type=form.media_type)
    return Response(b"".join(pieces), headers=headers, media_type=form.media_type)


def _answer_from_store(query: LocateQuery, calendar: Calendar, editions: EditionBook) -> Response:
    return _answer(query, calendar, editions.edition(calendar, query.at))


def _answer(query: LocateQuery, calendar: Calendar, edition: Edition | None) -> Response:
    lon, lat = query.lon, query.lat
    if query.coord_type != "wgs84":
        lons, lats = to_wgs84([lon], [lat], query.coord_type)
        lon, lat = float(lons[0]), float(lats[0])
    place = place_of(edition, lon, lat, error_m=query.error_m, moment=query.at)
    return json_reply({"point": {"lon": lon, "lat": lat}, "jurisdiction": calendar.code, **place})


def _work(query: LocateManyQuery, editions: EditionBook) -> tuple[Edition | None, PointWork]:
    calendar = editions.calendar(query.jurisdiction)
    edition = editions.edition(calendar, query.at)
    return edition, PointWork.of(edition, calendar.code, query.coord_type)
