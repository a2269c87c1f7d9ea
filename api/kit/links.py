"""Links between answers, in the body and in the header, and cursors of pages."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlencode

from fastapi import Request

from boundaries.cases.reading import CaseKey
from geogrid.errors import InvalidInputError

GEOJSON = "application/geo+json"
JSON = "application/json"
CSV = "text/csv"
HTML = "text/html"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the list of cases: the page of older or of newer ones beside a case."""

    direction: Literal["older", "newer"]
    key: CaseKey

    def __str__(self) -> str:
        """Return the cursor as it stands in links."""
        text = f"{self.direction}|{self.key.reported_at.isoformat()}|{self.key.id}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """Return the cursor of a link, or raise `InvalidInputError` for a text that is none."""
    try:
        padded = text + "=" * (-len(text) % 4)
        direction, reported_at, case_id = base64.urlsafe_b64decode(padded.encode("ascii")).decode().split("|")
        key = CaseKey(datetime.fromisoformat(reported_at).astimezone(UTC), int(case_id))
    except (ValueError, OverflowError, binascii.Error) as error:
        raise _no_cursor(text) from error
    if direction == "older":
        return Cursor("older", key)
    if direction == "newer":
        return Cursor("newer", key)
    raise _no_cursor(text)


def _no_cursor(text: str) -> InvalidInputError:
    return InvalidInputError.of(
        "cursor", f"cursor is {text[:80]!r}, which is no place in the list.", "Take it from a link.", subject="cursor"
    )


def address(request: Request, path: str, parameters: Mapping[str, object] | None = None) -> str:
    """Return the full address of a path of this server."""
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f"{str(request.base_url).rstrip('/')}{path}{query}"


def link(href: str, rel: str, media_type: str, title: str) -> dict[str, str]:
    """Return a link as it stands in a body."""
    return {"href": href, "rel": rel, "type": media_type, "title": title}


def same_page(request: Request, **changed: object) -> str:
    """Return the request's own address with some parameters changed, or left out where they are None."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in changed]
    kept += [(name, str(value)) for name, value in changed.items() if value is not None]
    query = f"?{urlencode(kept)}" if kept else ""
    return f"{str(request.base_url).rstrip('/')}{request.url.path}{query}"


def link_header(links: Sequence[Mapping[str, str]]) -> str:
    """Return links as the value of the header Link (RFC 8288)."""
    return ", ".join(f'<{each["href"]}>; rel="{each["rel"]}"; type="{each["type"]}"' for each in links)
