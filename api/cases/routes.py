"""``/cases``: taking complaints in, finding them again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.cases.bodies import event_shape, linked_case
from api.cases.cursors import Cursor, read_cursor
from api.cases.schemas import CaseBody, CaseCollection, CaseDetail, CasePageQuery, StoredCase
from api.cases.sight import CaseSight, seen_case, sight_of_cases
from api.cases.table import csv_lines
from api.kit.bodies import BodyRoute
from api.kit.links import CSV, GEOJSON, JSON, address, link, same_page
from api.kit.negotiation import preferred_type
from api.kit.parameters import refuse_repeats
from api.kit.queries import OfJurisdiction, QueryParameters
from api.kit.replies import json_reply
from api.kit.values import Allowed
from api.locate.bodies import no_place, place_of, place_shape
from api.state.dependencies import Editions, OpenSession, OpenStore, RemoteGeocoder
from api.state.store import Store
from boundaries.addresses.context import caller_context
from boundaries.addresses.remote.fallback import CombinedAnswer, Remote, with_remote
from boundaries.cases.intake import CaseDraft, Placement, is_open, take_case
from boundaries.cases.reading import (
    CaseFilter,
    CaseKey,
    CasePage,
    CaseRecord,
    count_cases,
    find_cases,
)
from boundaries.casework.beginning import begin_work
from geogrid.access import Reporter
from geogrid.coordinates import to_wgs84
from geogrid.editions import Edition

router = APIRouter(prefix="/cases", tags=["cases"], dependencies=[Depends(refuse_repeats)], route_class=BodyRoute)

_PAGE = 100
_CSV_BATCH = 2_000
_IS_CSV = {GEOJSON: False, JSON: False, CSV: True}

Batch = tuple[CaseRecord, ...]


class GeoJson(Response):
    """What a case is answered with."""

    media_type = GEOJSON


CaseNumber = Annotated[int, Path(ge=1, le=2**63 - 1), Allowed("a whole number from 1")]


@router.get("", responses={200: {"model": CaseCollection, "content": {GEOJSON: {}, CSV: {}}}})
def list_cases(
    request: Request,
    query: Annotated[CasePageQuery, Query()],
    editions: Editions,
    store: OpenStore,
) -> Response:
    """List cases, newest first, as pages of GeoJSON, or all of them as CSV.

    Pages are cut by key: cases that arrive meanwhile neither repeat nor hide others. Follow the links `next` and
    `prev`, in the body or in the header Link.
    """
    calendar = editions.calendar(query.jurisdiction)
    jurisdiction_id, sight = calendar.id, sight_of_cases(request, calendar.code)
    if _wants_csv(request, query):
        return _csv(store, jurisdiction_id, query, sight)
    case_filter, cursor = sight.narrowed(query.to_filter()), read_cursor(query.cursor) if query.cursor else None
    with store.unit_of_work() as session:
        page = find_cases(
            session,
            jurisdiction_id,
            case_filter,
            limit=query.limit or _PAGE,
            older_than=cursor.key if cursor and cursor.direction == "older" else None,
            newer_than=cursor.key if cursor and cursor.direction == "newer" else None,
        )
        matched = count_cases(session, jurisdiction_id, case_filter)
    links = _page_links(request, page)
    body = {
        "type": "FeatureCollection",
        "numberMatched": matched,
        "numberReturned": len(page.cases),
        "timeStamp": datetime.now(UTC),
        "features": [linked_case(request, case) for case in sight.shown(page.cases)],
        "links": links,
    }
    return json_reply(body, media_type=GEOJSON, links=links, headers={"Vary": "Accept"})


@router.post(
    "", status_code=201, responses={201: {"model": StoredCase}, 200: {"model": StoredCase}}, response_class=GeoJson
)
def store_case(  # noqa: PLR0913, PLR0917 - what a handler is given
    request: Request,
    query: Annotated[OfJurisdiction, Query()],
    body: CaseBody,
    editions: Editions,
    store: OpenStore,
    remote: RemoteGeocoder,
) -> Response:
    """Store a case with a point, an address, or both, and answer with its grid, chain and duties.

    The point decides; the address is looked up where there is no point, or where it is outside every grid. A case that
    cannot be placed is stored all the same, without a grid, and waits for somebody to place it: `GET /cases` lists
    those with `has_grid=false`. Where a remote geocoder is set up it is asked for an address of which the own ones are
    not sure; the text is never sent to it. An `external_id` that is stored already answers 200 with the stored case,
    or 409 if it says something else.

    Who reports it, and telephones, identity numbers and mail addresses in the texts, are kept apart and sealed: the
    case has them masked, and `POST /cases/{case_id}/reporter` shows them to who may.
    """
    calendar = editions.calendar(query.jurisdiction)
    edition, draft = editions.edition(calendar), _draft(body)
    remote_answer = _ask_remote(store, calendar.id, edition, draft, remote)
    with store.unit_of_work() as session:
        taken = take_case(session, calendar.id, edition, draft, remote=remote_answer)
        if taken.is_new:
            begin_work(session, calendar.id, taken.case.id)
        # Whoever knows the number of a case learns no more of its reporter than he said himself.
        shown = replace(taken.case, reporter=draft.reporter.masked() or None)
        answer = linked_case(request, shown)
        answer["place"] = _place(edition, taken.placed)
        location = {"Location": address(request, f"/cases/{taken.case.id}")}
        # Encoded before the commit: what cannot be answered is not stored.
        return json_reply(answer, status=201 if taken.is_new else 200, media_type=GEOJSON, headers=location)


@router.get("/{case_id}", responses={200: {"model": CaseDetail}}, response_class=GeoJson)
def one_case(
    request: Request, query: Annotated[QueryParameters, Query()], case_id: CaseNumber, session: OpenSession
) -> Response:
    """Return a case with its history."""
    del query
    case, events = seen_case(request, session, case_id)
    body = linked_case(request, case)
    body["events"] = [event_shape(event) for event in events]
    return json_reply(body, media_type=GEOJSON, links=body["links"])


def _ask_remote(
    store: Store, jurisdiction_id: int, edition: Edition | None, draft: CaseDraft, remote: Remote | None
) -> CombinedAnswer | None:
    """Return what the remote geocoder says of an address that is open; no transaction waits for it."""
    if remote is None:
        return None
    with store.unit_of_work() as session:
        if not is_open(session, jurisdiction_id, edition, draft):
            return None
    return with_remote(draft.masked().address, None, remote, inside=caller_context(edition, within=draft.within).inside)


def _draft(body: CaseBody) -> CaseDraft:
    lon, lat = body.lon, body.lat
    if lon is not None and lat is not None and body.coord_type != "wgs84":
        lons, lats = to_wgs84([lon], [lat], body.coord_type)
        lon, lat = float(lons[0]), float(lats[0])
    return CaseDraft(
        reported_at=body.reported_at or datetime.now(UTC),
        is_time_stated=body.reported_at is not None,
        lon=lon,
        lat=lat,
        error_m=body.error_m,
        address=body.address,
        external_id=body.external_id,
        text=body.text,
        channel=body.channel,
        category=body.category,
        attributes=dict(body.attributes),
        within=body.within,
        reporter=Reporter() if body.reporter is None else body.reporter.to_reporter(),
    )


def _place(edition: Edition | None, placed: Placement) -> dict[str, Any]:
    if placed.lon is None or placed.lat is None:
        return no_place(edition, "no_point", f"{placed.note['reason']} The case is stored without a grid.")
    if edition is not None and placed.located is not None:
        return place_shape(edition, placed.located)
    return place_of(edition, placed.lon, placed.lat, error_m=placed.error_m)


def _wants_csv(request: Request, query: CasePageQuery) -> bool:
    if query.f is not None:
        return query.f == "csv"
    return preferred_type(request.headers.get("accept", ""), _IS_CSV)


def _csv(store: Store, jurisdiction_id: int, query: CasePageQuery, sight: CaseSight) -> Response:
    pages = map(sight.shown, _pages(store, jurisdiction_id, sight.narrowed(query.to_filter()), query.limit))
    first = next(pages)  # an error must come before the status is sent
    name = f"cases-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Vary": "Accept"}
    lines = csv_lines(_with_first(first, pages), bom=query.bom)
    return StreamingResponse(lines, headers=headers, media_type=f"{CSV}; charset=utf-8; header=present")


def _with_first(first: Batch, rest: Iterator[Batch]) -> Iterator[Batch]:
    yield first
    yield from rest


def _pages(store: Store, jurisdiction_id: int, case_filter: CaseFilter, limit: int | None) -> Iterator[Batch]:
    """Yield cases in batches, each in its own short transaction: a slow client holds none open."""
    left, last = limit, None
    while left is None or left > 0:
        size = _CSV_BATCH if left is None else min(left, _CSV_BATCH)
        with store.unit_of_work() as session:
            page = find_cases(session, jurisdiction_id, case_filter, limit=size, older_than=last)
        yield page.cases
        if not page.has_older:
            return
        last, left = _key(page.cases[-1]), None if left is None else left - size


def _key(case: CaseRecord) -> CaseKey:
    return CaseKey(case.reported_at, case.id)


def _page_links(request: Request, page: CasePage) -> list[dict[str, str]]:
    links = [
        link(same_page(request), "self", GEOJSON, "This page"),
        link(same_page(request, f="csv", cursor=None, limit=None), "alternate", CSV, "All these cases as CSV"),
    ]
    if page.cases and page.has_older:
        older = Cursor("older", _key(page.cases[-1]))
        links.append(link(same_page(request, cursor=older), "next", GEOJSON, "Older cases"))
    if page.cases and page.has_newer:
        newer = Cursor("newer", _key(page.cases[0]))
        links.append(link(same_page(request, cursor=newer), "prev", GEOJSON, "Newer cases"))
    return links
