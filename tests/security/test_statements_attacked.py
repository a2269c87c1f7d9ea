"""No value that a request brings is ever part of a statement: it goes to the database as a value, or not at all."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event

from api.app import create_app
from api.settings import ServerSettings
from boundaries.store.engine import open_engine
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.http.conftest import store_town
from tests.http.open311_town import POLE, V2, offer
from tests.http.test_hostile_values import BESIDE, filled
from tests.security.counted import BODIES, headers_of, parameters_of
from tests.security.hostile_texts import MARK, STATEMENTS

QUICK = 1
"""Texts a parameter in each run; the long one takes all."""


@dataclass
class Watched:
    """A server and what it sends to the database."""

    client: TestClient
    key: str
    draft: int
    pasted: list[str] = field(default_factory=list)
    as_value: int = 0
    faults: list[str] = field(default_factory=list)
    sent: int = 0

    def note(self, statement: str, parameters: object) -> None:
        if MARK in statement:
            self.pasted.append(statement[:300])
        self.as_value += MARK in repr(parameters)

    def send(self, method: str, path: str, **options: Any) -> None:
        reply = self.client.request(method, path, follow_redirects=False, **options)
        self.sent += 1
        if reply.status_code >= 500:
            self.faults.append(f"{method} {path} {str(options)[:200]}: {reply.status_code} {reply.text[:200]}")


@pytest.fixture(scope="module")
def watched(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("statements")):
        engine = open_engine(database.settings)
        key = offer(engine, store_town(engine))
        engine.dispose()
        app = create_app(ServerSettings(**database.settings.model_dump()))
        with TestClient(app, raise_server_exceptions=False) as client:
            draft = client.post("/plans", json={"name": "draft"}).json()["id"]
            made = Watched(client, key, draft)

            def note(_: Any, __: Any, statement: str, parameters: object, *___: Any, made: Watched = made) -> None:
                made.note(statement, parameters)

            event.listen(Engine, "before_cursor_execute", note)
            yield made
            event.remove(Engine, "before_cursor_execute", note)


def check(watched: Watched) -> None:
    assert watched.pasted == []
    assert watched.faults == []
    watched.faults.clear()


TRIED = pytest.mark.parametrize("tried", [QUICK, pytest.param(len(STATEMENTS), marks=pytest.mark.long)])


@TRIED
@pytest.mark.timeout(1_800)
def test_parameters_of_every_route_are_values(watched: Watched, tried: int) -> None:
    turns, before = cycle(STATEMENTS), watched.sent
    for method, path, parameters in parameters_of():
        needed = {
            each["name"]: BESIDE.get(each["name"], "1")
            for each in parameters
            if each.get("required") and each["in"] == "query"
        }
        if path.endswith("/events"):
            needed["seconds"] = "0"  # a stream, which else goes on for minutes
        for each in parameters:
            for value in islice(turns, tried):
                address = filled(path, parameters, {each["name"]: value} if each["in"] == "path" else {})
                query = {**needed, each["name"]: value} if each["in"] == "query" else needed
                head = {each["name"]: value} if each["in"] == "header" else {}
                more = {"json": {}} if method in {"post", "put"} else {}
                watched.send(method, address, params=query, headers=_ascii(head), **more)
    check(watched)
    assert watched.sent - before == tried * sum(len(each) for *_, each in parameters_of())
    assert watched.as_value > 0


def _ascii(head: dict[str, str]) -> dict[str, str]:
    return {name: value.replace("\n", " ") for name, value in head.items()}


@TRIED
def test_headers_of_every_request_are_values(watched: Watched, tried: int) -> None:
    for name in headers_of():
        for value in islice(cycle(STATEMENTS), tried):
            for path in ("/", "/cases", "/collections/cases/items", "/search", "/account"):
                watched.send("get", path, headers={name: value})
    check(watched)


@TRIED
@pytest.mark.timeout(600)
def test_members_of_every_body_are_values(watched: Watched, tried: int) -> None:
    turns, before = cycle(STATEMENTS), watched.as_value
    for method, path, body in BODIES:
        at = path.replace("{draft}", str(watched.draft))
        for name in body:
            for value in islice(turns, tried):
                watched.send(method, at, json={**body, name: _within(body[name], value)}, headers={"If-Match": "*"})
    form = {"api_key": watched.key, "service_code": "LAMP", "lat": "50.5", "long": "10.5", "description": "x", **POLE}
    for name in [*form, "email", "phone", "first_name", "last_name", "media_url", "address_string", "account_id"]:
        for value in islice(turns, tried):
            watched.send("post", f"{V2}/requests.json", data={**form, name: value})
    check(watched)
    assert watched.as_value > before


def _within(sample: Any, text: str) -> Any:
    """Return a value of the shape of a sample, with a text in the place of each of its own, names of members too."""
    if isinstance(sample, dict):
        return {**{name: _within(each, text) for name, each in sample.items()}, **({text: text} if not sample else {})}
    if isinstance(sample, list):
        return [_within(each, text) for each in sample]
    return text


@pytest.mark.parametrize("text", STATEMENTS)
def test_filters_are_values_and_names_of_columns_are_ours(watched: Watched, text: str) -> None:
    quoted = text.replace("'", "''")
    for query in (
        {"filter": f"name = '{quoted}'"},
        {"filter": f"name LIKE '{quoted}%'"},
        {"filter": text},
        {"filter": f'"{text}" = 1'},
        {"sortby": text},
        {"properties": text},
        {"name": text},
        {"bbox": text},
        {"datetime": text},
        {"crs": text},
    ):
        watched.send("get", "/collections/grids/items", params=query)
    check(watched)
