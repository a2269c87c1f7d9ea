"""``/hotspots``: which grids have more cases than chance explains, as GeoJSON."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from api.cases.sight import sight_of_cases
from api.heavy.work import OpenHeavyWork
from api.kit.links import GEOJSON
from api.kit.parameters import refuse_repeats
from api.maps.routes import period_at
from api.maps.schemas import HotspotCollection, HotspotsQuery
from api.maps.spots import answer_hotspots
from api.state.dependencies import Editions, chosen_calendar

router = APIRouter(tags=["maps"], dependencies=[Depends(refuse_repeats)])


@router.get("/hotspots", responses={200: {"model": HotspotCollection, "description": "Grids and how they stand."}})
async def hotspot_statistics(
    request: Request, query: Annotated[HotspotsQuery, Query()], editions: Editions, heavy: OpenHeavyWork
) -> Response:
    """Tell which grids have more or fewer cases than chance explains, by one method. Filters as for `/cases`."""
    calendar = chosen_calendar(request, editions)
    period = period_at(calendar, datetime.now(UTC))
    cases = sight_of_cases(request, calendar.code).narrowed(query.to_filter())
    content = await heavy.do(request, answer_hotspots, calendar, period, cases, query)
    return Response(content, headers={"Cache-Control": "no-store"}, media_type=GEOJSON)
