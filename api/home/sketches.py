"""Pictures of editions, drawn once and kept."""

from api.home.sketch import Sketch, draw_sketch
from api.kit.cache import Cache
from api.state.frames import GridFrames
from api.state.store import Store
from boundaries.basemap.reading import street_frame
from boundaries.editions.calendar import Calendar, EditionPeriod, base_map_version
from boundaries.plans.drafts import get_plan

_KEPT = 8


class Sketches:
    """Pictures by edition.

    Parameters
    ----------
    store : Store
        Where streets and bands come from.
    frames : GridFrames
        Where grids come from.
    """

    def __init__(self, store: Store, frames: GridFrames) -> None:
        self._store = store
        self._frames = frames
        self._kept: Cache[tuple[EditionPeriod, str], Sketch] = Cache(_KEPT)

    def of(self, calendar: Calendar, period: EditionPeriod) -> Sketch:
        """Return the picture of an edition; errors as `Store.unit_of_work`."""
        with self._store.unit_of_work() as session:
            key = (period, base_map_version(session, calendar.id))
        return self._kept.get(key, lambda: self._draw(calendar, period))

    def _draw(self, calendar: Calendar, period: EditionPeriod) -> Sketch:
        grids = self._frames.of(period)
        with self._store.unit_of_work() as session:
            plan = get_plan(session, period.plan_id)
            streets = street_frame(session, calendar.id)
        return draw_sketch(grids, streets, band=plan.band, load=plan.load)
