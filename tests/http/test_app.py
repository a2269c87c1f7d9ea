"""What holds for every address: errors, health, headers, limits, the description, and new editions."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from api.app import create_app
from api.settings import ServerSettings
from tests.fixtures_db import Database, lost
from tests.http.conftest import Town, publish_second


@pytest.fixture
def empty_client(database: Database) -> Iterator[TestClient]:
    settings = ServerSettings(**database.settings.model_dump(), refresh_seconds=0.05)
    with TestClient(create_app(settings)) as opened:
        yield opened


@pytest.fixture
def lost_client(database: Database) -> Iterator[TestClient]:
    """An application whose database is not there."""
    with TestClient(create_app(ServerSettings(**lost(database.settings).model_dump()))) as opened:
        yield opened


def eventually(is_so: Callable[[], bool], *, seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(0.02)
    return False


def test_unknown_address_is_a_404_problem(reader: TestClient) -> None:
    reply = reader.get("/nothing/here")
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing at /nothing/here. The interface is described at /docs.",
        "instance": "/nothing/here",
    }


def test_wrong_method_is_405_with_the_right_one(reader: TestClient) -> None:
    reply = reader.delete("/cases")
    assert reply.status_code == 405
    assert reply.headers["allow"] == "GET, HEAD, POST"
    assert reply.json()["detail"] == "/cases does not take DELETE. It takes GET, HEAD, POST."


@pytest.mark.parametrize("path", ["/health/live", "/cases", "/collections/grids/items", "/assets/static/geogrid.css"])
def test_head_is_answered_as_get_without_the_body(reader: TestClient, path: str) -> None:
    head, get = reader.head(path), reader.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == get.headers["content-type"]


def operations(client: TestClient) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in client.get("/api").json()["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_each_parameter_at_its_longest_fits_into_an_address(reader: TestClient) -> None:
    longest = 65_535 // len(quote("\U0001f5fa"))
    for name, operation in operations(reader):
        for each in operation.get("parameters", []):
            schema = each["schema"]
            length = schema.get("maxLength", 0)
            if schema.get("type") == "array":
                length = schema.get("maxItems", 1) * schema["items"].get("maxLength", 0)
            assert length < longest, (name, each["name"])


def test_addresses_of_single_things_and_writes_describe_what_can_go_wrong(reader: TestClient) -> None:
    for name, operation in operations(reader):
        places = {each["in"] for each in operation.get("parameters", [])}
        if "path" in places:
            assert "404" in operation["responses"], name
        if "header" in places:
            assert {"409", "412", "428"} <= set(operation["responses"]), name
    assert "If-Match" in str(dict(operations(reader))["post /plans/{plan_id}/edits"]["parameters"])


def test_geojson_is_described_as_geojson(reader: TestClient) -> None:
    described = dict(operations(reader))
    for name, status in (
        ("get /cases/{case_id}", "200"),
        ("post /cases", "201"),
        ("get /plans/{plan_id}/{layer}", "200"),
    ):
        assert list(described[name]["responses"][status]["content"]) == ["application/geo+json"]


def test_body_beyond_the_limit_is_413(reader: TestClient) -> None:
    reply = reader.post("/locate", content=b"[" + b" " * 4_000_001, headers={"content-type": "application/json"})
    assert reply.status_code == 413
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["detail"] == (
        "The body is larger than 4 MB. Send it in parts; GEOGRID_MAX_BODY_MB sets the limit."
    )


def test_body_beyond_the_limit_of_unstated_length_is_413(reader: TestClient) -> None:
    chunks = (b" " * 100_000 for _ in range(45))
    reply = reader.post("/cases", content=chunks, headers={"content-type": "application/json"})
    assert reply.status_code == 413


def test_fault_of_ours_is_500_and_tells_nothing_inside(settings: ServerSettings, town: Town, engine: Engine) -> None:
    del town
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        with engine.begin() as connection:
            connection.execute(text("alter table case_events rename to elsewhere"))
        reply = client.get("/cases/1")
        assert reply.status_code == 404
        reply = client.post("/cases", json={"text": "x"})
    assert reply.status_code == 500
    assert reply.headers["content-type"] == "application/problem+json"
    assert "elsewhere" not in reply.text
    assert "Traceback" not in reply.text


def test_server_starts_without_its_database_and_says_so(lost_client: TestClient) -> None:
    assert lost_client.get("/health/live").json() == {"status": "live"}
    ready = lost_client.get("/health/ready")
    assert ready.status_code == 503
    assert "cannot be used" in ready.json()["checks"]["database"]
    for path in ("/locate?lon=1&lat=1", "/cases", "/collections"):
        reply = lost_client.get(path)
        assert reply.status_code == 503
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.headers["retry-after"] == "5"
        assert reply.json()["detail"].startswith("The database cannot be used")
        assert "127.0.0.1" not in reply.text
        assert "secret" not in reply.text


def test_empty_store_is_not_ready_and_says_how_to_fill_it(empty_client: TestClient) -> None:
    ready = empty_client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["checks"] == {
        "database": "ok",
        "edition": "No edition is in force. Publish a plan, or run: geogrid demo",
    }
    reply = empty_client.get("/locate?lon=1&lat=1")
    assert reply.status_code == 503
    assert reply.json()["detail"] == "No town is stored yet: run `geogrid demo` or `geogrid import town`."


def test_store_with_a_town_is_ready(reader: TestClient) -> None:
    reply = reader.get("/health/ready")
    assert (reply.status_code, reply.json()) == (
        200,
        {"status": "ready", "checks": {"database": "ok", "edition": "ok"}},
    )


def test_store_of_another_version_is_not_ready(client: TestClient, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("update geogrid_revision set version_num = '9999'"))
    # A database that takes longer than a second on a busy machine is told of first.
    assert eventually(
        lambda: "made by a newer GeoGrid" in client.get("/health/ready").json()["checks"]["database"], seconds=60
    )


def test_publication_is_noticed_while_requests_are_answered(engine: Engine, client: TestClient, town: Town) -> None:
    publish_second(engine, town)
    published = time.monotonic()

    def grid() -> str:
        return str(client.get("/locate?lon=11.25&lat=50.5").json()["grid"]["code"])

    assert eventually(lambda: grid() == "D-x", seconds=2.0)
    assert time.monotonic() - published < 2.0


def test_edition_published_for_later_waits_for_its_moment(engine: Engine, client: TestClient, town: Town) -> None:
    begins = datetime.now(UTC) + timedelta(seconds=1.5)
    publish_second(engine, town, valid_from=begins)
    client.app.state.editions.refresh()  # type: ignore[attr-defined]

    def grid() -> str:
        return str(client.get("/locate?lon=11.25&lat=50.5").json()["grid"]["code"])

    while (before := datetime.now(UTC)) < begins - timedelta(seconds=0.2):
        assert grid() == "D-b", before
    assert eventually(lambda: grid() == "D-x")
    assert datetime.now(UTC) >= begins


def test_former_editions_are_kept_within_a_bound(engine: Engine, settings: ServerSettings, town: Town) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    for month in range(5):
        publish_second(engine, town, valid_from=start + timedelta(days=30 * month))
    with TestClient(create_app(settings.model_copy(update={"kept_editions": 2}))) as client:
        for month in range(4):
            at = (start + timedelta(days=30 * month + 1)).strftime("%Y-%m-%dT00:00:00Z")
            assert client.get(f"/locate?lon=11.25&lat=50.5&at={at}").json()["grid"]["code"] == "D-x"
        assert len(client.app.state.editions._former._values) == 2  # type: ignore[attr-defined]


def test_failed_look_keeps_what_was_known(client: TestClient, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("alter table jurisdictions rename to elsewhere"))
    assert eventually(lambda: client.get("/locate?lon=10.5&lat=50.5").json()["grid"]["code"] == "D-a")


def test_replies_tell_browsers_not_to_guess(reader: TestClient) -> None:
    for path in ("/locate?lon=1&lat=1", "/nothing", "/cases"):
        assert reader.get(path).headers["x-content-type-options"] == "nosniff"


def test_other_sites_may_only_call_when_named(settings: ServerSettings, client: TestClient) -> None:
    origin = {"origin": "https://map.example"}
    assert "access-control-allow-origin" not in client.get("/health/live", headers=origin).headers
    open_settings = settings.model_copy(update={"cors_origins": ("https://map.example",)})
    with TestClient(create_app(open_settings)) as named:
        allowed = named.get("/health/live", headers=origin).headers["access-control-allow-origin"]
        assert allowed == "https://map.example"
        stranger = named.get("/health/live", headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in stranger.headers


def test_origins_come_from_the_environment_parted_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOGRID_CORS_ORIGINS", "https://a.example, https://b.example")
    assert ServerSettings().cors_origins == ("https://a.example", "https://b.example")


def test_long_replies_are_compressed(reader: TestClient) -> None:
    assert reader.get("/api", headers={"accept-encoding": "gzip"}).headers["content-encoding"] == "gzip"


def walk(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from walk(each)
    elif isinstance(value, list):
        for each in value:
            yield from walk(each)


def test_description_is_openapi_3_0(reader: TestClient) -> None:
    description = reader.get("/api").json()
    assert description["openapi"] == "3.0.3"
    for schema in walk(description):
        assert schema.get("type") != "null"
        assert not {"const", "prefixItems", "$defs"} & set(schema) or "properties" in schema
        reference = schema.get("$ref")
        if isinstance(reference, str):
            assert reference.removeprefix("#/components/schemas/") in description["components"]["schemas"]
    responses = [op["responses"] for path in description["paths"].values() for op in path.values()]
    assert all("422" not in each and "400" in each for each in responses)


def test_description_names_every_parameter_of_a_lookup(reader: TestClient) -> None:
    parameters = reader.get("/api").json()["paths"]["/locate"]["get"]["parameters"]
    described = {each["name"]: (each["required"], bool(each["description"])) for each in parameters}
    assert described == {
        "lon": (True, True),
        "lat": (True, True),
        "coord_type": (False, True),
        "at": (False, True),
        "jurisdiction": (False, True),
        "error_m": (False, True),
    }


def test_links_of_the_start_lead_somewhere(reader: TestClient) -> None:
    reply = reader.get("/", headers={"accept": "application/json"})
    for link in reply.json()["links"]:
        assert reader.get(link["href"], headers={"accept": "*/*"}).status_code == 200, link
    assert {link["rel"] for link in reply.json()["links"]} >= {"self", "service-desc", "service-doc", "data"}
