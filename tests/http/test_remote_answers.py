"""A remote geocoder that is set up, asked for what the own addresses leave open."""

import csv
import io

import geopandas as gpd
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from boundaries.addresses.geocoding import import_addresses
from boundaries.addresses.remote.services import RemoteAnswer
from boundaries.store.engine import unit_of_work
from geogrid.errors import UnavailableError
from tests.http.conftest import Town


class Service:
    """A remote geocoder; it says the same of every address, or fails."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.lon = 11.5
        self.fault = ""

    def __call__(self, question: str) -> RemoteAnswer | None:
        self.asked.append(question)
        if self.fault:
            raise UnavailableError(self.fault)
        return RemoteAnswer(self.lon, 50.5, "Elm Street 7", 50.0, "photon")


@pytest.fixture
def service(client: TestClient, engine: Engine, town: Town) -> Service:
    words = {"street": ["Main Street"], "house_number": ["1"]}
    frame = gpd.GeoDataFrame(words, geometry=gpd.points_from_xy([10.5], [50.5]), crs=4326)
    with unit_of_work(engine) as session:
        import_addresses(session, town.id, frame, "survey")
    found = Service()
    client.app.state.remote = found  # type: ignore[attr-defined]
    return found


def test_a_case_whose_address_is_unknown_is_placed_by_the_remote_geocoder(client: TestClient, service: Service) -> None:
    stored = client.post("/cases", json={"address": "7 Elm Street", "text": "Noise at number 7"})
    assert stored.json()["properties"]["grid"] == "D-b"
    assert service.asked == ["7 Elm Street"]
    (received, *_) = [
        event
        for event in client.get(f"/cases/{stored.json()['id']}").json()["events"]
        if "remote" in event.get("detail", {})
    ]
    assert received["detail"]["remote"] == "photon says 'Elm Street 7'"


def test_a_case_with_a_known_address_or_with_words_alone_asks_nobody(client: TestClient, service: Service) -> None:
    assert client.post("/cases", json={"address": "1 Main Street"}).json()["properties"]["grid"] == "D-a"
    assert client.post("/cases", json={"text": "Mr Smith of 7 Elm Street is loud"}).status_code == 201
    assert service.asked == []


def test_a_case_waits_where_the_remote_geocoder_fails_and_says_so(client: TestClient, service: Service) -> None:
    service.fault = "photon answered 500."
    stored = client.post("/cases", json={"address": "7 Elm Street"}).json()
    assert stored["properties"]["grid"] is None
    details = [event.get("detail", {}) for event in client.get(f"/cases/{stored['id']}").json()["events"]]
    assert any("photon answered 500." in detail.get("remote", "") for detail in details)


def test_a_remote_answer_outside_the_callers_grid_does_not_count(client: TestClient, service: Service) -> None:
    stored = client.post("/cases", json={"address": "7 Elm Street", "within": "D-a"}).json()
    assert stored["properties"]["grid"] is None
    found = client.get("/geocode", params={"q": "7 Elm Street", "within": "D-a"}).json()
    assert (found["features"], service.asked) == ([], ["7 Elm Street"] * 2)
    assert "elsewhere" in found["geocoding"]["remote"]


def test_of_many_addresses_the_open_ones_are_asked(client: TestClient, service: Service) -> None:
    results = client.post("/geocode", json={"addresses": ["1 Main Street", "7 Elm Street"]}).json()["results"]
    assert [(row["grid"], row["remote"]) for row in results] == [("D-a", ""), ("D-b", "photon says 'Elm Street 7'")]
    assert service.asked == ["7 Elm Street"]


def test_of_many_addresses_as_csv_a_column_tells_who_answered(client: TestClient, service: Service) -> None:
    service.fault = "photon answered 500."
    body = "address\n7 Elm Street\n"
    answer = client.post("/geocode", content=body, headers={"Content-Type": "text/csv"})
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["geocode_grid"], row["geocode_remote"]) == (
        "",
        "photon answered 500. The local gazetteer answers alone.",
    )
