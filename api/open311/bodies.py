"""Services and requests as GeoReport writes them; of requests no more than the operator makes public."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from boundaries.open311.reading import ServiceRequest
from boundaries.open311.services import Service, attribute_shape
from geogrid.editions import Edition
from geogrid.types import GridCode

Shape = dict[str, Any]

_SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
_FORMATS = ("text/xml", "application/json")
_DECIMALS = 7


def discovery_shape(base: str, *, changed_at: datetime | None, contact: str, key_service: str) -> Shape:
    """Return where the interface is, how to reach the operator, and when services changed last."""
    changeset = "0" if changed_at is None else w3_time(changed_at)
    endpoint = {
        "specification": _SPECIFICATION,
        "url": f"{base}/open311/v2",
        "changeset": changeset,
        "type": "production",
        "formats": list(_FORMATS),
    }
    return {"changeset": changeset, "contact": contact, "key_service": key_service, "endpoints": [endpoint]}


def service_shape(service: Service) -> Shape:
    """Return a service as the list has it."""
    return {
        "service_code": service.code,
        "service_name": service.name,
        "description": service.description,
        "metadata": bool(service.attributes),
        "type": service.type,
        "keywords": ", ".join(service.keywords),
        "group": service.group,
    }


def definition_shape(service: Service) -> Shape:
    """Return what is asked with requests for a service."""
    attributes = [attribute_shape(attribute, order) for order, attribute in enumerate(service.attributes, start=1)]
    return {"service_code": service.code, "attributes": attributes}


def request_shape(
    request: ServiceRequest, service: Service, edition: Edition | None, public: Sequence[str], *, is_extended: bool
) -> Shape:
    """Return a request.

    Parameters
    ----------
    request : ServiceRequest
        The case.
    service : Service
        Of its category.
    edition : Edition, optional
        In force; it knows the duties.
    public : sequence of str
        Fields of cases that are public; what people wrote is not, unless the operator says so.
    is_extended : bool
        With grid, chain and duties.
    """
    shape: Shape = {
        "service_request_id": str(request.id),
        "status": "closed" if request.is_closed else "open",
        "status_notes": None,
        "service_name": service.name,
        "service_code": service.code,
        "description": request.text if "text" in public else None,
        "agency_responsible": f"{request.grid_name} ({request.grid})" if request.grid and "grid" in public else None,
        "service_notice": None,
        "requested_datetime": w3_time(request.reported_at),
        "updated_datetime": w3_time(request.changed_at),
        "expected_datetime": None,
        "address": request.address if "address" in public else None,
        "address_id": request.address_id if "address" in public else None,
        "zipcode": None,
        "lat": None if request.lat is None else round(request.lat, _DECIMALS),
        "long": None if request.lon is None else round(request.lon, _DECIMALS),
        "media_url": request.media_url if "text" in public else None,
    }
    if is_extended:
        shape["extended_attributes"] = _extended(request, edition, public)
    return shape


def _extended(request: ServiceRequest, edition: Edition | None, public: Sequence[str]) -> Shape:
    shape: Shape = {"channel": request.channel if "channel" in public else None}
    if "grid" not in public:
        return shape
    shape |= {
        "grid": request.grid,
        "grid_name": request.grid_name,
        "edition": request.edition,
        "chain": [],
        "duties": [],
    }
    if request.grid is not None and edition is not None and edition.id == request.edition_id:
        chain = edition.chain(GridCode(request.grid))
        shape["chain"] = [{"code": grid.code, "name": grid.name, "level": grid.level_name} for grid in chain]
        shape["duties"] = [
            {"grid": grid.code, "role": duty.role, "holder": duty.holder}
            for grid in chain
            for duty in edition.duties.get(grid.code, ())
        ]
    return shape


def w3_time(moment: datetime) -> str:
    """Return a time in the W3C's profile of ISO 8601, to the second."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
