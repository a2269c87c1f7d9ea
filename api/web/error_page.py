"""The page of an error."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response

from api.web.rendering import page, view_of

_KNOWN = {400, 401, 403, 404, 409, 412, 503}


def error_page(request: Request, problem: Mapping[str, Any], *, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as a page for people."""
    view = view_of(request)
    status = problem["status"]
    if status == HTTPStatus.SERVICE_UNAVAILABLE and "Retry-After" not in (headers or {}):
        return page(request, "nothing.html", view, status=status)
    title = view.say(f"error_{status}" if status in _KNOWN else "error_500" if status >= 500 else "error_title")  # noqa: PLR2004 - faults of ours
    return page(
        request, "error.html", view, values={"title": title, "problem": problem}, status=status, headers=headers
    )
