"""Collections and features as pages for people."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response

from api.kit.links import HTML
from api.web.rendering import page, view_of
from boundaries.features.encoders.layer import plain
from boundaries.features.reading import read_values

if TYPE_CHECKING:
    from api.features.answers import Asked

_SHOWN_CHARACTERS = 200


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
    return page(
        request, "described.html", view_of(request), values=values, headers={"Vary": "Accept", **(headers or {})}
    )


def items_page(asked: "Asked", *, links: Sequence[Mapping[str, str]], matched: int) -> Response:
    """Return a page of features as a table."""
    rows = asked.store.read(lambda by: read_values(by, asked.wanted))
    path = f"{asked.place.path}/items"
    values = {
        "title": asked.wanted.collection.title,
        "about": asked.wanted.collection.description,
        "names": asked.wanted.fields,
        "rows": [(row[0], [_shown(plain(value)) for value in row[2:]]) for row in rows],
        "path_of": path,
        "first": asked.wanted.offset + 1 if rows else 0,
        "last": asked.wanted.offset + len(rows),
        "matched": matched,
        "around": {each["rel"]: each["href"] for each in links if each["rel"] in {"next", "prev"}},
        "forms": [each for each in links if each["rel"] == "alternate" and each["type"] != HTML],
    }
    headers = {**asked.headers, "Vary": "Accept, Accept-Language"}
    return page(asked.request, "features.html", view_of(asked.request), values=values, headers=headers)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(value)
    text = str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
