"""Webhooks against real receivers: signed, in order, tried again, given up, and never lost with the server."""

import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from standardwebhooks import Webhook as Verifier

from api.app import create_app
from api.settings import ServerSettings
from boundaries.cases.reading import NewCase
from boundaries.changes.deliveries import DELIVER, ask_for_deliveries, get_recipient
from boundaries.changes.webhooks import (
    NewWebhook,
    Webhook,
    add_webhook,
    dead_letters,
    get_webhook,
    remove_webhook,
    retry_webhook,
)
from boundaries.jobs.reading import database_now, list_jobs
from boundaries.jobs.records import JobDone, Kind
from boundaries.jobs.retries import Retries
from boundaries.jobs.taking import CUT_SHORT, lock_next
from boundaries.jurisdictions.reading import get_jurisdiction
from boundaries.store.engine import session_factory, unit_of_work
from tests.fixtures_db import Database
from tests.http.conftest import FIRST_EDITION, Town, publish_second, store_cases
from tests.http.receivers import Answer, Received, eventually, receiving
from tests.serving import running

SECRET = b"0123456789abcdef0123456789abcdef"
LOOPBACK = (ip_network("127.0.0.0/8"),)
CASES = ("case.*",)


def added(engine: Engine, town: Town, url: str, *types: str, since: int | None = None) -> int:
    with unit_of_work(engine) as session:
        return add_webhook(session, get_jurisdiction(session, town.code), NewWebhook(url, SECRET, types, since)).id


def state(engine: Engine, webhook_id: int) -> Webhook:
    with unit_of_work(engine) as session:
        return get_webhook(session, webhook_id)


def report(engine: Engine, town: Town, *keys: str) -> list[int]:
    return store_cases(engine, town, *(NewCase("test", key, FIRST_EDITION, lon=10.5, lat=50.5) for key in keys))


def quick(settings: ServerSettings, **changed: object) -> ServerSettings:
    values = {
        "webhook_networks": LOOPBACK,
        "webhook_poll": 0.02,
        "webhook_timeout": 30.0,
        "webhook_retries": (0.05, 0.05),
    }
    return settings.model_copy(update={**values, **changed})


@pytest.fixture
def served(settings: ServerSettings, town: Town) -> Iterator[TestClient]:
    """The application, trying again at once."""
    del town
    with TestClient(create_app(quick(settings))) as opened:
        yield opened


def test_message_is_signed_so_that_a_standard_library_takes_it(served: TestClient, engine: Engine, town: Town) -> None:
    with receiving() as receiver:
        added(engine, town, receiver.url, "case.received")
        case = served.post("/cases", json={"lon": 10.5, "lat": 50.5, "text": "lamp"}).json()["id"]
        assert eventually(lambda: len(receiver.received) == 1)
    message = receiver.received[0]
    body = Verifier(SECRET).verify(message.body, message.headers)
    assert (body["type"], body["data"]["case"], body["data"]["jurisdiction"]) == ("case.received", case, "town")
    assert message.id == f"change_{body['data']['number']}"
    assert message.path == "/hook?token=of-the-receiver"
    told = served.get("/changes", params={"kind": "case", "limit": 1}).json()["changes"][0]
    assert {name: body["data"][name] for name in told} == told


def test_every_change_arrives_once_and_in_order(served: TestClient, engine: Engine, town: Town) -> None:
    del served
    with receiving() as receiver:
        webhook = added(engine, town, receiver.url)
        report(engine, town, *(f"case {number}" for number in range(120)))
        publish_second(engine, town)
        assert eventually(lambda: any(each.type == "edition.published" for each in receiver.received))
        assert eventually(lambda: state(engine, webhook).delivered == len(receiver.received))
    assert receiver.numbers == sorted(set(receiver.numbers))
    kinds = [each.type for each in receiver.received]
    assert [kinds.count(kind) for kind in ("case.received", "case.assigned", "case.reassigned")] == [120, 120, 120]


def test_webhook_is_told_only_what_it_asked_for(served: TestClient, engine: Engine, town: Town) -> None:
    del served
    with receiving() as receiver:
        webhook = added(engine, town, receiver.url, "edition.published")
        report(engine, town, *(f"case {number}" for number in range(150)))
        publish_second(engine, town)
        assert eventually(lambda: len(receiver.received) == 1)
        with engine.connect() as connection:
            last = connection.scalar(text("select max(number) from changes"))
        assert eventually(lambda: state(engine, webhook).position == last)
    assert [each.type for each in receiver.received] == ["edition.published"]


def test_refused_message_is_sent_again_with_same_id_and_body(served: TestClient, engine: Engine, town: Town) -> None:
    del served
    answers: list[Answer] = [500, "hang up", 204]
    with receiving(lambda _: answers.pop(0)) as receiver:
        webhook = added(engine, town, receiver.url, "case.received")
        report(engine, town, "one")
        assert eventually(lambda: state(engine, webhook).delivered == 1)
    assert len({(each.id, each.body) for each in receiver.received}) == 1
    assert len(receiver.received) == 3
    found = state(engine, webhook)
    assert (found.failures, found.waiting, found.dead, found.last_error) == (0, 0, 0, "")


def test_message_that_alone_is_refused_holds_up_no_other_and_becomes_a_dead_letter(
    served: TestClient, engine: Engine, town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    del served
    poison: set[int] = set()

    def answer(message: Received) -> Answer:
        return 422 if message.data["case"] in poison else 204

    with receiving(answer) as receiver, caplog.at_level(logging.DEBUG):
        webhook = added(engine, town, receiver.url, "case.received")
        with unit_of_work(engine) as session:
            session.execute(text("update webhooks set is_active = false"))
        first, second, third = report(engine, town, "a", "b", "c")
        poison.add(second)
        with unit_of_work(engine) as session:
            session.execute(text("update webhooks set is_active = true"))
        assert eventually(lambda: state(engine, webhook).dead == 1)
        assert eventually(lambda: state(engine, webhook).delivered == 2)
        with unit_of_work(engine) as session:
            (letter,) = dead_letters(session, webhook)
        assert (letter.attempts, letter.last_error) == (3, "It answered 422.")
        assert "That was the last try" in caplog.text
        poison.clear()
        with unit_of_work(engine) as session:
            assert retry_webhook(session, webhook) == 1
        assert eventually(lambda: state(engine, webhook).delivered == 3)
    assert {each.data["case"] for each in receiver.received} == {first, second, third}
    assert state(engine, webhook).dead == 0


def test_one_answer_of_500_in_ten_slows_nothing_down_and_keeps_the_order_of_each_case(
    settings: ServerSettings, engine: Engine, town: Town
) -> None:
    refused: set[str] = set()

    def answer(message: Received) -> Answer:
        if message.data["number"] % 10 == 0 and message.id not in refused:
            refused.add(message.id)
            return 500
        return 204

    patient = quick(settings, webhook_retries=(1.0, 1.0))
    with receiving(answer) as receiver:
        webhook = added(engine, town, receiver.url)
        cases = report(engine, town, *(f"case {number}" for number in range(150)))
        with TestClient(create_app(patient)):
            assert eventually(lambda: state(engine, webhook).delivered == 300, seconds=30)
        assert state(engine, webhook).waiting == 0
    assert len(refused) >= 29
    taken: list[Received] = []
    seen: set[str] = set()
    for each in receiver.received:
        if each.data["number"] % 10 == 0 and each.id not in seen:
            seen.add(each.id)
            continue
        taken.append(each)
    for case in cases:
        assert [each.type for each in taken if each.data["case"] == case] == ["case.received", "case.assigned"]
    with engine.connect() as connection:
        assert connection.scalar(text("select failures from webhooks")) == 0


def test_redirect_is_not_followed(served: TestClient, engine: Engine, town: Town) -> None:
    del served
    with receiving() as elsewhere, receiving({"status": 302, "Location": elsewhere.url}) as receiver:
        webhook = added(engine, town, receiver.url, "case.received")
        report(engine, town, "one")
        assert eventually(lambda: state(engine, webhook).dead == 1)
        assert "redirects are not followed" in state(engine, webhook).last_error
    assert elsewhere.received == []


@pytest.mark.parametrize("manner", ["hang", "drip"])
def test_receiver_that_hangs_is_given_up_and_holds_up_no_other(
    settings: ServerSettings, engine: Engine, town: Town, manner: str
) -> None:
    impatient = quick(settings, webhook_timeout=1.0, webhook_retries=(0.05,) * 50)
    with receiving(manner) as hanging, receiving() as good, TestClient(create_app(impatient)):
        stuck, fine = (added(engine, town, each.url, "case.received") for each in (hanging, good))
        report(engine, town, *(f"case {number}" for number in range(30)))
        assert eventually(lambda: state(engine, fine).delivered == 30)
        assert eventually(lambda: state(engine, stuck).failures > 0)
        found = state(engine, stuck)
        assert "did not answer in time" in found.last_error
        assert found.delivered == 0


def test_dead_receiver_is_told_everything_when_it_is_back(served: TestClient, engine: Engine, town: Town) -> None:
    del served
    with socket.socket() as reserved:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        webhook = added(engine, town, f"http://127.0.0.1:{port}/", "case.received")
        report(engine, town, "a", "b", "c")
        assert eventually(lambda: state(engine, webhook).failures > 0)
    assert "ConnectionRefusedError" in state(engine, webhook).last_error
    with receiving(port=port) as receiver:
        with unit_of_work(engine) as session:
            retry_webhook(session, webhook)
        assert eventually(lambda: state(engine, webhook).delivered + state(engine, webhook).dead == 3)
        with unit_of_work(engine) as session:
            retry_webhook(session, webhook)
        assert eventually(lambda: state(engine, webhook).delivered == 3)
    assert len(set(receiver.numbers)) == 3


def test_receiver_that_is_gone_is_told_nothing_more(served: TestClient, engine: Engine, town: Town) -> None:
    del served
    with receiving(410) as receiver:
        webhook = added(engine, town, receiver.url, "case.received")
        report(engine, town, "a", "b", "c")
        assert eventually(lambda: not state(engine, webhook).is_active)
    assert len(receiver.received) == 1


def test_receiver_that_asks_for_a_rest_is_left_alone(served: TestClient, engine: Engine, town: Town) -> None:
    del served
    with receiving({"status": 429, "Retry-After": "3600"}) as receiver:
        webhook = added(engine, town, receiver.url, "case.received")
        report(engine, town, "a", "b")
        assert eventually(lambda: state(engine, webhook).failures == 1)
        with engine.connect() as connection:
            rest = connection.scalar(text("select extract(epoch from paused_until - now()) from webhooks"))
    assert rest is not None
    assert 3_000 < rest <= 3_600
    assert len(receiver.received) == 1


def test_receiver_on_this_machine_is_not_called_unless_the_operator_says_so(
    settings: ServerSettings, engine: Engine, town: Town
) -> None:
    guarded = quick(settings, webhook_networks=())
    with receiving() as receiver, TestClient(create_app(guarded)):
        webhook = added(engine, town, receiver.url, "case.received")
        report(engine, town, "a")
        assert eventually(lambda: state(engine, webhook).dead == 1)
        assert "webhooks may not go" in state(engine, webhook).last_error
    assert receiver.received == []


def test_logs_and_lists_tell_neither_the_secret_nor_the_receivers_own(
    served: TestClient, engine: Engine, town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    del served
    with receiving(500) as receiver, caplog.at_level(logging.DEBUG):
        webhook = added(engine, town, receiver.url, "case.received")
        report(engine, town, "a")
        assert eventually(lambda: state(engine, webhook).dead == 1)
        with unit_of_work(engine) as session:
            session.execute(text("update webhooks set paused_until = null"))
            recipient = get_recipient(session, webhook)
            assert recipient is not None
            assert "0123456789abcdef" not in repr(recipient) + repr(NewWebhook("", SECRET))
    assert "did not take change" in caplog.text
    assert "0123456789abcdef" not in caplog.text
    assert "of-the-receiver" not in caplog.text


def test_webhook_removed_while_its_receiver_thinks_leaves_nothing(
    served: TestClient, engine: Engine, town: Town
) -> None:
    del served

    def answer(message: Received) -> Answer:
        del message
        with unit_of_work(engine) as session:
            remove_webhook(session, webhook)
        return 500

    with receiving(answer) as receiver:
        webhook = added(engine, town, receiver.url, "case.received")
        report(engine, town, "a")
        assert eventually(lambda: len(receiver.received) == 1)
        other = added(engine, town, receiver.url, "plan.*")
        assert state(engine, other).delivered == 0
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from webhook_retries")) == 0


def ask(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        ask_for_deliveries(session, database_now(session))


def take(session: Session) -> str | None:
    """Take a webhook's job for as long as the session's transaction lasts, and return the webhook's number."""
    kinds = {DELIVER: Kind(lambda _: JobDone(), Retries())}
    locked = lock_next(session, kinds, now=database_now(session))
    return (
        None if locked is None else str(session.scalar(text("select key from jobs where id = :id"), {"id": locked[0]}))
    )


def test_webhook_is_taken_by_one_of_many(engine: Engine, town: Town) -> None:
    for number in range(3):
        added(engine, town, f"http://127.0.0.1:1/{number}", since=0)
    ask(engine)
    tried = threading.Barrier(6)

    def takes(_: int) -> str | None:
        with unit_of_work(engine) as session:
            found = take(session)
            tried.wait(30)
            return found

    with ThreadPoolExecutor(6) as threads:
        takers = list(threads.map(takes, range(6)))
    assert sorted(each for each in takers if each is not None) == ["1", "2", "3"]


def test_hold_of_a_process_that_is_gone_ends(engine: Engine, town: Town) -> None:
    added(engine, town, "http://127.0.0.1:1/", since=0)
    ask(engine)
    silent = session_factory(engine)()
    assert take(silent) == "1"
    holder = silent.scalar(text("select pg_backend_pid()"))
    with unit_of_work(engine) as session:
        assert take(session) is None
    with engine.connect() as connection:
        connection.execute(text("select pg_terminate_backend(:pid)"), {"pid": holder})
    silent.invalidate()

    def is_free() -> bool:
        with unit_of_work(engine) as session:
            return take(session) == "1"

    assert eventually(is_free)


def test_two_servers_share_the_work_and_repeat_nothing(settings: ServerSettings, engine: Engine, town: Town) -> None:
    with receiving() as one, receiving() as other:
        webhooks = [added(engine, town, each.url, "case.received") for each in (one, other)]
        with TestClient(create_app(quick(settings))), TestClient(create_app(quick(settings))):
            for number in range(10):
                report(engine, town, *(f"case {number} {again}" for again in range(5)))
            assert eventually(lambda: all(state(engine, webhook).delivered == 50 for webhook in webhooks))
    assert [sorted(set(each.numbers)) == each.numbers for each in (one, other)] == [True, True]


def test_killed_server_loses_nothing(
    database: Database, settings: ServerSettings, engine: Engine, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEOGRID_WEBHOOK_NETWORKS", "127.0.0.1")
    monkeypatch.setenv("GEOGRID_WEBHOOK_TIMEOUT", "60")
    killed = threading.Event()

    def answer(_: Received) -> Answer:
        return "hang" if len(receiver.received) >= 21 and not killed.is_set() else 204

    with receiving(answer) as receiver:
        added(engine, town, receiver.url, "case.received")
        report(engine, town, *(f"case {number}" for number in range(40)))
        with running(database) as (process, _):
            assert eventually(lambda: len(receiver.received) == 21)
            process.kill()
        killed.set()
        with unit_of_work(engine) as session:
            left = [(job.key, job.attempts, job.last_error) for job in list_jobs(session, now=database_now(session))]
        assert ("1", 1, CUT_SHORT) in left
        with TestClient(create_app(quick(settings))):
            assert eventually(lambda: len(set(receiver.numbers)) == 40)
    again = [each for each in receiver.received if each.id == receiver.received[20].id]
    assert len(receiver.received) == 41
    assert [each.body for each in again] == [receiver.received[20].body] * 2
