"""Tiles made ahead of the first map: a new edition is simplified for every zoom beside the requests."""

import logging
from threading import Event, Thread

from api.state.store import Store
from boundaries.plans.drafts import get_plan
from boundaries.tiles.archive import tile_numbers
from boundaries.tiles.storing import MAX_ZOOM, edition_tile, prepare_zoom
from boundaries.tiles.tilesets import tileset_of
from geogrid.errors import GeogridError
from geogrid.tiles import WEB_MERCATOR_QUAD

_PAUSE_SECONDS = 5.0
"""Before the work, and before another try: lookups go first."""

_MOST_TILES = 16
"""Zooms of so many tiles at most are the ones that a map of the whole town begins with; their tiles are made, too."""

_STOP_S = 5.0
"""How long a zoom that is being made is waited for; what is half made is made anew by the next server."""

logger = logging.getLogger(__name__)


class TilesAhead:
    """Makes ready what maps of the editions in force will ask for, in a thread that sleeps until it hears of one.

    Parameters
    ----------
    store : Store
        Where tiles are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._in_force: frozenset[int] = frozenset()
        self._ready: set[int] = set()
        self._stopped = Event()
        self._wake = Event()
        self._thread: Thread | None = None

    def hear(self, in_force: frozenset[int]) -> None:
        """Take in which editions are in force now."""
        self._in_force = in_force
        self._wake.set()

    def start(self) -> None:
        """Begin."""
        self._thread = Thread(target=self._work, name="tiles-ahead", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop after the zoom that is being made."""
        self._stopped.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_STOP_S)

    def _work(self) -> None:
        while not self._stopped.wait(_PAUSE_SECONDS):
            for edition in self._in_force - self._ready:
                self._try(edition)
            if self._in_force <= self._ready:
                self._wake.wait()
            self._wake.clear()

    def _try(self, edition: int) -> None:
        try:
            self._make_ready(edition)
        except GeogridError as error:
            logger.info("Tiles of edition %s are made when they are asked for: %s", edition, error)
        except Exception:  # a thread that ended would leave it to the first map for good
            logger.exception("Tiles of edition %s could not be made ahead; they are tried again soon.", edition)

    def _make_ready(self, edition: int) -> None:
        # The middle zooms first: with those a map begins.
        for zoom in sorted(range(MAX_ZOOM + 1), key=lambda zoom: abs(zoom - MAX_ZOOM // 2 - 3)):
            if self._stopped.is_set():
                return
            with self._store.unit_of_work() as session:
                plan = get_plan(session, edition)
                prepare_zoom(session, plan, zoom)
                tiles = list(tile_numbers(tileset_of(session, plan), zoom))
                for tile in tiles if len(tiles) <= _MOST_TILES else ():
                    edition_tile(session, plan, WEB_MERCATOR_QUAD, tile)
        self._ready.add(edition)
