"""Whatever is stored, every view of it answers afterwards: lists, pages, maps, formats, feeds and Open311."""

import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pyogrio
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, note
from hypothesis import settings as settings_of_test
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy import Engine, text

from api.app import create_app
from api.settings import ServerSettings
from boundaries.features.catalogue import CASE_FIELD_NAMES
from boundaries.store.engine import open_engine
from tests.db.imports import run
from tests.fixtures_db import TEMPLATE, Database, Server, copied
from tests.http.conftest import store_town
from tests.http.open311_town import V2, offer
from tests.http.stored_values import cases, encoded, requests, texts

HTML = {"accept": "text/html"}


def is_json(content: bytes) -> None:
    json.loads(content)


def is_xml(content: bytes) -> None:
    etree.fromstring(content)


def is_page(content: bytes) -> None:
    assert b"</html>" in content


def is_csv(content: bytes) -> None:
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert len({len(row) for row in rows}) == 1


def is_sequence(content: bytes) -> None:
    for line in content.decode().split("\x1e")[1:]:
        json.loads(line)


def is_parquet(content: bytes) -> None:
    assert pq.read_table(io.BytesIO(content)).num_columns > 0


def is_flatgeobuf(content: bytes) -> None:
    pyogrio.raw.read(content)


ITEMS = "/collections/cases/items"
VIEWS: dict[str, Callable[[bytes], None]] = {
    "/cases": is_json,
    "/cases?f=csv": is_csv,
    "/search": is_page,
    "/search?lang=zh": is_page,
    "/maps/hotspots": is_page,
    "/hotspots": is_json,
    "/changes?limit=1000": is_json,
    "/geocode/reviews": is_json,
    "/collections/hotspots/items": is_json,
    "/collections/hotspots/items?f=kml": is_xml,
    ITEMS: is_json,
    f"{ITEMS}?f=html": is_page,
    f"{ITEMS}?f=csv": is_csv,
    f"{ITEMS}?f=geojsonseq": is_sequence,
    f"{ITEMS}?f=topojson": is_json,
    f"{ITEMS}?f=flatgeobuf": is_flatgeobuf,
    f"{ITEMS}?f=geoparquet": is_parquet,
    f"{ITEMS}?f=kml": is_xml,
    f"{ITEMS}?coord_type=bd09&sortby=-reported_at": is_json,
    f"{ITEMS}?crs=http://www.opengis.net/def/crs/EPSG/0/3857": is_json,
    f"{V2}/requests.json?extensions=true": is_json,
    f"{V2}/requests.xml?extensions=true": is_xml,
}
OF_CASE: dict[str, Callable[[bytes], None]] = {
    "/cases/{id}": is_json,
    "/search/{id}": is_page,
}
OF_FEATURE: dict[str, Callable[[bytes], None]] = {
    f"{ITEMS}/{{id}}": is_json,
    f"{ITEMS}/{{id}}?f=html": is_page,
}
"""Of cases that have a place."""

OF_REQUEST: dict[str, Callable[[bytes], None]] = {
    f"{V2}/requests/{{id}}.json?extensions=true": is_json,
    f"{V2}/requests/{{id}}.xml?extensions=true": is_xml,
}
EVERYTHING_PUBLIC = tuple(CASE_FIELD_NAMES)


@dataclass(slots=True)
class Store:
    """A store that takes what is generated, and is emptied before the next."""

    client: TestClient
    engine: Engine
    database: Database
    key: str
    taken: int = 0
    asked: int = 0
    refused: list[str] = field(default_factory=list)

    def empty(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(text("set local session_replication_role = replica"))
            connection.execute(text("truncate cases cascade"))

    def post_case(self, body: dict[str, Any]) -> int | None:
        reply = self.client.post("/cases", content=encoded(body), headers={"content-type": "application/json"})
        if not self._is_taken(reply):
            return None
        assert reply.json()["properties"]["attributes"] == body["attributes"]
        return int(reply.json()["id"])

    def post_request(self, form: dict[str, str]) -> int | None:
        reply = self.client.post(f"{V2}/requests.json", data={"api_key": self.key, **form})
        return int(reply.json()[0]["service_request_id"]) if self._is_taken(reply) else None

    def _is_taken(self, reply: Any) -> bool:
        assert reply.status_code in {200, 201, 400, 404, 409}, reply.text[:500]
        if reply.status_code >= 400:
            self.refused.append(reply.text)
            return False
        self.taken += 1
        return True

    def check(self, view: str, reads: Callable[[bytes], None]) -> None:
        self.asked += 1
        reply = self.client.get(view, headers=HTML if reads is is_page else {})
        assert reply.status_code == 200, f"{view}: {reply.status_code} {reply.text[:500]}"
        try:
            reads(reply.content)
        except Exception as error:
            raise AssertionError(f"{view} cannot be read: {error!r} {reply.content[:500]!r}") from error


@pytest.fixture(scope="module")
def store(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("shown")):
        engine = open_engine(database.settings)
        key = offer(engine, store_town(engine, time_zone="Asia/Shanghai"))
        settings = ServerSettings(**database.settings.model_dump(), public_case_fields=EVERYTHING_PUBLIC)
        with TestClient(create_app(settings)) as client:
            yield Store(client, engine, database, key)
        engine.dispose()


def assert_what_is_stored_is_shown(store: Store, bodies: list[dict[str, Any]], form: dict[str, str]) -> None:
    store.empty()
    note(f"{encoded(form).decode()}")
    numbers = [store.post_case(body) for body in bodies]
    request = store.post_request(form)
    stored = [*numbers, request]
    if all(number is None for number in stored):
        return
    for view, reads in VIEWS.items():
        store.check(view, reads)
    for number in filter(None, stored):
        placed = store.client.get(f"/cases/{number}").json()["geometry"] is not None
        for view, reads in {**OF_CASE, **(OF_FEATURE if placed else {})}.items():
            store.check(view.format(id=number), reads)
    for view, reads in OF_REQUEST.items() if request is not None else ():
        store.check(view.format(id=request), reads)
    for body, number in zip(bodies, numbers, strict=True):
        if number is not None:
            ask_for_what_was_said(store, body)


def ask_for_what_was_said(store: Store, body: dict[str, Any]) -> None:
    """What a case says is found by the same words."""
    for name in ("channel", "category", "external_id"):
        if body.get(name):
            found = store.client.get("/cases", params={name: body[name]})
            assert found.status_code == 200, found.text[:500]
            assert found.json()["numberMatched"] >= 1, (name, body[name])
            page = store.client.get("/search", params={name: body[name], "text": body["text"][:50]}, headers=HTML)
            assert page.status_code == 200


@pytest.mark.parametrize(("lon", "lat"), [(11.2, -90.0), (-169.0, 0.0), (180.0, 90.0), (100.0, 10.0)])
def test_place_at_the_far_side_of_the_globe_takes_no_list_down(store: Store, lon: float, lat: float) -> None:
    store.empty()
    far = store.post_case({"lon": lon, "lat": lat, "attributes": {}})
    near = [store.post_case({"lon": 10.2 + 0.001 * n, "lat": 50.5, "attributes": {}}) for n in range(5)]
    for system in (3857, 4326, 4490, 32632):
        reply = store.client.get(f"{ITEMS}?crs=http://www.opengis.net/def/crs/EPSG/0/{system}")
        shapes = {each["id"]: each["geometry"] for each in reply.json()["features"]}
        assert set(shapes) == {far, *near}
        assert all(shapes[each] is not None for each in near)
    (spot,) = store.client.get("/collections/hotspots/items").json()["features"]
    assert spot["properties"]["cases"] == 5


def test_characters_that_xml_cannot_hold_are_marked_in_it(store: Store) -> None:
    store.empty()
    store.post_case({"lon": 10.5, "lat": 50.5, "text": "a\x01b\ufffec\uffffd\U0001fffe", "attributes": {}})
    placemarks = etree.fromstring(store.client.get(f"{ITEMS}?f=kml").content)
    assert "a\ufffdb\ufffdc\ufffdd\U0001fffe" in placemarks.xpath("//*[local-name() = 'value']/text()")


REQUESTS = int(os.environ.get("TESTS_REQUESTS", "100000"))
"""About so many requests the long test makes."""

REQUESTS_A_STORE = 25
REQUESTS_TOLD = 1_000
SOME = st.lists(cases(), min_size=1, max_size=3)
LONG = settings_of_test(
    suppress_health_check=list(HealthCheck), print_blob=True, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
"""What is found is not made smaller here, which takes minutes."""

QUICK = settings_of_test(LONG, derandomize=True, phases=[Phase.explicit, Phase.generate])


@settings_of_test(QUICK, max_examples=12)
@given(SOME, requests())
def test_whatever_is_stored_every_view_answers(
    store: Store, bodies: list[dict[str, Any]], form: dict[str, str]
) -> None:
    assert_what_is_stored_is_shown(store, bodies, form)


def test_most_of_what_was_made_was_taken(store: Store) -> None:
    if not store.taken + len(store.refused):
        pytest.skip("nothing was made in this process")
    assert store.taken > len(store.refused)


@pytest.mark.long
@pytest.mark.timeout(max(REQUESTS // 5, 600))
@pytest.mark.filterwarnings("ignore:Generating overly large repr:hypothesis.errors.HypothesisWarning")
@settings_of_test(LONG, max_examples=max(REQUESTS // REQUESTS_A_STORE, 1))
@given(SOME, requests())
def test_whatever_is_stored_of_thousands_every_view_answers(
    store: Store, bodies: list[dict[str, Any]], form: dict[str, str]
) -> None:
    told = store.asked // REQUESTS_TOLD
    assert_what_is_stored_is_shown(store, bodies, form)
    if store.asked // REQUESTS_TOLD > told:
        # Of a run that is cut off, too; -s shows it.
        print(f"{store.asked:,} requests", flush=True)  # noqa: T201 - so long a run is told


@pytest.mark.long
def test_as_many_requests_were_made_as_were_wished(store: Store) -> None:
    if not store.asked:
        pytest.skip("nothing was asked in this process")
    assert store.asked >= 0.9 * REQUESTS


@settings_of_test(QUICK, max_examples=4)
@given(st.lists(st.tuples(texts(), texts(), texts()), min_size=5, max_size=20))
def test_whatever_is_imported_every_view_answers(
    store: Store, tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]
) -> None:
    store.empty()
    folder: Path = tmp_path_factory.mktemp("imported")
    file = folder / "cases.csv"
    with file.open("w", encoding="utf-8", newline="", errors="strict") as opened:
        table = csv.writer(opened)
        table.writerow(["id", "when", "lon", "lat", "what", "kind", "more"])
        for number, row in enumerate(rows):
            table.writerow([f"N{number}", "2026-02-01T00:00:00Z", "10.5", "50.5", *row])
    columns = ("--id", "id", "--time", "when", "--lon", "lon", "--lat", "lat", "--text", "what", "--category", "kind")
    options = ("--keep", "more", "--rejects", folder / "rejects.csv")
    done = run(store.database, "import", "cases", file, "--jurisdiction", "town", *columns, *options)
    assert done.exit_code in {0, 1, 3}, done.output
    assert "Traceback" not in done.output
    for view, reads in VIEWS.items():
        store.check(view, reads)
    assert run(store.database, "map", "hotspots", "--out", folder / "map.html").exit_code == 0
