"""The table of limits in docs/http.md: each row is met from both sides, here or by the tests that it names."""

import ast
import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from starlette.types import Receive, Scope, Send

from api.app import create_app
from api.heavy.work import LONGEST_SECONDS, MOST_OF_ONE, MOST_WAITING
from api.kit.budget import MemoryBudget
from api.kit.limits import (
    BODY_SECONDS,
    HEAD_SECONDS,
    MOST_ARROW_MB,
    MOST_ERRORS,
    MOST_HEAD_BYTES,
    MOST_JSON_POINTS,
    MOST_POINTS,
)
from api.middleware import BodyLimit
from api.settings import ServerSettings
from boundaries.store.engine import Patience
from tests.http.conftest import Town

ROOT: Final = Path(__file__).parents[2]
PLACE: Final = {"lon": 10.5, "lat": 50.5}

ELSEWHERE: Final[Mapping[str, tuple[str, ...]]] = {
    "points of `POST /locate`, NDJSON and Arrow": (
        "test_rows_of_a_stream_are_counted_over_all_batches",
        "test_lines_and_lists_are_counted",
    ),
    "points of `POST /locate`, JSON": ("test_lines_and_lists_are_counted",),
    "an Arrow stream of points, decompressed": (
        "test_small_stream_that_would_become_gigabytes_is_refused_before_it_does",
        "test_dictionary_that_would_become_gigabytes_is_refused",
        "test_rows_of_a_stream_are_counted_over_all_batches",
    ),
    "faults listed of many points": ("test_faults_are_listed_up_to_twenty",),
    "until the head of a request is there": ("test_half_a_head_is_let_go", "test_head_without_end_is_let_go"),
    "until a body is there": ("test_half_a_body_is_let_go",),
    "what all requests together bring in and become": (
        "test_budget_is_one_for_all_and_given_back",
        "test_request_that_finds_no_room_is_told_when_to_come_back",
    ),
    "a map, and a body of `POST /locate` above 200 kB: made in a process of its own": (
        "test_no_more_wait_than_there_is_room_for",
        "test_one_client_leaves_room_for_others",
    ),
    "a database that does not answer (stopped, its disk hangs)": (
        "test_frozen_database_holds_up_no_request_and_no_thread",
    ),
}
"""Tests that take more than a request, by the row that they are about."""

NUMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "points of `POST /locate`, NDJSON and Arrow": (f"{MOST_POINTS:,}",),
    "points of `POST /locate`, JSON": (f"{MOST_JSON_POINTS:,}",),
    "an Arrow stream of points, decompressed": (f"{MOST_ARROW_MB:g} MB",),
    "faults listed of many points": (f"{MOST_ERRORS}",),
    "until the head of a request is there": (f"{HEAD_SECONDS:g} s", f"{MOST_HEAD_BYTES // 1024} kB"),
    "until a body is there": (f"{BODY_SECONDS:g} s",),
    "a map, and a body of `POST /locate` above 200 kB: made in a process of its own": (
        f"{LONGEST_SECONDS:g} s",
        f"{MOST_WAITING} at once",
        f"{MOST_OF_ONE} of them of one client",
    ),
    "a statement of the database": (f"{Patience().statement_s} s", f"{Patience().lock_s} s for a lock"),
}


def rows() -> dict[str, str]:
    """Return the limits as the page has them, by what they are of."""
    page = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
    lines = page.partition("## Limits\n")[2].partition("\n\n")[0].splitlines()[2:]
    return {cells[0].strip(): cells[1].strip() for line in lines if (cells := line.strip("|").split("|"))}


def passes(path: str, media_type: str, length: int) -> int:
    """Return the status of a body of a length, 200 where it is let through; nothing is sent."""
    statuses: list[int] = []

    async def inner(_scope: Scope, _receive: Receive, _send: Send) -> None:
        statuses.append(200)

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def receive() -> Any:
        raise AssertionError("nothing of the body may be read")

    headers = [(b"content-type", media_type.encode()), (b"content-length", str(length).encode())]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b"", "root_path": ""}
    limited = BodyLimit(inner, most_mb=64.0, budget=MemoryBudget(1))
    # In a thread of its own: a browser of other tests may hold the loop of this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(limited(scope, receive, send))).result()
    (status,) = statuses
    return status


def body_of(*limits: tuple[str, str, float]) -> Callable[[TestClient], None]:
    def check(_client: TestClient) -> None:
        for path, media_type, megabytes in limits:
            assert passes(path, media_type, int(megabytes * 1e6)) == 200
            assert passes(path, media_type, int(megabytes * 1e6) + 1) == 413

    return check


def meet(client: TestClient, within: Any, beyond: Any, *, told: str) -> None:
    """Report one case within a limit and one beyond it."""
    assert client.post("/cases", json={**PLACE, **within}).status_code == 201
    refused = client.post("/cases", json={**PLACE, **beyond})
    assert refused.status_code == 400
    assert told in refused.text, refused.text[:500]


def addresses(client: TestClient) -> None:
    for count, length, status in ((10_000, 1, 200), (10_001, 1, 400), (1, 10_000, 200), (1, 10_001, 400)):
        body = ("q\n" + ("a" * length + "\n") * count).encode()
        assert client.post("/geocode", content=body, headers={"content-type": "text/csv"}).status_code == status


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def attributes(client: TestClient) -> None:
    around = len(json.dumps({"a": ""}, separators=(",", ":")))
    for within, beyond, told in (
        (nested(32), nested(33), "32 levels"),
        ({f"a{n}": n for n in range(100)}, {f"a{n}": n for n in range(101)}, "more than 100 entries"),
        ({"a": 2**53 - 1}, {"a": 2**53}, "2^53 - 1"),
        ({"a": "x" * (65_536 - around)}, {"a": "x" * (65_537 - around)}, "65,536"),
    ):
        meet(client, {"attributes": within}, {"attributes": beyond}, told=told)


def time_of_a_report(client: TestClient) -> None:
    begin, now = datetime(1900, 1, 1, tzinfo=UTC), datetime.now(UTC)
    for within, beyond in (
        (begin, begin - timedelta(seconds=1)),
        (now + timedelta(hours=23), now + timedelta(hours=25)),
    ):
        meet(client, {"reported_at": within.isoformat()}, {"reported_at": beyond.isoformat()}, told="reported_at")


def times_in_force(client: TestClient) -> None:
    plan = client.post("/plans", json={"name": "draft"}).json()["id"]
    for moment, is_a_time in (
        ("1899-12-31T23:59:59Z", False),
        ("1900-01-01T00:00:00Z", True),
        ("2199-12-31T23:59:59Z", True),
        ("2200-01-01T00:00:00Z", False),
    ):
        reply = client.post(f"/plans/{plan}/publish", json={"valid_from": moment}, headers={"if-match": "*"})
        # A draft is not published yet, whatever the time: then it is this that is told.
        assert ("lies beyond the years 1900 to 2199" in reply.text) != is_a_time, reply.text[:300]


def times_asked_about(client: TestClient) -> None:
    for moment, status in (
        ("0999-12-31T23:59:59Z", 400),
        ("1000-01-01T00:00:00Z", 200),
        ("2999-12-31T23:59:59Z", 200),
        ("3000-01-01T00:00:00Z", 400),
    ):
        assert client.get("/locate", params={**PLACE, "at": moment}).status_code == status


def statement(client: TestClient) -> None:
    store = client.app.state.store  # type: ignore[attr-defined]
    with store.unit_of_work() as session:
        shown = [session.scalar(text(f"show {name}_timeout")) for name in ("statement", "lock")]
    assert shown == ["1min", "5s"]


HERE: Final[Mapping[str, Callable[[TestClient], None]]] = {
    "body of `POST /locate`": body_of(("/locate", "application/x-ndjson", 64), ("/locate", "application/json", 10)),
    "body of `POST /geocode`": body_of(("/geocode", "application/json", 8)),
    "body of `POST /plans/{plan_id}/edits`": body_of(("/plans/7/edits", "application/json", 16)),
    "body of every other request": body_of(("/cases", "application/json", 2), ("/plans", "", 2)),
    "addresses of `POST /geocode`": addresses,
    "attributes of a case": attributes,
    "time of a report": time_of_a_report,
    "times at which something is in force": times_in_force,
    "times that are asked about": times_asked_about,
    "a statement of the database": statement,
}


@pytest.fixture
def client(settings: ServerSettings, town: Town, engine: Engine) -> Any:
    del town, engine
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.mark.parametrize("limit", HERE)
def test_limit_is_met_from_both_sides(client: TestClient, limit: str) -> None:
    HERE[limit](client)


def test_every_limit_of_the_page_has_its_tests() -> None:
    names = {
        node.name
        for path in (ROOT / "tests" / "http").glob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    known = {*HERE, *ELSEWHERE}
    unlisted = {row for row in rows() if not any(row.startswith(each) for each in known)}
    assert unlisted == set()
    assert known - set(rows()) == set()
    assert {name for each in ELSEWHERE.values() for name in each} - names == set()


@pytest.mark.parametrize("row", NUMBERS)
def test_page_has_the_numbers_of_the_code(row: str) -> None:
    assert all(number in rows()[row] for number in NUMBERS[row]), rows()[row]
