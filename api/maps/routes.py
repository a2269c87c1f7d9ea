"""``/maps``: the coverage map and the hotspot map, as pages that load nothing from the internet."""

import hashlib
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from api.kit.parameters import refuse_repeats
from api.kit.policies import MAP
from api.kit.replies import is_known, not_modified
from api.maps.schemas import CoverageMapQuery, HotspotMapQuery
from api.state.dependencies import Editions, Frames, OpenSession
from api.web.assets import served_address
from boundaries.basemap.reading import building_frame, street_frame
from boundaries.cases.reading import case_frame
from boundaries.editions.calendar import Calendar, EditionPeriod, base_map_version
from boundaries.jurisdictions.reading import limit_at
from boundaries.plans.drafts import get_plan
from geogrid.errors import NotFoundError
from geogrid.maps import BaseMap, Map, coverage_map, hotspot_map, render

router = APIRouter(prefix="/maps", tags=["maps"], dependencies=[Depends(refuse_repeats)])


@router.get("/coverage", response_class=HTMLResponse, responses={304: {"description": "Unchanged."}})
def coverage(
    request: Request,
    query: Annotated[CoverageMapQuery, Query()],
    editions: Editions,
    frames: Frames,
    session: OpenSession,
) -> Response:
    """Show the grids by kind and level, their load against the band, and land that no grid covers."""
    calendar = editions.calendar(query.jurisdiction)
    period = _period(calendar, query.at)
    shown = f"{request.url} {period} {base_map_version(session, calendar.id)} {request.app.version}"
    etag = f'"{hashlib.sha256(shown.encode()).hexdigest()[:20]}"'
    if is_known(request, etag):
        return not_modified(etag)
    plan = get_plan(session, period.plan_id)
    drawn = coverage_map(
        frames.of(period, query.at),
        limit=limit_at(session, calendar.id),
        base=_base(session, calendar.id),
        band=plan.band,
        load=plan.load,
        attribution=calendar.attribution,
        language=query.lang,
        subtitle=f"{calendar.name} · {period.name}",
        home=f"/?{_own(query.lang, calendar)}",
    )
    return _page(drawn, {"ETag": etag, "Cache-Control": "no-cache"})


@router.get("/hotspots", response_class=HTMLResponse)
def hotspots(
    query: Annotated[HotspotMapQuery, Query()], editions: Editions, frames: Frames, session: OpenSession
) -> Response:
    """Show where cases pile up: heat, clusters, counts per grid, through time. Filters as for `/cases`."""
    calendar = editions.calendar(query.jurisdiction)
    period = _period(calendar, None)
    drawn = hotspot_map(
        case_frame(session, calendar.id, query.to_filter()),
        frames.of(period),
        base=_base(session, calendar.id),
        time_zone=calendar.time_zone,
        attribution=calendar.attribution,
        language=query.lang,
        subtitle=f"{calendar.name} · {period.name}",
        home=f"/?{_own(query.lang, calendar)}",
    )
    return _page(drawn, {"Cache-Control": "no-store"})


def _period(calendar: Calendar, at: datetime | None) -> EditionPeriod:
    moment = at or datetime.now(UTC)
    period = calendar.edition_at(moment)
    if period is None:
        raise NotFoundError(f"No edition of {calendar.name} was in force at {moment.isoformat(timespec='seconds')}.")
    return period


def _base(session: Session, jurisdiction_id: int) -> BaseMap:
    return BaseMap(street_frame(session, jurisdiction_id), building_frame(session, jurisdiction_id))


def _own(language: str, calendar: Calendar) -> str:
    lang = "" if language == "both" else f"lang={language}&"
    return f"{lang}jurisdiction={calendar.code}"


def _page(drawn: Map, headers: dict[str, str]) -> Response:
    return HTMLResponse(render(drawn, served_address), headers={**MAP, **headers})
