"""Answers in the two formats of GeoReport: JSON, and the XML that maps onto it by the Spark convention."""

from collections.abc import Mapping
from typing import Any, Final, Literal
from xml.etree import ElementTree as ET

import orjson
from fastapi import Response

from boundaries.text.xml import xml_text

Extension = Literal["xml", "json"]

MEDIA_TYPES: Final[Mapping[Extension, str]] = {"xml": "text/xml", "json": "application/json"}
_ITEMS: Final = {
    "attributes": "attribute",
    "chain": "grid",
    "duties": "duty",
    "endpoints": "endpoint",
    "errors": "error",
    "formats": "format",
    "service_requests": "request",
    "services": "service",
    "values": "value",
}


def reply(
    root: str, value: Any, extension: Extension, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer; `root` names the outermost element of XML, which JSON does not have."""
    content = orjson.dumps(value) if extension == "json" else to_xml(root, value)
    return Response(content, status, dict(headers or {}), media_type=f"{MEDIA_TYPES[extension]}; charset=utf-8")


def to_xml(root: str, value: Any) -> bytes:
    """Return a value as XML: members become elements, items elements of the singular, null an empty element."""
    written: bytes = ET.tostring(_element(root, value), encoding="utf-8", xml_declaration=True)
    return written


def _element(name: str, value: Any) -> ET.Element:
    element = ET.Element(name)
    if isinstance(value, Mapping):
        element.extend(_element(key, member) for key, member in value.items())
    elif isinstance(value, list | tuple):
        element.extend(_element(_ITEMS[name], item) for item in value)
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    elif value is not None:
        element.text = xml_text(str(value))
    return element
