"""Vector tiles: how the plane is divided, and grids cut so that their shared edges stay shared."""

from geogrid.tiles.cutting import CutTile, cut, merged, tile_units
from geogrid.tiles.encoding import TileLayer, encoded
from geogrid.tiles.generalising import EXACT_ZOOM, generalised
from geogrid.tiles.matrices import (
    BUFFER,
    CGCS2000_QUAD,
    EXTENT,
    MATRIX_SETS,
    WEB_MERCATOR_QUAD,
    Tile,
    TileMatrixSet,
)

__all__ = [
    "BUFFER",
    "CGCS2000_QUAD",
    "EXACT_ZOOM",
    "EXTENT",
    "MATRIX_SETS",
    "WEB_MERCATOR_QUAD",
    "CutTile",
    "Tile",
    "TileLayer",
    "TileMatrixSet",
    "cut",
    "encoded",
    "generalised",
    "merged",
    "tile_units",
]
