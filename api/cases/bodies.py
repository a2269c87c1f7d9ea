"""Cases as the plain dictionaries that JSON answers are made of."""

from typing import Any

from fastapi import Request

from api.kit.links import GEOJSON, address, link
from boundaries.cases.reading import CaseEventRecord, CaseRecord

Shape = dict[str, Any]

_LONLAT_DECIMALS = 7


def case_feature(case: CaseRecord) -> Shape:
    """Return a case as a GeoJSON feature, without links."""
    geometry = None
    if case.lon is not None and case.lat is not None:
        coordinates = [round(case.lon, _LONLAT_DECIMALS), round(case.lat, _LONLAT_DECIMALS)]
        geometry = {"type": "Point", "coordinates": coordinates}
    return {
        "type": "Feature",
        "id": case.id,
        "geometry": geometry,
        "properties": {
            "source": case.source,
            "external_id": case.external_id,
            "channel": case.channel,
            "category": case.category,
            "text": case.text,
            "address": case.address,
            "status": case.status,
            "reported_at": case.reported_at,
            "closed_at": case.closed_at,
            "located_by": case.located_by,
            "positional_error_m": case.positional_error_m,
            "grid": case.grid,
            "grid_name": case.grid_name,
            "edition": case.edition,
            "attributes": dict(case.attributes),
            "reporter": None if case.reporter is None else dict(case.reporter),
        },
    }


def linked_case(request: Request, case: CaseRecord) -> Shape:
    """Return a case as GeoJSON with the address of its own, as lists and single answers have it."""
    feature = case_feature(case)
    feature["links"] = [link(address(request, f"/cases/{case.id}"), "self", GEOJSON, f"Case {case.id}")]
    return feature


def event_shape(event: CaseEventRecord) -> Shape:
    """Return an event of a case."""
    return {"at": event.at, "kind": event.kind, "detail": dict(event.detail)}
