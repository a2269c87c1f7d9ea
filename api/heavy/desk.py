"""What long work has at hand: the store, tables of grids, indexes of editions, and a budget of memory."""

from functools import cached_property
from typing import Final

from api.kit.budget import MemoryBudget
from api.kit.cache import Cache
from api.state.frames import GridFrames
from api.state.store import Store
from boundaries.editions.index_files import open_index
from boundaries.plans.drafts import get_plan
from geogrid.index import GridIndex

_KEPT_INDEXES: Final = 8


class Desk:
    """What a piece of long work is given; one a process.

    Parameters
    ----------
    store : Store
        Only read from.
    frames : GridFrames
        Tables of grids.
    memory_mb : float
        What all work at this desk may hold beside them.
    """

    def __init__(self, store: Store, frames: GridFrames, *, memory_mb: float) -> None:
        self.store = store
        self.frames = frames
        self.memory_mb = memory_mb
        self._indexes: Cache[int, GridIndex] = Cache(_KEPT_INDEXES)

    @cached_property
    def budget(self) -> MemoryBudget:
        """Of everything that is being worked on."""
        return MemoryBudget(int(self.memory_mb * 1e6))

    def index(self, plan_id: int) -> GridIndex:
        """Return the index of an edition.

        Raises
        ------
        UnavailableError
            It is not in memory and the database cannot be reached.
        """

        def read() -> GridIndex:
            with self.store.unit_of_work() as session:
                return open_index(session, get_plan(session, plan_id), self.store.indexes)

        return self._indexes.get(plan_id, read)
