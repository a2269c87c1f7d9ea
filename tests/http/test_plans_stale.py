"""Bands, locks, stale plans and carrying them over: over HTTP and by command, with what each answers."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from api.cli import main
from tests.fixtures_db import Database

ANY = {"If-Match": "*"}
LATER = (datetime.now(UTC) + timedelta(days=1)).isoformat()
PAST = {"reason": "a test", "accept": ["backdated"]}


def made(client: TestClient, **members: Any) -> dict[str, Any]:
    reply = client.post("/plans", json={"name": "draft", **members})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


def edited(client: TestClient, plan: int, *operations: dict[str, Any], status: int = 200) -> dict[str, Any]:
    reply = client.post(f"/plans/{plan}/edits", json={"by": "Wang", "operations": operations}, headers=ANY)
    assert reply.status_code == status, reply.text
    found: dict[str, Any] = reply.json()
    return found


def published(client: TestClient, plan: int, at: str, status: int = 200, **more: Any) -> dict[str, Any]:
    for state in ("in_review", "approved"):
        client.post(f"/plans/{plan}/review", json={"state": state}, headers=ANY)
    body = {"valid_from": at, "accept_warnings": "known", **more}
    reply = client.post(f"/plans/{plan}/publish", json=body, headers=ANY)
    assert reply.status_code == status, reply.text
    found: dict[str, Any] = reply.json()
    return found


@pytest.fixture
def terminal(client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch) -> Any:
    del client
    monkeypatch.setenv("GEOGRID_DATABASE_URL", database.url)

    def run(*arguments: object, status: int = 0) -> str:
        done = CliRunner().invoke(main, ["plan", *map(str, arguments)], catch_exceptions=False)
        assert done.exit_code == status, done.output
        return done.output

    return run


def test_band_is_given_to_a_plan_changed_and_taken_back(client: TestClient) -> None:
    plan = made(client, band=[300, 500], load="population")
    assert (plan["band"], plan["load"]) == ([300, 500], "population")
    changed = edited(client, plan["id"], {"kind": "set_band", "band": [2, 3], "load": "households"})
    assert (changed["band"], changed["load"]) == ([2, 3], "households")
    validation = client.get(f"/plans/{plan['id']}/validation").json()
    assert validation["band"] == [2, 3]
    assert {each["message"] for each in validation["warnings"] if each["kind"] == "band"} == {
        "Grid D-a has 0 households; the band is 2 to 3.",
        "Grid D-b has 1 households; the band is 2 to 3.",
    }
    back = client.post(f"/plans/{plan['id']}/undo", json={}, headers=ANY).json()
    assert (back["band"], back["load"]) == ([300, 500], "population")
    again = client.post(f"/plans/{plan['id']}/redo", json={}, headers=ANY).json()
    assert (again["band"], again["load"]) == ([2, 3], "households")
    assert made(client, based_on=plan["id"])["band"] == [2, 3]


@pytest.mark.parametrize("band", [[5, 1], [0, 1], [1], [1, 2, 3], "1:2", [1, "x"], [-1, 2]])
def test_band_that_is_none_is_refused_with_what_may_be(client: TestClient, band: Any) -> None:
    reply = client.post("/plans", json={"name": "draft", "band": band})
    assert (reply.status_code, "two numbers, 0 < low <= high" in reply.json()["detail"]) == (400, True)


def test_lock_is_kept_by_the_server_shown_and_taken_back(client: TestClient, terminal: Any) -> None:
    plan = made(client)["id"]
    edited(client, plan, {"kind": "lock", "grids": ["D-a"]})
    grids = client.get(f"/plans/{plan}/grids", params={"level": 2}).json()["features"]
    assert {each["properties"]["code"]: each["properties"]["locked_by"] for each in grids} == {
        "D-a": "Wang", "D-b": None, "D-c": None,
    }  # fmt: skip
    assert "Grid D-a is locked by Wang." in terminal("show", plan)
    refused = edited(client, plan, {"kind": "merge", "grids": ["D-a", "D-b"]}, status=409)
    assert refused["detail"] == (
        "Grid D-a (Grid a) is locked by Wang, and this would change it. "
        'Unlock it first: {"kind": "unlock", "grids": ["D-a"]}.'
    )
    client.post(f"/plans/{plan}/undo", json={}, headers=ANY)
    edited(client, plan, {"kind": "merge", "grids": ["D-a", "D-b"]})


def test_locks_of_a_draft_are_not_those_of_its_copies(client: TestClient) -> None:
    plan = made(client)["id"]
    edited(client, plan, {"kind": "lock", "grids": ["D"]})
    edited(client, plan, {"kind": "rename", "names": {"D-a": "A"}}, status=409)
    edited(client, made(client, based_on=plan)["id"], {"kind": "rename", "names": {"D-a": "A"}})


def test_stale_plan_is_refused_carried_over_and_published(client: TestClient) -> None:
    stale = made(client)["id"]
    edited(client, stale, {"kind": "rename", "names": {"D-c": "School"}})
    between = made(client)["id"]
    edited(client, between, {"kind": "rename", "names": {"D-a": "West"}})
    published(client, between, "2026-06-01T00:00:00Z", **PAST)
    problem = published(client, stale, LATER, status=400)["errors"]
    assert [each["kind"] for each in problem] == ["stale-base"]
    assert "the name of D-a" in problem[0]["detail"]
    assert client.get(f"/plans/{stale}/validation").json()["errors"][0]["kind"] == "stale-base"
    reply = client.post(f"/plans/{stale}/rebase", json={"by": "Wang"}, headers=ANY)
    assert reply.status_code == 201, reply.text
    done = reply.json()
    assert (done["conflicts"], done["renumbered"], done["based_on"]) == ([], {}, between)
    assert reply.headers["location"].endswith(f"/plans/{done['id']}")
    grids = client.get(f"/plans/{done['id']}/grids").json()["features"]
    assert {each["properties"]["code"]: each["properties"]["name"] for each in grids} == {
        "D": "District", "D-a": "West", "D-b": "Grid b", "D-c": "School",
    }  # fmt: skip
    published(client, done["id"], LATER)


def test_conflicts_of_carrying_over_are_listed_and_settled(client: TestClient, terminal: Any) -> None:
    stale, between = made(client)["id"], made(client)["id"]
    edited(client, stale, {"kind": "rename", "names": {"D-a": "Mill", "D-b": "Hill"}})
    edited(client, between, {"kind": "rename", "names": {"D-a": "West", "D-b": "East"}})
    published(client, between, "2026-06-01T00:00:00Z", **PAST)
    plans = len(client.get("/plans").json()["plans"])
    refused = client.post(f"/plans/{stale}/rebase", json={}, headers=ANY)
    assert refused.status_code == 400
    assert [each["detail"][:44] for each in refused.json()["errors"]] == [
        "Grid D-a: the name is 'Mill' in the draft an",
        "Grid D-b: the name is 'Hill' in the draft an",
    ]
    said = terminal("rebase", stale, status=1)
    assert "Grid D-b: the name is 'Hill' in the draft and 'East' in the edition; it was 'Grid b'." in said
    assert "Only tried: nothing is stored." in terminal("rebase", stale, "--keep", "draft", "--dry-run")
    assert len(client.get("/plans").json()["plans"]) == plans
    told = terminal("rebase", stale, "--keep", "draft")
    assert "2 conflicts, in which the draft counts; carried onto edition" in told
    number = int(told.splitlines()[-1].split()[0])
    names = {
        each["properties"]["code"]: each["properties"]["name"]
        for each in client.get(f"/plans/{number}/grids").json()["features"]
    }
    assert (names["D-a"], names["D-b"]) == ("Mill", "Hill")
    assert '"kind": "rebase"' in terminal("show", number)


def test_plan_that_is_not_stale_is_not_carried_over(client: TestClient) -> None:
    reply = client.post(f"/plans/{made(client)['id']}/rebase", json={}, headers=ANY)
    assert (reply.status_code, "There is nothing to carry over." in reply.json()["detail"]) == (409, True)
    assert client.post("/plans/1/rebase", json={}).status_code == 428


def test_past_and_holes_are_accepted_by_name_over_http_and_by_command(client: TestClient, terminal: Any) -> None:
    plan = made(client)["id"]
    edited(client, plan, {"kind": "rename", "names": {"D-a": "West"}})
    told = published(client, plan, "2026-06-01T00:00:00Z", status=400, valid_to="2026-07-01T00:00:00Z")["errors"]
    assert [each["kind"] for each in told] == ["backdated", "hole"]
    for each in told:
        assert each["kind"] in each["detail"]
    when = ("--valid-from", "2026-06-01", "--valid-to", "2026-07-01", "--accept-warnings", "known")
    assert "backdated" in terminal("publish", plan, *when, "--reason", "x", "--accept", "hole", status=1)
    both = ("--accept", "hole", "--accept", "backdated")
    assert "No reason is given." in terminal("publish", plan, *when, *both, status=1)
    assert "Published." in terminal("publish", plan, *when, *both, "--reason", "fair", "--publish")
    assert client.get(f"/plans/{plan}").json()["state"] == "retired"


def test_lineage_ends_at_the_edition_in_force_and_not_at_one_to_come(client: TestClient) -> None:
    now, later = made(client)["id"], made(client)["id"]
    edited(client, now, {"kind": "recode", "codes": {"D-a": "N"}})
    published(client, now, "2026-06-01T00:00:00Z", **PAST)
    edited(client, later, {"kind": "recode", "codes": {"D-a": "F"}})
    accepted = {"kind": "stale-base", "subject": str(now), "reason": "coded anew"}
    client.post(f"/plans/{later}/acceptances", json=accepted, headers=ANY)
    published(client, later, LATER)
    assert client.get("/grids/D-a/successors").json()["successors"] == [{"code": "N", "share": 1.0}]
    far = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    assert client.get("/grids/D-a/successors", params={"until": far}).json()["successors"] == [
        {"code": "F", "share": 1.0}
    ]
    assert [each["state"] for each in client.get("/editions").json()["editions"]] == [
        "retired",
        "published",
        "published",
    ]
    assert len(client.get("/plans", params={"state": "published"}).json()["plans"]) == 2
    assert json.dumps(client.get("/grids/N/predecessors").json()["predecessors"]) == '[{"code": "D-a", "share": 1.0}]'
