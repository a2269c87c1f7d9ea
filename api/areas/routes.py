"""``/point``, ``/area``, ``/areas``: one line for one answer, in the manner of MapIt."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import numpy as np
import shapely
from fastapi import APIRouter, Depends, Query, Request, Response
from pyproj import CRS
from pyproj.exceptions import CRSError, ProjError

from api.areas.bodies import Areas
from api.areas.page import AreaLookup, area_page
from api.areas.schemas import AreaCode, AreaQuery, AreaRelation, AreasQuery, PairInPath, ShiftQuery, Srid
from api.kit.links import GEOJSON, HTML, JSON, XHTML
from api.kit.negotiation import preferred_type
from api.kit.parameters import refuse_repeats
from api.kit.replies import json_reply
from api.state.dependencies import Editions, Frames
from api.state.editions import EditionBook
from api.state.frames import GridFrames
from boundaries.features.systems import epsg, from_datum, in_datum, to_stored
from geogrid.editions import GridInfo
from geogrid.errors import InvalidInputError, NotFoundError

router = APIRouter(tags=["lookups"], dependencies=[Depends(refuse_repeats)])

_DEGREES = 4326
_FORMATS = {JSON: "json", GEOJSON: "geojson", HTML: "html", XHTML: "html"}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {JSON: {"schema": {"type": "object"}}, GEOJSON: {}, HTML: {}}},
    404: {"description": "There is no such grid, or no edition was in force."},
}


@dataclass(frozen=True, slots=True)
class _GridSources:
    """Editions and tables of grids in memory."""

    editions: EditionBook
    frames: GridFrames


async def _grid_sources(editions: Editions, frames: Frames) -> _GridSources:
    return _GridSources(editions, frames)


GridSources = Annotated[_GridSources, Depends(_grid_sources)]


@router.get("/point/{srid}/{pair}", responses=_ANSWERS, response_class=Response)
def point(
    request: Request, query: Annotated[AreaQuery, Query()], srid: Srid, pair: PairInPath, sources: GridSources
) -> Response:
    """Return the grid of a point and those above it, by code, the smallest first; empty outside every grid.

    East comes before north in every system: longitude,latitude or easting,northing.
    """
    x, y = (float(part) for part in pair.split(","))
    lookup = _look(sources, query, point=_place(srid, x, y, query))
    assert lookup.point is not None  # noqa: S101 - narrows a type
    return _reply(request, query, lookup, lookup.areas.at(lookup.point.x, lookup.point.y))


@router.get("/shift/{pair}")
def shift(query: Annotated[ShiftQuery, Query()], pair: PairInPath) -> Response:
    """Return a point, longitude,latitude in WGS 84, in the datum of another map."""
    lon, lat = (float(part) for part in pair.split(","))
    place = to_stored(shapely.Point(lon, lat), epsg(_DEGREES), is_flipped=False)
    shifted = in_datum(np.array([place], dtype=object), query.coord_type)[0]
    return json_reply({"lon": shifted.x, "lat": shifted.y, "coord_type": query.coord_type})


@router.get("/area/{code}", responses=_ANSWERS, response_class=Response)
def area(request: Request, query: Annotated[AreaQuery, Query()], code: AreaCode, sources: GridSources) -> Response:
    """Return a grid: name, level, loads, who is on duty."""
    lookup = _look(sources, query)
    return _reply(request, query, lookup, (lookup.areas.grid(code),), is_one=True)


@router.get("/area/{code}/geometry", responses=_ANSWERS, response_class=Response)
def area_geometry(
    request: Request, query: Annotated[AreaQuery, Query()], code: AreaCode, sources: GridSources
) -> Response:
    """Return how large a grid is and where; as GeoJSON its polygon alone."""
    lookup = _look(sources, query)
    grid = lookup.areas.grid(code)
    form = _form(request, query)
    if form == "geojson":
        shape = lookup.areas.shapes((grid,), query.coord_type)[0]
        return Response(shapely.to_geojson(shape), headers=_headers(lookup), media_type=GEOJSON)
    if form == "html":
        return _reply(request, query, lookup, (grid,), is_one=True)
    return json_reply(lookup.areas.measures(code, query.coord_type), headers=_headers(lookup))


@router.get("/area/{code}/{relation}", responses=_ANSWERS, response_class=Response)
def related_areas(
    request: Request, query: Annotated[AreaQuery, Query()], code: AreaCode, relation: AreaRelation, sources: GridSources
) -> Response:
    """Return the grids right below a grid, all those above it, or those of its level that share a line with it."""
    lookup = _look(sources, query)
    return _reply(request, query, lookup, getattr(lookup.areas, relation)(code))


@router.get("/areas", responses=_ANSWERS, response_class=Response)
def areas(request: Request, query: Annotated[AreasQuery, Query()], sources: GridSources) -> Response:
    """Return grids by their codes; every code that is none is named."""
    lookup = _look(sources, query)
    codes = query.codes.split(",")
    missing = [code for code in codes if code not in lookup.areas.edition.grids]
    if missing:
        raise NotFoundError(f"{lookup.areas.edition.name} has no grid {', '.join(repr(code) for code in missing)}.")
    return _reply(request, query, lookup, lookup.areas.listed(codes))


def _look(sources: _GridSources, query: AreaQuery, *, point: shapely.Point | None = None) -> AreaLookup:
    calendar = sources.editions.calendar(query.jurisdiction)
    at = query.at or datetime.now(UTC)
    period = calendar.edition_at(at)
    edition = sources.editions.edition(calendar, query.at)
    if period is None or edition is None:
        raise NotFoundError(f"No edition of {calendar.name} was in force at {at.isoformat(timespec='seconds')}.")
    return AreaLookup(calendar, Areas(edition, sources.frames.of(period, query.at)), point)


def _place(srid: int, x: float, y: float, query: AreaQuery) -> shapely.Point:
    try:
        system = CRS.from_epsg(srid)
    except CRSError as error:
        raise _no_system(srid, "there is none of that number") from error
    if not (system.is_geographic or system.is_projected):
        raise _no_system(srid, "it has no places on the ground")
    location = shapely.Point(x, y)
    if query.coord_type == "wgs84":
        try:
            return to_stored(location, epsg(srid), is_flipped=False)  # type: ignore[return-value]
        except ProjError as error:  # of some systems PROJ knows no way to another
            raise _no_system(srid, "it cannot be converted to degrees of WGS 84") from error
    if srid != _DEGREES:
        raise InvalidInputError.of(
            "coord-type",
            f"coord_type {query.coord_type} goes with degrees, srid {_DEGREES}, not with {srid}.",
            "Leave coord_type out, or give degrees.",
            subject="coord_type",
        )
    return to_stored(from_datum(location, query.coord_type), epsg(srid), is_flipped=False)  # type: ignore[return-value]


def _no_system(srid: int, reason: str) -> InvalidInputError:
    return InvalidInputError.of(
        "srid", f"EPSG:{srid} cannot be used: {reason}.", "Use e.g. 4326, 4490, 3857 or 4547.", subject="srid"
    )


def _form(request: Request, query: AreaQuery) -> str:
    if query.f is not None:
        return query.f
    return preferred_type(request.headers.get("accept", ""), _FORMATS)


def _headers(lookup: AreaLookup) -> dict[str, str]:
    return {"GeoGrid-Edition": str(lookup.areas.edition.id), "Cache-Control": "no-cache", "Vary": "Accept"}


def _reply(
    request: Request, query: AreaQuery, lookup: AreaLookup, grids: tuple[GridInfo, ...], *, is_one: bool = False
) -> Response:
    form, headers = _form(request, query), _headers(lookup)
    if form == "geojson":
        features = lookup.areas.features(grids, query.coord_type)
        body = features["features"][0] if is_one else features
        return json_reply(body, media_type=GEOJSON, headers=headers)
    if form == "html":
        return area_page(request, query, lookup, grids)
    records = lookup.areas.records(grids)
    return json_reply(next(iter(records.values())) if is_one else records, headers=headers)
