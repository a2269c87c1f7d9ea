"""`/grids/{key}`: the lasting address of a grid, in each state of its town."""

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.app import create_app
from api.settings import ServerSettings
from tests.http.conftest import Town, store_town

INSIDE = {"lon": 10.25, "lat": 50.5}
BOTH = (("town", INSIDE), ("other", {"lon": 30.25, "lat": 50.5}))


def test_a_lookup_leads_to_the_lasting_address_and_that_to_the_grid(client: TestClient, town: Town) -> None:
    key = client.get("/locate", params=INSIDE).json()["grid"]["key"]
    answer = client.get(f"/grids/{key}")
    body = answer.json()
    assert (body["key"], body["jurisdiction"], body["now"]["code"], body["successors"]) == (key, town.code, "D-a", [])
    assert [each["edition_name"] for each in body["history"]] == ["first"]
    (link,) = body["links"]
    assert client.get(link["href"]).json()["properties"]["code"] == "D-a"
    assert 'rel="item"' in answer.headers["Link"]


def test_before_its_first_edition_no_grid_has_it(client: TestClient, town: Town) -> None:
    del town
    key = client.get("/locate", params=INSIDE).json()["grid"]["key"]
    body = client.get(f"/grids/{key}", params={"at": "2020-01-01T00:00:00Z"}).json()
    assert (body["now"], body["links"], len(body["history"])) == (None, [], 1)


def test_a_key_that_there_is_not_says_so(client: TestClient, town: Town) -> None:
    del town
    for key in (999_999, 2**63 - 1):
        answer = client.get(f"/grids/{key}")
        assert answer.status_code == 404
        assert str(key) in answer.json()["detail"]


def test_a_store_without_a_town_has_no_key(settings: ServerSettings) -> None:
    with TestClient(create_app(settings)) as empty:
        assert empty.get("/grids/1").status_code == 404


def test_of_two_towns_nobody_has_to_name_one(settings: ServerSettings, engine: Engine) -> None:
    store_town(engine)
    store_town(engine, "other", west=30.0)
    with TestClient(create_app(settings)) as client:
        keys = [client.get("/locate", params={**at, "jurisdiction": of}).json()["grid"]["key"] for of, at in BOTH]
        assert [client.get(f"/grids/{key}").json()["jurisdiction"] for key in keys] == ["town", "other"]


def test_keys_that_are_no_numbers_are_refused(client: TestClient, town: Town) -> None:
    del town
    for key in ("0", "-1", "x", str(2**63), "9" * 5000, "1.5", "٣"):
        assert client.get(f"/grids/{key}").status_code in {400, 404}, key
