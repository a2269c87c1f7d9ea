"""The map that other pages frame, and what it says where it cannot be shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request, Response
from sqlalchemy.orm import Session

from api.embed.schemas import EmbedQuery
from api.kit.policies import framed_by
from api.state.settings import CommonSettings
from api.web.rendering import View, in_script, page
from api.web.words import Lang, language_of, speaker
from boundaries.editions.reading import edition_at
from boundaries.grids.places import places_of
from boundaries.jurisdictions.reading import the_jurisdiction
from boundaries.tiles.tilesets import Tileset, tileset_of
from geogrid.coordinates import to_wgs84
from geogrid.errors import NotFoundError

EMBEDDED: Final = "/embed/map"
"""Address of the map that is framed."""

_MOST_CASES: Final = 5_000


@dataclass(frozen=True, slots=True)
class EmbeddedMap:
    """What an embedded map shows: the edition, and the box of the grids that are outlined."""

    tileset: Tileset
    title: str
    bounds: tuple[float, float, float, float]


def described(query: EmbedQuery, session: Session) -> EmbeddedMap:
    """Return what a map shows.

    Raises
    ------
    NotFoundError
        There is no such jurisdiction, edition or grid; every missing code is named.
    """
    town = the_jurisdiction(session, query.jurisdiction)
    at = query.at or datetime.now(UTC)
    plan = edition_at(session, town.id, at)
    if plan is None:
        raise NotFoundError(f"No edition of {town.name} was in force at {at.isoformat(timespec='seconds')}.")
    tileset = tileset_of(session, plan)
    if query.grids is None:
        return EmbeddedMap(tileset, f"{town.name} · {plan.name}", tileset.bounds)
    codes = query.grids.split(",")
    places = places_of(session, plan, codes)
    title = f"{places.names[0]} · {town.name}" if len(codes) == 1 else f"{town.name} · {plan.name}"
    return EmbeddedMap(tileset, title, places.bounds)


def embed_page(request: Request, query: EmbedQuery, session: Session) -> Response:
    """Return the map as a page of its own; errors as `described`."""
    embedded = described(query, session)
    lang = language_of(request)
    view = View(lang, speaker(lang))
    values = {
        "title": embedded.title,
        "tileset": embedded.tileset,
        "query": query,
        "problem": None,
        "oembed": f"/oembed?{urlencode({'url': str(request.url)})}",
        "map_data": in_script(_data(query, embedded, view)),
    }
    return page(request, "embed.html", view, values=values, headers=_headers(request))


def embed_problem(
    request: Request, problem: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a problem inside the frame, where the page around it is somebody else's."""
    lang = language_of(request)
    values = {
        "title": "GeoGrid",
        "problem": problem,
        "query": None,
        "tileset": None,
        "oembed": None,
        "map_data": "null",
    }
    all_headers = {**(headers or {}), **_headers(request)}
    return page(
        request, "embed.html", View(lang, speaker(lang)), values=values, status=problem["status"], headers=all_headers
    )


def _headers(request: Request) -> dict[str, str]:
    settings: CommonSettings = request.app.state.settings
    return {**framed_by(settings.frame_ancestors), "Cache-Control": "no-cache"}


def _data(query: EmbedQuery, embedded: EmbeddedMap, view: View) -> dict[str, Any]:
    own = {"jurisdiction": embedded.tileset.jurisdiction_code}
    as_of = {**own, "at": None if query.at is None else query.at.isoformat()}
    base = None if query.base else "false"
    filters = {"status": None if query.cases == "all" else query.cases, "limit": _MOST_CASES, "sortby": "-reported_at"}
    return {
        "style": view.plain_url("/styles/grids", as_of, level=query.level, base=base),
        "bounds": embedded.bounds,
        "codes": [] if query.grids is None else query.grids.split(","),
        "cases": None if query.cases is None else view.plain_url("/collections/cases/items", own, **filters),
        "point": None if query.point is None else _point(query),
        "coord_type": query.coord_type,
        "level": query.level or len(embedded.tileset.levels),
        "lookup": view.plain_url("/point/4326/PLACE", as_of, f="json"),
        "area": view.plain_url("/area/CODE", as_of, f="html", lang=view.lang),
        "levels": _level_names(embedded.tileset, view.lang),
        "words": {
            name: view.say(f"embed_{name}")
            for name in ("outside", "failed", "no_webgl", "open", "no_duty", "close", "no_cases")
        },
    }


def _level_names(tileset: Tileset, lang: Lang) -> dict[str, str]:
    return {str(each.position): (each.name_zh if lang == "zh" else "") or each.name for each in tileset.levels}


def _point(query: EmbedQuery) -> list[float]:
    lon, lat = (float(part) for part in (query.point or "").split(","))
    x, y = to_wgs84([lon], [lat], query.coord_type)
    return [float(x[0]), float(y[0])]
