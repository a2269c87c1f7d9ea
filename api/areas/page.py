"""The page of a lookup: the grids that were found, as a list and on a map."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from fastapi import Request, Response

from api.areas.bodies import Areas
from api.areas.schemas import AreaQuery
from api.state.store import Store
from api.web.rendering import in_script, page, view_of
from api.web.words import Lang
from boundaries.editions.calendar import Calendar
from boundaries.features.systems import in_datum
from boundaries.jurisdictions.reading import jurisdiction_of, levels_of
from geogrid.editions import GridInfo


@dataclass(frozen=True, slots=True)
class AreaLookup:
    """What a lookup is about: the town, its grids at the moment, and the point asked for, WGS 84."""

    calendar: Calendar
    areas: Areas
    point: shapely.Point | None = None


def area_page(request: Request, query: AreaQuery, lookup: AreaLookup, grids: Sequence[GridInfo]) -> Response:
    """Return the grids of a lookup as a page."""
    view = view_of(request, lookup.calendar)
    kept = {
        "at": None if query.at is None else query.at.isoformat(),
        "coord_type": None if query.coord_type == "wgs84" else query.coord_type,
    }
    values: dict[str, Any] = {
        "level_names": _level_names(request, lookup.calendar, view.lang),
        "grids": grids,
        "records": lookup.areas.records(grids),
        "edition": lookup.areas.edition,
        "point": _asked_point(query, lookup),
        "kept": kept,
        "relation": request.url.path.rpartition("/")[2] if "/area/" in request.url.path else "",
        "asked": lookup.areas.edition.grids.get(request.path_params.get("code", "")),
        "formats": {
            name: str(request.url.remove_query_params(("lang", "f")).include_query_params(f=name.lower()))
            for name in ("JSON", "GeoJSON")
        },
        "map_data": in_script(
            _map(lookup, view.plain_url("/styles/grids", jurisdiction=lookup.calendar.code, at=kept["at"]), grids)
        ),
    }
    return page(request, "area.html", view, values=values, headers={"Vary": "Accept, Accept-Language"})


def _level_names(request: Request, calendar: Calendar, lang: Lang) -> dict[int, str]:
    store: Store = request.app.state.store
    with store.unit_of_work() as session:
        levels = levels_of(session, jurisdiction_of(session, calendar.id))
        return {each.position: (each.name_zh if lang == "zh" else "") or each.name for each in levels}


def _asked_point(query: AreaQuery, lookup: AreaLookup) -> shapely.Point | None:
    return None if lookup.point is None else in_datum(np.array([lookup.point], dtype=object), query.coord_type)[0]


def _map(lookup: AreaLookup, style: str, grids: Sequence[GridInfo]) -> dict[str, Any]:
    # The map is in WGS 84, whatever datum was asked for: its streets are.
    shapes = shapely.to_geojson(lookup.areas.shapes(grids, "wgs84")).tolist() if grids else []
    return {
        "style": style,
        "areas": [{"type": "Feature", "properties": {}, "geometry": json.loads(shape)} for shape in shapes],
        "point": None if lookup.point is None else [lookup.point.x, lookup.point.y],
        "town": lookup.areas.frame.total_bounds.tolist(),
    }
