"""What writes to a plan leave behind, on every path: entries in the feed, versions, lineage, cases handed over."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from api.cli import main
from boundaries.cases.reading import NewCase
from boundaries.editions.reading import compile_edition
from geogrid.editions import Edition
from tests.db.towns import row_of_boxes
from tests.fixtures_db import Database
from tests.http.conftest import FIRST_EDITION, Town, publish_second, store_cases

MERGE = {"kind": "merge", "grids": ["D-a", "D-b"], "keep": "D-b"}
RENAME = {"kind": "rename", "names": {"D-b": "West"}}
NEXT, THIRD = "2026-06-01T00:00:00+08:00", "2026-07-01T00:00:00+08:00"
WHO = {"by": "Wang", "reason": "because"}
PAST = ["backdated"]


@dataclass(slots=True)
class Desk:
    """Somebody who works on one draft over HTTP."""

    client: TestClient
    plan: int = 0
    first: int = field(default=0)

    def write(self, path: str, version: str = "*", **body: Any) -> Any:
        headers = {"If-Match": version} if path.startswith("/plans/") else {}
        reply = self.client.post(path, json={**WHO, **body}, headers=headers)
        assert reply.is_success, reply.text
        return reply.json()

    def new(self) -> None:
        (self.first, *_) = [each["id"] for each in self.client.get("/editions").json()["editions"]]
        self.plan = self.write("/plans", name="next")["id"]

    def edit(self, *operations: dict[str, Any]) -> None:
        self.write(f"/plans/{self.plan}/edits", operations=list(operations))

    def undo(self) -> None:
        self.write(f"/plans/{self.plan}/undo")

    def redo(self) -> None:
        self.write(f"/plans/{self.plan}/redo")

    def accept(self, kind: str, subject: str) -> None:
        self.write(f"/plans/{self.plan}/acceptances", kind=kind, subject=subject)

    def review(self, state: str) -> None:
        self.write(f"/plans/{self.plan}/review", state=state)

    def publish(self, at: str) -> None:
        self.write(f"/plans/{self.plan}/publish", valid_from=at, accept_warnings="small town", accept=PAST)

    def roll_back(self, at: str) -> None:
        self.write(f"/editions/{self.first}/rollback", valid_from=at, accept=PAST)


class Terminal(Desk):
    """The same on the command line."""

    def run(self, *arguments: object) -> str:
        who = ("--by", WHO["by"], "--reason", WHO["reason"])
        done = CliRunner().invoke(main, ["plan", *map(str, arguments), *who], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    def new(self) -> None:
        (self.first, *_) = [each["id"] for each in self.client.get("/editions").json()["editions"]]
        self.plan = int(self.run("new", "next").split()[0])

    def edit(self, *operations: dict[str, Any]) -> None:
        self.run("edit", self.plan, *map(json.dumps, operations))

    def undo(self) -> None:
        self.run("undo", self.plan)

    def redo(self) -> None:
        self.run("redo", self.plan)

    def accept(self, kind: str, subject: str) -> None:
        self.run("accept", self.plan, kind, subject)

    def review(self, state: str) -> None:
        self.run("review", self.plan, state)

    def publish(self, at: str) -> None:
        self.run(
            "publish", self.plan, "--valid-from", at, "--accept-warnings", "small town", "--accept", *PAST, "--publish"
        )

    def roll_back(self, at: str) -> None:
        self.run("rollback", self.first, "--valid-from", at, "--accept", *PAST, "--publish")


@pytest.fixture(params=[Desk, Terminal], ids=["http", "command"])
def desk(
    request: pytest.FixtureRequest, client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.setenv("GEOGRID_DATABASE_URL", database.url)
    made: Desk = request.param(client)
    made.new()
    return made


def feed(client: TestClient, *kinds: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = client.get("/changes", params={"kind": list(kinds)} if kinds else {}).json()[
        "changes"
    ]
    return entries


def led_to(desk: Desk, *states: str) -> None:
    for state in states:
        desk.review(state)


def published(desk: Desk, *operations: dict[str, Any], at: str = NEXT) -> None:
    desk.edit(*operations)
    led_to(desk, "in_review", "approved")
    desk.publish(at)


def test_every_write_to_a_plan_is_in_the_feed_with_who_why_and_its_version(desk: Desk) -> None:
    desk.edit(MERGE, RENAME)
    desk.undo()
    desk.redo()
    desk.accept("no-duty", "D-c")
    led_to(desk, "in_review", "draft", "in_review", "approved")
    desk.publish(NEXT)
    told = [entry for entry in feed(desk.client) if entry["plan"] == desk.plan]
    assert [(entry["kind"], entry["version"]) for entry in told] == [
        ("created", 1),
        ("edit", 2),
        ("undo", 3),
        ("redo", 4),
        ("accepted", 5),
        ("state", 6),
        ("state", 7),
        ("state", 8),
        ("state", 9),
        ("publishing", 10),
        ("published", 10),
    ]
    assert {entry["by"] for entry in told} == {"Wang"}
    reasons = [entry["detail"].get("reason") for entry in told]
    assert reasons == ["because"] * 9 + ["because; small town", None]
    details = [entry["detail"] for entry in told]
    assert details[0]["based_on"] == desk.first
    assert [each["operations"] for each in details[1:4]] == [["merge", "rename"], ["rename"], ["rename"]]
    assert [each["position"] for each in details[2:4]] == [2, 2]
    assert (details[4]["kind"], details[4]["subject"]) == ("no-duty", "D-c")
    assert [(each["from"], each["to"]) for each in details[5:9]] == [
        ("draft", "in_review"),
        ("in_review", "draft"),
        ("draft", "in_review"),
        ("in_review", "approved"),
    ]
    assert details[9]["accepted"] == 2
    assert details[10]["former"] == desk.first
    assert desk.client.get(f"/plans/{desk.plan}").headers["etag"] == '"10"'


def test_going_back_is_in_the_feed_as_a_new_plan_and_a_new_edition(desk: Desk) -> None:
    published(desk, MERGE)
    desk.roll_back(THIRD)
    (again,) = [each for each in desk.client.get("/editions").json()["editions"] if each["state"] == "published"]
    told = [entry for entry in feed(desk.client) if entry["plan"] == again["id"]]
    assert [(entry["kind"], entry["by"]) for entry in told] == [("created", "Wang"), ("published", "Wang")]
    assert (told[0]["detail"]["based_on"], told[0]["detail"]["reason"]) == (desk.first, "because")
    assert told[1]["detail"]["former"] == desk.plan


def test_edits_are_listed_with_who_and_why(desk: Desk) -> None:
    desk.edit(MERGE, RENAME)
    desk.undo()
    listed = desk.client.get(f"/plans/{desk.plan}/edits").json()["edits"]
    assert [(each["position"], each["by"], each["reason"], each["undone"]) for each in listed] == [
        (1, "Wang", "because", False),
        (2, "Wang", "because", True),
    ]


WRITES: dict[str, dict[str, Any]] = {
    "edits": {"operations": [RENAME]},
    "undo": {},
    "redo": {},
    "acceptances": {"kind": "no-duty", "subject": "D-b"},
    "review": {"state": "in_review"},
    "publish": {"valid_from": NEXT, "accept_warnings": "small town"},
}


def test_every_write_about_a_former_version_is_refused_and_leaves_no_entry(client: TestClient) -> None:
    desk = Desk(client)
    desk.new()
    desk.edit(RENAME, {"kind": "rename", "names": {"D-a": "A"}})
    desk.undo()
    before = feed(client)
    replies = {
        path: client.post(f"/plans/{desk.plan}/{path}", json={**WHO, **body}, headers={"If-Match": '"1"'})
        for path, body in WRITES.items()
    }
    assert {path: reply.status_code for path, reply in replies.items()} == dict.fromkeys(WRITES, 412)
    assert {len(reply.json()["changes"]) for reply in replies.values()} == {2}
    assert feed(client) == before


def test_every_write_to_an_edition_is_refused_and_leaves_no_entry(client: TestClient) -> None:
    desk = Desk(client)
    desk.new()
    published(desk, RENAME)
    before = feed(client)
    replies = {
        path: client.post(f"/plans/{desk.plan}/{path}", json={**WHO, **body}, headers={"If-Match": "*"})
        for path, body in WRITES.items()
    }
    assert {path: reply.status_code for path, reply in replies.items()} == dict.fromkeys(WRITES, 409)
    assert feed(client) == before


# Cases and lineage, on each way to an edition


def imported(desk: Desk, folder: Path) -> None:
    """Publish the merger of the two western boxes from a file of grids."""
    del desk
    merged = row_of_boxes("abc").iloc[[0, 2, 3]].reset_index(drop=True)
    merged.loc[1, "geometry"] = merged.geometry[1].union(row_of_boxes("abc").geometry[1])
    path = folder / "grids.gpkg"
    merged.iloc[1:].drop(columns="level").to_file(path)
    columns = ("--code", "code", "--name", "name", "--parent", "parent", "--households", "households")
    arguments = ("import", "grids", path, "--jurisdiction", "town", *columns, "--publish")
    done = CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)
    assert done.exit_code == 0, done.output


def merged_by_plan(desk: Desk, folder: Path) -> None:
    del folder
    desk.new()
    published(desk, MERGE)


def went_back(desk: Desk, folder: Path) -> None:
    """Swap the codes of two grids and go back: what was in one is in the other and comes home."""
    del folder
    desk.new()
    published(desk, {"kind": "recode", "codes": {"D-a": "D-b", "D-b": "D-a"}})
    desk.roll_back(THIRD)


Way = Callable[[Desk, Path], None]
WAYS: dict[str, tuple[type[Desk], Way, Sequence[str]]] = {
    "plan over http": (Desk, merged_by_plan, ["D-b"]),
    "plan by command": (Terminal, merged_by_plan, ["D-b"]),
    "rollback over http": (Desk, went_back, ["D-b", "D-a"]),
    "rollback by command": (Terminal, went_back, ["D-b", "D-a"]),
    "file of grids": (Terminal, imported, ["D-b"]),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_publish_hands_open_cases_over_with_an_event_and_a_count(  # noqa: PLR0913, PLR0917 - fixtures
    client: TestClient,
    database: Database,
    engine: Engine,
    town: Town,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    monkeypatch.setenv("GEOGRID_DATABASE_URL", database.url)
    kind, publish, grids = WAYS[way]
    inside = NewCase("test", "open", FIRST_EDITION, lon=10.25, lat=50.5)
    outside = NewCase("test", "outside", FIRST_EDITION, lon=0.0, lat=50.5)
    closed = NewCase("test", "closed", FIRST_EDITION, lon=10.25, lat=50.5, status="closed", closed_at=FIRST_EDITION)
    ids = store_cases(engine, town, inside, outside, closed)
    publish(kind(client), tmp_path)
    found = [client.get(f"/cases/{each}").json() for each in ids]
    assert [each["properties"]["grid"] for each in found] == [grids[-1], None, "D-a"]
    editions = [each["id"] for each in client.get("/editions").json()["editions"][1:]]
    moves = [each["detail"] for each in found[0]["events"] if each["kind"] == "reassigned"]
    assert moves == [
        {"from": former, "to": code, "edition": edition}
        for former, code, edition in zip(["D-a", *grids], grids, editions, strict=False)
    ]
    assert "reassigned" not in {each["kind"] for each in found[2]["events"]}
    entries = feed(client, "published")[1:]
    assert [(entry["plan"], entry["detail"]["cases"]) for entry in entries] == [(each, 2) for each in editions]
    (last,) = client.get("/grids/D-a/successors", params={"until": "2027-01-01T00:00:00Z"}).json()["successors"]
    assert last["code"] == ("D-b" if grids == ["D-b"] else "D-a")


def test_open_case_that_no_grid_of_the_next_edition_holds_is_told_as_without_one(
    client: TestClient, engine: Engine, town: Town
) -> None:
    (case,) = store_cases(engine, town, NewCase("test", "west", FIRST_EDITION, lon=10.25, lat=50.5))
    publish_second(engine, town)
    found = client.get(f"/cases/{case}").json()
    edition = client.get("/editions").json()["editions"][1]["id"]
    assert found["properties"]["grid"] is None
    assert found["events"][-1]["kind"] == "reassigned"
    assert found["events"][-1]["detail"] == {"from": "D-a", "to": None, "edition": edition}


def test_edition_of_the_next_minutes_is_compiled_beside_the_one_in_force(
    client: TestClient, engine: Engine, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_second(engine, town, valid_from=datetime.now(UTC) + timedelta(minutes=2))
    book = client.app.state.editions  # type: ignore[attr-defined]
    book.refresh()

    def compiled_anew(*given: Any, **more: Any) -> Edition:
        # The thread that looks after the store may be at it at the same time; who asks must not have to wait for it.
        if threading.current_thread() is threading.main_thread():
            pytest.fail("it was not compiled ahead")
        return compile_edition(*given, **more)

    monkeypatch.setattr("api.state.editions.compile_edition", compiled_anew)
    calendar = book.calendar(town.code)
    assert book.current(calendar).name == "first"
    assert book.edition(calendar, datetime.now(UTC) + timedelta(minutes=3)).name == "second"


def test_nothing_is_answered_as_made_that_the_commit_refuses(client: TestClient, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("create function refuse() returns trigger language plpgsql as 'begin raise ''no room''; end'")
        )
        connection.execute(
            text(
                "create constraint trigger refuse after insert on plans deferrable initially deferred "
                "for each row execute function refuse()"
            )
        )
    reply = TestClient(client.app, raise_server_exceptions=False).post("/plans", json={"name": "next"})
    assert reply.status_code >= 500
    assert [each["name"] for each in client.get("/plans").json()["plans"]] == ["first"]


def test_edition_ends_where_its_publication_says(client: TestClient) -> None:
    desk = Desk(client)
    desk.new()
    led_to(desk, "in_review", "approved")
    answer = desk.write(
        f"/plans/{desk.plan}/publish",
        valid_from=NEXT,
        valid_to=THIRD,
        accept_warnings="small town",
        accept=[*PAST, "hole"],
    )
    assert answer["source"] == f"plan {desk.first}"
    assert [answer[name][:10] for name in ("valid_from", "valid_to")] == ["2026-05-31", "2026-06-30"]


def test_open_case_on_a_shared_edge_goes_to_the_smaller_code_of_the_next_edition(
    client: TestClient, engine: Engine, town: Town
) -> None:
    (case,) = store_cases(engine, town, NewCase("test", "edge", FIRST_EDITION, lon=11.0, lat=50.5))
    assert client.get(f"/cases/{case}").json()["properties"]["grid"] == "D-a"
    desk = Desk(client)
    desk.new()
    published(desk, {"kind": "recode", "codes": {"D-a": "D-z"}})
    assert client.get(f"/cases/{case}").json()["properties"]["grid"] == "D-b"


def test_open_case_on_a_shared_edge_is_counted_for_the_smaller_code_after_an_edit_undo_and_redo(
    client: TestClient, engine: Engine, town: Town
) -> None:
    closed = NewCase("test", "closed", FIRST_EDITION, lon=10.5, lat=50.5, status="closed", closed_at=FIRST_EDITION)
    store_cases(engine, town, NewCase("test", "edge", FIRST_EDITION, lon=11.0, lat=50.5), closed)
    desk = Desk(client)
    desk.new()
    path = f"/plans/{desk.plan}"
    swap = {"kind": "recode", "codes": {"D-a": "D-z", "D-b": "D-y"}}
    answers = [desk.write(f"{path}/edits", operations=[swap]), desk.write(f"{path}/undo"), desk.write(f"{path}/redo")]
    counted = [{each["code"]: each["open_cases"] for each in answer["figures"]} for answer in answers]
    assert counted == [{"D-y": 1, "D-z": 0}, {"D-a": 1, "D-b": 0}, {"D-y": 1, "D-z": 0}]
