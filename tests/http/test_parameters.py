"""Every documented parameter of every reading route has a request that succeeds, and that changes the answer.

The routes are those of the description, the requests those of the tables here: a parameter without an example fails.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import pytest
from fastapi.testclient import TestClient
from shapely import Point
from sqlalchemy import text

from api.app import create_app
from api.settings import ServerSettings
from boundaries.addresses.geocoding import import_addresses
from boundaries.cases.reading import NewCase
from boundaries.store.engine import open_engine, unit_of_work
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.http.conftest import publish_second, store_cases, store_town
from tests.http.open311_town import POLE, SERVICES, offer, posted

LAMP = SERVICES[0]["service_name"]
FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)
FIRST = "2026-02-01T00:00:00Z"
LATER = "2026-02-10T00:00:00Z"
BOX = "110.6,50.1,110.9,50.9"
POLYGON = "POLYGON((110.6 50.1,110.9 50.1,110.9 50.9,110.6 50.1))"
EPSG = "http://www.opengis.net/def/crs/EPSG/0"
WIDE = "110.1,50.1,113.9,51.4"
INTERSECTS = "S_INTERSECTS(geometry,POLYGON((110.1 50.1,113.9 50.1,113.9 51.4,110.1 51.4,110.1 50.1)))"
LIMIT = "MULTIPOLYGON(((110 50, 114 50, 114 51, 112 51, 112 51.5, 111 51.5, 111 51, 110 51, 110 50)))"

ADDRESSES = gpd.GeoDataFrame(
    {"street": ["Quay Street"] * 3, "house_number": ["9", "9", "91"]},
    geometry=[Point(111.05, 50.5), Point(112.4, 50.5), Point(111.051, 50.5)],
    crs="EPSG:4326",
)

PATH = {
    "code": "D",
    "key": "1",
    "relation": "children",
    "srid": "4326",
    "pair": "111.103,50.5",
    "matrix_set_id": "WebMercatorQuad",
    "zoom": "6",
    "row": "21",
    "column": "51",
    "plan_id": "1",
    "other_id": "2",
    "edition_id": "1",
    "layer": "grids",
    "edition": "1",
    "case_id": "1",
    "z": "6",
    "x": "51",
    "y": "21",
    "extension": "json",
    "service_code": "LAMP",
    "service_request_id": "1",
}
"""Values of parts of paths; `feature` and `token` are asked of the store."""

NEEDED = {
    "lon": "111.05",
    "lat": "50.5",
    "q": "Quay Street 9",
    "codes": "D",
    "url": "http://testserver/area/D",
    "coord_type": "gcj02",
}
"""Values that required parameters have in the request to compare with."""

EXAMPLES = {
    "around": "D-x",
    "alpha": "0.2",
    "area_m2": "5",
    "at": FIRST,
    "bandwidth_m": "250",
    "base": "false",
    "bbox": BOX,
    "bbox-crs": f"{EPSG}/3857",
    "block": "2",
    "bom": "true",
    "buildings": "1",
    "cases": "6",
    "category": LAMP,
    "channel": "app",
    "closed_at": "2026-02-20T00:00:00Z",
    "code": "D-x",
    "codes": "D-x",
    "coord_type": "bd09",
    "crs": f"{EPSG}/3857",
    "datetime": "2026-02-01T00:00:00Z/2026-02-05T00:00:00Z",
    "duty": "chief",
    "edition": "99",
    "end_date": LATER,
    "error_m": "9000",
    "extensions": "true",
    "external_id": "A-1",
    "f": "html",
    "filter-lang": "cql2-json",
    "filter-crs": f"{EPSG}/3857",
    "first_reported_at": LATER,
    "format": "xml",
    "grid": "D-a",
    "grids": "D-x",
    "has_grid": "false",
    "holder": "sanitation",
    "households": "1",
    "kind": "published",
    "lang": "zh",
    "last_reported_at": LATER,
    "lat": "50.6",
    "level": "1",
    "level_name": "区",
    "limit": "1",
    "lon": "112.4",
    "max_share": "0.3",
    "maxheight": "200",
    "maxwidth": "300",
    "name": "Grid x",
    "neighbors": "rook",
    "near": "112.4,50.5",
    "offset": "1",
    "overdue": "true",
    "page": "2",
    "page_size": "1",
    "parent": "D",
    "permutations": "999",
    "point": "110.75,50.5",
    "polygon": POLYGON,
    "population": "1",
    "q": "Quay Street 91",
    "reported_at": FIRST,
    "seed": "1",
    "service_code": "TREE",
    "service_request_id": "1",
    "since": LATER,
    "start_date": FIRST,
    "state": "draft",
    "status": "closed",
    "text": "noise",
    "tolerance_m2": "1e9",
    "unclosed": "1",
    "until": LATER,
    "url": "http://testserver/area/D-x",
    "valid_from": "2026-01-01T00:00:00Z",
    "valid_to": "2026-03-01T00:00:00Z",
    "within": "D-y",
}
"""A value of each parameter that is right, and that changes the answer."""

OF_ROUTE: Mapping[str, Mapping[str, str]] = {
    r"/cases": {"f": "csv"},
    r"/hotspots": {"base": "none", "method": "scan", "correction": "none"},
    r"/maps/hotspots": {"base": "none", "method": "scan", "correction": "none", "split": LATER},
    r"/changes": {"since": "1"},
    r"/collections/grids/.*": {"kind": "comprehensive", "category": "school"},
    r"/collections/edition-.*": {"kind": "comprehensive", "category": "school"},
    r"/(plans|editions)/.*/(compare|diff)/.*": {"f": "csv"},
    r"/embed/map": {"cases": "all", "level": "1"},
    r"/collections/.*/items": {"properties": "edition", "sortby": "-edition", "filter": "edition = 99"},
    r"/collections/(grids|edition-.*)/items": {"sortby": "-code"},
    r"/collections/blocks/items": {"sortby": "-block"},
    r"/collections/cases/items": {"properties": "status", "sortby": "-reported_at", "filter": "status = 'closed'"},
    r"/collections/hotspots/items": {"properties": "cases", "sortby": "cases", "filter": "cases = 6"},
    r"/collections/hotspot-grids/items.*": {"base": "none", "method": "scan", "correction": "none"},
    r"/collections/hotspot-grids/items": {
        "properties": "cases",
        "sortby": "-code",
        "filter": "cases = 6",
        "state": "high",
        "base": "none",
        "method": "scan",
        "correction": "none",
        "value": "1",
        "p": "0.25",
        "adjusted_p": "0.25",
        "how": "x",
    },
    r"/collections/coverage-gaps/items": {"sortby": "area_m2"},
    r"/collections/edition-.*/items": {"valid_from": "2027-01-01T00:00:00Z", "valid_to": "2027-01-01T00:00:00Z"},
    r"/open311/v2/requests.{extension}": {"start_date": LATER, "end_date": "2026-01-25T00:00:00Z"},
    r"/reverse": {"limit": "2"},
    r"/shift/.*": {"coord_type": "bd09"},
    r"/grids/.*/(successors|predecessors)": {"since": "2026-04-01T00:00:00Z"},
}
"""Examples that differ with the route, by its whole path; the last that fits is taken."""

NOTHING = {"op": "isNull", "args": [{"property": "geometry"}]}
BESIDE: Mapping[str, Mapping[str, str]] = {
    "bbox-crs": {"bbox": WIDE},
    "bom": {"f": "csv"},
    "filter-crs": {"filter": INTERSECTS},
    "filter-lang": {"filter": json.dumps(NOTHING)},
    "lang": {"f": "html"},
    "page": {"page_size": "1"},
}
"""Parameters without which another says nothing: both requests have them where the route does."""

BESIDE_OF_ROUTE: Mapping[str, Mapping[str, str]] = {
    r"/open311/v2/requests.{extension}": {"start_date": "2026-01-20T00:00:00Z", "end_date": "2026-03-20T00:00:00Z"},
    "/maps/hotspots": {"method": "gi_star"},
    # Half-way between the two that are alike: which is nearer depends on the datum.
    "/suggest": {"near": "111.73,50.5"},
    "/geocode": {"near": "112.4,50.5"},
    **{route: {"f": "geojson"} for route in ("/area/{code}", "/area/{code}/{relation}", "/areas")},
}

PATH_OF_ROUTE: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("/plans/{plan_id}/validation", "valid_from"): {"plan_id": "3"},
}
"""Other values of parts of paths for one parameter: plan 3 is a draft of the first edition."""

SAME = {("/conformance", "jurisdiction")}
"""Parameters that are taken only because every page passes them on."""

PASSED_ON = r"/(editions/.*/)?tiles"
"""Routes that tell no coordinate, and give `coord_type` on to what they link to."""

TOWN_NAMES = ("jurisdiction", "jurisdiction_id")
"""The only town is what is meant anyway: that another one is refused shows that these are read."""

VOLATILE = re.compile(r'"(timeStamp|timestamp|date_created|links)":\s*("[^"]*"|\[.*?\])')


@dataclass(frozen=True, slots=True)
class Asked:
    """A town that answers, and what tells its features."""

    client: TestClient
    token: str
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    features: dict[str, str] = field(default_factory=dict)

    def path(self, route: str, own: Mapping[str, str]) -> str:
        values = {**PATH, "token": self.token, **own}
        collection = re.match(r"/collections/([^/]+)/items/{feature}", route)
        if collection:
            filled = collection[1].format(**PATH)
            if filled not in self.features:
                (first, *_) = self.client.get(f"/collections/{filled}/items").json()["features"]
                self.features[filled] = str(first["id"])
            values["feature"] = self.features[filled]
        return route.format(**values)

    def answer(self, route: str, query: Mapping[str, str], name: str = "") -> tuple[int, str]:
        """Return the status, and the answer without what differs each time or repeats the request."""
        path = self.path(route, PATH_OF_ROUTE.get((route, name), {}))
        key = json.dumps([path, dict(query)])
        if key not in self.answers:
            reply = self.client.get(path, params=dict(query))
            heads = [reply.headers.get(name, "")[:24] for name in ("content-type", "content-disposition")]
            body = VOLATILE.sub("", reply.content.decode("utf-8", "replace"))
            self.answers[key] = reply.status_code, " ".join([*heads, body])
        return self.answers[key]


def asked_for(number: int, lon: float | None, *, days: int = 0, **others: Any) -> NewCase:
    place = {"lon": lon, "lat": None if lon is None else 50.5}
    return NewCase("test", str(number), FEBRUARY + timedelta(days=days), **{"category": "noise", **place, **others})


def cases() -> Iterator[NewCase]:
    """Yield two crowds, one after the other, and one case without a place."""
    yield asked_for(1, 110.2, external_id="A-1", channel="app", text="noise", category=LAMP)
    yield from (asked_for(2 + n, 110.201 + 0.001 * n, category=LAMP) for n in range(5))
    closed = FEBRUARY + timedelta(days=19)
    yield from (
        asked_for(10 + n, 111.2 + 0.001 * n, days=12, status="closed" if n else "open", closed_at=closed if n else None)
        for n in range(7)
    )
    yield asked_for(20, None, text="smell", days=20)


@pytest.fixture(scope="module")
def town(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("parameters")):
        engine = open_engine(database.settings)
        stored = store_town(engine, west=110.0)
        key = offer(engine, stored)
        store_cases(engine, stored, *cases())
        publish_second(engine, stored, west=110.1)
        with unit_of_work(engine) as session:
            import_addresses(session, stored.id, ADDRESSES, "quay")
        with engine.begin() as connection:
            connection.execute(text("update jurisdictions set limit_geom = ST_GeomFromText(:it, 4326)"), {"it": LIMIT})
        with TestClient(create_app(ServerSettings(**database.settings.model_dump()))) as opened:
            assert posted(opened, key, long="110.2", service_code="LAMP", **POLE).status_code == 201
            assert opened.post("/plans", json={"name": "next", "based_on": 1}).json()["id"] == 3
            yield Asked(opened, posted(opened, key, long="110.2", service_code="TREE").json()[0]["token"])
        engine.dispose()


def routes(client: TestClient, beginning: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the reading routes and their parameters; collections of one level are `grids` with a condition."""
    for route, item in client.get("/api").json()["paths"].items():
        # The stream of a plan goes on for minutes; `test_planners_together` reads it.
        is_here = not route.startswith("/collections/level-") and not route.endswith("/events")
        if "get" in item and re.match(beginning, route) and is_here:
            yield route, [*item.get("parameters", []), *item["get"].get("parameters", [])]


def example(town: Asked, route: str, parameter: Mapping[str, Any]) -> str | None:
    name = parameter["name"]
    if name in TOWN_NAMES:
        return "town"
    if name == "cursor":
        links = town.client.get(f"{route}?limit=1").json()["links"]
        return next(str(link["href"]) for link in links if link["rel"] == "next").partition("cursor=")[2]
    fitting = [own[name] for path, own in OF_ROUTE.items() if name in own and re.fullmatch(path, route)]
    value = fitting[-1] if fitting else EXAMPLES.get(name)
    schema = parameter["schema"]
    choices = schema.get("enum") or schema.get("items", {}).get("enum")
    return value if choices is None or value in choices else str(choices[-1])


def fault_of(town: Asked, route: str, parameters: list[dict[str, Any]], name: str, needed: Mapping[str, str]) -> str:
    """Return what is wrong with a parameter of a route, empty where nothing is."""
    documented = {each["name"]: each for each in parameters}
    parameter = documented[name]
    value = example(town, route, parameter)
    if value is None:
        return "has no example in this file"
    others = {**BESIDE_OF_ROUTE.get(route, {}), **BESIDE.get(name, {})}
    beside = {**needed, **{each: others[each] for each in others if each in documented}}
    without = town.answer(route, {each: beside[each] for each in beside if each != name or each in needed}, name)
    status, told = town.answer(route, {**beside, name: value}, name)
    if status != 200:
        return f"{value!r} is refused: {status} {told[:200]}"
    if (route, name) in SAME or parameter["schema"].get("enum") == [value]:
        return ""
    if name == "coord_type" and re.fullmatch(PASSED_ON, route):
        linked = town.client.get(town.path(route, {}), params={**beside, name: value}).json()
        return "" if f"coord_type={value}" in json.dumps(linked) else "is not passed on"
    if name in TOWN_NAMES:
        return "" if town.answer(route, {**beside, name: "nowhere"})[0] in {400, 404} else "is not read"
    return f"{value!r} changes nothing" if without == (status, told) else ""


@pytest.mark.parametrize(
    ("beginning", "least"),
    [("/collections/grids", 40), ("/collections/(?!grids)", 130), ("/(?!collections/)", 120)],
    ids=["grids", "other collections", "the rest"],
)
def test_every_documented_parameter_is_taken_and_changes_the_answer(town: Asked, beginning: str, least: int) -> None:
    faults: dict[str, list[str]] = defaultdict(list)
    tried = 0
    for route, parameters in routes(town.client, beginning):
        asked = [each for each in parameters if each["in"] == "query"]
        needed = {each["name"]: NEEDED[each["name"]] for each in asked if each.get("required")}
        status, told = town.answer(route, needed)
        if status != 200:
            faults[route].append(f"is refused without parameters: {status} {told[:200]}")
        for parameter in asked:
            tried += 1
            fault = fault_of(town, route, asked, parameter["name"], needed)
            if fault:
                faults[route].append(f"{parameter['name']} {fault}")
    assert not faults, "\n".join(f"{route}: {each}" for route, found in faults.items() for each in found)
    assert tried >= least
