"""Tiles of editions in memory: they never change, so the one longest unused goes when there is no room."""

import gzip
import logging
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from api.kit.cache import Cache
from api.state.store import Store
from boundaries.plans.drafts import get_plan
from boundaries.tiles.making import TileKey, TileResult, look_up_tile
from boundaries.tiles.storing import MAX_ZOOM, prepare_zoom, store_tile
from geogrid.errors import GeogridError, NotFoundError
from geogrid.tiles import MATRIX_SETS, WEB_MERCATOR_QUAD, Tile, TileLayer, cut, encoded
from geogrid.types import CoordType

_LEAST_WORTH_PACKING = 400
_BOOK_KEEPING = 500

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TileAddress:
    """Which tile of which edition."""

    edition: int
    matrix_set: str
    coord_type: CoordType
    tile: Tile


@dataclass(frozen=True)
class ShelvedTile:
    """A finished tile, and whether the store had it."""

    content: bytes
    is_stored: bool

    @cached_property
    def packed(self) -> bytes | None:
        """The same packed with gzip, where that is worth it; made when somebody takes it."""
        return gzip.compress(self.content, 6, mtime=0) if len(self.content) >= _LEAST_WORTH_PACKING else None


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
        self._tiles: Cache[TileAddress, ShelvedTile] = Cache(kept_mb * 1e6, size_of=_size)

    def warm(self) -> None:
        """Do once what the first tile would pay for: its statements are planned, and a square is cut and written."""
        for zoom in (0, MAX_ZOOM):
            key = TileKey(0, WEB_MERCATOR_QUAD, Tile(zoom, 0, 0))
            try:
                self._store.read(lambda by, key=key: look_up_tile(by, key), by_key=True)  # type: ignore[misc]
            except GeogridError as error:
                logger.info("Tiles are not prepared for: %s", error)
        square = cut(np.array([shapely.box(-170, -80, 170, 80)], dtype=object), WEB_MERCATOR_QUAD, Tile(0, 0, 0))
        encoded([TileLayer("grids", square.owners, square.shapes, {"code": ["a"]})])

    def at_hand(self, address: TileAddress) -> ShelvedTile | None:
        """Return a tile if it is in memory; this waits for nothing."""
        return self._tiles.peek(address)

    def fetch(self, address: TileAddress) -> ShelvedTile:
        """Return a tile, from the store or made anew.

        Raises
        ------
        NotFoundError
            There is no such edition.
        UnavailableError
            The database cannot be reached.
        """
        key = TileKey(address.edition, MATRIX_SETS[address.matrix_set], address.tile, address.coord_type)
        stored = self._looked_up(key)
        if stored.content is None:
            with self._store.unit_of_work() as session:
                prepare_zoom(session, get_plan(session, key.plan), key.tile.zoom)
            stored = self._looked_up(key)
        tile = ShelvedTile(stored.content or b"", is_stored=stored.is_kept)
        self._tiles.put(address, tile)
        return tile

    def store(self, address: TileAddress, tile: ShelvedTile) -> None:
        """Keep a new tile in the store as well, for other servers; where that cannot be, they make it, too."""
        key = TileKey(address.edition, MATRIX_SETS[address.matrix_set], address.tile, address.coord_type)
        try:
            with self._store.unit_of_work() as session:
                store_tile(session, key, tile.content)
        except GeogridError as error:
            logger.info("Tile %s is kept in memory alone: %s", address, error)

    def _looked_up(self, key: TileKey) -> TileResult:
        stored = self._store.read(lambda by: look_up_tile(by, key), by_key=True)
        if stored is None:
            raise NotFoundError(f"There is no plan {key.plan}. GET /editions lists the editions.")
        if not stored.is_edition:
            raise NotFoundError(f"Plan {key.plan} is {stored.plan_state}, not an edition. Its tiles are under /plans.")
        return stored


def _size(tile: ShelvedTile) -> int:
    return 2 * len(tile.content) + _BOOK_KEEPING
