"""``/plans``, ``/editions`` and ``/grids``: drafts made, edited under If-Match, checked, compared and published."""

import csv
import io
import time
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.app import create_app
from api.settings import ServerSettings
from boundaries.cases.reading import NewCase
from tests.http.conftest import FIRST_EDITION, Town, publish_second, store_cases
from tests.http.receivers import eventually

FIRST = {"D-a": 0.0, "D-b": 1.0, "D-c": 2.0}


@pytest.fixture
def draft(client: TestClient) -> dict[str, Any]:
    reply = client.post("/plans", json={"name": "next year", "by": "Wang", "reason": "yearly review"})
    assert reply.status_code == 201, reply.text
    assert reply.headers["location"].endswith(f"/plans/{reply.json()['id']}")
    found: dict[str, Any] = reply.json()
    return found


PAST = {"reason": "a test", "accept": ["backdated"]}
"""The days of these tests are over, and publishing changes what was answered then."""


def write(client: TestClient, path: str, body: dict[str, Any], *, version: str = "*") -> Any:
    return client.post(path, json=body, headers={"If-Match": version})


def edited(client: TestClient, draft: dict[str, Any], *operations: dict[str, Any]) -> dict[str, Any]:
    reply = write(client, f"/plans/{draft['id']}/edits", {"operations": list(operations), "by": "Wang"})
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def published(client: TestClient, draft: dict[str, Any], valid_from: str) -> None:
    path = f"/plans/{draft['id']}"
    for state in ("in_review", "approved"):
        assert write(client, f"{path}/review", {"state": state}).status_code == 200
    body = {"valid_from": valid_from, "accept_warnings": "known", "by": "Chen", **PAST}
    reply = write(client, f"{path}/publish", body)
    assert reply.status_code == 200, reply.text


def test_draft_starts_from_the_edition_in_force(client: TestClient, draft: dict[str, Any]) -> None:
    assert (draft["state"], draft["band"]) == ("draft", [0, 1])
    grids = client.get(f"/plans/{draft['id']}/grids", params={"level": 2}).json()
    assert {each["properties"]["code"]: each["properties"]["households"] for each in grids["features"]} == FIRST
    assert [each["id"] for each in client.get("/plans", params={"state": "draft"}).json()["plans"]] == [draft["id"]]


def test_write_without_if_match_is_428_and_with_a_stale_one_412_with_what_changed(
    client: TestClient, draft: dict[str, Any]
) -> None:
    path, body = f"/plans/{draft['id']}/edits", {"operations": [{"kind": "rename", "names": {"D-a": "A"}}], "by": "Li"}
    missing = client.post(path, json=body)
    assert (missing.status_code, "If-Match" in missing.json()["detail"]) == (428, True)
    tag = client.get(f"/plans/{draft['id']}").headers["etag"]
    assert write(client, path, body, version=tag).status_code == 200
    stale = write(client, path, body, version=tag)
    assert stale.status_code == 412
    assert [(each["by"], each["kind"]) for each in stale.json()["changes"]] == [("Li", "edit")]
    assert write(client, path, body, version=f'"{stale.json()["version"]}"').status_code == 200
    assert write(client, path, body, version="nonsense").status_code == 400


def test_edit_answers_with_what_changed_and_the_figures(client: TestClient, draft: dict[str, Any]) -> None:
    answer = edited(client, draft, {"kind": "merge", "grids": ["D-a", "D-b"], "keep": "D-a", "name": "West"})
    assert {
        (each["before"] or {}).get("code"): each["after"] and each["after"]["name"] for each in answer["changed"]
    } == {
        "D-a": "West",
        "D-b": None,
    }
    figures = answer["figures"][0]
    assert (figures["code"], figures["load"], figures["contiguous"], figures["open_cases"]) == ("D-a", 1.0, True, 0)


def test_undo_and_redo_walk_through_the_edits(client: TestClient, draft: dict[str, Any]) -> None:
    path = f"/plans/{draft['id']}"
    before = client.get(f"{path}/grids").json()
    edited(client, draft, {"kind": "merge", "grids": ["D-a", "D-b"]})
    after = client.get(f"{path}/grids").json()
    assert write(client, f"{path}/undo", {"by": "Li"}).status_code == 200
    assert client.get(f"{path}/grids").json() == before
    assert client.get(f"{path}/edits").json()["edits"][0]["undone"]
    assert write(client, f"{path}/redo", {"by": "Li"}).status_code == 200
    assert client.get(f"{path}/grids").json() == after
    assert write(client, f"{path}/redo", {}).status_code == 409


def test_every_wrong_operation_is_listed_and_nothing_is_done(client: TestClient, draft: dict[str, Any]) -> None:
    operations = [
        {"kind": "rename", "names": {"D-a": "A"}},
        {"kind": "fly"},
        {"kind": "merge", "grids": "D-a", "up": 1},
    ]
    reply = write(client, f"/plans/{draft['id']}/edits", {"operations": operations})
    assert reply.status_code == 400
    told = [each["detail"] for each in reply.json()["errors"]]
    assert [text.partition(":")[0] for text in told] == ["Operation 2", "Operation 3", "Operation 3"]
    assert client.get(f"/plans/{draft['id']}").json()["version"] == draft["version"]


def test_blocks_of_a_grid_are_features_and_can_be_moved(client: TestClient, draft: dict[str, Any]) -> None:
    blocks = client.get(f"/plans/{draft['id']}/blocks", params={"grid": "D-c"}).json()["features"]
    assert {block["properties"]["grid"] for block in blocks} == {"D-c"}
    edited(client, draft, {"kind": "carve", "blocks": [blocks[0]["id"]], "name": "College", "category": "school"})
    codes = {each["properties"]["code"] for each in client.get(f"/plans/{draft['id']}/grids").json()["features"]}
    assert codes == {"D", "D-a", "D-b", "D001"}


def test_a_grid_of_any_level_tells_what_lies_below_it(client: TestClient, draft: dict[str, Any]) -> None:
    def features(layer: str, **params: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = client.get(f"/plans/{draft['id']}/{layer}", params=params).json()["features"]
        return [each["properties"] for each in found]

    every = features("blocks")
    assert features("blocks", grid="D") == every
    assert features("blocks", grid="D-b") == [each for each in every if each["grid"] == "D-b"]
    assert {each["code"] for each in features("grids", grid="D")} == {each["code"] for each in features("grids")}
    assert [each["code"] for each in features("grids", grid="D-b")] == ["D-b"]
    assert features("grids", grid="D-b", level="1") == []
    refused = client.get(f"/plans/{draft['id']}/blocks", params={"level": "1"})
    assert (refused.status_code, "Blocks have no level" in refused.text) == (400, True)


def test_patch_cuts_land_drawn_as_geojson(client: TestClient, draft: dict[str, Any]) -> None:
    patch = shapely.box(10.5, 49, 11.0, 52)
    edited(client, draft, {"kind": "move_land", "patch": shapely.geometry.mapping(patch), "to": "D-b"})
    grids = client.get(f"/plans/{draft['id']}/grids").json()["features"]
    shape = next(shapely.geometry.shape(each["geometry"]) for each in grids if each["properties"]["code"] == "D-b")
    assert shape.equals(shapely.box(10.5, 50, 12, 51))


def test_tiles_are_vector_tiles_and_change_with_the_plan(client: TestClient, draft: dict[str, Any]) -> None:
    path = f"/plans/{draft['id']}/tiles/blocks/5/16/10"
    reply = client.get(path)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/vnd.mapbox-vector-tile")
    assert b"households" in reply.content
    tag = {"If-None-Match": reply.headers["etag"]}
    assert client.get(path, headers=tag).status_code == 304
    edited(client, draft, {"kind": "rename", "names": {"D-a": "A"}})
    assert client.get(path, headers=tag).status_code == 200
    assert client.get(f"/plans/{draft['id']}/tiles/blocks/1/2/0").status_code == 404


def test_validation_and_evaluation_tell_the_state_of_the_plan(client: TestClient, draft: dict[str, Any]) -> None:
    path = f"/plans/{draft['id']}"
    found = client.get(f"{path}/validation").json()
    assert found["publishable"]
    assert {each["kind"] for each in found["warnings"]} == {"no-duty"}
    accepted = {"kind": "no-duty", "subject": "D-b", "reason": "being hired", "by": "Chen"}
    assert write(client, f"{path}/acceptances", accepted).status_code == 200
    assert [each["subject"] for each in client.get(f"{path}/validation").json()["accepted"]] == ["D-b"]
    summary = client.get(f"{path}/evaluation").json()["summary"]
    assert (summary["leaves"], summary["dedicated"], summary["in_band"]) == (3, 1, 2)


def test_comparison_comes_as_json_geojson_and_csv(client: TestClient, draft: dict[str, Any]) -> None:
    edited(client, draft, {"kind": "merge", "grids": ["D-a", "D-b"], "keep": "D-b"})
    path = f"/plans/{draft['based_on']}/compare/{draft['id']}"
    found = client.get(path).json()
    assert {(each["before"]["code"], *each["fates"]) for each in found["grids"]} == {
        ("D-a", "merged"),
        ("D-b", "merged"),
    }
    assert abs(found["totals"]["households"]["net"]) < 1e-9
    moved = client.get(path, params={"f": "geojson"}).json()["features"]
    assert [(each["properties"]["before"], each["properties"]["after"]) for each in moved] == [("D-a", "D-b")]
    assert (
        client.get(path, params={"f": "csv"}).text.splitlines()[0].startswith("level,before,after,fates,gained_area_m2")
    )


def test_comparison_page_shows_land_that_only_one_plan_has(client: TestClient, engine: Engine, town: Town) -> None:
    publish_second(engine, town)
    page = client.get("/plans/1/compare/2?f=html")
    assert page.status_code == 200, page.text[:300]
    assert '"from":"–","to":"D-z"' in page.text
    assert '"from":"D-a","to":"–"' in page.text


def test_codes_of_a_comparison_as_csv_are_run_by_no_spreadsheet(client: TestClient, draft: dict[str, Any]) -> None:
    edited(client, draft, {"kind": "recode", "codes": {"D-a": "=cmd", "D-b": "\uff20x"}})
    path = f"/plans/{draft['based_on']}/compare/{draft['id']}"
    rows = csv.reader(io.StringIO(client.get(path, params={"f": "csv"}).text, newline=""))
    assert {"'=cmd", "'\uff20x"} <= {row[2] for row in rows}


def test_published_plan_answers_lookups_within_two_seconds(client: TestClient, draft: dict[str, Any]) -> None:
    edited(client, draft, {"kind": "recode", "codes": {"D-a": "N-a"}})
    published(client, draft, "2026-06-01T00:00:00+08:00")
    deadline = time.monotonic() + 2
    where = {"lon": 10.5, "lat": 50.5}
    while client.get("/locate", params=where).json()["grid"]["code"] != "N-a":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    before = client.get("/locate", params={**where, "at": "2026-02-01T00:00:00Z"}).json()
    assert before["grid"]["code"] == "D-a"


def test_lineage_answers_forward_backward_and_after_a_rollback(client: TestClient, draft: dict[str, Any]) -> None:
    edited(client, draft, {"kind": "recode", "codes": {"D-a": "N-a"}})
    published(client, draft, "2026-06-01T00:00:00+08:00")
    assert client.get("/grids/D-a/successors").json()["successors"] == [{"code": "N-a", "share": 1.0}]
    (old,), (new,) = (client.get(f"/grids/{code}/history").json()["history"] for code in ("D-a", "N-a"))
    assert old["key"] == new["key"]
    lasting = client.get(f"/grids/{old['key']}").json()
    assert (lasting["now"]["code"], [each["code"] for each in lasting["history"]]) == ("N-a", ["D-a", "N-a"])
    assert client.get("/grids/N-a/predecessors").json()["predecessors"] == [{"code": "D-a", "share": 1.0}]
    first = client.get("/editions").json()["editions"][0]["id"]
    back = client.post(
        f"/editions/{first}/rollback", json={"valid_from": "2026-07-01T00:00:00+08:00", "by": "Chen", **PAST}
    )
    assert back.status_code == 201, back.text
    editions = client.get("/editions").json()["editions"]
    assert [each["state"] for each in editions] == ["retired", "retired", "published"]
    found = client.get(f"/editions/{first}/diff/{editions[2]['id']}").json()
    assert found["grids"] == []
    assert [each["edition"] for each in client.get("/grids/D-a/history").json()["history"]] == [
        first,
        editions[2]["id"],
    ]
    assert client.get("/grids/nobody/history").status_code == 404


def test_published_plan_is_not_edited(client: TestClient, draft: dict[str, Any]) -> None:
    published(client, draft, "2026-06-01T00:00:00+08:00")
    reply = write(client, f"/plans/{draft['id']}/edits", {"operations": [{"kind": "rename", "names": {"D-a": "A"}}]})
    assert (reply.status_code, "Make a new draft from it." in reply.json()["detail"]) == (409, True)


def test_publication_without_review_or_with_warnings_is_refused(client: TestClient, draft: dict[str, Any]) -> None:
    path, body = f"/plans/{draft['id']}", {"valid_from": "2026-06-01T00:00:00+08:00", **PAST}
    assert write(client, f"{path}/publish", body).status_code == 409
    for state in ("in_review", "approved"):
        write(client, f"{path}/review", {"state": state})
    reply = write(client, f"{path}/publish", body)
    assert reply.status_code == 400
    assert {each["kind"] for each in reply.json()["errors"]} == {"no-duty"}


def test_plan_that_is_not_there_is_404(client: TestClient) -> None:
    assert client.get("/plans/999").status_code == 404
    assert write(client, "/plans/999/undo", {}).status_code == 404


def test_case_that_came_for_the_former_edition_after_the_publication_goes_to_its_new_grid(
    engine: Engine, settings: ServerSettings, town: Town
) -> None:
    before = NewCase("test", "before", FIRST_EDITION, lon=11.25, lat=50.5, status="closed", closed_at=FIRST_EDITION)
    publish_second(engine, town)
    late = NewCase("test", "late", FIRST_EDITION, lon=11.25, lat=50.5)
    ids = store_cases(engine, town, late, before)
    with TestClient(create_app(settings)) as server:

        def found() -> list[dict[str, Any]]:
            return [server.get(f"/cases/{each}").json() for each in ids]

        assert eventually(lambda: [each["properties"]["grid"] for each in found()] == ["D-x", "D-b"])
        assert [event["kind"] for event in found()[0]["events"]].count("reassigned") == 1
