"""``/locate``: which grid a point is in."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool

from api.dependencies import Editions
from api.editions import EditionBook
from api.replies import json_reply
from api.schemas.answers import LocateAnswer
from api.schemas.queries import LocateQuery
from api.shapes import place_of
from geogrid.datum import to_wgs84

router = APIRouter(tags=["locate"])


@router.get("/locate", responses={200: {"model": LocateAnswer}}, response_class=Response)
async def locate(query: Annotated[LocateQuery, Query()], editions: Editions) -> Response:
    """Find the grid of a point: the grid, its parents, the duties, and how sure it is.

    A point outside every grid is answered with `grid` null and the `reason`. A point on a shared edge belongs to
    the grid with the smaller code.
    """
    # The edition in force is in memory: a lookup is shorter than the way to a thread and back.
    if editions.is_ready(editions.calendar(query.jurisdiction), query.at):
        return _answer(query, editions)
    return await run_in_threadpool(_answer, query, editions)


def _answer(query: LocateQuery, editions: EditionBook) -> Response:
    calendar = editions.calendar(query.jurisdiction)
    lon, lat = query.lon, query.lat
    if query.coord_type != "wgs84":
        lons, lats = to_wgs84([lon], [lat], query.coord_type)
        lon, lat = float(lons[0]), float(lats[0])
    edition = editions.edition(calendar, query.at)
    moment = query.at or datetime.now(UTC)
    place = place_of(edition, lon, lat, error_m=query.error_m, moment=moment)
    return json_reply({"point": {"lon": lon, "lat": lat}, "jurisdiction": calendar.code, **place})
