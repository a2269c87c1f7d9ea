"""``/changes``: pages that hide nothing, also while others write; 304 until something happens."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from boundaries.store.engine import session_factory
from tests.http.conftest import Town, publish_second

EVENT = text("insert into case_events (case_id, kind, detail) values (:case, 'noted', jsonb_build_object('n', :n))")


@pytest.fixture
def case_id(client: TestClient) -> int:
    reply = client.post("/cases", json={"lon": 10.5, "lat": 50.5, "text": "lamp"})
    return int(reply.json()["id"])


def followed(client: TestClient, since: int = 0, **parameters: object) -> Iterator[list[dict[str, object]]]:
    """Yield pages until there is no link to a next one."""
    address: str | None = f"/changes?since={since}"
    for name, value in parameters.items():
        address = f"{address}&{name}={value}"
    while address:
        body = client.get(address).json()
        yield body["changes"]
        address = next((link["href"] for link in body["links"] if link["rel"] == "next"), None)


def test_stored_case_is_told_with_its_grid(client: TestClient, case_id: int) -> None:
    body = client.get("/changes", params={"kind": "case"}).json()
    told = [(each["type"], each["case"], each["plan"]) for each in body["changes"]]
    assert told == [("case.received", case_id, None), ("case.assigned", case_id, None)]
    assert body["changes"][1]["detail"]["grid"] == "D-a"
    assert body["next_since"] == body["changes"][-1]["number"]


def test_publication_is_told_with_the_edition_before(client: TestClient, engine: Engine, town: Town) -> None:
    since = client.get("/changes").json()["next_since"]
    publish_second(engine, town)
    told = client.get("/changes", params={"since": since, "kind": "published"}).json()["changes"]
    assert [each["type"] for each in told] == ["edition.published"]
    editions = client.get("/editions").json()["editions"]
    assert told[0]["plan"] == editions[1]["id"]
    assert told[0]["detail"]["former"] == editions[0]["id"]


def test_pages_together_are_the_whole_feed(client: TestClient, case_id: int, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(EVENT, [{"case": case_id, "n": n} for n in range(50)])
    whole = client.get("/changes", params={"limit": 1000}).json()["changes"]
    pages = list(followed(client, limit=7))
    assert [len(page) for page in pages[:-1]] == [7] * (len(pages) - 1)
    assert [each for page in pages for each in page] == whole
    assert len(whole) >= 52


def test_entry_of_a_slow_writer_is_found_by_who_read_past_it(client: TestClient, case_id: int, engine: Engine) -> None:
    with session_factory(engine)() as slow, session_factory(engine)() as fast:
        slow.execute(EVENT, {"case": case_id, "n": 1})
        fast.execute(EVENT, {"case": case_id, "n": 2})
        fast.commit()
        first = client.get("/changes", params={"kind": "case"}).json()
        assert [each["detail"].get("n") for each in first["changes"]][-1] == 2
        slow.commit()
    later = client.get("/changes", params={"since": first["next_since"], "kind": "case"}).json()
    assert [each["detail"]["n"] for each in later["changes"]] == [1]


def test_follower_misses_nothing_of_writers_that_end_out_of_order(
    client: TestClient, case_id: int, engine: Engine
) -> None:
    begun = client.get("/changes").json()["next_since"]

    def write(n: int) -> None:
        with session_factory(engine)() as session:
            session.execute(EVENT, {"case": case_id, "n": n})
            session.execute(text("select pg_sleep(:s)"), {"s": 0.02 * (n % 3)})
            session.commit()

    over = threading.Event()
    seen: list[object] = []

    def follow() -> None:
        since = begun
        while True:
            is_over = over.is_set()
            body = client.get("/changes", params={"since": since, "limit": 3}).json()
            seen.extend(each["detail"]["n"] for each in body["changes"])
            since = body["next_since"]
            if is_over and not body["changes"]:
                return

    with ThreadPoolExecutor(5) as threads:
        reader = threads.submit(follow)
        list(threads.map(write, range(30)))
        over.set()
        reader.result()
    assert sorted(seen, key=str) == sorted(range(30), key=str)


def test_next_since_passes_what_the_filter_leaves_out(client: TestClient, case_id: int) -> None:
    del case_id
    body = client.get("/changes", params={"kind": "undo"}).json()
    assert body["changes"] == []
    assert body["next_since"] == client.get("/changes").json()["next_since"]


def test_poll_without_news_is_304_and_with_news_200(client: TestClient, case_id: int) -> None:
    since = client.get("/changes").json()["next_since"]
    first = client.get("/changes", params={"since": since})
    tag = {"If-None-Match": first.headers["etag"]}
    assert client.get("/changes", params={"since": since}, headers=tag).status_code == 304
    client.post("/cases", json={"lon": 11.5, "lat": 50.5})
    again = client.get("/changes", params={"since": since}, headers=tag)
    assert (again.status_code, {each["case"] for each in again.json()["changes"]}) == (200, {case_id + 1})


def test_number_that_was_never_given_is_refused(reader: TestClient) -> None:
    reply = reader.get("/changes", params={"since": 10**9})
    assert reply.status_code == 409
    assert "restored" in reply.json()["detail"]


@pytest.mark.parametrize("query", ["since=-1", "since=x", "limit=0", "limit=1001", "kind=birth", "after=1"])
def test_wrong_parameter_is_400(reader: TestClient, query: str) -> None:
    assert reader.get(f"/changes?{query}").status_code == 400
