"""Parameters of the addresses of tiles and styles."""

from typing import Annotated, Literal

from fastapi import Path
from pydantic import Field

from api.kit.queries import At, OfJurisdiction, QueryParameters
from api.kit.values import Allowed
from boundaries.tiles.storing import MAX_ZOOM
from geogrid.types import CoordType

Datum = Annotated[
    CoordType,
    Field(description="Datum of the tiles: wgs84, or that of a map that is shifted itself, such as Amap's (gcj02)."),
]
MatrixSetId = Annotated[str, Path(max_length=100, description="WebMercatorQuad or CGCS2000Quad.")]
Zoom = Annotated[int, Path(ge=0, le=MAX_ZOOM, description="Zoom."), Allowed(f"a whole number from 0 to {MAX_ZOOM}")]
TileIndex = Annotated[int, Path(ge=0, le=2**MAX_ZOOM), Allowed(f"a whole number from 0 to {2**MAX_ZOOM}")]

OnlyJson = Annotated[Literal["json"], Field(description="json: the one format; clients ask for it by name.")]


class MatrixSetQuery(QueryParameters):
    """Parameters of tile matrix sets."""

    f: OnlyJson = "json"


class TileQuery(QueryParameters):
    """Parameters of a tile of an edition."""

    coord_type: Datum = "wgs84"


class CurrentTileQuery(OfJurisdiction):
    """Parameters of a tile of the edition in force."""

    at: At = None
    coord_type: Datum = "wgs84"


class TilesetsQuery(TileQuery):
    """Parameters of the list of tilesets of an edition."""

    f: OnlyJson = "json"


class CurrentTilesetsQuery(CurrentTileQuery):
    """Parameters of the list of tilesets of the edition in force."""

    f: OnlyJson = "json"


class TilesetQuery(TileQuery):
    """Parameters of a description of tiles of an edition."""

    f: Annotated[
        Literal["json", "tilejson"],
        Field(description="json: as OGC API Tiles describes a tileset; tilejson: as MapLibre and Leaflet read it."),
    ] = "json"


class CurrentTilesetQuery(CurrentTileQuery):
    """Parameters of a description of tiles of the edition in force."""

    f: Annotated[
        Literal["json", "tilejson"],
        Field(description="json: as OGC API Tiles describes a tileset; tilejson: as MapLibre and Leaflet read it."),
    ] = "json"


class StyleQuery(CurrentTileQuery):
    """Parameters of a style."""

    level: (
        Annotated[
            int,
            Field(ge=1, le=6, description="Level that is coloured; the leaves, if left out."),
            Allowed("a whole number from 1 to 6"),
        ]
        | None
    ) = None
    base: Annotated[bool, Field(description="Streets and buildings of the store below the grids.")] = True
