"""What happens to a case leaves behind, on every path: events, entries in the feed, reviews, learned addresses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.cli import main
from tests.fixtures_db import Database
from tests.http.conftest import Town
from tests.http.open311_town import V2, offer

POINT = {"lon": 10.25, "lat": 50.5}
UNSURE = "5 Mainly Stret by the old oak"
COLUMNS = ("--time", "when", "--lon", "lon", "--lat", "lat", "--address", "address", "--id", "number", "--text", "what")


class Intake:
    """The ways in which cases come."""

    def __init__(self, client: TestClient, key: str, folder: Path) -> None:
        self.client = client
        self.key = key
        self._folder = folder

    def reported(self, *, number: str = "1", lon: float | None = None, lat: float | None = None, **words: str) -> None:
        point = {} if lon is None else {"lon": lon, "lat": lat}
        reply = self.client.post("/cases", json={"external_id": number, **point, **words})
        assert reply.status_code == 201, reply.text

    def asked_for(
        self, *, number: str = "1", lon: object = None, lat: object = None, address: str = "", text: str = ""
    ) -> None:
        fields = {"api_key": self.key, "service_code": "POTHOLE", "attribute[external_id]": number}
        fields |= {"address_string": address, "description": text}
        fields |= {} if lon is None else {"long": str(lon), "lat": str(lat)}
        reply = self.client.post(f"{V2}/requests.json", data=fields)
        assert reply.status_code == 201, reply.text

    def imported(
        self, *, number: str = "1", lon: object = "", lat: object = "", address: str = "", text: str = ""
    ) -> None:
        file = self._folder / "cases.csv"
        file.write_text(f"number,when,lon,lat,address,what\n{number},2026-02-01 08:00,{lon},{lat},{address},{text}\n")
        arguments = ["import", "cases", str(file), "--jurisdiction", "town", *COLUMNS]
        done = CliRunner().invoke(main, arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output


WAYS: dict[str, tuple[Callable[..., None], str]] = {
    "over http": (Intake.reported, "api"),
    "over open311": (Intake.asked_for, "api"),
    "from a file": (Intake.imported, "import"),
}


@pytest.fixture
def intake(  # noqa: PLR0913, PLR0917 - fixtures
    client: TestClient, engine: Engine, town: Town, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Intake:
    monkeypatch.setenv("GEOGRID_DATABASE_URL", database.url)
    return Intake(client, offer(engine, town), tmp_path)


def events_of_the_case(client: TestClient) -> list[dict[str, Any]]:
    (case,) = client.get("/cases").json()["features"]
    events: list[dict[str, Any]] = client.get(f"/cases/{case['id']}").json()["events"]
    return events


def told(client: TestClient) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = client.get("/changes", params={"kind": "case"}).json()["changes"]
    return entries


@pytest.mark.parametrize("way", WAYS)
def test_case_with_a_point_is_told_as_received_and_assigned(intake: Intake, way: str) -> None:
    take, source = WAYS[way]
    take(intake, **POINT, address="Long Street 9")
    received, assigned = events_of_the_case(intake.client)
    assert (received["kind"], assigned["kind"]) == ("received", "assigned")
    assert received["detail"]["source"] == source
    assert (assigned["detail"]["located_by"], assigned["detail"]["grid"]) == ("point", "D-a")
    assert [each["type"] for each in told(intake.client)] == ["case.received", "case.assigned"]
    assert told(intake.client)[1]["detail"]["grid"] == "D-a"


@pytest.mark.parametrize("way", WAYS)
def test_case_with_an_address_is_told_as_assigned_by_it(intake: Intake, way: str) -> None:
    WAYS[way][0](intake, address="Long Street 9")
    detail = events_of_the_case(intake.client)[1]["detail"]
    assert (detail["located_by"], detail["grid"]) == ("address", "D-b")
    assert detail.get("matched", "Long Street 9") == "Long Street 9"
    assert told(intake.client)[1]["detail"]["located_by"] == "address"
    assert intake.client.get("/geocode/reviews").json()["reviews"] == []


@pytest.mark.parametrize("way", ["over http", "over open311"])
def test_case_of_an_unsure_address_is_told_as_unassigned_and_waits_for_a_person(intake: Intake, way: str) -> None:
    WAYS[way][0](intake, address=UNSURE, text="rubbish")
    received, unassigned = events_of_the_case(intake.client)
    assert (received["kind"], unassigned["kind"]) == ("received", "unassigned")
    assert UNSURE in unassigned["detail"]["reason"]
    assert [each["type"] for each in told(intake.client)] == ["case.received", "case.unassigned"]
    (review,) = intake.client.get("/geocode/reviews").json()["reviews"]
    assert (review["case"], review["question"]) == (told(intake.client)[0]["case"], UNSURE)


@pytest.mark.parametrize("way", ["over http", "over open311"])
def test_case_that_comes_again_leaves_nothing_more(intake: Intake, way: str) -> None:
    WAYS[way][0](intake, address=UNSURE, text="rubbish")
    before = (told(intake.client), intake.client.get("/geocode/reviews").json())
    with pytest.raises(AssertionError, match=UNSURE if way == "over http" else "service_request_id"):
        WAYS[way][0](intake, address=UNSURE, text="rubbish")
    assert (told(intake.client), intake.client.get("/geocode/reviews").json()) == before


@pytest.mark.parametrize("way", ["over http", "over open311"])
def test_choice_of_a_reviewer_is_in_the_history_and_in_the_feed(intake: Intake, way: str) -> None:
    WAYS[way][0](intake, address=UNSURE, text="rubbish")
    (review,) = intake.client.get("/geocode/reviews").json()["reviews"]
    chosen = {"lon": 12.25, "lat": 50.25, "by": "Li"}
    assert intake.client.post(f"/geocode/reviews/{review['id']}", json=chosen).status_code == 204
    event = events_of_the_case(intake.client)[-1]
    assert (event["kind"], event["detail"]) == ("geocoded", {**chosen, "grid": "D-c"})
    entry = told(intake.client)[-1]
    assert (entry["type"], entry["case"]) == ("case.geocoded", review["case"])
    assert {name: entry["detail"][name] for name in ("by", "grid")} == {"by": "Li", "grid": "D-c"}
    (case,) = intake.client.get("/cases").json()["features"]
    assert case["geometry"]["coordinates"] == [12.25, 50.25]
    placed = {name: case["properties"][name] for name in ("located_by", "positional_error_m", "grid")}
    assert placed == {"located_by": "address", "positional_error_m": 15.0, "grid": "D-c"}


@pytest.mark.parametrize("way", WAYS)
def test_choice_of_a_reviewer_places_the_next_case_of_the_same_words(intake: Intake, way: str) -> None:
    intake.reported(number="0", address=UNSURE)
    (review,) = intake.client.get("/geocode/reviews").json()["reviews"]
    intake.client.post(f"/geocode/reviews/{review['id']}", json={"lon": 12.25, "lat": 50.25, "by": "Li"})
    WAYS[way][0](intake, address=UNSURE.upper())
    found = intake.client.get("/cases", params={"has_grid": True}).json()["features"]
    assert [each["properties"]["grid"] for each in found] == ["D-c", "D-c"]
    assert intake.client.get("/geocode/reviews").json()["reviews"] == []


def test_place_outside_every_grid_that_a_reviewer_chose_is_told_without_one(intake: Intake) -> None:
    intake.reported(address=UNSURE)
    (review,) = intake.client.get("/geocode/reviews").json()["reviews"]
    intake.client.post(f"/geocode/reviews/{review['id']}", json={"lon": 20.0, "lat": 50.25, "by": "Li"})
    assert events_of_the_case(intake.client)[-1]["detail"]["grid"] is None
    assert intake.client.get("/cases").json()["features"][0]["properties"]["grid"] is None


SENT = {"external_id": "A-1", **POINT, "text": "noise", "channel": "12345", "category": "works", "address": "Gate 3"}
OTHER = {"lon": 10.26, "lat": 50.51, "text": "smell", "channel": "web", "category": "parks", "address": "Gate 4"}


def test_same_external_id_with_any_one_member_changed_is_a_conflict_that_names_it(client: TestClient) -> None:
    assert client.post("/cases", json=SENT).status_code == 201
    replies = {name: client.post("/cases", json={**SENT, name: value}) for name, value in OTHER.items()}
    assert {name: reply.status_code for name, reply in replies.items()} == dict.fromkeys(OTHER, 409)
    named = {name: reply.json()["detail"].partition("another ")[2].partition(".")[0] for name, reply in replies.items()}
    assert named == {name: name for name in OTHER}
    (case,) = client.get("/cases").json()["features"]
    assert {name: case["properties"][name] for name in ("text", "channel", "category", "address")} == {
        name: SENT[name] for name in ("text", "channel", "category", "address")
    }
    assert len(told(client)) == 2


def test_same_external_id_for_another_service_is_a_conflict(intake: Intake) -> None:
    intake.asked_for(**POINT)
    fields = {"api_key": intake.key, "service_code": "TREE", "attribute[external_id]": "1", "long": "10.25"}
    reply = intake.client.post(f"{V2}/requests.json", data={**fields, "lat": "50.5"})
    assert (reply.status_code, reply.json()[0]["code"]) == (400, 409)
    assert "category" in reply.json()[0]["description"]


def test_same_external_id_in_another_town_or_from_another_source_is_another_case(intake: Intake) -> None:
    intake.reported(**POINT)
    intake.imported(**POINT)
    assert intake.client.get("/cases").json()["numberMatched"] == 2
    assert json.dumps(told(intake.client)).count("case.received") == 2
