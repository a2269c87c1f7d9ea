"""``/``: the town at a glance, and "which grid is this?"."""

from collections import Counter
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.home.finding import find_grids
from api.home.lookup import Lookup, look_up
from api.home.sketch import Sketch
from api.home.sketches import Sketches
from api.kit.links import HTML, JSON, OPENAPI, XHTML, address, link
from api.kit.negotiation import preferred_type
from api.kit.queries import OfJurisdiction
from api.kit.replies import json_reply
from api.kit.values import ShortText
from api.state.dependencies import Editions, OpenStore, chosen_calendar
from api.web.rendering import page, view_of
from boundaries.addresses.suggestions import suggest
from boundaries.cases.reading import case_facets, latest_points
from geogrid.editions import Edition

router = APIRouter(include_in_schema=False)

_IS_PAGE = {JSON: False, HTML: True, XHTML: True}
_VARY = {"Vary": "Accept, Accept-Language"}
_OGC = "http://www.opengis.net/def/rel/ogc/1.0"
_MOST_DOTS = 3_000
_LONGEST_QUERY = 200
_MOST_KNOWN = 8


@router.get("/")
def start(request: Request, editions: Editions, store: OpenStore) -> Response:
    """Show the start page, or its links as JSON to a client that is no browser."""
    if not preferred_type(request.headers.get("accept", ""), _IS_PAGE):
        return _links(request)
    if not editions.calendars and editions.problem is None:
        return page(request, "nothing.html", view_of(request), headers=_VARY)
    calendar = chosen_calendar(request, editions)
    edition = editions.edition(calendar)
    query = request.query_params.get("q", "").replace("\x00", "").strip()[:_LONGEST_QUERY]
    with store.unit_of_work() as session:
        facets = case_facets(session, calendar.id)
        points = latest_points(session, calendar.id, limit=_MOST_DOTS)
        lookup = look_up(session, calendar.id, edition, query) if query and edition is not None else None
    values: dict[str, Any] = {
        "calendars": editions.calendars,
        "edition": edition,
        "facets": facets,
        "query": query,
        "found": lookup,
    }
    period = calendar.edition_at(datetime.now(UTC))
    if edition is not None and period is not None:
        sketches: Sketches = request.app.state.sketches
        sketch = sketches.of(calendar, period)
        values |= {"sketch": sketch, "dots": sketch.dots(points), "kinds": _kinds(edition)}
        values["mark"] = _mark(sketch, lookup)
    return page(request, "landing.html", view_of(request, calendar), values=values, headers=_VARY)


class KnownQuery(OfJurisdiction):
    """Parameters of what is suggested while somebody types."""

    q: ShortText


@router.get("/pages/known")
def known(query: Annotated[KnownQuery, Query()], editions: Editions, store: OpenStore) -> Response:
    """Return what fits what is being typed: grids by code, name or who is on duty, then addresses."""
    calendar = editions.calendar(query.jurisdiction)
    edition = editions.edition(calendar)
    found = [] if edition is None else find_grids(edition, query.q, most=_MOST_KNOWN)
    rows = [
        {"text": each.holder or str(each.grid.code), "told": f"{each.grid.code} {each.grid.name}"} for each in found
    ]
    if len(rows) < _MOST_KNOWN:
        with store.unit_of_work() as session:
            rest = suggest(session, calendar.id, query.q, limit=_MOST_KNOWN - len(rows))
        rows += [{"text": each.text, "told": each.text} for each in rest]
    return json_reply({"known": rows}, headers={"Cache-Control": "private, max-age=30"})


def _links(request: Request) -> Response:
    links = [
        link(address(request, "/"), "self", JSON, "This document"),
        link(address(request, "/"), "alternate", HTML, "The start page"),
        link(address(request, "/api"), "service-desc", OPENAPI, "The interface as OpenAPI"),
        link(address(request, "/docs"), "service-doc", HTML, "The interface, explained"),
        link(address(request, "/conformance"), "conformance", JSON, "What standards this follows"),
        link(address(request, "/collections"), "data", JSON, "The grids as features"),
        link(address(request, "/tiles"), f"{_OGC}/tilesets-vector", JSON, "The grids as vector tiles"),
        link(address(request, "/tileMatrixSets"), f"{_OGC}/tiling-schemes", JSON, "How the tiles divide the plane"),
    ]
    body = {"title": "GeoGrid", "description": "Grids of a town, and which one a place is in.", "links": links}
    return json_reply(body, links=links, headers={"Vary": "Accept"})


def _kinds(edition: Edition) -> Counter[str]:
    return Counter(leaf.kind for leaf in edition.leaves)


def _mark(sketch: Sketch, lookup: Lookup | None) -> dict[str, Any] | None:
    """Return the pin of a found place and the outline of its grid."""
    if lookup is None or lookup.lon is None or lookup.lat is None:
        return None
    x, y = sketch.pixel(lookup.lon, lookup.lat)
    chain = () if lookup.located is None else {str(grid.code) for grid in lookup.located.chain}
    paths = [grid.path for grid in sketch.grids if grid.code in chain]
    is_shown = 0 <= x <= sketch.projection.width and 0 <= y <= sketch.projection.height
    return {"x": x, "y": y, "paths": paths} if is_shown else None
