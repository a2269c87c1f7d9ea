"""The embedded map over HTTP: who may frame it, what it refuses, and what oEmbed consumers are told."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from api.app import create_app
from api.settings import ServerSettings
from geogrid.coordinates import from_wgs84
from tests.fixtures_db import Database
from tests.http.conftest import Town

PAGE = {"Accept": "text/html"}
HOME = "http://testserver"


def ancestors(answer: Any) -> str:
    found = re.search(r"frame-ancestors ([^;]*)", answer.headers["content-security-policy"])
    assert found is not None
    return found[1]


def map_data(answer: Any) -> Any:
    found = re.search(r'<script type="application/json" id="map-data">(.*?)</script>', answer.text, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


@pytest.fixture
def framed(database: Database, town: Town) -> Callable[[str], TestClient]:
    del town

    def made(sites: str) -> TestClient:
        return TestClient(create_app(ServerSettings(**database.settings.model_dump(), frame_ancestors=sites)))

    return made


def test_only_our_own_pages_may_frame_the_map_unless_the_operator_says_so(
    reader: TestClient, framed: Callable[[str], TestClient]
) -> None:
    assert ancestors(reader.get("/embed/map")) == "'self'"
    with framed("https://town.example, https://*.county.example:8443") as client:
        found = client.get("/embed/map")
        assert ancestors(found) == "'self' https://town.example https://*.county.example:8443"
        assert ancestors(client.get("/", headers=PAGE)) == "'self'"
    with framed("*") as client:
        assert ancestors(client.get("/embed/map")) == "'self' *"


@pytest.mark.parametrize("site", ["town.example", "https://a.example; script-src *", "javascript:alert(1)", "null"])
def test_sites_that_are_none_are_refused_at_the_start(site: str) -> None:
    with pytest.raises(ValidationError, match="no sites such as"):
        ServerSettings(frame_ancestors=site)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("grids=D-a,D-q", 404, "D-q"),
        ("jurisdiction=nowhere", 404, "nowhere"),
        ("at=1999-01-01T00:00:00Z", 404, "No edition"),
        ("level=9&cases=some", 400, "1 to 6"),
        ("point=50.5", 400, "two numbers"),
    ],
)
def test_what_cannot_be_shown_is_said_inside_the_frame(
    framed: Callable[[str], TestClient], query: str, status: int, words: str
) -> None:
    with framed("https://town.example") as client:
        answer = client.get(f"/embed/map?{query}", headers={**PAGE, "Accept-Language": "zh"})
        assert answer.status_code == status
        assert words in answer.text
        assert "无法显示此地图" in answer.text
        assert ancestors(answer) == "'self' https://town.example"


def test_marker_of_a_shifted_datum_is_shifted_back(reader: TestClient) -> None:
    lon, lat = from_wgs84([112.5], [28.2], "gcj02")
    shown = map_data(reader.get(f"/embed/map?point={lon[0]},{lat[0]}&coord_type=gcj02"))
    assert shown["point"] == pytest.approx([112.5, 28.2], abs=1e-9)
    clicked = reader.get("/shift/112.5,28.2?coord_type=gcj02").json()
    assert (clicked["lon"], clicked["lat"]) == pytest.approx((lon[0], lat[0]), abs=1e-12)


def test_cases_are_asked_for_by_their_status(reader: TestClient) -> None:
    address = map_data(reader.get("/embed/map?cases=open"))["cases"]
    assert reader.get(address).json()["features"] == []
    assert "status=open" in address
    assert "status" not in map_data(reader.get("/embed/map?cases=all"))["cases"]
    assert map_data(reader.get("/embed/map"))["cases"] is None


def test_oembed_tells_how_to_embed_a_grid(reader: TestClient) -> None:
    found = reader.get("/oembed", params={"url": f"{HOME}/area/D-b/children?lang=zh", "maxwidth": 400}).json()
    assert (found["type"], found["version"], found["width"], found["height"]) == ("rich", "1.0", 400, 480)
    assert found["title"] == "Grid b · Town"
    source = re.search(r'src="([^"]+)"', found["html"])
    assert source is not None
    shown = map_data(reader.get(source[1].replace("&amp;", "&")))
    assert shown["codes"] == ["D-b"]
    assert 'width="400"' in found["html"]


def test_oembed_answers_in_xml(reader: TestClient) -> None:
    answer = reader.get("/oembed", params={"url": f"{HOME}/embed/map?point=10.5,50.5", "format": "xml"})
    assert answer.headers["content-type"].startswith("text/xml")
    members = {each.tag: each.text for each in ET.fromstring(answer.text)}  # noqa: S314 - our own answer
    assert members["html"] is not None
    assert members["html"].startswith("<iframe")
    assert members["type"] == "rich"


def test_map_names_its_oembed_address(reader: TestClient) -> None:
    found = re.search(r'application/json\+oembed" href="([^"]+)"', reader.get("/embed/map?level=1").text)
    assert found is not None
    assert "level=1" in reader.get(found[1].replace("&amp;", "&")).json()["html"]


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/embed/map",
        f"{HOME}/search",
        f"{HOME}/embed/map?level=77",
        f"{HOME}/area/D-q",
        "http://[broken",
    ],
)
def test_oembed_knows_only_our_maps_and_grids(reader: TestClient, url: str) -> None:
    assert reader.get(f"/oembed?url={quote(url, safe='')}").status_code == 404


def test_element_is_a_script_that_any_page_may_load(reader: TestClient) -> None:
    answer = reader.get("/embed.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "customElements.define" in answer.text
