"""A town that offers services over Open311, and how tests post and read there."""

import re
from typing import Any

from fastapi.testclient import TestClient
from lxml import etree
from sqlalchemy import Engine

from boundaries.open311.keys import add_key
from boundaries.open311.services import read_services, replace_services
from boundaries.store.engine import unit_of_work
from tests.http.conftest import Town

SERVICES: list[dict[str, Any]] = [
    {
        "service_code": "LAMP",
        "service_name": "Street lamp 路灯",
        "description": "A lamp is out, or on by day.",
        "keywords": "light, dark",
        "group": "street",
        "attributes": [
            {"code": "POLE", "datatype": "string", "required": True, "description": "Number on the pole"},
            {
                "code": "STATE",
                "datatype": "singlevaluelist",
                "description": "What is it?",
                "values": [{"key": "out", "name": "Out"}, {"key": "on", "name": "On by day"}],
            },
            {
                "code": "SEEN",
                "datatype": "multivaluelist",
                "values": [{"key": each, "name": each.title()} for each in ("dawn", "noon", "night")],
            },
            {"code": "HEIGHT", "datatype": "number"},
            {"code": "SINCE", "datatype": "datetime"},
            {"code": "NOTE", "datatype": "text", "variable": False, "description": "Do not touch wires."},
        ],
    },
    {"service_code": "POTHOLE", "service_name": "Pothole", "group": "street"},
    {"service_code": "TREE", "service_name": "Fallen tree", "type": "batch"},
]


V2 = "/open311/v2"


POLE = {"attribute[POLE]": "12-7"}


def offer(engine: Engine, town: Town) -> str:
    with unit_of_work(engine) as session:
        replace_services(session, town.id, read_services(SERVICES))
        return add_key(session, "app")


def posted(client: TestClient, key: str, extension: str = "json", **fields: Any) -> Any:
    return client.post(f"{V2}/requests.{extension}", data={"api_key": key, "lat": "50.5", "long": "10.5", **fields})


def number_of(reply: Any) -> str:
    assert reply.status_code == 201, reply.text
    return str(reply.json()[0]["service_request_id"])


def as_json(element: etree._Element) -> Any:
    """Return XML as the Spark convention maps it onto JSON: what is repeated is a list, what is empty null."""
    if not len(element):
        return element.text
    names = [child.tag for child in element]
    plural = element.tag.endswith("s") or element.tag in {"chain", "duties"}
    if plural and len(set(names)) == 1:
        return [as_json(child) for child in element]
    return {child.tag: as_json(child) for child in element}


def plain(value: Any) -> Any:
    """Return JSON with what XML cannot tell apart made the same: numbers and booleans as text, empty as null."""
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value] or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value in {None, ""} else str(value)


def both(client: TestClient, path: str, root: str) -> Any:
    """Return an answer in JSON, after its XML was found to say the same."""
    query = f"?{path.partition('?')[2]}" if "?" in path else ""
    bare = path.partition("?")[0]
    json_reply, xml_reply = (client.get(f"{V2}{bare}.{each}{query}") for each in ("json", "xml"))
    assert json_reply.headers["content-type"] == "application/json; charset=utf-8"
    assert xml_reply.headers["content-type"] == "text/xml; charset=utf-8"
    assert re.match(rb"<\?xml version='1.0' encoding='utf-8'\?>", xml_reply.content)
    element = etree.fromstring(xml_reply.content)
    assert element.tag == root
    found = [as_json(child) for child in element] if isinstance(json_reply.json(), list) else as_json(element)
    assert (found or None) == plain(json_reply.json())
    return json_reply.json()
