"""Tables of grids with their geometry, kept for the editions that are asked for most."""

from collections import OrderedDict
from datetime import UTC, datetime
from threading import Lock

import geopandas as gpd

from api.state.store import Store
from boundaries.editions.calendar import EditionPeriod
from boundaries.editions.reading import grid_frame
from boundaries.grids.tables import Plan


class GridFrames:
    """Tables of grids by edition; read-only by agreement, since all requests share them.

    Parameters
    ----------
    store : Store
        Where they come from.
    kept : int
        Tables held at most; the one longest unused goes first.
    """

    def __init__(self, store: Store, *, kept: int) -> None:
        self._store = store
        self._kept = kept
        self._frames: OrderedDict[tuple[int, str], gpd.GeoDataFrame] = OrderedDict()
        self._lock = Lock()
        self._reading = Lock()

    def of(self, period: EditionPeriod, at: datetime | None = None) -> gpd.GeoDataFrame:
        """Return the grids of an edition with the duties of a moment; columns as `grid_frame`.

        Parameters
        ----------
        period : EditionPeriod
            Which edition.
        at : datetime, optional
            Moment of the duties; now if left out.

        Raises
        ------
        UnavailableError
            The table is not in memory and the database cannot be reached.
        """
        key = (period.plan_id, period.duties if at is None else at.isoformat())
        frame = self._kept_frame(key)
        if frame is not None:
            return frame
        # One at a time: ten requests at once would otherwise read it ten times.
        with self._reading:
            frame = self._kept_frame(key)
            if frame is None:
                with self._store.unit_of_work() as session:
                    frame = grid_frame(session, session.get_one(Plan, period.plan_id), at=at or datetime.now(UTC))
                self._keep(key, frame)
        return frame

    def _kept_frame(self, key: tuple[int, str]) -> gpd.GeoDataFrame | None:
        with self._lock:
            if key in self._frames:
                self._frames.move_to_end(key)
            return self._frames.get(key)

    def _keep(self, key: tuple[int, str], frame: gpd.GeoDataFrame) -> None:
        with self._lock:
            self._frames[key] = frame
            while len(self._frames) > self._kept:
                self._frames.popitem(last=False)
