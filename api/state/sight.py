"""Editions and tables of grids as one asker may see them: without the duties that are not for him."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

import geopandas as gpd
from fastapi import Request

from api.kit.cache import Cache
from api.kit.identity import Identity, identity_of
from api.state.editions import EditionBook
from api.state.frames import GridFrames, without_duties
from boundaries.editions.calendar import Calendar, EditionPeriod
from geogrid.access import Action, Reach, Sight
from geogrid.editions import Duty, Edition
from geogrid.types import GridCode

_HELD: Final = 32


class DiscreetEditions:
    """Editions without the duties that are not for everybody who may see the edition.

    Parameters
    ----------
    held : int
        Editions held at most; the one longest unused goes first.
    """

    def __init__(self, held: int = _HELD) -> None:
        # The edition is held beside its copy: its identity cannot become another's meanwhile.
        self._held: Cache[tuple[int, Reach], tuple[Edition, Edition]] = Cache(held)

    def of(self, edition: Edition, reach: Reach) -> Edition:
        """Return an edition with the duties of the grids that are reached."""
        if reach.whole is Sight.PLAIN:
            return edition
        return self._held.get((id(edition), reach), lambda: (edition, _without(edition, reach)))[1]


def _without(edition: Edition, reach: Reach) -> Edition:
    shown: Mapping[GridCode, tuple[Duty, ...]] = {}
    if reach.grids:
        shown = {code: each for code, each in edition.duties.items() if _is_within(edition, code, reach)}
    return replace(edition, duties=shown)


def _is_within(edition: Edition, code: GridCode, reach: Reach) -> bool:
    return code in edition.grids and any(grid.code in reach.grids for grid in edition.chain(code))


class EditionsInSight(EditionBook):
    """The editions of a book as one asker may see them.

    Parameters
    ----------
    book : EditionBook
        The editions.
    discreet : DiscreetEditions
        Copies that were made before.
    identity : Identity
        Who asks.
    """

    def __init__(
        self, book: EditionBook, discreet: DiscreetEditions, identity: Identity
    ) -> None:  # no store of its own
        self._book = book
        self._discreet = discreet
        self._identity = identity

    @property
    def problem(self) -> str | None:
        """As `EditionBook.problem`."""
        return self._book.problem

    @property
    def calendars(self) -> Mapping[str, Calendar]:
        """As `EditionBook.calendars`."""
        return self._book.calendars

    def in_force(self) -> set[int]:
        """As `EditionBook.in_force`."""
        return self._book.in_force()

    def calendar(self, code: str | None) -> Calendar:
        """As `EditionBook.calendar`."""
        return self._book.calendar(code)

    def current(self, calendar: Calendar) -> Edition | None:
        """As `EditionBook.current`, with the duties that are for him."""
        return self._shown(self._book.current(calendar), calendar)

    def edition(self, calendar: Calendar, at: datetime | None = None) -> Edition | None:
        """As `EditionBook.edition`, with the duties that are for him."""
        return self._shown(self._book.edition(calendar, at), calendar)

    def refresh(self) -> None:
        """As `EditionBook.refresh`."""
        self._book.refresh()

    def _shown(self, edition: Edition | None, calendar: Calendar) -> Edition | None:
        reach = self._identity.reach(Action.DUTIES_READ, calendar.code)
        return None if edition is None else self._discreet.of(edition, reach)


class FramesInSight(GridFrames):
    """Tables of grids as one asker may see them.

    Parameters
    ----------
    frames : GridFrames
        The tables.
    calendars : mapping of str to Calendar
        Jurisdictions by code, which say whose edition a period is.
    identity : Identity
        Who asks.
    """

    def __init__(self, frames: GridFrames, calendars: Mapping[str, Calendar], identity: Identity) -> None:
        self._inner = frames
        self._calendars = calendars
        self._identity = identity

    def of(self, period: EditionPeriod, at: datetime | None = None) -> gpd.GeoDataFrame:
        """As `GridFrames.of`; who does not see the duties of the whole jurisdiction sees none in the table."""
        frame = self._inner.of(period, at)
        codes = (code for code, calendar in self._calendars.items() if _has(calendar, period))
        return frame if sees_all_duties(self._identity, next(codes, None)) else without_duties(frame)


def _has(calendar: Calendar, period: EditionPeriod) -> bool:
    return any(each.plan_id == period.plan_id for each in calendar.editions)


def sees_all_duties(identity: Identity, jurisdiction: str | None) -> bool:
    """Return whether who asks may know of all duties of a jurisdiction; of every one, if none is named."""
    return identity.reach(Action.DUTIES_READ, jurisdiction).whole is Sight.PLAIN


def editions_of(request: Request) -> EditionBook:
    """Return the editions as who asks may see them."""
    book: EditionBook = request.app.state.editions
    identity = identity_of(request)
    if identity.is_unlimited:
        return book
    return EditionsInSight(book, request.app.state.discreet, identity)


def frames_of(request: Request) -> GridFrames:
    """Return the tables of grids as who asks may see them."""
    frames: GridFrames = request.app.state.frames
    identity = identity_of(request)
    return frames if identity.is_unlimited else FramesInSight(frames, request.app.state.editions.calendars, identity)
