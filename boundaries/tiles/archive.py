"""An edition as one PMTiles file: a map of it needs no server of ours, only one that sends parts of files."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from boundaries.grids.records import PlanValues
from boundaries.tiles.storing import edition_tile
from boundaries.tiles.tilesets import Tileset, fitting_zoom, shifted_bounds, tileset_of, vector_layers
from geogrid.errors import InvalidInputError
from geogrid.tiles import WEB_MERCATOR_QUAD, Tile
from geogrid.types import CoordType

_DEGREE_E7 = 10_000_000


def tile_numbers(tileset: Tileset, zoom: int, coord_type: CoordType = "wgs84") -> Iterator[Tile]:
    """Yield the web Mercator tiles of a zoom that the bounds of an edition reach."""
    left, right, top, bottom = WEB_MERCATOR_QUAD.span(shifted_bounds(tileset, coord_type), zoom)
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            yield Tile(zoom, column, row)


def export_tiles(  # noqa: PLR0913 - one keyword a choice
    session: Session,
    plan: PlanValues,
    path: Path,
    *,
    max_zoom: int,
    coord_type: CoordType = "wgs84",
    advance: Callable[[int], None] = lambda _: None,
) -> int:
    """Write the web Mercator tiles of an edition to a PMTiles file and return how many there are.

    Parameters
    ----------
    session : Session
        The tiles are stored, too.
    plan : PlanValues
        Published or retired.
    path : Path
        An existing file is replaced when the new one is whole.
    max_zoom : int
        The finest zoom; maps draw what lies beyond from it.
    coord_type : {"wgs84", "gcj02", "bd09"}
        Datum of the tiles.
    advance : callable
        Told the number of tiles looked at since the last call.

    Raises
    ------
    InvalidInputError
        The name does not end in ``.pmtiles``.
    NotFoundError
        The plan was never published.
    """
    if path.suffix.lower() != ".pmtiles":
        raise InvalidInputError.of(
            "file-kind", f"{path.name} ends in {path.suffix or 'nothing'}.", "Let it end in .pmtiles."
        )
    tileset = tileset_of(session, plan)
    partial = path.with_name(f".{path.name}.part")
    count = 0
    try:
        with _writing(partial) as writer:
            for number, tile in _numbered(tileset, max_zoom, coord_type):
                content = edition_tile(session, plan, WEB_MERCATOR_QUAD, tile, coord_type=coord_type)
                if content:
                    writer.write_tile(number, gzip.compress(content, 9, mtime=0))
                    count += 1
                advance(1)
            writer.finalize(_header(tileset, coord_type), _metadata(tileset, max_zoom))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return count


def _numbered(tileset: Tileset, max_zoom: int, coord_type: CoordType) -> Iterator[tuple[int, Tile]]:
    """Yield the tiles in the order that the format wants, along a Hilbert curve within each zoom."""
    from pmtiles.tile import zxy_to_tileid

    for zoom in range(max_zoom + 1):
        tiles = {zxy_to_tileid(zoom, each.column, each.row): each for each in tile_numbers(tileset, zoom, coord_type)}
        yield from sorted(tiles.items(), key=lambda item: item[0])


@contextmanager
def _writing(path: Path) -> Iterator[Any]:
    from pmtiles import writer as untyped

    module: Any = untyped
    with path.open("wb") as file:
        writer = module.Writer(file)
        with writer.tile_f:  # the writer itself closes it only when all went well
            yield writer


def _header(tileset: Tileset, coord_type: CoordType) -> dict[str, Any]:
    from pmtiles.tile import Compression, TileType

    bounds = shifted_bounds(tileset, coord_type)
    west, south, east, north = (round(each * _DEGREE_E7) for each in bounds)
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": fitting_zoom(bounds),
        "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }


def _metadata(tileset: Tileset, max_zoom: int) -> dict[str, Any]:
    layers = [{**layer, "maxzoom": max_zoom} for layer in vector_layers()]
    return {
        "name": f"{tileset.jurisdiction}, {tileset.name}",
        "version": str(tileset.edition),
        "attribution": "; ".join(tileset.attribution),
        "type": "overlay",
        "vector_layers": layers,
    }
