import json

import geopandas as gpd
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from boundaries.addresses.geocoding import import_addresses
from boundaries.store.engine import unit_of_work
from geogrid.coordinates import from_wgs84
from tests.http.conftest import Town


@pytest.fixture(autouse=True)
def _addresses(engine: Engine, town: Town) -> None:
    rows = {"street": ["Main Street"] * 3 + ["解放路"], "house_number": ["1", "3", "5", "12号"]}
    points = gpd.points_from_xy([10.5, 10.999999, 11.5, 12.5], [50.5] * 4)
    with unit_of_work(engine) as session:
        import_addresses(session, town.id, gpd.GeoDataFrame(rows, geometry=points, crs=4326), "survey")


def test_an_address_is_answered_with_point_grid_and_reason(client: TestClient) -> None:
    body = client.get("/geocode", params={"q": "1 MAIN ST"}).json()
    (best, *_) = body["features"]
    assert best["geometry"]["coordinates"] == [10.5, 50.5]
    found = best["properties"]["geocoding"]
    assert (found["type"], found["needs_review"], found["grids"]) == (
        "house_number",
        False,
        [{"code": "D-a", "share": 1.0}],
    )
    assert [grid["code"] for grid in found["chain"]] == ["D-a", "D"]
    assert found["why"]


def test_an_error_circle_across_a_border_lists_both_grids_with_shares(client: TestClient) -> None:
    (best, *_) = client.get("/geocode", params={"q": "3 Main Street"}).json()["features"]
    shares = {grid["code"]: grid["share"] for grid in best["properties"]["geocoding"]["grids"]}
    assert set(shares) == {"D-a", "D-b"}
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["D-a"] == pytest.approx(0.5, abs=0.03)


def test_within_a_grid_only_its_addresses_answer(client: TestClient) -> None:
    assert client.get("/geocode", params={"q": "解放路12号", "within": "D-c"}).json()["features"]
    assert client.get("/geocode", params={"q": "解放路12号", "within": "D-a"}).json()["features"] == []


def test_within_a_grid_a_street_of_two_towns_is_sure(engine: Engine, town: Town, client: TestClient) -> None:
    rows = {"street": ["Hill Road", "Hill Road"], "house_number": ["7", "7"]}
    points = gpd.points_from_xy([10.2, 12.2], [50.5, 50.5])
    with unit_of_work(engine) as session:
        import_addresses(session, town.id, gpd.GeoDataFrame(rows, geometry=points, crs=4326), "hills")
    (best, second) = client.get("/geocode", params={"q": "7 Hill Road"}).json()["features"]
    assert best["properties"]["geocoding"]["needs_review"]
    (only,) = client.get("/geocode", params={"q": "7 Hill Road", "within": "D-c"}).json()["features"]
    assert (only["geometry"]["coordinates"][0], only["properties"]["geocoding"]["needs_review"]) == (12.2, False)
    body = {"addresses": ["7 Hill Road"]}
    (row,) = client.post("/geocode", params={"within": "D-a"}, json=body).json()["results"]
    assert (row["grid"], row["needs_review"]) == ("D-a", False)
    case = client.post("/cases", json={"address": "7 Hill Road", "within": "D-c"}).json()
    assert case["properties"]["grid"] == "D-c"
    assert second["properties"]["geocoding"]["grids"][0]["code"] in {"D-a", "D-c"}


def test_within_an_unknown_grid_nothing_answers(client: TestClient) -> None:
    assert client.get("/geocode", params={"q": "1 Main St", "within": "nowhere"}).json()["features"] == []


def test_a_complaint_without_address_is_placed_by_the_place_that_it_names(client: TestClient) -> None:
    case = client.post("/cases", json={"text": "Rubbish has been lying at 1 Main Street since Monday."}).json()
    assert case["properties"]["grid"] == "D-a"
    assert client.get("/geocode/reviews").json()["reviews"] == []


def test_a_circle_of_which_no_grid_has_enough_waits_for_a_person(
    engine: Engine, town: Town, client: TestClient
) -> None:
    rows = {"street": ["Long Road"] * 2, "house_number": ["1", "1"], "unit": ["north", "south"]}
    points = gpd.points_from_xy([10.9995, 11.0005], [50.99995] * 2)
    with unit_of_work(engine) as session:
        import_addresses(session, town.id, gpd.GeoDataFrame(rows, geometry=points, crs=4326), "long")
    case = client.post("/cases", json={"address": "1 Long Road"}).json()
    assert case["properties"]["grid"] is None
    (waiting,) = client.get("/geocode/reviews").json()["reviews"]
    assert waiting["candidates"][0]["address"].startswith("Long Road 1")


def test_an_unknown_address_has_no_features(client: TestClient) -> None:
    answer = client.get("/geocode", params={"q": "Rue des Roses 99"})
    assert (answer.status_code, answer.json()["features"]) == (200, [])


@pytest.mark.parametrize("asked", [{}, {"q": "x", "near": "1"}, {"q": "x", "near": "200,1"}, {"q": "x", "limit": "0"}])
def test_a_bad_question_is_refused(client: TestClient, asked: dict[str, str]) -> None:
    assert client.get("/geocode", params=asked).status_code == 400


def suggested(client: TestClient, **params: str) -> list[tuple[str, float]]:
    features = client.get("/suggest", params=params).json()["features"]
    return [(each["properties"]["geocoding"]["label"], each["geometry"]["coordinates"][0]) for each in features]


def test_suggestions_are_those_of_the_caller_the_nearest_first(engine: Engine, town: Town, client: TestClient) -> None:
    rows = {"street": ["Hill Road", "Hill Lane"], "house_number": ["7", "7"]}
    points = gpd.points_from_xy([10.2, 12.2], [50.5, 50.5])
    with unit_of_work(engine) as session:
        import_addresses(session, town.id, gpd.GeoDataFrame(rows, geometry=points, crs=4326), "hills")
    assert suggested(client, q="hill", near="12.3,50.5") == [("Hill Lane 7", 12.2), ("Hill Road 7", 10.2)]
    assert suggested(client, q="hill", near="10.3,50.5") == [("Hill Road 7", 10.2), ("Hill Lane 7", 12.2)]
    assert suggested(client, q="hill", within="D-a") == [("Hill Road 7", 10.2)]
    assert suggested(client, q="main", within="D-b") == [("Main Street 5", 11.5)]
    assert suggested(client, q="main str", near="11.4,50.5") == [("Main Street 5", 11.5)]
    assert [label for label, _ in suggested(client, q="5 main", near="10.6,50.5")] == ["Main Street 5"]


def test_the_nearest_number_of_each_street_counts(engine: Engine, town: Town, client: TestClient) -> None:
    # From the west: Hill Road, Hill Lane, Hill Road again.
    rows = {"street": ["Hill Road", "Hill Lane", "Hill Road"], "house_number": ["7", "7", "9"]}
    points = gpd.points_from_xy([10.2, 10.3, 12.2], [50.5, 50.5, 50.5])
    with unit_of_work(engine) as session:
        import_addresses(session, town.id, gpd.GeoDataFrame(rows, geometry=points, crs=4326), "hills")
    assert suggested(client, q="hill", near="10.1,50.5") == [("Hill Road 7", 10.2), ("Hill Lane 7", 10.3)]
    assert suggested(client, q="hill", near="12.3,50.5") == [("Hill Road 9", 12.2), ("Hill Lane 7", 10.3)]


def test_datum_of_the_caller_counts(engine: Engine, town: Town, client: TestClient) -> None:
    # 500 m of shift in the Chinese datum decide which of two houses is the nearer one.
    rows = {"street": ["Hill Road", "Hill Road"], "house_number": ["7", "7"]}
    shifted = from_wgs84([118.8], [31.9], "gcj02")
    lons = [118.8, float(shifted[0][0])]
    points = gpd.points_from_xy(lons, [31.9, float(shifted[1][0])])
    with unit_of_work(engine) as session:
        import_addresses(session, town.id, gpd.GeoDataFrame(rows, geometry=points, crs=4326), "hills")
    near = f"{lons[1]},{float(shifted[1][0])}"
    first = [
        client.get("/geocode", params={"q": "7 Hill Road", "near": near, **datum}).json()["features"][0]
        for datum in ({}, {"coord_type": "gcj02"})
    ]
    assert [each["geometry"]["coordinates"][0] for each in first] == pytest.approx([lons[1], lons[0]], abs=1e-6)


def test_a_body_says_whose_addresses_are_meant(client: TestClient) -> None:
    body = {"addresses": ["解放路12号"], "within": "D-a"}
    assert client.post("/geocode", json=body).json()["results"][0]["grid"] is None
    body = {"addresses": ["解放路12号"], "jurisdiction": "town", "near": [12.5, 50.5], "within": "D-c"}
    assert client.post("/geocode", json=body).json()["results"][0]["grid"] == "D-c"
    for params, said in (
        ({"jurisdiction": "other"}, "The body says another jurisdiction than the address of the request"),
        ({}, "The member town of the body"),
    ):
        wrong = {"addresses": ["x"], "jurisdiction": "town"} if params else {"addresses": ["x"], "town": "town"}
        reply = client.post("/geocode", params=params, json=wrong)
        assert reply.status_code == 400
        assert said in reply.text
    unknown = client.post("/geocode", json={"addresses": ["x"], "jurisdiction": "nowhere"})
    same = client.post("/geocode", params={"jurisdiction": "nowhere"}, json=["x"])
    assert unknown.status_code == same.status_code == 400
    assert "There is no jurisdiction 'nowhere'" in unknown.text


def test_csv_is_answered_row_by_row_or_refused(client: TestClient) -> None:
    def sent(text: str) -> str:
        reply = client.post("/geocode", content=text.encode(), headers={"content-type": "text/csv"})
        return reply.text

    first = sent("n,q\n1,1 Main Street\n")
    assert sent(first) == first
    assert "Address 2 of the CSV has more or fewer cells than its header, of 2 columns" in sent("n,q\n1,a\n2,b,c\n")
    assert "Address 1 of the CSV has more or fewer cells" in sent("n,q\n1\n")
    assert "the column 'q' more than once" in sent("q,q\na,b\n")


def test_suggestions_begin_like_what_was_typed(client: TestClient) -> None:
    labels = [
        each["properties"]["geocoding"]["label"]
        for each in client.get("/suggest", params={"q": "3 mai"}).json()["features"]
    ]
    assert labels == ["Main Street 3"]


def test_reverse_names_the_nearest_address_in_any_datum(client: TestClient) -> None:
    (found,) = client.get("/reverse", params={"lon": 10.5001, "lat": 50.5}).json()["features"]
    assert found["properties"]["geocoding"]["label"] == "Main Street 1"
    assert found["properties"]["geocoding"]["distance"] == pytest.approx(7.1, abs=0.1)


def test_many_addresses_come_back_in_order_as_json(client: TestClient) -> None:
    body = {"addresses": ["5 Main St", {"q": "nowhere at all", "id": 7}]}
    first, second = client.post("/geocode", json=body).json()["results"]
    assert (first["grid"], first["lon"]) == ("D-b", 11.5)
    assert (second["id"], second["lon"], second["needs_review"]) == (7, None, True)


def test_many_addresses_come_back_as_ndjson_and_csv(client: TestClient) -> None:
    lines = client.post(
        "/geocode", content='"1 Main St"\n{"q": "解放路12号"}\n', headers={"content-type": "application/x-ndjson"}
    )
    assert [json.loads(line)["grid"] for line in lines.text.splitlines()] == ["D-a", "D-c"]
    table = client.post("/geocode", content="n,address\n4,5 Main St\n", headers={"content-type": "text/csv"})
    assert table.text.splitlines()[0].startswith("n,address,geocode_lon")
    assert "D-b" in table.text.splitlines()[1]


def test_cells_sent_as_csv_come_back_so_that_no_spreadsheet_runs_them(client: TestClient) -> None:
    sent = "n,lon,address\n=1+1,-71.5,5 Main St\n'@x,2,5 Main St\n"
    table = client.post("/geocode", content=sent, headers={"content-type": "text/csv"})
    assert [line.split(",")[:3] for line in table.text.splitlines()[1:]] == [
        ["'=1+1", "-71.5", "5 Main St"],
        ["'@x", "2", "5 Main St"],
    ]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        ("[1]", "application/json", 400),
        ("{", "application/json", 400),
        ("a\n1\n", "text/csv", 400),
        ("x", "text/plain", 415),
    ],
)
def test_an_unreadable_list_is_refused(client: TestClient, content: str, kind: str, status: int) -> None:
    assert client.post("/geocode", content=content, headers={"content-type": kind}).status_code == status


def test_an_unsure_address_waits_and_the_choice_is_learned(client: TestClient) -> None:
    asked = {"address": "5 Mainly Stret by the old oak", "text": "rubbish"}
    case = client.post("/cases", json=asked).json()
    assert case["properties"]["grid"] is None
    (waiting,) = client.get("/geocode/reviews").json()["reviews"]
    assert (waiting["case"], waiting["question"]) == (case["id"], asked["address"])
    assert waiting["candidates"]
    chosen = {"lon": 12.25, "lat": 50.25, "by": "Li"}
    assert client.post(f"/geocode/reviews/{waiting['id']}", json=chosen).status_code == 204
    assert client.get("/geocode/reviews").json()["reviews"] == []
    assert client.get(f"/cases/{case['id']}").json()["properties"]["grid"] == "D-c"
    (best, *_) = client.get("/geocode", params={"q": "5 mainly stret BY the old oak"}).json()["features"]
    assert best["geometry"]["coordinates"] == [12.25, 50.25]
    assert best["properties"]["geocoding"]["needs_review"] is False
    assert client.post(f"/geocode/reviews/{waiting['id']}", json=chosen).status_code == 409
    assert client.post("/geocode/reviews/999", json=chosen).status_code == 404
