"""``/geocode``, ``/suggest`` and ``/reverse``: from words to a point and its grid, and back."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.addresses.batch import FORMATS, AddressFormat, Row, checked, with_body
from api.addresses.schemas import GeocodeCollection, GeocodeQuery, ManyQuery, ReverseQuery, SuggestQuery
from api.kit.links import CSV, GEOJSON, JSON
from api.kit.parameters import refuse_repeats
from api.kit.replies import json_reply
from api.locate.batch import NDJSON
from api.locate.bodies import grid_shape
from api.state.dependencies import Editions, OpenStore, RemoteGeocoder
from api.state.editions import EditionBook
from api.state.store import Store
from boundaries.addresses.answers import GeocodeAnswer
from boundaries.addresses.context import caller_context, located_of, shares_of
from boundaries.addresses.geocoding import candidates_many
from boundaries.addresses.remote.fallback import CombinedAnswer, Remote, with_remote, with_remote_many
from boundaries.addresses.reverse import addresses_near
from boundaries.addresses.suggestions import suggest
from geogrid.coordinates import to_wgs84
from geogrid.editions import Edition

router = APIRouter(tags=["geocode"], dependencies=[Depends(refuse_repeats)])

_FARTHEST_M: Final = 2_000.0
_REMOTE_SECONDS: Final = 20.0
_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        JSON: {"schema": {"type": "object", "properties": {"addresses": {"type": "array", "items": {}}}}},
        NDJSON: {"schema": {"type": "object", "properties": {"q": {"type": "string"}}}},
        CSV: {"schema": {"type": "string"}},
    },
}


@router.get("/geocode", responses={200: {"model": GeocodeCollection, "content": {GEOJSON: {}}}})
def geocode(
    query: Annotated[GeocodeQuery, Query()], editions: Editions, store: OpenStore, remote: RemoteGeocoder
) -> Response:
    """Find where an address is: answers best first, each with its grids, and why it was chosen.

    An answer with `needs_review` is not sure enough to act upon without a person. Where a remote geocoder is set up
    and the own addresses are not sure, its answer comes first; `geocoding.remote` says so when it failed.
    """
    calendar = editions.calendar(query.jurisdiction)
    edition = editions.edition(calendar)
    context = caller_context(edition, near=query.near_wgs84, within=query.within)
    with store.unit_of_work() as session:
        (answers,) = candidates_many(session, calendar.id, [query.q], context)
    combined = with_remote(query.q, answers[0] if answers else None, remote, inside=context.inside)
    if combined.answer is not None and combined.answer not in answers:
        answers = [combined.answer, *answers]
    return _collection(query.q, [_answer(answer, edition) for answer in answers[: query.limit]], note=combined.note)


@router.get("/suggest", responses={200: {"model": GeocodeCollection, "content": {GEOJSON: {}}}})
def suggestions(query: Annotated[SuggestQuery, Query()], editions: Editions, store: OpenStore) -> Response:
    """List known addresses that begin like what has been typed so far, the nearest first where `near` is given."""
    calendar = editions.calendar(query.jurisdiction)
    edition = editions.edition(calendar) if query.within is not None else None
    context = caller_context(edition, near=query.near_wgs84, within=query.within)
    with store.unit_of_work() as session:
        addresses = suggest(session, calendar.id, query.q, limit=query.limit, context=context)
    return _collection(
        query.q,
        [_feature(each.lon, each.lat, {"label": each.text, "type": "address", "accuracy": 0.0}) for each in addresses],
    )


@router.get("/reverse", responses={200: {"model": GeocodeCollection, "content": {GEOJSON: {}}}})
def reverse(query: Annotated[ReverseQuery, Query()], editions: Editions, store: OpenStore) -> Response:
    """List the known addresses nearest to a point, within 2 km."""
    calendar = editions.calendar(query.jurisdiction)
    lons, lats = to_wgs84([query.lon], [query.lat], query.coord_type)
    with store.unit_of_work() as session:
        near = addresses_near(
            session, calendar.id, (float(lons[0]), float(lats[0])), limit=query.limit, within_m=_FARTHEST_M
        )
    features = [
        _feature(
            each.lon,
            each.lat,
            {"label": each.text, "type": "address", "accuracy": 0.0, "distance": round(each.distance_m, 1)},
        )
        for each in near
    ]
    return _collection(f"{query.lon},{query.lat}", features)


@router.post(
    "/geocode",
    responses={200: {"content": {JSON: {}, NDJSON: {}, CSV: {}}}},
    response_class=Response,
    openapi_extra={"requestBody": _BODY},
)
async def geocode_list(
    request: Request,
    query: Annotated[ManyQuery, Query()],
    editions: Editions,
    store: OpenStore,
    remote: RemoteGeocoder,
) -> Response:
    """Find many addresses, 10,000 at most, in the order they are given; the answer has the form of the request.

    * JSON: `{"addresses": ["217-14 Hempstead Ave", {"q": "解放路12号", "id": 7}]}`, or a bare list; beside `addresses`
      there may be `jurisdiction`, `near`, `within` and `coord_type`.
    * NDJSON: one address a line, a text or an object with `q`.
    * CSV: a column `q` or `address`; the answer has all columns, and those of the answer.

    An address that is not found has `lon`, `lat` and `grid` null. Where a remote geocoder is set up it is asked for
    those of which the own addresses are not sure, for 20 seconds in all; `remote` tells which it answered, and where
    it failed or was not asked any more.
    """
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent not in FORMATS:
        raise HTTPException(415, f"The body is {sent or 'of no stated type'}; send it as {', '.join(FORMATS)}.")
    body = await request.body()
    return await run_in_threadpool(_answer_many, FORMATS[sent], body, query, editions, store, remote)


def _answer_many(  # noqa: PLR0913, PLR0917 - what a handler is given
    form: AddressFormat, body: bytes, query: ManyQuery, editions: EditionBook, store: Store, remote: Remote | None
) -> Response:
    asked = form.read(body)
    rows = checked(asked.rows)
    query = with_body(query, asked.options)
    calendar = editions.calendar(query.jurisdiction)
    edition = editions.edition(calendar)
    context = caller_context(edition, near=query.near_wgs84, within=query.within)
    with store.unit_of_work() as session:
        candidates = candidates_many(session, calendar.id, [row["q"] for row in rows], context)
    best = [answers[0] if answers else None for answers in candidates]
    queries = [row["q"] for row in rows]
    combined = with_remote_many(queries, best, remote, inside=context.inside, seconds=_REMOTE_SECONDS)
    answers = [_row(each.answer, edition) for each in combined]
    if remote is not None:
        answers = [answer | {"remote": _told(each)} for answer, each in zip(answers, combined, strict=True)]
    return Response(form.write(rows, answers), media_type=form.media_type)


def _told(combined: CombinedAnswer) -> str:
    return combined.answer.why[0] if combined.is_remote and combined.answer is not None else combined.note


def _row(answer: GeocodeAnswer | None, edition: Edition | None) -> Row:
    if answer is None:
        names = ("lon", "lat", "score", "level", "error_m", "address", "grid")
        return {**dict.fromkeys(names), "needs_review": True}
    located = None if edition is None else located_of(edition, answer)
    return {
        "lon": round(answer.lon, 7),
        "lat": round(answer.lat, 7),
        "score": round(answer.score, 3),
        "level": answer.matched_level,
        "error_m": round(answer.positional_error_m, 1),
        "address": answer.address,
        "grid": None if located is None else located.grid.code,
        "needs_review": answer.needs_review,
    }


def _answer(answer: GeocodeAnswer, edition: Edition | None) -> dict[str, Any]:
    located = None if edition is None else located_of(edition, answer)
    shares = [] if edition is None else shares_of(edition, answer)
    return _feature(
        answer.lon,
        answer.lat,
        {
            "label": answer.address,
            "type": answer.matched_level,
            "accuracy": round(answer.positional_error_m, 1),
            "score": round(answer.score, 3),
            "needs_review": answer.needs_review,
            "why": list(answer.why),
            "grids": [{"code": share.grid and share.grid.code, "share": round(share.share, 4)} for share in shares],
            "chain": [] if located is None else [grid_shape(grid) for grid in located.chain],
        },
    )


def _feature(lon: float, lat: float, geocoding: dict[str, Any]) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [round(lon, 7), round(lat, 7)]}
    return {"type": "Feature", "geometry": point, "properties": {"geocoding": geocoding}}


def _collection(query: str, features: list[dict[str, Any]], *, note: str = "") -> Response:
    head = {"version": "0.1.0", "query": query, "timestamp": datetime.now(UTC)}
    if note:
        head["remote"] = note
    return json_reply({"type": "FeatureCollection", "geocoding": head, "features": features}, media_type=GEOJSON)
