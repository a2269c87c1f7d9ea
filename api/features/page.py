"""Collections and features as pages for people."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import numpy as np
import orjson
import shapely
from fastapi import Request, Response
from markupsafe import Markup

from api.kit.links import HTML
from api.web.rendering import View, in_script, page, view_of
from api.web.words import has_word
from boundaries.editions.calendar import Calendar
from boundaries.features.encoders.layer import plain
from boundaries.features.reading import Row
from boundaries.features.selection import Selection
from boundaries.features.systems import CRS84

_SHOWN_CHARACTERS = 200
_DRAWN: Final = 500
_DEGREE_SHARE: Final = 0.001
_MARGIN: Final = 0.002
_VARY: Final = "Accept, Accept-Language"


def described_page(
    request: Request,
    title: str,
    body: Mapping[str, Any],
    *,
    headers: Mapping[str, str] | None = None,
    is_ours: bool = True,
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
    is_ours : bool
        Whether its texts are sentences of ours, in the language of the page; what people wrote stays as it is.
    """
    links = body.get("links", [])
    members = {name: value for name, value in body.items() if name not in {"links", "collections", "title"}}
    view = view_of(request, _calendar(request))
    values = {
        "title": view.sentence(title),
        "members": {_label(view, name): _shown(view, value, is_ours=is_ours) for name, value in members.items()},
        "collections": body.get("collections", []),
        "links": [each for each in links if each["rel"] != "self"],
    }
    return page(request, "described.html", view, values=values, headers={**(headers or {}), "Vary": _VARY})


def feature_page(
    request: Request, feature: bytes, *, links: Sequence[Mapping[str, str]], headers: Mapping[str, str]
) -> Response:
    """Return one feature, given as GeoJSON, as a page."""
    read = orjson.loads(feature)
    members = {"id": read["id"], **read["properties"], "geometry": read["geometry"], "links": links}
    return described_page(request, str(read["id"]), members, headers=headers, is_ours=False)


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
    view = view_of(request, _calendar(request))
    sort = request.query_params.get("sortby", "")
    values = {
        "title": view.sentence(selection.collection.title),
        "about": view.sentence(selection.collection.description),
        "columns": [_column(request, view, name, sort) for name in selection.fields],
        "rows": [(row[0], [_shown(view, plain(value)) for value in row[2:]]) for row in rows],
        "map_data": _map(request, selection, rows),
        "path_of": f"{path}/items",
        "first": selection.offset + 1 if rows else 0,
        "last": selection.offset + len(rows),
        "matched": matched,
        "around": {each["rel"]: each["href"] for each in links if each["rel"] in {"next", "prev"}},
        "forms": [each for each in links if each["rel"] == "alternate" and each["type"] != HTML],
    }
    return page(request, "features.html", view, values=values, headers={**headers, "Vary": _VARY})


def _label(view: View, name: str) -> str:
    return view.say(f"field_{name}") if has_word(f"field_{name}") else name


def _column(request: Request, view: View, name: str, sort: str) -> dict[str, str]:
    """Return the heading of a column, and the address of the same rows sorted by it: once more turns the order."""
    label, wanted = _label(view, name), f"-{name}" if sort == name else name
    told = view.say("sort_down" if wanted.startswith("-") else "sort_up", name=label)
    address = request.url.remove_query_params("offset").include_query_params(sortby=wanted)
    mark = "ascending" if sort == name else "descending" if sort == f"-{name}" else ""
    return {"name": label, "href": f"{address.path}?{address.query}", "told": told, "sorted": mark}


def _map(request: Request, selection: Selection, rows: Sequence[Row]) -> Markup | None:
    """Return what the map beside the table draws; nothing where the rows are not in longitude and latitude."""
    if selection.system != CRS84 or selection.coord_type != "wgs84" or not rows:
        return None
    shapes = shapely.from_wkb(np.array([row[1] for row in rows[:_DRAWN]], dtype=object))
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not len(shapes):
        return None
    town = request.query_params.get("jurisdiction")
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    texts = shapely.to_geojson(shapely.simplify(shapes, _DEGREE_SHARE * max(east - west, north - south))).tolist()
    return in_script(
        {
            "style": "/styles/grids" + (f"?{urlencode({'jurisdiction': town})}" if town else ""),
            "areas": [{"type": "Feature", "properties": {}, "geometry": orjson.loads(text)} for text in texts],
            "point": None,
            "town": [west - _MARGIN, south - _MARGIN, east + _MARGIN, north + _MARGIN],
        }
    )


def _shown(view: View, value: Any, *, is_ours: bool = False) -> str:
    """Return a value as people read it: no dictionaries of ours, no numbers with idle digits."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, Mapping):
        return _shown_mapping(view, value, is_ours=is_ours)
    if isinstance(value, list):
        return "\n".join(filter(None, (_shown(view, each, is_ours=is_ours) for each in value)))
    text = view.level(view.sentence(str(value)) if is_ours else str(value))
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _shown_mapping(view: View, value: Mapping[str, Any], *, is_ours: bool) -> str:
    if "coordinates" in value:
        count = int(shapely.get_num_coordinates(shapely.from_geojson(orjson.dumps(value))))
        return view.say("geometry_points", kind=value["type"], count=f"{count:,}")
    if "href" in value:
        return view.sentence(str(value.get("title", value["href"])))
    if "bbox" in value:
        return "\n".join(", ".join(f"{each:.5f}" for each in box) for box in value["bbox"])
    told = {name: _shown(view, each, is_ours=is_ours) for name, each in value.items() if each is not None}
    return "\n".join(f"{_label(view, name)}: {text}" for name, text in told.items())


def _calendar(request: Request) -> Calendar | None:
    """Return the town that a page is about: the one that is named, or the only one."""
    calendars: Mapping[str, Calendar] = request.app.state.editions.calendars
    named = request.query_params.get("jurisdiction")
    return calendars.get(named) if named else next(iter(calendars.values())) if len(calendars) == 1 else None
