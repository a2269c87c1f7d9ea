"""``/open311``: Open311 GeoReport v2, for the applications with which people report what is wrong in their street."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api.kit.links import address, link, link_header, same_page
from api.kit.values import Word
from api.open311.bodies import definition_shape, discovery_shape, request_shape, service_shape
from api.open311.descriptions import ANSWERS, POST_BODY
from api.open311.errors import GeoReportError, GeoReportRoute, ReportSession
from api.open311.formats import MEDIA_TYPES, Extension, reply
from api.open311.forms import PostedForm, fields_of, read_form, read_request
from api.open311.schemas import OfEndpoint, OneRequestQuery, RequestsQuery
from api.open311.selection import numbers_of, wanted_requests
from api.open311.settings import OwnSettings
from api.state.dependencies import Editions, Settings
from api.state.editions import EditionBook
from boundaries.cases.intake import Placement, take_case
from boundaries.casework.beginning import begin_work
from boundaries.editions.calendar import Calendar
from boundaries.open311.keys import holder_of
from boundaries.open311.reading import RequestFilter, case_of_token, find_requests, token_of
from boundaries.open311.services import Service, list_services, services_changed_at

router = APIRouter(prefix="/open311", tags=["open311"], route_class=GeoReportRoute)

ExtensionInPath = Annotated[Extension, Path(description="Format of the answer.")]
ServiceCode = Annotated[Word, Path(description="Code of a service.")]
RequestNumber = Annotated[Word, Path(description="Number of a request.")]
RequestToken = Annotated[Word, Path(description="Token that a request was answered with.")]


@router.get("/discovery.{extension}", responses=ANSWERS["discovery"])
@router.get("/v2/discovery.{extension}", responses=ANSWERS["discovery"], name="discovery_beside")
def discovery(request: Request, extension: ExtensionInPath, settings: OwnSettings, session: ReportSession) -> Response:
    """Say where the interface is and how to get a key."""
    body = discovery_shape(
        str(request.base_url).rstrip("/"),
        changed_at=services_changed_at(session),
        contact=settings.open311_contact,
        key_service=settings.open311_key_service,
    )
    return reply("discovery", body, extension)


@router.get("/v2/services.{extension}", responses=ANSWERS["services"])
def services(
    query: Annotated[OfEndpoint, Query()], extension: ExtensionInPath, editions: Editions, session: ReportSession
) -> Response:
    """List the services that people may ask for."""
    calendar = _calendar(editions, query.jurisdiction_id)
    return reply("services", [service_shape(each) for each in list_services(session, calendar.id)], extension)


@router.get("/v2/services/{service_code}.{extension}", responses=ANSWERS["definition"])
def service_definition(
    query: Annotated[OfEndpoint, Query()],
    service_code: ServiceCode,
    extension: ExtensionInPath,
    editions: Editions,
    session: ReportSession,
) -> Response:
    """Say what is asked with a request for a service."""
    calendar = _calendar(editions, query.jurisdiction_id)
    service = _by_code(list_services(session, calendar.id)).get(service_code)
    if service is None:
        raise GeoReportError([(404, f"service_code {service_code!r} was not found.")])
    return reply("service_definition", definition_shape(service), extension)


@router.post("/v2/requests.{extension}", status_code=201, responses=ANSWERS["post"], openapi_extra=POST_BODY)
def post_request(
    request: Request,
    extension: ExtensionInPath,
    form: Annotated[PostedForm, Depends(read_form)],
    editions: Editions,
    session: ReportSession,
) -> Response:
    """Ask for a service: the case is stored with its grid, and answered with its number, or a token for it.

    An application's own number in `attribute[external_id]` or `attribute[fixmystreet_id]` makes the request
    repeatable: sent again, it is answered 200 with the same number.
    """
    fields = fields_of(form)
    application = holder_of(session, fields.get("api_key", ""))
    if application is None:
        words = "is not valid" if "api_key" in fields else "was not provided"
        raise GeoReportError([(403, f"The api_key {words}. The service discovery says how to get one.")])
    calendar = _calendar(editions, fields.get("jurisdiction_id"))
    service, draft = read_request(form, _by_code(list_services(session, calendar.id)), application=application)
    taken = take_case(session, calendar.id, editions.edition(calendar), draft)
    if taken.is_new:
        begin_work(session, calendar.id, taken.case.id)
    number = str(taken.case.id)
    answer: dict[str, Any] = {"service_request_id": number}
    if service.type == "batch":
        answer = {"token": token_of(session, taken.case.id)}
    answer |= {"service_notice": _notice(taken.placed), "account_id": None}
    location = {"Location": address(request, f"/open311/v2/requests/{number}.{extension}")}
    headers = location if service.type == "realtime" else None
    return reply("service_requests", [answer], extension, status=201 if taken.is_new else 200, headers=headers)


@router.get("/v2/requests.{extension}", responses=ANSWERS["requests"])
def requests(  # noqa: PLR0913, PLR0917 - what a handler is given
    request: Request,
    query: Annotated[RequestsQuery, Query()],
    extension: ExtensionInPath,
    editions: Editions,
    settings: Settings,
    session: ReportSession,
) -> Response:
    """List requests, newest first: of the last 90 days, or of at most 90 days from `start_date` or up to `end_date`.

    Only cases in the categories that are offered as services are requests, and only their public fields are told.
    """
    calendar = _calendar(editions, query.jurisdiction_id)
    offered = list_services(session, calendar.id)
    request_filter = wanted_requests(query, _by_code(offered))
    page, size = query.page or 1, query.size
    result = find_requests(session, calendar.id, request_filter, limit=size + 1, offset=(page - 1) * size)
    if not settings.public_case_fields:
        result = ()
    edition = editions.edition(calendar) if query.extensions else None
    body = [
        request_shape(
            each,
            _by_name(offered)[each.category],
            edition,
            settings.public_case_fields,
            is_extended=bool(query.extensions),
        )
        for each in result[:size]
    ]
    more = [link(same_page(request, page=page + 1), "next", MEDIA_TYPES[extension], "Older requests")]
    headers = {"Link": link_header(more)} if len(result) > size else None
    return reply("service_requests", body, extension, headers=headers)


@router.get("/v2/requests/{service_request_id}.{extension}", responses=ANSWERS["requests"])
def one_request(  # noqa: PLR0913, PLR0917 - what a handler is given
    query: Annotated[OneRequestQuery, Query()],
    service_request_id: RequestNumber,
    extension: ExtensionInPath,
    editions: Editions,
    settings: Settings,
    session: ReportSession,
) -> Response:
    """Return a request."""
    calendar = _calendar(editions, query.jurisdiction_id)
    offered = _by_name(list_services(session, calendar.id))
    request_filter = RequestFilter(tuple(offered), ids=numbers_of(service_request_id))
    result = find_requests(session, calendar.id, request_filter, limit=1) if settings.public_case_fields else ()
    if not result:
        raise GeoReportError([(404, f"service_request_id {service_request_id!r} was not found.")])
    edition = editions.edition(calendar) if query.extensions else None
    shape = request_shape(
        result[0],
        offered[result[0].category],
        edition,
        settings.public_case_fields,
        is_extended=bool(query.extensions),
    )
    return reply("service_requests", [shape], extension)


@router.get("/v2/tokens/{token}.{extension}", responses=ANSWERS["token"])
def token(
    query: Annotated[OfEndpoint, Query()],
    token: RequestToken,
    extension: ExtensionInPath,
    editions: Editions,
    session: ReportSession,
) -> Response:
    """Return the number of the request that a token was given for."""
    number = case_of_token(session, _calendar(editions, query.jurisdiction_id).id, token)
    if number is None:
        raise GeoReportError([(404, f"token {token!r} was not found.")])
    return reply("service_requests", [{"service_request_id": str(number), "token": token}], extension)


def _calendar(editions: EditionBook, code: str | None) -> Calendar:
    if code is not None and editions.calendars and code not in editions.calendars:
        raise GeoReportError(
            [(404, f"jurisdiction_id {code!r} was not found. There are {', '.join(editions.calendars)}.")]
        )
    if code is None and len(editions.calendars) > 1:
        there_are = ", ".join(editions.calendars)
        raise GeoReportError([(400, f"jurisdiction_id was not provided, and there are several: {there_are}.")])
    return editions.calendar(code)


def _by_code(offered: tuple[Service, ...]) -> Mapping[str, Service]:
    return {service.code: service for service in offered}


def _by_name(offered: tuple[Service, ...]) -> Mapping[str, Service]:
    return {service.name: service for service in offered}


def _notice(placed: Placement) -> str:
    if placed.located is None:
        return "It is stored. No grid has been found for its place yet; a person will look at it."
    grid = placed.located.grid
    return f"It is stored and goes to {grid.name} ({grid.code})."
