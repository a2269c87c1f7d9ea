"""What handlers are given.

Those that only hand something over are coroutines: FastAPI sends plain functions to a thread, which costs more than
they do.
"""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from api.kit.identity import TOWN
from api.state.editions import EditionBook
from api.state.frames import GridFrames
from api.state.settings import CommonSettings
from api.state.sight import editions_of, frames_of
from api.state.store import Store
from boundaries.addresses.remote.fallback import Remote
from boundaries.editions.calendar import Calendar


async def get_settings(request: Request) -> CommonSettings:
    """Return the settings that the application was made with."""
    settings: CommonSettings = request.app.state.settings
    return settings


async def get_store(request: Request) -> Store:
    """Return the store."""
    store: Store = request.app.state.store
    return store


async def get_editions(request: Request) -> EditionBook:
    """Return the editions in memory, as who asks may see them."""
    return editions_of(request)


async def get_frames(request: Request) -> GridFrames:
    """Return the tables of grids in memory, as who asks may see them."""
    return frames_of(request)


def get_remote(request: Request) -> Remote | None:
    """Return the remote geocoder, None where the settings name none."""
    remote: Remote | None = request.app.state.remote
    return remote


def get_session(store: Annotated[Store, Depends(get_store)]) -> Iterator[Session]:
    """Yield a session that is committed when the handler returns, or rolled back whole by an error."""
    with store.unit_of_work() as session:
        yield session


RemoteGeocoder = Annotated[Remote | None, Depends(get_remote)]
Settings = Annotated[CommonSettings, Depends(get_settings)]
OpenStore = Annotated[Store, Depends(get_store)]
Editions = Annotated[EditionBook, Depends(get_editions)]
Frames = Annotated[GridFrames, Depends(get_frames)]
# Scope "function": the commit comes before the answer, so that what is answered is what is stored.
OpenSession = Annotated[Session, Depends(get_session, scope="function")]


def chosen_calendar(request: Request, editions: EditionBook) -> Calendar:
    """Return the jurisdiction that a page is about: the one asked for, else the first where one may ask for it."""
    code = request.query_params.get("jurisdiction") or request.scope.get(TOWN)
    return editions.calendar(code or next(iter(editions.calendars), None))
