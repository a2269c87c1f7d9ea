"""The server logs in as a role that policies bind: a forgotten filter shows no more, and no route lacks a right."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import true

from api.accounts.rules import RULES
from api.app import create_app
from api.cases.sight import CaseSight
from api.serving import _refuse_without_accounts
from api.settings import ServerSettings
from boundaries.cases import reading
from boundaries.cases.reading import NewCase
from boundaries.store.engine import open_engine
from boundaries.store.server_role import AS_OWNER
from geogrid.access import Role
from tests.fixtures_db import TEMPLATE, Database, Server, copied
from tests.http.conftest import Town, store_cases, store_town
from tests.http.people import Crowd, bearer, crowded
from tests.http.test_access_matrix import path_of

REFUSED = "may not do this"
AT = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def crowd(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    """The crowd, and a case in the other town."""
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("wall")):
        with crowded(database) as made:
            store_cases(made.engine, Town(2, "other"), NewCase("test", "far", AT, text="far", lon=30.5, lat=50.5))
            yield made


def listed(crowd: Crowd, role: Role, path: str = "/cases?jurisdiction=town") -> list[str | None]:
    answer = crowd.client.get(path, headers=bearer(crowd.people[role]))
    assert answer.status_code == 200, answer.text
    return sorted(str(feature["properties"]["grid"]) for feature in answer.json()["features"])


def test_forgotten_grids_of_the_asker_show_his_grids_all_the_same(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert listed(crowd, Role.GRIDDER) == ["D-a"]
    monkeypatch.setattr(CaseSight, "narrowed", lambda _, wanted: wanted)
    assert listed(crowd, Role.GRIDDER) == ["D-a"]
    assert listed(crowd, Role.DISPATCHER) == ["D-a", "D-b", "None"]


def test_forgotten_filters_altogether_show_no_other_town(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "condition", lambda *_: true())
    assert listed(crowd, Role.OPERATOR) == ["D-a", "D-b", "None"]
    assert listed(crowd, Role.CHIEF) == ["D-a"]
    assert listed(crowd, Role.ADMIN) == ["D-a", "D-a", "D-b", "None"]
    page = crowd.client.get("/search?jurisdiction=town", headers=bearer(crowd.people[Role.OPERATOR]))
    assert "far" not in page.text.replace("farther", "")


def test_own_grids_and_a_grid_of_the_question_are_both_kept_to(crowd: Crowd) -> None:
    assert listed(crowd, Role.GRIDDER, "/cases?jurisdiction=town&grid=D") == ["D-a"]
    assert listed(crowd, Role.GRIDDER, "/cases?jurisdiction=town&grid=D-b") == []


@pytest.mark.parametrize("state", ["no town", "one town", "two towns"])
def test_no_route_lacks_a_right(
    state: str, server: Server, tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("states")):
        engine = open_engine(database.settings)
        for code, west in (("town", 10.0), ("other", 30.0))[: ("no town", "one town", "two towns").index(state)]:
            town = store_town(engine, code, west=west)
            store_cases(engine, town, NewCase("test", "case", AT, lon=west + 0.5, lat=50.5))
        wrong = []
        with TestClient(create_app(settings_of(database)), raise_server_exceptions=False) as client:
            names = [name for name in RULES if not name.startswith("POST /log")]
            sample = Crowd(engine, client, Town(1, "town"), {}, [1], 1)
            for name in names:
                method, path = name.partition(" ")[0], path_of(name, sample, 1)
                sent = {"json": {}} if method == "POST" else {"params": {"jurisdiction": "town"}}
                answer = client.request(method, path, **sent)  # type: ignore[arg-type]
                if answer.status_code == 500 or REFUSED in answer.text:
                    wrong.append(f"{name}: {answer.status_code} {answer.text[:200]}")
            stored = client.post("/cases?jurisdiction=town", json={"lon": 10.5, "lat": 50.5, "text": "lamp"})
            assert stored.status_code == (201 if state != "no town" else 503), stored.text
        engine.dispose()
        assert wrong == []
        assert REFUSED not in caplog.text


def settings_of(database: Database, **more: object) -> ServerSettings:
    return ServerSettings(**{**database.settings.model_dump(), "open": "all", **more})


def test_a_server_that_logs_in_as_the_owner_works_and_says_what_would_be_better(
    database: Database, town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    del town
    as_owner = settings_of(database, server_database_url=None)
    with TestClient(create_app(as_owner)) as client:
        ready = client.get("/health/ready").json()
        assert (ready["status"], ready["advice"]) == ("ready", AS_OWNER)
        assert client.post("/cases", json={"lon": 10.5, "lat": 50.5}).status_code == 201
        assert client.get("/cases").json()["numberMatched"] == 1
    with caplog.at_level(logging.WARNING):
        _refuse_without_accounts(as_owner)
    assert caplog.messages == [AS_OWNER]
    caplog.clear()
    _refuse_without_accounts(settings_of(database))
    with TestClient(create_app(settings_of(database))) as client:
        assert "advice" not in client.get("/health/ready").json()
    assert AS_OWNER not in caplog.text
