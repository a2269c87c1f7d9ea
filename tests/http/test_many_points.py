"""``POST /locate``: many points as JSON, NDJSON or Arrow, answered in kind and in order."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api.locate.schemas import LocateManyAnswer
from geogrid.coordinates import from_wgs84

ARROW = "application/vnd.apache.arrow.stream"
NDJSON = "application/x-ndjson"


def post(client: TestClient, content: bytes, media_type: str, query: str = "") -> Response:
    return client.post(f"/locate{query}", content=content, headers={"content-type": media_type})


def stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def read(reply: Response) -> pa.Table:
    return pa.ipc.open_stream(reply.content).read_all()


def test_json_points_are_answered_in_order_with_their_ids(reader: TestClient) -> None:
    points = [{"id": "b", "lon": 11.5, "lat": 50.5}, {"id": 7, "lon": 0, "lat": 0}, {"lon": 10.5, "lat": 50.5}]
    reply = reader.post("/locate", json={"points": points})
    answer = reply.json()
    LocateManyAnswer.model_validate(answer)
    assert answer["results"] == [
        {"id": "b", "grid": "D-b"},
        {"id": 7, "grid": None},
        {"id": None, "grid": "D-a"},
    ]
    assert (answer["points"], answer["located"], answer["edition"]["name"]) == (3, 2, "first")


def test_bare_list_of_pairs_is_enough(reader: TestClient) -> None:
    answer = reader.post("/locate", json=[[10.5, 50.5], [12.5, 50.5]]).json()
    assert answer["results"] == [{"grid": "D-a"}, {"grid": "D-c"}]


def test_no_points_are_answered_with_none(reader: TestClient) -> None:
    assert reader.post("/locate", json=[]).json()["results"] == []
    empty = pa.table({"lon": pa.array([], pa.float64()), "lat": pa.array([], pa.float64())})
    assert read(post(reader, stream(empty), ARROW)).num_rows == 0


def test_lines_are_answered_by_lines(reader: TestClient) -> None:
    body = b'{"id": 1, "lon": 10.5, "lat": 50.5}\n\n{"id": 2, "lon": null, "lat": null}\r\n'
    reply = post(reader, body, NDJSON)
    assert reply.headers["content-type"] == NDJSON
    assert [json.loads(line) for line in reply.content.splitlines()] == [
        {"id": 1, "grid": "D-a"},
        {"id": 2, "grid": None},
    ]


def test_table_comes_back_with_its_other_columns_and_the_grid(reader: TestClient) -> None:
    table = pa.table({"number": [5, 6, 7], "lat": [50.5, None, 50.5], "lon": [10.5, 11.5, float("nan")]})
    reply = post(reader, stream(table), ARROW)
    found = read(reply)
    assert reply.headers["content-type"] == ARROW
    assert found.column_names == ["number", "grid"]
    assert found.column("grid").to_pylist() == ["D-a", None, None]
    assert found.schema.metadata[b"jurisdiction"] == b"town"


def test_table_of_several_batches_and_single_precision_is_read(reader: TestClient) -> None:
    one = pa.record_batch({"lon": pa.array([10.5], pa.float32()), "lat": pa.array([50.5], pa.float32())})
    found = read(post(reader, stream(pa.Table.from_batches([one, one])), ARROW))
    assert found.column("grid").to_pylist() == ["D-a", "D-a"]


def test_many_points_get_the_grids_that_single_ones_get(reader: TestClient) -> None:
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(9.5, 13.5, 300), rng.uniform(49.5, 51.5, 300)
    lon[:4], lat[:4] = [11.0, 12.0, 10.0, 13.0], [50.0, 50.5, 51.0, 51.0]
    many = read(post(reader, stream(pa.table({"lon": lon, "lat": lat})), ARROW)).column("grid").to_pylist()
    singles = [reader.get("/locate", params={"lon": x, "lat": y}).json()["grid"] for x, y in zip(lon, lat, strict=True)]
    assert many == [None if grid is None else grid["code"] for grid in singles]


def test_datum_and_moment_hold_for_all_points(reader: TestClient) -> None:
    lon, lat = from_wgs84([10.5], [50.5], "bd09")
    point = [{"lon": float(lon[0]), "lat": float(lat[0])}]
    assert reader.post("/locate?coord_type=bd09", json=point).json()["results"] == [{"grid": "D-a"}]
    before = reader.post("/locate?at=2025-01-01T00:00:00Z", json=point).json()
    assert (before["edition"], before["results"]) == (None, [{"grid": None}])


@pytest.mark.parametrize(
    ("points", "detail"),
    [
        ([[10.5, 50.5], [181, 0]], "Point 2 is 181, 0; lon must be from -180 to 180, lat from -90 to 90."),
        ([[10.5, 50.5, 3]], "Point 1 has 3 numbers; give longitude and latitude."),
        ([{"lon": 1}], "Point 1 has the members 'lon'; give lon, lat, and id if wanted."),
        ([{"lon": 1, "lat": 2, "x": 3}], "Point 1 has the members 'lon', 'lat', 'x'; give lon, lat, and id if wanted."),
        ([{"lon": "1", "lat": 2}], "Point 1 has the coordinate '1'; give a number, or null where it is not known."),
        ([{"lon": True, "lat": 2}], "Point 1 has the coordinate True; give a number, or null where it is not known."),
        ([7], 'Point 1 is neither {"lon": 24.94, "lat": 60.17} nor [24.94, 60.17].'),
        ({"pts": []}, 'The body is neither a list of points nor {"points": [...]}.'),
    ],
)
def test_bad_points_refuse_the_request_by_name(reader: TestClient, points: Any, detail: str) -> None:
    reply = reader.post("/locate", json=points)
    assert reply.status_code == 400
    assert reply.json()["errors"][0]["detail"].startswith(detail)


def test_every_bad_point_is_listed(reader: TestClient) -> None:
    reply = reader.post("/locate", json=[[0, 91], [0, 0], [-181, 0]])
    assert [fault["name"] for fault in reply.json()["errors"]] == ["point 1", "point 3"]


def test_more_bad_points_than_fit_are_counted(reader: TestClient) -> None:
    faults = reader.post("/locate", json=[[0, 91]] * 1000).json()["errors"]
    assert len(faults) == 21
    assert faults[-1]["detail"] == "1,000 of 1,000 points are beyond the globe."


@pytest.mark.parametrize(
    ("content", "media_type", "detail"),
    [
        (b"[1,", "application/json", "The body is not JSON"),
        (b"", "application/json", "The body is not JSON"),
        (b'[{"lon": NaN, "lat": 1}]', "application/json", "The body is not JSON"),
        (b'{"lon": 1, "lat": 2}\n{"lon"', NDJSON, "Line 2 is not JSON"),
        (b"not arrow", ARROW, "The body is not an Arrow IPC stream"),
        (b"", ARROW, "The body is not an Arrow IPC stream"),
        (stream(pa.table({"x": [1.0], "lat": [1.0]})), ARROW, "The table has no column lon"),
        (stream(pa.table({"lon": ["1"], "lat": [1.0]})), ARROW, "Column lon is string; it must be a number"),
        (stream(pa.table({"lon": [1.0], "lat": [91.0]})), ARROW, "Row 1 is 1, 91"),
        (stream(pa.table({"lon": [1.0], "lat": [float("inf")]})), ARROW, "Row 1 is 1, inf"),
        (stream(pa.table({"lon": [1.0] * 99, "lat": [1.0] * 99}))[:-900], ARROW, "The body is not an Arrow IPC stream"),
    ],
)
def test_unreadable_body_is_400(reader: TestClient, content: bytes, media_type: str, detail: str) -> None:
    reply = post(reader, content, media_type)
    assert reply.status_code == 400
    assert reply.json()["detail"].startswith(detail)


@pytest.mark.parametrize("media_type", ["text/csv", "", "application/json5"])
def test_body_of_another_type_is_415_with_the_types_there_are(reader: TestClient, media_type: str) -> None:
    reply = post(reader, b"[]", media_type)
    assert reply.status_code == 415
    assert reply.json()["detail"].endswith(f"send it as application/json, {NDJSON}, {ARROW}.")


def test_unknown_parameter_is_400(reader: TestClient) -> None:
    assert reader.post("/locate?coordtype=bd09", json=[]).json()["errors"][0]["name"] == "coordtype"
