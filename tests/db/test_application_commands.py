"""``geogrid webhook`` and ``geogrid open311``: what they refuse, what they keep secret, what they print."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from api.cli import main
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.open311.keys import holder_of
from boundaries.store.engine import unit_of_work
from geogrid.types import LevelName
from tests.fixtures_db import Database


@pytest.fixture
def town(engine: Engine, database: Database, monkeypatch: pytest.MonkeyPatch) -> str:
    """A jurisdiction in the store that the commands use."""
    with unit_of_work(engine) as session:
        save_jurisdiction(session, code="town", name="Town", levels=[LevelName("grid")])
    monkeypatch.setenv("GEOGRID_DATABASE_URL", database.url)
    monkeypatch.setenv("GEOGRID_HOME", str(database.settings.home))
    return "town"


def run(*arguments: str, status: int = 0) -> Result:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == status, done.output
    return done


@pytest.mark.usefixtures("town")
def test_webhook_is_added_with_a_secret_that_is_shown_once() -> None:
    secret = run("webhook", "add", "https://10.0.0.9/hook?token=theirs", "--on", "case.*").output.split("whsec_")[1]
    listed = run("webhook", "list").output + run("webhook", "list", "--json").output
    assert "https://10.0.0.9/hook?..." in listed
    assert "case.*" in listed
    assert secret.strip() not in listed
    assert "theirs" not in listed


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["http://127.0.0.1:9/hook"], "GEOGRID_WEBHOOK_NETWORKS"),
        (["https://user:word@10.0.0.9/"], "password"),
        (["https://10.0.0.9/", "--on", "birth"], "No change is of the type birth"),
        (["https://10.0.0.9/", "--since", "9"], "has not reached 9"),
        (["https://10.0.0.9/", "--jurisdiction", "atlantis"], "atlantis"),
    ],
)
def test_webhook_that_cannot_work_is_refused(arguments: list[str], words: str) -> None:
    assert words in run("webhook", "add", *arguments, status=1).output
    assert run("webhook", "list").output == ""


@pytest.mark.usefixtures("town")
def test_dead_letters_are_shown_and_tried_again(engine: Engine) -> None:
    run("webhook", "add", "https://10.0.0.9/")
    with engine.begin() as connection:
        connection.execute(
            text("insert into webhook_retries (webhook_id, number, attempts, last_error) values (1, 7, 10, 'It fell.')")
        )
        connection.execute(text("update webhooks set is_active = false, last_error = 'It answered 410.'"))
    shown = run("webhook", "list").output
    assert "dead letters 1" in shown
    assert "stopped: It answered 410. To go on: geogrid webhook retry 1" in shown
    letters = json.loads(run("webhook", "list", "--json").output)["letters"]
    assert (letters[0]["number"], letters[0]["last_error"]) == (7, "It fell.")
    assert "1 dead letter is tried again" in run("webhook", "retry", "1").output
    assert "waiting 1, dead letters 0" in run("webhook", "list").output
    run("webhook", "remove", "1")
    for command in ("retry", "remove"):
        assert "There is no webhook 1" in run("webhook", command, "1", status=1).output


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(("command", "left"), [("retry", [(1, True, 0), (2, False, 1)]), ("remove", [(2, False, 1)])])
def test_what_is_done_to_one_webhook_leaves_the_other_alone(
    engine: Engine, command: str, left: list[tuple[int, bool, int]]
) -> None:
    for _ in range(2):
        run("webhook", "add", "https://10.0.0.9/")
    with engine.begin() as connection:
        connection.execute(text("update webhooks set is_active = false"))
        connection.execute(
            text(
                "insert into webhook_retries (webhook_id, number, attempts, last_error) "
                "select id, 7, 10, '' from webhooks"
            )
        )
    run("webhook", command, "1")
    listed = [json.loads(line) for line in run("webhook", "list", "--json").output.splitlines()]
    assert [(each["id"], each["is_active"], each["dead"]) for each in listed] == left


@pytest.mark.usefixtures("town")
def test_removed_key_is_worthless_and_the_others_are_not(engine: Engine) -> None:
    keys = {name: run("open311", "key", "add", name).output.strip() for name in ("app", "other")}
    run("open311", "key", "remove", "app")
    with unit_of_work(engine) as session:
        assert [holder_of(session, keys[name]) for name in ("app", "other")] == [None, "other"]


@pytest.mark.usefixtures("town")
def test_services_of_one_jurisdiction_leave_those_of_the_other_alone(engine: Engine, tmp_path: Path) -> None:
    with unit_of_work(engine) as session:
        save_jurisdiction(session, code="other", name="Other", levels=[LevelName("grid")])
    file = tmp_path / "services.json"
    for code in ("town", "other", "town"):
        file.write_text(json.dumps([{"service_code": code.upper(), "service_name": "Tree"}]), "utf-8")
        run("open311", "services", str(file), "--jurisdiction", code)
    for code in ("town", "other"):
        offered = json.loads(run("open311", "services", "--jurisdiction", code).output)
        assert [each["service_code"] for each in offered] == [code.upper()]


@pytest.mark.usefixtures("town")
def test_key_is_shown_once_and_only_its_hash_is_stored(engine: Engine) -> None:
    key = run("open311", "key", "add", "app").output.strip()
    with unit_of_work(engine) as session:
        assert holder_of(session, key) == "app"
        assert holder_of(session, key + "x") is None
        stored = session.execute(text("select name || encode(hash, 'escape') from api_keys")).scalar_one()
    assert key not in stored
    assert "has a key already" in run("open311", "key", "add", "app", status=1).output
    assert "app" in run("open311", "key", "list").output
    run("open311", "key", "remove", "app")
    assert "no application" in run("open311", "key", "remove", "app", status=1).output.lower()


@pytest.mark.usefixtures("town")
def test_services_that_are_printed_can_be_set_again(tmp_path: Path) -> None:
    file = tmp_path / "services.json"
    attribute = {"code": "POLE", "datatype": "singlevaluelist", "values": [{"key": "a", "name": "甲"}]}
    given: list[dict[str, Any]] = [
        {"service_code": "B", "service_name": "路灯", "keywords": "light, dark", "attributes": [attribute]},
        {"service_code": "A", "service_name": "Tree", "type": "batch", "group": "green"},
    ]
    file.write_text(json.dumps(given), "utf-8")
    assert run("open311", "services", str(file)).output == "2 services are offered for town.\n"
    printed = run("open311", "services").output
    file.write_text(printed, "utf-8")
    run("open311", "services", str(file))
    assert run("open311", "services").output == printed
    assert [each["service_code"] for each in json.loads(printed)] == ["B", "A"]


@pytest.mark.usefixtures("town")
def test_every_fault_of_a_list_of_services_is_told_and_nothing_is_set(tmp_path: Path) -> None:
    file = tmp_path / "services.json"
    wrong = [
        {"service_code": "a/b", "service_name": "One"},
        {"service_code": "B", "service_name": " "},
        {"service_code": "C", "service_name": "One", "type": "blackbox", "colour": "red"},
        {"service_code": "C", "service_name": "Four", "attributes": [{"code": "X", "datatype": "picture"}]},
        {"service_code": "E", "service_name": "Five", "attributes": [{"code": "X", "datatype": "singlevaluelist"}]},
    ]
    file.write_text(json.dumps(wrong), "utf-8")
    told = run("open311", "services", str(file), status=1).output
    for words in (
        "service 1",
        "Service 2 has no",
        "realtime or batch",
        "colour",
        "datatype",
        "no values",
        "C is there",
    ):
        assert words in told
    assert json.loads(run("open311", "services").output) == []
    for content in ("{", "{}", "[]", '[{"service_code": "A", "service_name": "a\\u0000"}]'):
        file.write_text(content, "utf-8")
        run("open311", "services", str(file), status=1)
