"""Bounded work: each limit of docs/http.md from both sides, and names that the server does not have."""

import io
import json
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.kit.budget import MemoryBudget
from api.kit.limits import body_limit
from api.settings import ServerSettings
from geogrid.errors import UnavailableError
from tests.http.conftest import Town
from tests.serving import serving

ARROW = "application/vnd.apache.arrow.stream"
NDJSON = "application/x-ndjson"
JSON = "application/json"


def post(client: TestClient, content: bytes, media_type: str, path: str = "/locate") -> tuple[int, str]:
    reply = client.post(path, content=content, headers={"content-type": media_type})
    return reply.status_code, reply.text


def stream(rows: int, *, compression: str | None = "zstd", batches: int = 1) -> bytes:
    sink = io.BytesIO()
    zeros = np.zeros(rows)
    table = pa.table({"lon": zeros, "lat": zeros})
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        for _ in range(batches):
            writer.write_table(table)
    return sink.getvalue()


@pytest.mark.parametrize("name", ["lon", "other"])
def test_small_stream_that_would_become_gigabytes_is_refused_before_it_does(reader: TestClient, name: str) -> None:
    zeros = np.zeros(20_000_000)
    sink = io.BytesIO()
    columns = {"lon": zeros, "lat": zeros} if name == "lon" else {
        "lon": [1.0], "lat": [1.0], "text": pa.array(["\0" * 200_000_000]),
    }  # fmt: skip
    table = pa.table(columns)
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    del table, columns, zeros
    body = sink.getvalue()
    before = pa.default_memory_pool().bytes_allocated()
    pool_peak = pa.default_memory_pool().max_memory()
    status, text = post(reader, body, ARROW)
    assert status == 400
    assert "500,000 rows" in text or "128 MB when decompressed" in text
    assert len(body) < 100_000
    assert pa.default_memory_pool().bytes_allocated() <= before
    assert pa.default_memory_pool().max_memory() == pool_peak


def test_dictionary_that_would_become_gigabytes_is_refused(reader: TestClient) -> None:
    words = pa.DictionaryArray.from_arrays(pa.array([0], pa.int32()), pa.array(["\0" * 200_000_000]))
    table = pa.table({"lon": [1.0], "lat": [1.0], "word": words})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table)
    status, text = post(reader, sink.getvalue(), ARROW)
    assert (status, "128 MB when decompressed" in text) == (400, True)


@pytest.mark.parametrize("compression", [None, "lz4"])
def test_rows_of_a_stream_are_counted_over_all_batches(
    settings: ServerSettings, town: Town, compression: str | None
) -> None:
    del town
    with TestClient(create_app(settings.model_copy(update={"max_body_mb": 64.0}))) as client:
        for rows, status in ((250_000, 200), (250_001, 400)):
            assert post(client, stream(rows, batches=2, compression=compression), ARROW)[0] == status


def test_lines_and_lists_are_counted(settings: ServerSettings, town: Town) -> None:
    del town
    line, pair = b'{"lon":10.5,"lat":50.5}\n', b"[0,0],"
    with TestClient(create_app(settings.model_copy(update={"max_body_mb": 64.0}))) as client:
        status, text = post(client, line * 500_000, NDJSON)
        assert (status, text.count("\n")) == (200, 500_000)
        status, text = post(client, line * 500_001, NDJSON)
        assert (status, "more than 500,000 lines" in text) == (400, True)
        assert post(client, b"[" + (pair * 100_000)[:-1] + b"]", JSON)[0] == 200
        status, text = post(client, b"[" + (pair * 100_001)[:-1] + b"]", JSON)
        assert (status, "JSON may have 100,000 points" in text) == (400, True)
        assert post(client, b"[" + b"[" * 400_000, JSON)[0] == 400
        assert post(client, b"[" + b" " * 9_999_999, JSON)[0] == 400
        status, text = post(client, b"[" + b" " * 10_000_000, JSON)
        assert (status, "larger than 10 MB" in text, "NDJSON" in text) == (413, True, True)


def test_pieces_of_lines_keep_their_order_and_their_numbers(reader: TestClient) -> None:
    lines = [json.dumps({"id": n, "lon": 10.5 + n % 3, "lat": 50.5}) for n in range(45_000)]
    status, text = post(reader, "\n".join(lines).encode(), NDJSON)
    assert status == 200
    answers = [json.loads(line) for line in text.splitlines()]
    assert [each["id"] for each in answers] == list(range(45_000))
    assert [each["grid"] for each in answers[:3]] == ["D-a", "D-b", "D-c"]
    lines[41_000] = '{"lon": 181, "lat": 0}'
    status, text = post(reader, "\n".join(lines).encode(), NDJSON)
    assert (status, "Line 41001 is 181, 0" in text) == (400, True)


def test_faults_are_listed_up_to_twenty(reader: TestClient) -> None:
    reply = reader.post("/locate", content=b"x\n" * 1_000, headers={"content-type": NDJSON})
    assert len(reply.json()["errors"]) == 21
    assert reply.json()["errors"][-1]["detail"] == "Reading stopped here; there may be more."
    assert len(reader.post("/locate", json=[["x" * 100_000, 1]]).text) < 2_000


@pytest.mark.parametrize("given", [2**53, 1.5, True, [1], 20260101000000012345])
def test_identifier_that_would_change_on_its_way_is_refused(reader: TestClient, given: object) -> None:
    assert reader.post("/locate", json=[{"lon": 1, "lat": 1, "id": given}]).status_code == 400


@pytest.mark.parametrize(
    ("path", "most", "sent", "limit"),
    [
        ("/locate", 64.0, NDJSON, 64.0),
        ("/locate", 64.0, "application/JSON; charset=utf-8", 10.0),
        ("/locate", 1.0, JSON, 1.0),
        ("/geocode", 64.0, JSON, 8.0),
        ("/plans/7/edits", 64.0, JSON, 16.0),
        ("/cases", 64.0, JSON, 2.0),
        ("/x", 1.0, "", 1.0),
    ],
)
def test_routes_have_limits_of_their_own(path: str, most: float, sent: str, limit: float) -> None:
    assert body_limit(path, sent, most_mb=most).megabytes == limit


def test_body_beyond_the_limit_of_its_route_is_413(reader: TestClient) -> None:
    small, large = b'"' + b" " * 1_999_990 + b'"', b'"' + b" " * 2_000_000 + b'"'
    assert post(reader, small, JSON, "/cases")[0] == 400
    status, text = post(reader, large, JSON, "/cases")
    assert (status, "larger than 2 MB" in text) == (413, True)


def test_addresses_are_counted_before_they_are_objects(reader: TestClient) -> None:
    assert post(reader, b"q\n" + b"a\n" * 10_001, "text/csv", "/geocode")[0] == 400
    assert post(reader, b'"a"\n' * 10_001, NDJSON, "/geocode")[0] == 400
    assert post(reader, b"[" + b"{}," * 1_000_000 + b"{}]", JSON, "/geocode")[0] == 400


def test_budget_is_one_for_all_and_given_back() -> None:
    budget = MemoryBudget(100)
    first, second = budget.lease(), budget.lease()
    first.grow(60)
    with pytest.raises(UnavailableError, match="no room"):
        second.grow(41)
    second.grow(40)
    first.release()
    second.grow(60)


def test_request_that_finds_no_room_is_told_when_to_come_back(settings: ServerSettings, town: Town) -> None:
    del town
    line = b'{"lon":10.5,"lat":50.5}\n'
    with TestClient(create_app(settings.model_copy(update={"memory_mb": 1.0}))) as client:
        for _ in range(3):
            assert post(client, line * 10_000, NDJSON)[0] == 200
        for body, media_type in ((line * 30_000, NDJSON), (b"[" + b"[0,0]," * 10_000 + b"[0,0]]", JSON)):
            reply = client.post("/locate", content=body, headers={"content-type": media_type})
            assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")
        reply = client.post("/cases", content=b" " * 1_500_000, headers={"content-type": JSON})
        assert reply.status_code == 503
        assert post(client, line * 10_000, NDJSON)[0] == 200


@pytest.fixture
def impatient(settings: ServerSettings, town: Town, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    del town
    monkeypatch.setattr("api.heads.HEAD_SECONDS", 0.5)
    monkeypatch.setattr("api.middleware.BODY_SECONDS", 0.5)
    with serving(settings) as address:
        parts = urlsplit(address)
        yield parts.hostname or "", parts.port or 0


def wait_for_end(sent: bytes, server: tuple[str, int]) -> tuple[bytes, float]:
    with socket.create_connection(server, 10) as connection:
        began = time.monotonic()
        connection.sendall(sent)
        received = b""
        while piece := connection.recv(65_536):
            received += piece
        return received, time.monotonic() - began


@pytest.mark.parametrize("sent", [b"", b"GET /health/live HT", b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX: "])
def test_half_a_head_is_let_go(impatient: tuple[str, int], sent: bytes) -> None:
    received, seconds = wait_for_end(sent, impatient)
    assert received == b""
    assert seconds < 8


def test_half_a_body_is_let_go(impatient: tuple[str, int]) -> None:
    head = b"POST /cases HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    received, seconds = wait_for_end(head, impatient)
    assert received.startswith(b"HTTP/1.1 408")
    assert seconds < 8


def test_head_without_end_is_let_go(impatient: tuple[str, int]) -> None:
    def send_without_end(connection: socket.socket) -> None:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        for number in range(40_000):
            connection.sendall(b"X-%d: %s\r\n" % (number, b"x" * 1_000))

    with (
        socket.create_connection(impatient, 10) as connection,
        pytest.raises((BrokenPipeError, ConnectionResetError)),
    ):
        send_without_end(connection)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost@evil.example",
        "localhost.evil.example",
        "",
        "127.0.0.1:99999",
        "东山",
        "8.8.8.8",
        "a b",
    ],
)
@pytest.mark.parametrize("path", ["/", "/collections", "/oembed?url=x", "/styles/grids"])
def test_request_for_another_host_is_refused(reader: TestClient, host: str, path: str) -> None:
    for accept in ("*/*", "text/html"):
        reply = reader.get(path, headers={"host": host.encode(), "accept": accept})  # type: ignore[dict-item]
        assert reply.status_code == 400
        assert f"//{host}" not in reply.text or not host


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "127.3.2.1", "[::1]:80", "testserver"]
)
def test_own_names_are_answered(reader: TestClient, host: str) -> None:
    assert reader.get("/health/live", headers={"host": host}).status_code == 200


def test_links_are_of_the_public_address(settings: ServerSettings, town: Town) -> None:
    del town
    own = ServerSettings(
        **{**settings.model_dump(), "public_url": "https://grids.town.example:8443/", "allowed_hosts": "gis, 10.0.0.7"}
    )
    with TestClient(create_app(own)) as client:
        links = client.get("/collections", headers={"host": "grids.town.example"}).json()["links"]
        assert {urlsplit(each["href"])[:2] for each in links} == {("https", "grids.town.example:8443")}
        for name in ("gis:8000", "10.0.0.7"):
            assert client.get("/collections", headers={"host": name}).status_code == 200
        assert client.get("/collections", headers={"host": "grids.town.example.evil"}).status_code == 400


@pytest.mark.parametrize("path", ["//evil.example/x", "///evil.example", "/\\evil.example", "//evil.example/%2f.."])
def test_page_of_an_error_leads_nowhere_else(reader: TestClient, path: str) -> None:
    reply = reader.get(f"http://testserver{path}", headers={"accept": "text/html"})
    assert reply.status_code == 404
    assert 'href="//' not in reply.text
    assert 'href="/\\' not in reply.text
