"""Errors as the caller sees them: problem+json of RFC 9457, or a page for people. The one place of status codes."""

import difflib
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlencode

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from api.kit.constraints import allowed_of, models_of, personal_of, query_models_of
from api.kit.links import GEOJSON, HTML, JSON, XHTML, masked_address, path_of
from api.kit.negotiation import preferred_type, prefers_chinese
from api.kit.parameters import QueryError
from api.kit.sentences.matching import in_chinese
from api.kit.values import Personal
from boundaries.text.json_values import is_plain_name
from geogrid.access import mask_text, mask_value
from geogrid.errors import (
    ConflictError,
    EmptyStoreError,
    ForbiddenError,
    GeogridError,
    InvalidInputError,
    NotFoundError,
    SignInNeededError,
    StaleError,
    UnavailableError,
)

PROBLEM = "application/problem+json"
_IS_PAGE: Mapping[str, bool] = {PROBLEM: False, JSON: False, GEOJSON: False, HTML: True, XHTML: True}
_JSON_TYPES = (JSON, GEOJSON)
_LISTED = 100
_SHOWN_CHARACTERS = 200
RETRY_AFTER_SECONDS = "5"

_STATUS: Mapping[type[GeogridError], HTTPStatus] = {
    InvalidInputError: HTTPStatus.BAD_REQUEST,
    NotFoundError: HTTPStatus.NOT_FOUND,
    StaleError: HTTPStatus.PRECONDITION_FAILED,
    ConflictError: HTTPStatus.CONFLICT,
    SignInNeededError: HTTPStatus.UNAUTHORIZED,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}

FaultShape = dict[str, Any]


class ProblemPage(Protocol):
    """Shows a problem to people."""

    def __call__(
        self, request: Request, problem: Mapping[str, Any], /, *, headers: Mapping[str, str] | None
    ) -> Response:
        """Return the page."""


def install(app: FastAPI, *, page: ProblemPage) -> None:
    """Make the application answer every error as a problem, or to browsers as a page."""
    app.state.problem_page = page
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(GeogridError, _on_domain_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_fault)


def problem(  # noqa: PLR0913 - the members of a problem
    request: Request,
    status: HTTPStatus,
    detail: str,
    *,
    faults: Sequence[FaultShape] = (),
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """Return a problem, or its page where a browser asks for a page.

    Parameters
    ----------
    request : Request
        Its path is the `instance`.
    status : HTTPStatus
        The status.
    detail : str
        What is wrong and what to do, as sentences.
    faults : sequence of dict
        Each thing that is wrong: `name`, `in`, `value`, `allowed`, `detail`.
    headers : mapping, optional
        More headers.
    more : mapping, optional
        More members of the body.
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        # Whatever was sent is repeated without the numbers of persons.
        "detail": mask_text(detail),
        "instance": mask_text(request.url.path),
        **(more or {}),
    }
    if faults:
        body["errors"] = mask_value(faults[:_LISTED])
        if len(faults) > _LISTED:
            body["errors_not_listed"] = len(faults) - _LISTED
    if _wants_page(request):
        page: ProblemPage = request.app.state.problem_page
        return page(request, body, headers=headers)
    if prefers_chinese(request.headers.get("accept-language", "")):
        body["detail"] = in_chinese(body["detail"])
        body |= {"errors": [_chinese(each) for each in body["errors"]]} if faults else {}
        headers = {**(headers or {}), "Content-Language": "zh-CN", "Vary": "Accept-Language"}
    return Response(orjson.dumps(body), status.value, headers, media_type=PROBLEM)


def _chinese(fault: FaultShape) -> FaultShape:
    return {**fault, **({"detail": in_chinese(fault["detail"])} if "detail" in fault else {})}


def sign_in_address(request: Request) -> str:
    """Return where to sign in, to come back to the page of a request."""
    back = masked_address(path_of(request), request.url.query)
    return f"/login?{urlencode({'next': back})}" if request.method == "GET" else "/login"


def _wants_page(request: Request) -> bool:
    return request.method == "GET" and preferred_type(request.headers.get("accept", ""), _IS_PAGE)


def _on_domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, GeogridError)  # noqa: S101 - registered for these; narrows a type
    return domain_problem(request, error)


def domain_problem(request: Request, error: GeogridError) -> Response:
    """Return the problem, or its page, of an error that GeoGrid raised on purpose."""
    status = next(
        (status for kind, status in _STATUS.items() if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR
    )
    faults = _faults_of(request, error) if isinstance(error, InvalidInputError) else []
    comes_back = status is HTTPStatus.SERVICE_UNAVAILABLE and not isinstance(error, EmptyStoreError)
    headers = {"Retry-After": RETRY_AFTER_SECONDS} if comes_back else None
    more = {"version": error.version, "changes": error.changes} if isinstance(error, StaleError) else None
    if isinstance(error, SignInNeededError):
        headers, more = {"WWW-Authenticate": 'Bearer realm="GeoGrid"'}, {"sign_in": sign_in_address(request)}
    detail = error.public if isinstance(error, UnavailableError) else str(error)
    return problem(request, status, detail, faults=faults, headers=headers, more=more)


def _faults_of(request: Request, error: InvalidInputError) -> list[FaultShape]:
    faults = []
    for problem in error.problems:
        fault: FaultShape = {"kind": problem.kind, "detail": str(problem)}
        if problem.subject:
            fault["name"] = problem.subject
        if problem.subject in request.query_params:
            fault |= {"in": "query", "value": _shown(request.query_params[problem.subject])}
        faults.append(fault)
    return faults


def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for these; narrows a type
    status, headers, path = HTTPStatus(error.status_code), dict(error.headers or {}), request.url.path
    detail = str(error.detail)
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {"Allow": ", ".join(_methods(request))}
        detail = f"{path} does not take {request.method}. It takes {headers['Allow']}."
    elif status is HTTPStatus.NOT_FOUND and detail == status.phrase:
        detail = f"There is nothing at {path}. The interface is described at /docs."
    return problem(request, status, detail, headers=headers)


def _methods(request: Request) -> list[str]:
    """Return every method that a path takes: the router itself knows only those of the first route that fits."""
    methods = set()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
            methods.add(method)
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


def _on_fault(request: Request, error: Exception) -> Response:
    del error  # the server logs it, with its trace
    detail = "GeoGrid failed at this request; nothing was stored. The server's log says more."
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for these; narrows a type
    errors = error.errors()
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if any(fault["loc"] == ("body",) for fault in errors) and sent not in _JSON_TYPES:
        detail = f"The body is {sent or 'of no stated type'}; send it as application/json."
        return problem(request, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
    faults = faults_of(request, error)
    return problem(request, HTTPStatus.BAD_REQUEST, " ".join(fault["detail"] for fault in faults[:3]), faults=faults)


def faults_of(request: Request, error: RequestValidationError) -> list[FaultShape]:
    """Return each thing that is wrong with a request: `name`, `in`, `value`, `allowed`, `detail`."""
    source = error.model if isinstance(error, QueryError) else request.scope["endpoint"]
    return [_fault(source, request, each) for each in error.errors()]


def _fault(source: Any, request: Request, error: Mapping[str, Any]) -> FaultShape:
    place, *names = error["loc"]
    name = str(names[0]) if names else ""
    if error["type"] == "json_invalid":
        return {"in": "body", "detail": f"The body is not JSON: {error.get('ctx', {}).get('error', error['msg'])}."}
    mark = personal_of(source, name) if place == "body" else None
    if mark is not None:
        return _fault_of_person(source, [str(each) for each in names], error, mark)
    if error["type"] == "extra_forbidden":
        return _unknown(source, place, name, error["input"])
    if not name:
        return {"in": place, "detail": _sentence(_reason(error))}
    return _fault_of_value(source, request, error)


def _fault_of_value(source: Any, request: Request, error: Mapping[str, Any]) -> FaultShape:
    place, name = error["loc"][0], str(error["loc"][1])
    allowed = allowed_of(source, name)
    must = f"it must be {allowed}" if allowed else str(error["msg"])
    if error["type"] == "missing":
        return {"name": name, "in": place, "allowed": allowed, "detail": f"{name} is missing; {must}."}
    if error["type"] == "repeated":
        values = [_shown(value) for value in error["input"]]
        detail = f"{name} is given {len(values)} times, and one is meant."
        return {"name": name, "in": place, "value": ", ".join(values), "allowed": allowed, "detail": detail}
    value = _shown(_given(request, place, name, error["input"]))
    reason = f": {_reason(error)}" if error["type"] == "value_error" else _length_fault(error)
    detail = f"{name} is {value!r}{reason}; {must}."
    return {"name": name, "in": place, "value": value, "allowed": allowed, "detail": detail}


def _length_fault(error: Mapping[str, Any]) -> str:
    """Return that a list or an object has too many entries, which what is allowed may not say; else nothing."""
    if error["type"] != "too_long":
        return ""
    return f": it has more than {error['ctx']['max_length']:,} entries"


def _fault_of_person(source: Any, names: Sequence[str], error: Mapping[str, Any], mark: Personal) -> FaultShape:
    """Return what is wrong with something that may tell of a person, without repeating it."""
    own = len(names) > 1 and mark.members is not None
    told = ".".join(names[:2] if own else names[:1])
    if own and mark.members is not None and names[1] not in mark.members.model_fields:
        there_are = ", ".join(mark.members.model_fields)
        # The name of a member may be that of a person, too.
        is_plain = is_plain_name(names[1])
        detail = f"{names[1] if is_plain else 'One'} is no member of {names[0]}; there are {there_are}."
        return {"name": told if is_plain else names[0], "in": "body", "detail": detail}
    allowed = allowed_of(mark.members, names[1]) if own else allowed_of(source, names[0])
    told_reason = _reason(error).rpartition(": ")[2] if own else _reason(error)
    reason = f": {told_reason}" if error["type"] == "value_error" else _length_fault(error)
    must = f"it must be {allowed}" if allowed else str(error["msg"])
    verb = "is missing" if error["type"] == "missing" else "cannot be taken"
    return {"name": told, "in": "body", "allowed": allowed, "detail": f"{told} {verb}{reason}; {must}."}


def _given(request: Request, place: str, name: str, parsed: object) -> object:
    """Return the value as it was sent: what a validator saw may be a number already."""
    return request.query_params[name] if place == "query" and name in request.query_params else parsed


def _reason(error: Mapping[str, Any]) -> str:
    cause = error.get("ctx", {}).get("error")
    return str(cause if cause is not None else error["msg"])


def _unknown(source: Any, place: str, name: str, value: object) -> FaultShape:
    models, queries = models_of(source), query_models_of(source)
    own = [model for model in models if (model in queries) == (place == "query")] or list(models)
    names = [field for model in own for field in model.model_fields]
    others = [field for model in models if model not in own for field in model.model_fields]
    thing, other = ("parameter", "member of the body") if place == "query" else ("member", "parameter of the address")
    close = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    if name in others:
        hint = f" {name} is a {other}: {_moved(name, place)}."
    detail = f"{_shown(name)} is no {thing} here; there are {', '.join(names)}.{hint}"
    fault: FaultShape = {"name": _shown(name), "in": place, "detail": detail}
    # What a body holds besides may be anything that is known of a person.
    return fault | ({"value": _shown(value)} if place == "query" else {})


def _moved(name: str, place: str) -> str:
    return f"send it there, as in ?{name}=..." if place != "query" else "send it there"


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."
