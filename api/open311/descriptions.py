"""What the description of the interface says of GeoReport: its answers in both formats, and the form that is posted."""

from typing import Any, Final

Responses = dict[int | str, dict[str, Any]]

_NULLABLE_TEXT: Final = {"type": "string", "nullable": True}


def _object(*required: str, **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def _array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _texts(*names: str) -> dict[str, dict[str, Any]]:
    return {name: {"type": "string"} for name in names}


_ERRORS: Final = _array(_object("code", "description", code={"type": "integer"}, description={"type": "string"}))
_ENDPOINT: Final = _object(
    "specification", "url", "changeset", "type", "formats",
    **_texts("specification", "url", "changeset", "type"), formats=_array({"type": "string"}),
)  # fmt: skip
_DISCOVERY: Final = _object(
    "changeset", "contact", "key_service", "endpoints",
    **_texts("changeset", "contact", "key_service"), endpoints=_array(_ENDPOINT),
)  # fmt: skip
_SERVICE: Final = _object(
    "service_code", "service_name", "metadata", "type",
    **_texts("service_code", "service_name", "description", "keywords", "group"),
    metadata={"type": "boolean"}, type={"type": "string", "enum": ["realtime", "batch"]},
)  # fmt: skip
_ATTRIBUTE: Final = _object(
    "variable", "code", "datatype", "required", "order",
    **_texts("code", "datatype", "description"), variable={"type": "boolean"}, required={"type": "boolean"},
    datatype_description=_NULLABLE_TEXT, order={"type": "integer"},
    values=_array(_object("key", "name", **_texts("key", "name"))),
)  # fmt: skip
_DEFINITION: Final = _object(
    "service_code", "attributes", service_code={"type": "string"}, attributes=_array(_ATTRIBUTE)
)
_POSTED: Final = _object(**_texts("service_request_id", "token", "service_notice"), account_id=_NULLABLE_TEXT)
_REQUEST: Final = _object(
    "service_request_id", "status", "service_name", "service_code", "requested_datetime", "updated_datetime",
    **_texts("service_request_id", "service_name", "service_code"),
    status={"type": "string", "enum": ["open", "closed"]},
    requested_datetime={"type": "string", "format": "date-time"},
    updated_datetime={"type": "string", "format": "date-time"},
    lat={"type": "number", "nullable": True}, long={"type": "number", "nullable": True},
    **dict.fromkeys(("description", "address", "media_url", "agency_responsible"), _NULLABLE_TEXT),
    extended_attributes={"type": "object"},
)  # fmt: skip
_TOKEN: Final = _object("service_request_id", "token", **_texts("service_request_id", "token"))


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}, "text/xml": {"schema": {"type": "string"}}}


_FAULTS: Final[Responses] = {
    status: {"description": words, "content": _content(_ERRORS)}
    for status, words in (
        (400, "Something is wrong or missing; each thing is listed."),
        (404, "The jurisdiction, service, request or token is not there."),
        (503, "The database cannot be used at the moment; Retry-After says when to try again."),
    )
}
_NO_KEY: Final = {"description": "The api_key is missing or not valid.", "content": _content(_ERRORS)}


def _answers(schema: dict[str, Any]) -> Responses:
    return {200: {"description": "The answer.", "content": _content(schema)}, **_FAULTS}


ANSWERS: Final[dict[str, Responses]] = {
    "discovery": _answers(_DISCOVERY),
    "services": _answers(_array(_SERVICE)),
    "definition": _answers(_DEFINITION),
    "post": {
        **_answers(_array(_POSTED)),
        201: {"description": "The request is stored.", "content": _content(_array(_POSTED))},
        403: _NO_KEY,
    },
    "requests": _answers(_array(_REQUEST)),
    "token": _answers(_array(_TOKEN)),
}
"""Answers by address."""

_FIELDS: Final = _object(
    "api_key", "service_code",
    **_texts(
        "api_key", "jurisdiction_id", "service_code", "address_string", "address_id", "email", "device_id",
        "account_id", "first_name", "last_name", "phone", "description", "media_url",
    ),
    lat={"type": "number", "minimum": -90, "maximum": 90}, long={"type": "number", "minimum": -180, "maximum": 180},
)  # fmt: skip
POST_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {"schema": _FIELDS},
            "multipart/form-data": {"schema": _FIELDS},
        },
    }
}
"""The form that is posted; besides, ``attribute[code]`` for each thing that the service asks."""
