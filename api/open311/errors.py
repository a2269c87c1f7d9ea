"""Errors in the form of GeoReport: a list of codes and descriptions; 403 for keys, 404 for what is not, else 400."""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from api.errors import faults_of
from api.open311.formats import Extension, reply
from api.state.dependencies import get_store
from api.state.store import Store
from geogrid.access import mask_text
from geogrid.errors import ConflictError, GeogridError, InvalidInputError, NotFoundError, UnavailableError

_RETRY_AFTER_SECONDS: Final = "5"


class GeoReportError(Exception):
    """A refusal with everything that is wrong.

    Parameters
    ----------
    errors : sequence of (code, description)
        At least one.
    status : int, optional
        Of the answer; without it that of the errors if they agree, else 400.
    """

    def __init__(self, errors: Sequence[tuple[int, str]], *, status: int | None = None) -> None:
        self.errors = tuple(errors)
        codes = {int(code) for code, _ in self.errors}
        self.status = status or (codes.pop() if len(codes) == 1 else HTTPStatus.BAD_REQUEST.value)
        super().__init__(" ".join(description for _, description in self.errors))


class GeoReportRoute(APIRoute):
    """A route whose errors are in the form of GeoReport.

    They leave the handler as errors, so that what it had begun to store is undone.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, with its errors in the words of GeoReport."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except RequestValidationError as error:
                raise _invalid(request, error) from error
            except GeogridError as error:
                raise _translated(error) from error
            except HTTPException as error:
                raise GeoReportError([(error.status_code, str(error.detail))]) from error

        return handle


def get_report_session(store: Annotated[Store, Depends(get_store)]) -> Iterator[Session]:
    """Yield a session that is committed when the handler returns; what the commit refuses is told by GeoReport, too."""
    try:
        with store.unit_of_work() as session:
            yield session
    except GeogridError as error:
        raise _translated(error) from error


ReportSession = Annotated[Session, Depends(get_report_session, scope="function")]


def install(app: FastAPI) -> None:
    """Make the application answer these errors in the format that was asked for."""
    app.add_exception_handler(GeoReportError, _on_error)


def _on_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, GeoReportError)  # noqa: S101 - registered for these; narrows a type
    extension: Extension = "json" if request.url.path.endswith(".json") else "xml"
    body = [{"code": int(code), "description": mask_text(description)} for code, description in error.errors]
    headers = {"Retry-After": _RETRY_AFTER_SECONDS} if error.status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return reply("errors", body, extension, status=int(error.status), headers=headers)


def _invalid(request: Request, error: RequestValidationError) -> GeoReportError:
    if any(each["loc"][0] == "path" for each in error.errors()):
        words = f"There is nothing at {request.url.path}. Addresses end in .xml or .json."
        return GeoReportError([(HTTPStatus.NOT_FOUND, words)])
    return GeoReportError([(HTTPStatus.BAD_REQUEST, str(each["detail"])) for each in faults_of(request, error)])


def _translated(error: GeogridError) -> GeoReportError:
    if isinstance(error, UnavailableError):
        return GeoReportError([(HTTPStatus.SERVICE_UNAVAILABLE, error.public)])
    if isinstance(error, NotFoundError):
        return GeoReportError([(HTTPStatus.NOT_FOUND, str(error))])
    # The standard knows no status but 403, 404 and 400; the code in the body may say more.
    code = HTTPStatus.CONFLICT if isinstance(error, ConflictError) else HTTPStatus.BAD_REQUEST
    words = [str(each) for each in error.problems] if isinstance(error, InvalidInputError) else [str(error)]
    return GeoReportError([(code, each) for each in words], status=HTTPStatus.BAD_REQUEST)
