"""Errors in the form of GeoReport: a list of codes and descriptions; 403 for keys, 404 for what is not, else 400."""

from collections.abc import Callable, Coroutine, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from api.errors import faults_of
from api.open311.formats import Extension, reply
from geogrid.errors import ConflictError, GeogridError, InvalidInputError, NotFoundError, UnavailableError

_RETRY_AFTER_SECONDS: Final = "5"


class GeoReportError(Exception):
    """A refusal with everything that is wrong.

    Parameters
    ----------
    errors : sequence of (code, description)
        At least one.
    """

    def __init__(self, errors: Sequence[tuple[int, str]]) -> None:
        self.errors = tuple(errors)
        super().__init__(" ".join(description for _, description in self.errors))

    @property
    def status(self) -> int:
        """The status: that of the errors if they agree, else 400."""
        codes = {code for code, _ in self.errors}
        return codes.pop() if len(codes) == 1 else HTTPStatus.BAD_REQUEST.value


class GeoReportRoute(APIRoute):
    """A route whose errors are in the form of GeoReport, in the format that was asked for."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, with its errors turned into answers."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except GeoReportError as error:
                return _errors(request, error.status, error.errors)
            except RequestValidationError as error:
                return _invalid(request, error)
            except GeogridError as error:
                return _domain_error(request, error)
            except HTTPException as error:
                return _errors(request, error.status_code, [(error.status_code, str(error.detail))])

        return handle


def _invalid(request: Request, error: RequestValidationError) -> Response:
    if any(each["loc"][0] == "path" for each in error.errors()):
        words = f"There is nothing at {request.url.path}. Addresses end in .xml or .json."
        return _errors(request, HTTPStatus.NOT_FOUND, [(HTTPStatus.NOT_FOUND, words)])
    found = [(HTTPStatus.BAD_REQUEST, str(each["detail"])) for each in faults_of(request, error)]
    return _errors(request, HTTPStatus.BAD_REQUEST, found)


def _domain_error(request: Request, error: GeogridError) -> Response:
    if isinstance(error, UnavailableError):
        status = HTTPStatus.SERVICE_UNAVAILABLE
        return _errors(request, status, [(status, str(error))], retry_after=_RETRY_AFTER_SECONDS)
    if isinstance(error, NotFoundError):
        return _errors(request, HTTPStatus.NOT_FOUND, [(HTTPStatus.NOT_FOUND, str(error))])
    code = HTTPStatus.CONFLICT if isinstance(error, ConflictError) else HTTPStatus.BAD_REQUEST
    words = [str(each) for each in error.problems] if isinstance(error, InvalidInputError) else [str(error)]
    return _errors(request, HTTPStatus.BAD_REQUEST, [(code, each) for each in words])


def _errors(
    request: Request, status: int, errors: Sequence[tuple[int, str]], *, retry_after: str | None = None
) -> Response:
    extension: Extension = "json" if request.url.path.endswith(".json") else "xml"
    body = [{"code": int(code), "description": description} for code, description in errors]
    headers = {"Retry-After": retry_after} if retry_after else None
    return reply("errors", body, extension, status=int(status), headers=headers)
