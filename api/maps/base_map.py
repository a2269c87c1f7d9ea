"""Streets and buildings under the map of the case search, small enough for a browser."""

import hashlib
from typing import Annotated, Any

import geopandas as gpd
import orjson
import shapely
from fastapi import APIRouter, Query, Request, Response

from api.kit.links import GEOJSON
from api.kit.queries import OfJurisdiction
from api.kit.replies import is_known, not_modified
from api.state.dependencies import Editions, OpenSession
from boundaries.basemap.reading import building_frame, street_frame

router = APIRouter(include_in_schema=False)

_MOST_STREETS = 20_000
_MOST_BUILDINGS = 15_000
_MAIN_RANK = 6
_DECIMALS = 5


@router.get("/pages/base-map")
def base_map(
    request: Request, query: Annotated[OfJurisdiction, Query()], editions: Editions, session: OpenSession
) -> Response:
    """Return buildings, small streets and main streets, one feature each, to about a metre."""
    calendar = editions.calendar(query.jurisdiction)
    streets = street_frame(session, calendar.id).sort_values("rank", ascending=False, kind="stable")
    streets = streets.head(_MOST_STREETS)
    buildings = building_frame(session, calendar.id)
    is_main = streets["rank"].to_numpy() >= _MAIN_RANK
    features = [
        _feature("building", buildings if len(buildings) <= _MOST_BUILDINGS else buildings.head(0)),
        _feature("street", streets[~is_main]),
        _feature("main", streets[is_main]),
    ]
    content = orjson.dumps({"type": "FeatureCollection", "features": features})
    etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    if is_known(request, etag):
        return not_modified(etag)
    return Response(content, headers={"ETag": etag, "Cache-Control": "private, max-age=300"}, media_type=GEOJSON)


def _feature(kind: str, layer: gpd.GeoDataFrame) -> dict[str, Any]:
    parts = shapely.get_parts(layer.geometry.to_numpy())
    rounded = shapely.transform(parts, lambda lonlat: lonlat.round(_DECIMALS))
    collected = (shapely.multipolygons if kind == "building" else shapely.multilinestrings)(rounded)
    return {
        "type": "Feature",
        "properties": {"kind": kind},
        "geometry": orjson.Fragment(shapely.to_geojson(collected)),
    }
