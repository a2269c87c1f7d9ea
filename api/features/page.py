"""Collections and features as pages for people."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from fastapi import Request, Response

from api.kit.links import HTML
from api.web.rendering import page, view_of
from boundaries.features.encoders.layer import plain
from boundaries.features.reading import Row
from boundaries.features.selection import Selection

_SHOWN_CHARACTERS = 200
_VARY: Final = "Accept, Accept-Language"


def described_page(
    request: Request, title: str, body: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a description as a page: what it says, then where it leads.

    Parameters
    ----------
    request : Request
        Decides the language.
    title : str
        Heading.
    body : mapping
        The description as JSON has it.
    headers : mapping, optional
        More headers.
    """
    links = body.get("links", [])
    members = {name: value for name, value in body.items() if name not in {"links", "collections", "title"}}
    values = {
        "title": title,
        "members": {name: _shown(value) for name, value in members.items()},
        "collections": body.get("collections", []),
        "links": [each for each in links if each["rel"] != "self"],
    }
    return page(request, "described.html", view_of(request), values=values, headers={**(headers or {}), "Vary": _VARY})


def feature_page(
    request: Request, feature: bytes, *, links: Sequence[Mapping[str, str]], headers: Mapping[str, str]
) -> Response:
    """Return one feature, given as GeoJSON, as a page."""
    read = orjson.loads(feature)
    members = {"id": read["id"], **read["properties"], "geometry": read["geometry"], "links": links}
    return described_page(request, str(read["id"]), members, headers=headers)


def items_page(  # noqa: PLR0913 - what is shown, and around it
    request: Request,
    path: str,
    selection: Selection,
    rows: Sequence[Row],
    *,
    matched: int,
    links: Sequence[Mapping[str, str]],
    headers: Mapping[str, str],
) -> Response:
    """Return a page of features as a table.

    Parameters
    ----------
    request : Request
        Decides the language.
    path : str
        Of the collection.
    selection : Selection
        Of which the rows are a page.
    rows : sequence of tuple
        Identifier, WKB and values.
    matched : int
        How many features match, whatever the page.
    links : sequence of mapping
        Of the page.
    headers : mapping
        More headers.
    """
    values = {
        "title": selection.collection.title,
        "about": selection.collection.description,
        "names": selection.fields,
        "rows": [(row[0], [_shown(plain(value)) for value in row[2:]]) for row in rows],
        "path_of": f"{path}/items",
        "first": selection.offset + 1 if rows else 0,
        "last": selection.offset + len(rows),
        "matched": matched,
        "around": {each["rel"]: each["href"] for each in links if each["rel"] in {"next", "prev"}},
        "forms": [each for each in links if each["rel"] == "alternate" and each["type"] != HTML],
    }
    return page(request, "features.html", view_of(request), values=values, headers={**headers, "Vary": _VARY})


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(value)
    text = str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
