"""Planners beside each other: edits that name their grids, undo of one's own, comments, claims, news, withdrawal."""

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.settings import ServerSettings
from tests.fixtures_db import Database
from tests.http.conftest import Town
from tests.serving import serving

WANG, LI = "Wang", "Li"


@pytest.fixture
def draft(client: TestClient) -> str:
    reply = client.post("/plans", json={"name": "next year", "by": "Chen"})
    assert reply.status_code == 201, reply.text
    return f"/plans/{reply.json()['id']}"


def versions(client: TestClient, draft: str, *codes: str) -> dict[str, int]:
    found: dict[str, int] = client.get(f"{draft}/versions").json()["grids"]
    return {code: found[code] for code in codes} if codes else found


def rename(  # noqa: PLR0913 - who, what and what he had seen
    client: TestClient, draft: str, code: str, name: str, *, by: str, seen: dict[str, int] | None = None
) -> Any:
    body = {"operations": [{"kind": "rename", "names": {code: name}}], "by": by}
    if seen is None:
        return client.post(f"{draft}/edits", json=body, headers={"If-Match": "*"})
    return client.post(f"{draft}/edits", json={**body, "grids": seen})


def names(client: TestClient, draft: str) -> dict[str, str]:
    grids = client.get(f"{draft}/grids").json()["features"]
    return {each["properties"]["code"]: each["properties"]["name"] for each in grids}


def test_edits_of_other_grids_never_collide_and_those_of_the_same_are_412_with_who_and_what(
    client: TestClient, draft: str
) -> None:
    seen = versions(client, draft)
    assert rename(client, draft, "D-a", "A", by=WANG, seen={"D-a": seen["D-a"]}).status_code == 200
    answer = rename(client, draft, "D-b", "B", by=LI, seen={"D-b": seen["D-b"]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["versions"]["D-b"] == answer.json()["version"]
    stale = rename(client, draft, "D-a", "A2", by=LI, seen={"D-a": seen["D-a"]})
    assert stale.status_code == 412
    assert "Grid D-a was changed by Wang (rename" in stale.json()["detail"]
    assert [(each["by"], each["detail"]["grids"]) for each in stale.json()["changes"]] == [(WANG, ["D-a"])]
    assert rename(client, draft, "D-a", "A2", by=LI, seen=versions(client, draft, "D-a")).status_code == 200
    assert names(client, draft)["D-a"] == "A2"


def test_grid_that_is_touched_and_not_named_is_412_and_nothing_is_done(client: TestClient, draft: str) -> None:
    merge = {"operations": [{"kind": "merge", "grids": ["D-a", "D-b"], "keep": "D-a"}], "by": LI}
    refused = client.post(f"{draft}/edits", json={**merge, "grids": versions(client, draft, "D-a")})
    assert refused.status_code == 412
    assert "D-b is touched, too" in refused.json()["detail"]
    assert set(names(client, draft)) == {"D", "D-a", "D-b", "D-c"}
    done = client.post(f"{draft}/edits", json={**merge, "grids": versions(client, draft, "D-a", "D-b")})
    assert done.status_code == 200, done.text
    gone = rename(client, draft, "D-b", "B", by=WANG, seen={"D-b": 1})
    assert (gone.status_code, "by Li (merge" in gone.json()["detail"], "is gone" in gone.json()["detail"]) == (
        412,
        True,
        True,
    )


def test_what_is_about_the_whole_plan_asks_for_if_match(client: TestClient, draft: str) -> None:
    body = {"operations": [{"kind": "set_band", "band": [1, 2]}], "grids": {}}
    assert client.post(f"{draft}/edits", json=body).status_code == 400
    assert client.post(f"{draft}/edits", json={"operations": body["operations"]}).status_code == 428
    tag = {"If-Match": client.get(draft).headers["etag"]}
    assert client.post(f"{draft}/edits", json={"operations": body["operations"]}, headers=tag).status_code == 200


def test_undo_takes_ones_own_edit_back_beneath_those_of_others(client: TestClient, draft: str) -> None:
    before = names(client, draft)
    for code, by in (("D-a", WANG), ("D-b", LI), ("D-c", LI)):
        assert rename(client, draft, code, f"new {code}", by=by).status_code == 200
    undone = client.post(f"{draft}/undo", json={"by": WANG, "own": True})
    assert undone.status_code == 200, undone.text
    assert names(client, draft) == {**before, "D-b": "new D-b", "D-c": "new D-c"}
    edits = client.get(f"{draft}/edits").json()["edits"]
    assert [(each["by"], each["undone"]) for each in edits] == [(LI, False), (LI, False), (WANG, True)]
    # Li goes on meanwhile: what Wang took back waits for him.
    assert rename(client, draft, "D", "town", by=LI).status_code == 200
    assert client.post(f"{draft}/redo", json={"by": WANG, "own": True}).status_code == 200
    assert names(client, draft)["D-a"] == "new D-a"
    assert client.post(f"{draft}/redo", json={"by": WANG, "own": True}).status_code == 409


def test_what_several_have_taken_back_waits_while_another_goes_on(client: TestClient, draft: str) -> None:
    for code, by in (("D-a", WANG), ("D", "Chen"), ("D-b", LI), ("D-c", LI)):
        assert rename(client, draft, code, f"new {code}", by=by).status_code == 200
    for by in (WANG, "Chen", LI, LI):
        assert client.post(f"{draft}/undo", json={"by": by, "own": True}).status_code == 200
    assert rename(client, draft, "D-b", "B", by=LI).status_code == 200
    for by in ("Chen", WANG):
        assert client.post(f"{draft}/redo", json={"by": by, "own": True}).status_code == 200
    assert names(client, draft) == {"D": "new D", "D-a": "new D-a", "D-b": "B", "D-c": "Grid c"}
    assert client.post(f"{draft}/redo", json={"by": LI, "own": True}).status_code == 409


def test_undo_of_what_somebody_else_has_touched_since_is_409_and_says_whose(client: TestClient, draft: str) -> None:
    assert rename(client, draft, "D-a", "A", by=WANG).status_code == 200
    assert rename(client, draft, "D-a", "A2", by=LI).status_code == 200
    refused = client.post(f"{draft}/undo", json={"by": WANG, "own": True})
    assert refused.status_code == 409
    assert "edit 2 of Li (rename) has touched the same since: D-a" in refused.json()["detail"]
    assert names(client, draft)["D-a"] == "A2"
    nothing = client.post(f"{draft}/undo", json={"by": "Chen", "own": True})
    assert (nothing.status_code, "The last one is of Li" in nothing.json()["detail"]) == (409, True)


def test_undo_of_land_beneath_other_land_gives_the_same_bytes_back(client: TestClient, draft: str) -> None:
    before = client.get(f"{draft}/grids").json()
    merge = {"operations": [{"kind": "merge", "grids": ["D-a", "D-b"]}], "by": WANG}
    assert client.post(f"{draft}/edits", json=merge, headers={"If-Match": "*"}).status_code == 200
    assert rename(client, draft, "D-c", "C", by=LI).status_code == 200
    assert client.post(f"{draft}/undo", json={"by": WANG, "own": True}).status_code == 200
    assert client.post(f"{draft}/undo", json={"by": LI, "own": True}).status_code == 200
    assert client.get(f"{draft}/grids").json() == before


def test_comment_is_pinned_settled_and_open_again(client: TestClient, draft: str) -> None:
    said = client.post(
        f"{draft}/comments", json={"words": "too large", "grid": "D-a", "lonlat": [10.5, 50.5], "by": LI}
    )
    assert said.status_code == 201, said.text
    path = f"{draft}/comments/{said.json()['id']}"
    assert client.post(path, json={"by": WANG}).json()["resolved"]["by"] == WANG
    assert client.post(path, json={"resolved": False}).json()["resolved"] is None
    listed = client.get(f"{draft}/comments").json()["comments"]
    assert [(each["words"], each["grid"], each["lonlat"], each["by"]) for each in listed] == [
        ("too large", "D-a", [10.5, 50.5], LI)
    ]
    wrong = client.post(f"{draft}/comments", json={"words": " ", "grid": "nowhere"})
    assert (wrong.status_code, len(wrong.json()["errors"])) == (400, 2)
    assert client.post(f"{draft}/comments/999", json={}).status_code == 404


def test_claim_is_advice_that_holds_above_and_below(client: TestClient, draft: str) -> None:
    claimed = client.post(f"{draft}/claims", json={"grid": "D-a", "by": WANG})
    assert claimed.status_code == 200, claimed.text
    left = datetime.fromisoformat(claimed.json()["until"]) - datetime.now(UTC)
    assert timedelta(minutes=9) < left < timedelta(minutes=11)
    refused = client.post(f"{draft}/claims", json={"grid": "D", "by": LI})
    assert (refused.status_code, "Wang works on grid D-a" in refused.json()["detail"]) == (409, True)
    assert client.post(f"{draft}/claims", json={"grid": "D-b", "by": LI}).status_code == 200
    told = rename(client, draft, "D-a", "A", by=LI).json()["claims"]
    assert [(each["grid"], each["by"]) for each in told] == [("D-a", WANG)]
    assert rename(client, draft, "D-a", "A", by=WANG).json()["claims"] == []
    client.post(f"{draft}/claims", json={"grid": "D-a", "by": WANG, "release": True})
    assert [each["grid"] for each in client.get(f"{draft}/claims").json()["claims"]] == ["D-b"]
    assert client.post(f"{draft}/claims", json={"grid": "nowhere", "by": LI}).status_code == 404


def test_edition_to_come_is_scheduled_and_withdrawn_before_its_moment(client: TestClient, draft: str) -> None:
    for state in ("in_review", "approved"):
        assert client.post(f"{draft}/review", json={"state": state}, headers={"If-Match": "*"}).status_code == 200
    soon = (datetime.now(UTC) + timedelta(days=5)).isoformat()
    how = {"valid_from": soon, "accept_warnings": "known"}
    done = client.post(f"{draft}/publish", json=how, headers={"If-Match": "*"})
    assert (done.status_code, done.json()["scheduled"]) == (200, True)
    assert client.get("/plans/1").json()["valid_to"] is not None
    back = client.post(f"{draft}/withdraw", json={"reason": "too early", "by": LI}, headers={"If-Match": "*"})
    assert back.status_code == 200, back.text
    assert (back.json()["state"], back.json()["scheduled"], back.json()["valid_from"]) == ("approved", False, None)
    assert client.get("/plans/1").json()["valid_to"] is None
    again = client.post(f"{draft}/withdraw", json={}, headers={"If-Match": "*"})
    assert (again.status_code, "it is no edition" in again.json()["detail"]) == (409, True)
    in_force = client.post("/plans/1/withdraw", json={}, headers={"If-Match": "*"})
    assert (in_force.status_code, "is in force since" in in_force.json()["detail"]) == (409, True)
    to_draft = client.post(f"{draft}/review", json={"state": "draft"}, headers={"If-Match": "*"})
    assert (to_draft.status_code, "withdrawn" in to_draft.json()["detail"]) == (409, True)
    assert client.post(f"{draft}/publish", json=how, headers={"If-Match": "*"}).status_code == 200


class Heard:
    """The stream of a plan, read in a thread."""

    def __init__(self, address: str, *, last: int | None = None) -> None:
        headers = {} if last is None else {"Last-Event-ID": str(last)}
        self.reply = urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=20)  # noqa: S310
        self.events: list[tuple[str, dict[str, Any], float]] = []
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        kind = ""
        # The server ends the stream when it stops.
        with self.reply:
            for line in self.reply:
                text = line.decode().strip()
                if text.startswith("event: "):
                    kind = text.removeprefix("event: ")
                elif text.startswith("data: "):
                    self.events.append((kind, json.loads(text.removeprefix("data: ")), time.monotonic()))

    def wait(self, kind: str, *, seconds: float = 8.0, **members: object) -> tuple[dict[str, Any], float]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for told, data, at in list(self.events):
                if told == kind and all(data.get(name) == value for name, value in members.items()):
                    return data, at
            time.sleep(0.02)
        raise AssertionError(f"no {kind} {members} among {self.events}")


@pytest.fixture
def two_servers(database: Database, town: Town) -> Iterator[tuple[str, str]]:
    del town
    settings = ServerSettings(**database.settings.model_dump())
    with serving(settings) as first, serving(settings) as second:
        yield first, second


def post(address: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "If-Match": "*"}
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
        found: dict[str, Any] = json.load(reply)
        return found


def test_edit_at_one_server_is_told_at_another_within_a_second_and_who_is_there(two_servers: tuple[str, str]) -> None:
    first, second = two_servers
    plan = post(f"{first}/plans", {"name": "shared", "by": "Chen"})
    heard = Heard(f"{second}/plans/{plan['id']}/events?by=Li")
    Heard(f"{first}/plans/{plan['id']}/events?by=Wang")
    heard.wait("people", people=["Li", "Wang"])
    edit = {"operations": [{"kind": "rename", "names": {"D-a": "A"}}], "by": "Wang"}
    done = post(f"{first}/plans/{plan['id']}/edits", edit)
    answered = time.monotonic()
    change, at = heard.wait("change", version=done["version"])
    assert (change["by"], change["kind"], change["detail"]["grids"]) == ("Wang", "edit", ["D-a"])
    assert at - answered < 1.0
    post(f"{first}/plans/{plan['id']}/claims", {"grid": "D-b", "by": "Wang"})
    end = time.monotonic() + 5
    while not any(kind == "people" and data["claims"] for kind, data, _ in heard.events):
        assert time.monotonic() < end
        time.sleep(0.02)
    late = Heard(f"{second}/plans/{plan['id']}/events", last=plan["version"])
    late.wait("change", version=done["version"])


def test_stream_ends_when_it_was_asked_to_and_its_head_at_once(client: TestClient, draft: str) -> None:
    begun = time.monotonic()
    told = client.get(f"{draft}/events", params={"seconds": 2, "since": 0})
    assert told.headers["content-type"].startswith("text/event-stream")
    assert "event: people" in told.text
    assert "event: change" in told.text
    assert time.monotonic() - begun >= 1.5
    begun = time.monotonic()
    assert client.head(f"{draft}/events").status_code == 200
    assert time.monotonic() - begun < 2


def test_planners_at_once_lose_nothing_and_collide_only_where_they_overlap(client: TestClient, draft: str) -> None:
    households = sum(
        each["properties"]["households"] for each in client.get(f"{draft}/grids?level=2").json()["features"]
    )
    codes = ["D-a", "D-b", "D-c"]

    def work(planner: int) -> list[tuple[int, str]]:
        code, done = codes[planner % 3], []
        for turn in range(6):
            seen = versions(client, draft, code)
            status = rename(client, draft, code, f"{planner}-{turn}", by=f"p{planner}", seen=seen).status_code
            done.append((status, code))
        return done

    with ThreadPoolExecutor(6) as pool:
        answers = [each for done in pool.map(work, range(6)) for each in done]
    assert {status for status, _ in answers} <= {200, 412}
    edits = client.get(f"{draft}/edits").json()["edits"]
    assert len(edits) == sum(status == 200 for status, _ in answers)
    left = client.get(f"{draft}/grids?level=2").json()["features"]
    assert sum(each["properties"]["households"] for each in left) == households


def test_planners_with_a_grid_each_never_collide(client: TestClient, draft: str) -> None:
    def work(code: str) -> list[int]:
        seen, statuses = versions(client, draft, code), []
        for turn in range(6):
            reply = rename(client, draft, code, f"{code} {turn}", by=code, seen=seen)
            statuses.append(reply.status_code)
            seen = {code: reply.json()["versions"][code]}
        return statuses

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(work, ["D-a", "D-b", "D-c"])) == [[200] * 6] * 3
