"""Errors as the caller sees them: problem+json of RFC 9457, or a page for people. The one place of status codes."""

import difflib
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from api.kit.constraints import allowed_of, models_of
from api.kit.links import GEOJSON, HTML, JSON, XHTML
from api.kit.negotiation import preferred_type
from api.kit.parameters import QueryError
from geogrid.errors import ConflictError, GeogridError, InvalidInputError, NotFoundError, StaleError, UnavailableError

PROBLEM = "application/problem+json"
_IS_PAGE: Mapping[str, bool] = {PROBLEM: False, JSON: False, GEOJSON: False, HTML: True, XHTML: True}
_JSON_TYPES = (JSON, GEOJSON)
_LISTED = 100
_SHOWN_CHARACTERS = 200
_RETRY_AFTER_SECONDS = "5"

_STATUS: Mapping[type[GeogridError], HTTPStatus] = {
    InvalidInputError: HTTPStatus.BAD_REQUEST,
    NotFoundError: HTTPStatus.NOT_FOUND,
    StaleError: HTTPStatus.PRECONDITION_FAILED,
    ConflictError: HTTPStatus.CONFLICT,
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
        "detail": detail,
        "instance": request.url.path,
        **(more or {}),
    }
    if faults:
        body["errors"] = list(faults[:_LISTED])
        if len(faults) > _LISTED:
            body["errors_not_listed"] = len(faults) - _LISTED
    if _wants_page(request):
        page: ProblemPage = request.app.state.problem_page
        return page(request, body, headers=headers)
    return Response(orjson.dumps(body), status.value, headers, media_type=PROBLEM)


def _wants_page(request: Request) -> bool:
    return request.method == "GET" and preferred_type(request.headers.get("accept", ""), _IS_PAGE)


def _on_domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, GeogridError)  # noqa: S101 - registered for these; narrows a type
    status = next(
        (status for kind, status in _STATUS.items() if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR
    )
    faults = _faults_of(request, error) if isinstance(error, InvalidInputError) else []
    headers = {"Retry-After": _RETRY_AFTER_SECONDS} if status is HTTPStatus.SERVICE_UNAVAILABLE else None
    more = {"version": error.version, "changes": error.changes} if isinstance(error, StaleError) else None
    return problem(request, status, str(error), faults=faults, headers=headers, more=more)


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


def too_large(request: Request) -> str:
    """Return what a caller is told whose body is beyond the limit."""
    limit = request.app.state.settings.max_body_mb
    return f"The body is larger than {limit:g} MB. Send it in parts; GEOGRID_MAX_BODY_MB sets the limit."


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
    if error["type"] == "extra_forbidden":
        return _unknown(source, place, name, error["input"])
    if not name:
        return {"in": place, "detail": _sentence(_reason(error))}
    allowed = allowed_of(source, name)
    must = f"it must be {allowed}" if allowed else str(error["msg"])
    if error["type"] == "missing":
        return {"name": name, "in": place, "allowed": allowed, "detail": f"{name} is missing; {must}."}
    if error["type"] == "repeated":
        values = [_shown(value) for value in error["input"]]
        detail = f"{name} is given {len(values)} times, and one is meant."
        return {"name": name, "in": place, "value": ", ".join(values), "allowed": allowed, "detail": detail}
    value = _shown(_given(request, place, name, error["input"]))
    reason = f": {_reason(error)}" if error["type"] == "value_error" else ""
    detail = f"{name} is {value!r}{reason}; {must}."
    return {"name": name, "in": place, "value": value, "allowed": allowed, "detail": detail}


def _given(request: Request, place: str, name: str, parsed: object) -> object:
    """Return the value as it was sent: what a validator saw may be a number already."""
    return request.query_params[name] if place == "query" and name in request.query_params else parsed


def _reason(error: Mapping[str, Any]) -> str:
    cause = error.get("ctx", {}).get("error")
    return str(cause if cause is not None else error["msg"])


def _unknown(source: Any, place: str, name: str, value: object) -> FaultShape:
    names = [field for model in models_of(source) for field in model.model_fields]
    close = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    thing = "parameter" if place == "query" else "member"
    detail = f"{_shown(name)} is no {thing} here; there are {', '.join(names)}.{hint}"
    return {"name": _shown(name), "in": place, "value": _shown(value), "detail": detail}


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."
