"""``/maps``: the coverage map and the hotspot map, as pages that load nothing from the internet."""

import hashlib
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from api.cases.sight import sight_of_cases
from api.heavy.work import OpenHeavyWork
from api.kit.identity import identity_of
from api.kit.parameters import refuse_repeats
from api.kit.policies import MAP
from api.kit.replies import is_known, not_modified
from api.maps.drawing import draw_coverage, draw_hotspots
from api.maps.schemas import CoverageMapQuery, HotspotMapQuery
from api.state.dependencies import Editions, OpenStore, chosen_calendar
from api.state.sight import sees_all_duties
from api.state.store import Store
from boundaries.editions.calendar import Calendar, EditionPeriod, base_map_version
from geogrid.access import Action, Target
from geogrid.errors import NotFoundError

router = APIRouter(prefix="/maps", tags=["maps"], dependencies=[Depends(refuse_repeats)])


@router.get("/coverage", response_class=HTMLResponse, responses={304: {"description": "Unchanged."}})
async def coverage(
    request: Request,
    query: Annotated[CoverageMapQuery, Query()],
    editions: Editions,
    store: OpenStore,
    heavy: OpenHeavyWork,
) -> Response:
    """Show the grids by kind and level, their load against the band, and land that no grid covers."""
    calendar = chosen_calendar(request, editions)
    period = period_at(calendar, query.at)
    base_version = await run_in_threadpool(_base_version, store, calendar)
    is_seen = sees_all_duties(identity_of(request), calendar.code)
    may_edit = identity_of(request).may(Action.PLANS_EDIT, Target(calendar.code))
    shown = f"{request.url} {period} {base_version} {request.app.version} {is_seen} {may_edit}"
    etag = f'"{hashlib.sha256(shown.encode()).hexdigest()[:20]}"'
    if is_known(request, etag):
        return not_modified(etag)
    page = await heavy.do(request, draw_coverage, calendar, period, query.at, query.lang, is_seen, may_edit)
    return HTMLResponse(page, headers={**MAP, "ETag": etag, "Cache-Control": "no-cache"})


@router.get("/hotspots", response_class=HTMLResponse)
async def hotspots(
    request: Request, query: Annotated[HotspotMapQuery, Query()], editions: Editions, heavy: OpenHeavyWork
) -> Response:
    """Show where cases pile up: counts through time, or what chance does not explain. Filters as for `/cases`."""
    calendar = chosen_calendar(request, editions)
    period = period_at(calendar, None)
    sight = sight_of_cases(request, calendar.code)
    cases, is_seen = sight.narrowed(query.to_filter()), sees_all_duties(identity_of(request), calendar.code)
    asked = tuple(request.query_params.multi_items())
    may_edit = identity_of(request).may(Action.PLANS_EDIT, Target(calendar.code))
    page = await heavy.do(request, draw_hotspots, calendar, period, cases, query, sight, is_seen, asked, may_edit)
    return HTMLResponse(page, headers={**MAP, "Cache-Control": "no-store"})


def period_at(calendar: Calendar, at: datetime | None) -> EditionPeriod:
    """Return the edition in force at a moment, by default now, or raise `NotFoundError`."""
    moment = at or datetime.now(UTC)
    period = calendar.edition_at(moment)
    if period is None:
        raise NotFoundError(f"No edition of {calendar.name} was in force at {moment.isoformat(timespec='seconds')}.")
    return period


def _base_version(store: Store, calendar: Calendar) -> str:
    with store.unit_of_work() as session:
        return base_map_version(session, calendar.id)
