"""The HTTP application, made by `create_app`."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any, Final

import numpy as np
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES

from api import errors, health, openapi
from api.accounts import gate, openid
from api.accounts import managing as accounts
from api.accounts import page as sign_in
from api.accounts.door import Doorkeeper
from api.accounts.proxies import TrustedProxies
from api.accounts.rules import needs_of_routes
from api.addresses import routes as geocode
from api.areas import routes as lookups
from api.cases import page as search
from api.cases import reporters, reviews
from api.cases import routes as cases
from api.casework import page as case_work
from api.casework import routes as casework
from api.changes import routes as changes
from api.editions import routes as history
from api.embed import routes as embed
from api.embed.page import EMBEDDED, embed_problem
from api.features import conformance
from api.features import routes as collections
from api.features.formats import FORMATS
from api.features.reading import feature_cache
from api.heavy.desk import Desk
from api.heavy.work import HeavyWork, InServer
from api.home import page as landing
from api.home.sketches import Sketches
from api.hosts import KnownHosts
from api.jobs.kinds import job_kinds
from api.jobs.runner import JobRunner
from api.kit.budget import MemoryBudget
from api.locate import routes as locate
from api.locate.batch import ARROW
from api.maps import base_map, statistics
from api.maps import routes as maps
from api.middleware import BodyLimit, Compression, HeadAsGet, SafeHeaders
from api.open311 import errors as georeport_errors
from api.open311 import routes as open311
from api.plans import forms as plan_forms
from api.plans import pictures as plan_pictures
from api.plans import routes as plans
from api.plans import together as planners
from api.plans.events import PlanHub
from api.plans.listing import new_changes
from api.plans.workbench import routes as workbench
from api.plans.workbench.shelf import LandShelf
from api.settings import ServerSettings
from api.state.editions import EditionBook
from api.state.frames import GridFrames
from api.state.sight import DiscreetEditions
from api.state.store import Store
from api.state.watcher import StoreWatcher
from api.tiles import routes as tiles
from api.tiles.ahead import TilesAhead
from api.tiles.shelf import TileShelf
from api.warmup import warm_up
from api.web import reference
from api.web import routes as assets
from api.web.error_page import error_page
from api.web.rendering import make_templates
from boundaries.addresses.remote.fallback import remote_geocoder
from boundaries.store.engine import Patience

_DESCRIPTION = """
Which grid is a point in, who is responsible there, which cases are open and where.

* Coordinates are longitude before latitude; `coord_type` names the datum: `wgs84`, `gcj02` (Amap, Tencent), `bd09`.
* Times carry their offset, as in `2026-03-01T08:00:00+08:00`.
* Errors are `application/problem+json` and name the parameter, the value and what is allowed.
* An unknown parameter is an error.
"""


_ROOMS: Final = (
    sign_in,
    openid,
    accounts,
    locate,
    reviews,
    geocode,
    cases,
    casework,
    case_work,
    reporters,
    changes,
    open311,
    collections,
    conformance,
    workbench,
    # Before the routes of plans, one of which takes any word behind the number.
    plan_forms,
    plan_pictures,
    planners,
    plans,
    history,
    tiles,
    lookups,
    embed,
    maps,
    statistics,
    health,
    landing,
    search,
    reference,
    base_map,
)
"""Rooms with routes, in the order in which these are tried."""


def create_app(settings: ServerSettings | None = None, *, heavy: HeavyWork | None = None) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    settings : ServerSettings, optional
        Read from the environment if left out.
    heavy : HeavyWork, optional
        Who does long work; threads of this process if left out.
    """
    settings = settings or ServerSettings()
    app = FastAPI(
        title="GeoGrid",
        version=version("geogrid"),
        description=_DESCRIPTION,
        lifespan=_lifespan,
        openapi_url="/api",
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.settings = settings
    app.state.store = store = Store(settings, patience=Patience(), public_fields=settings.public_case_fields)
    app.state.probe = health.database_probe(store)
    app.state.editions = EditionBook(store, kept=settings.kept_editions)
    app.state.watcher = StoreWatcher(app.state.editions, refresh_seconds=settings.refresh_seconds, heal=store.heal)
    app.state.frames = GridFrames(store, kept=settings.kept_editions)
    app.state.heavy = heavy or InServer(Desk(store, app.state.frames, memory_mb=settings.memory_mb))
    app.state.discreet = DiscreetEditions()
    app.state.door = door = Doorkeeper(store, settings)
    app.state.sign_on = openid.sign_on_of(settings)
    app.state.feature_cache = feature_cache()
    app.state.sketches = Sketches(store, app.state.frames)
    app.state.plan_hub = PlanHub(store)
    app.state.plan_changes = new_changes()
    app.state.plan_pictures = plan_pictures.PlanPictures()
    app.state.tiles = TileShelf(store, kept_mb=settings.tile_memory_mb)
    app.state.land = LandShelf()
    app.state.remote = remote_geocoder(settings)
    app.state.templates = make_templates()
    for room in _ROOMS:
        app.include_router(room.router)
    for name, folder in assets.folders().items():
        app.mount(f"/assets/{name}", folder, name=name)
    app.openapi = openapi.describer(app, needs_of_routes())  # type: ignore[method-assign]
    errors.install(app, page=_problem_page)
    georeport_errors.install(app)
    # Before the others, so that it stands behind them: right before the routes.
    gate.install(app, [route for room in _ROOMS for route in room.router.routes], door, TrustedProxies(settings))
    _add_middleware(app, settings)
    return app


def _problem_page(request: Request, problem: Mapping[str, Any], /, *, headers: Mapping[str, str] | None) -> Response:
    """Return the page of a problem: inside its frame, where other people's pages show ours."""
    shown = embed_problem if request.url.path == EMBEDDED else error_page
    return shown(request, problem, headers=headers)


def _add_middleware(app: FastAPI, settings: ServerSettings) -> None:
    small = (*DEFAULT_EXCLUDED_CONTENT_TYPES, ARROW, FORMATS["geoparquet"].media_type)
    app.add_middleware(Compression, least_bytes=2_000, excluded=small)
    budget = MemoryBudget(int(settings.memory_mb * 1e6))
    app.add_middleware(BodyLimit, most_mb=settings.max_body_mb, budget=budget)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Content-Type", "If-Match", "If-None-Match"],
            expose_headers=["Link", "Location", "ETag", "GeoGrid-Edition"],
        )
    app.add_middleware(KnownHosts, public_url=settings.public_url, names=settings.allowed_hosts)
    app.add_middleware(HeadAsGet)
    app.add_middleware(SafeHeaders)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings = app.state.settings
    # Own connections: a job holds one until it is done, and requests must not wait for that.
    job_store = Store(settings, patience=Patience(statement_s=1_800, lock_s=60, idle_s=3_600))
    jobs = JobRunner(
        job_store,
        job_kinds(job_store, settings),
        poll_s=min(settings.webhook_poll, settings.refresh_seconds),
        rng=np.random.default_rng(),
    )
    ahead = TilesAhead(app.state.store)
    app.state.watcher.subscribe(ahead.hear)
    await run_in_threadpool(warm_up)
    await run_in_threadpool(app.state.watcher.start)
    if app.state.editions.problem is None:
        await run_in_threadpool(app.state.store.warm)
        await run_in_threadpool(app.state.tiles.warm)
    if settings.tiles_ahead:
        ahead.start()
    jobs.start()
    try:
        yield
    finally:
        await run_in_threadpool(app.state.heavy.close)
        await run_in_threadpool(jobs.stop)
        await run_in_threadpool(app.state.plan_hub.stop)
        await run_in_threadpool(ahead.stop)
        await run_in_threadpool(app.state.watcher.stop)
        job_store.close()
        app.state.store.close()
