"""Tiles of editions in memory: they never change, so the one longest unused goes when there is no room."""

import gzip
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from api.store import Store
from boundaries.drafts import get_plan
from boundaries.tiles import edition_tile
from geogrid.errors import NotFoundError
from geogrid.tiling import MATRIX_SETS, Tile
from geogrid.types import CoordType

_LEAST_WORTH_PACKING = 400


@dataclass(frozen=True, slots=True)
class TileAddress:
    """Which tile of which edition."""

    edition: int
    matrix_set: str
    coord_type: CoordType
    tile: Tile


@dataclass(frozen=True, slots=True)
class ShelvedTile:
    """A finished tile, and the same packed with gzip where that is worth it."""

    content: bytes
    packed: bytes | None


class TileShelf:
    """Finished tiles by address.

    Parameters
    ----------
    store : Store
        Where they come from.
    kept_mb : float
        Megabytes held at most.
    """

    def __init__(self, store: Store, *, kept_mb: float) -> None:
        self._store = store
        self._room = int(kept_mb * 1e6)
        self._used = 0
        self._tiles: OrderedDict[TileAddress, ShelvedTile] = OrderedDict()
        self._lock = Lock()

    def at_hand(self, address: TileAddress) -> ShelvedTile | None:
        """Return a tile if it is in memory; this waits for nothing."""
        with self._lock:
            if address in self._tiles:
                self._tiles.move_to_end(address)
            return self._tiles.get(address)

    def fetch(self, address: TileAddress) -> ShelvedTile:
        """Return a tile, from the store or made anew.

        Raises
        ------
        NotFoundError
            There is no such edition.
        UnavailableError
            The database cannot be reached.
        """
        with self._store.unit_of_work() as session:
            plan = get_plan(session, address.edition)
            if plan.validity is None:
                raise NotFoundError(f"Plan {plan.id} is {plan.state}, not an edition. Its tiles are under /plans.")
            matrix_set = MATRIX_SETS[address.matrix_set]
            content = edition_tile(session, plan, matrix_set, address.tile, coord_type=address.coord_type)
        packed = gzip.compress(content, 6, mtime=0) if len(content) >= _LEAST_WORTH_PACKING else None
        found = ShelvedTile(content, packed)
        self._keep(address, found)
        return found

    def _keep(self, address: TileAddress, tile: ShelvedTile) -> None:
        with self._lock:
            if address in self._tiles:
                return
            self._tiles[address] = tile
            self._used += _size(tile)
            while self._used > self._room:
                self._used -= _size(self._tiles.popitem(last=False)[1])


def _size(tile: ShelvedTile) -> int:
    return len(tile.content) + len(tile.packed or b"") + _BOOK_KEEPING


_BOOK_KEEPING = 500
