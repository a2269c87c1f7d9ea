"""Tables of grids with their geometry, kept for the editions that are asked for most."""

from datetime import UTC, datetime

import geopandas as gpd

from api.kit.cache import Cache
from api.state.store import Store
from boundaries.editions.calendar import EditionPeriod
from boundaries.editions.reading import grid_frame
from boundaries.plans.drafts import get_plan


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
        self._frames: Cache[tuple[int, str, datetime | None], gpd.GeoDataFrame] = Cache(kept)

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

        def read() -> gpd.GeoDataFrame:
            with self._store.unit_of_work() as session:
                return grid_frame(session, get_plan(session, period.plan_id), at=at or datetime.now(UTC))

        # Duties of a moment that is over can be put right, too.
        return self._frames.get((period.plan_id, period.duties, at), read)


def without_duties(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a table of grids, columns as `grid_frame`, for who may not know who is on duty."""
    return frame.assign(duty="", contact="")
