"""Plans as pages: the list, a plan, publishing and comparing, by forms that need no script, in both languages."""

import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.app import create_app
from api.plans.publish_page import next_monday
from api.settings import ServerSettings
from boundaries.cases.reading import NewCase
from geogrid.access import Role
from tests.db.towns import row_of_boxes
from tests.fixtures_db import TEMPLATE, Database, Server, copied
from tests.http.conftest import Town, store_cases, store_town
from tests.http.people import Crowd, cookie, crowded

PAGE = {"Accept": "text/html"}
OWN = {"Origin": "http://testserver"}


def shown(client: TestClient, path: str, *, lang: str = "en", status: int = 200) -> str:
    reply = client.get(path, params={"lang": lang}, headers=PAGE)
    assert reply.status_code == status, reply.text[:2000]
    assert reply.headers["content-type"].startswith("text/html")
    return reply.text


def sent(client: TestClient, path: str, *, status: int = 303, **fields: str) -> Any:
    reply = client.post(path, data=fields, headers=OWN, follow_redirects=False)
    assert reply.status_code == status, reply.text[:2000]
    return reply


def new_plan(client: TestClient, **fields: str) -> str:
    where: str = sent(client, "/plans/forms/new", **{"name": "next year", **fields}).headers["location"]
    return where


def test_no_town_shows_the_way_to_one(settings: ServerSettings) -> None:
    with TestClient(create_app(settings)) as client:
        assert "geogrid demo" in shown(client, "/plans")


def test_list_of_one_town_has_plan_and_form_and_json_stays(client: TestClient) -> None:
    page = shown(client, "/plans")
    assert "1 plans" in page
    assert 'href="/plans/1?lang=en"' in page
    assert 'src="/plans/1/picture.svg?v=0' in page
    assert 'name="how" value="engine"' in page
    assert client.get("/plans").json()["plans"][0]["name"] == "first"
    assert "网格方案" in shown(client, "/plans", lang="zh")
    assert "No plan is in this state" in client.get("/plans?state=draft&lang=en", headers=PAGE).text


def test_list_of_two_towns_leads_from_one_to_the_other(client: TestClient, engine: Engine) -> None:
    store_town(engine, "other", west=30.0)
    end = time.monotonic() + 5
    while "jurisdiction=other" not in shown(client, "/plans"):
        assert time.monotonic() < end
        time.sleep(0.05)
    page = client.get("/plans?jurisdiction=other&lang=en", headers=PAGE).text
    assert 'href="/plans/2?lang=en&amp;jurisdiction=other"' in page
    assert client.get("/plans/2?lang=en&jurisdiction=other", headers=PAGE).status_code == 200


def test_picture_is_an_svg_that_is_kept_until_the_plan_changes(client: TestClient) -> None:
    reply = client.get("/plans/1/picture.svg", params={"v": 0, "lang": "en"})
    assert (reply.status_code, reply.headers["content-type"].partition(";")[0]) == (200, "image/svg+xml")
    assert reply.text.count("<path") == 4
    assert client.get("/plans/1/picture.svg", headers={"If-None-Match": reply.headers["etag"]}).status_code == 304


def test_plan_is_made_edited_reviewed_published_and_withdrawn_by_forms(client: TestClient) -> None:
    path = new_plan(client, by="Wang", reason="yearly")
    assert re.fullmatch(r"/plans/\d+", path)
    rename = {"operations": [{"kind": "rename", "names": {"D-a": "West <b>"}}], "by": "Wang", "reason": "clearer"}
    assert client.post(f"{path}/edits", json=rename, headers={"If-Match": "*"}).status_code == 200
    page = shown(client, path)
    assert "D-a → West &lt;b&gt;" in page
    assert "0 households move" in page
    assert "Take back: renamed" in page
    sent(client, f"{path}/forms/steps", do="undo", by="Wang")
    assert "Do again: renamed" in shown(client, path)
    sent(client, f"{path}/forms/steps", do="redo", by="Wang")
    sent(client, f"{path}/forms/acceptances", kind="no-duty", subject="D-b", reason="being hired", by="Wang")
    version = str(client.get(path).json()["version"])
    sent(client, f"{path}/forms/review", state="in_review", version=version, by="Wang")
    stale = sent(client, f"{path}/forms/review", state="approved", version=version, by="Li", status=412)
    assert "is at version" in stale.text
    version = str(client.get(path).json()["version"])
    sent(client, f"{path}/forms/review", state="approved", version=version, by="Li")
    publish_by_form(client, path)
    page = shown(client, path)
    assert "scheduled" in page
    version = str(client.get(path).json()["version"])
    sent(client, f"{path}/forms/withdraw", version=version, reason="too early")
    assert client.get(path).json()["state"] == "approved"
    assert "withdrawn before its day" in shown(client, path)


def publish_by_form(client: TestClient, path: str) -> None:
    page = shown(client, f"{path}/publish")
    monday = next_monday(datetime.now(UTC), ZoneInfo("UTC"))
    assert f'value="{monday:%Y-%m-%dT%H:%M}"' in page
    assert 'name="reason-no-duty"' in page
    version = str(client.get(path).json()["version"])
    fields = {"valid_from": f"{monday:%Y-%m-%dT%H:%M}", "version": version, "notice": "more even", "by": "Li"}
    refused = sent(client, f"{path}/forms/publish", status=400, **fields)
    assert "more even" in refused.text
    assert client.get(path).json()["state"] == "approved"
    sent(client, f"{path}/forms/publish", **fields, **{"reason-no-duty": "hired in May"})
    plan = client.get(path).json()
    assert (plan["scheduled"], plan["valid_from"][:10]) == (True, f"{monday:%Y-%m-%d}")
    accepted = client.get(f"{path}/validation").json()["accepted"]
    assert {each["subject"] for each in accepted} >= {"D-b"}


def test_next_monday_is_midnight_in_the_towns_own_zone() -> None:
    sunday_in_utc = datetime(2026, 11, 29, 17, tzinfo=UTC)
    shanghai = ZoneInfo("Asia/Shanghai")
    assert next_monday(sunday_in_utc, shanghai) == datetime(2026, 12, 7, tzinfo=shanghai)
    assert next_monday(sunday_in_utc, ZoneInfo("UTC")) == datetime(2026, 11, 30, tzinfo=UTC)


def test_publish_page_says_which_duties_end_and_how_many_cases_move(
    client: TestClient, engine: Engine, town: Town
) -> None:
    at = datetime(2026, 2, 1, tzinfo=UTC)
    store_cases(engine, town, NewCase("test", "1", at, text="lamp", lon=10.5, lat=50.5))
    path = new_plan(client)
    merge = {"operations": [{"kind": "merge", "grids": ["D-a", "D-b"], "keep": "D-b"}]}
    assert client.post(f"{path}/edits", json=merge, headers={"If-Match": "*"}).status_code == 200
    page = shown(client, f"{path}/publish")
    assert "Open cases that move: 1" in page
    assert "D-a → D-b" in page
    assert "王芳" in page
    assert "The plan is draft" in page
    assert "，须由他人批准" not in page


def test_wrong_day_is_told_beside_the_form(client: TestClient) -> None:
    path = new_plan(client)
    page = client.get(f"{path}/publish?lang=en", params={"valid_from": "soon"}, headers=PAGE)
    assert "“soon” is no moment" in page.text


def test_forms_say_what_is_wrong_and_keep_what_was_typed(client: TestClient) -> None:
    refused = sent(client, "/plans/forms/new", status=400, name="kept <i>", low="9", high="3")
    assert "The band is" in refused.text
    assert 'value="kept &lt;i&gt;"' in refused.text
    assert "no file in the form" in sent(client, "/plans/forms/new", status=400, name="x", how="file").text
    path = new_plan(client)
    refused = sent(client, f"{path}/forms/comments", status=400, words="where?", lonlat="400, 2", grid="nowhere")
    assert ">where?</textarea>" in refused.text
    assert sent(client, f"{path}/forms/steps", status=409, do="undo").status_code == 409
    elsewhere = client.post(f"{path}/forms/comments", data={"words": "x"}, headers={"Origin": "http://evil.example"})
    assert elsewhere.status_code == 403


def files_of_grids(tmp_path: Path) -> dict[str, bytes]:
    """The boxes of the town, the first two in one, as each kind of file that is taken."""
    boxes = row_of_boxes()[1:]
    shapes = [boxes.geometry.iloc[0].union(boxes.geometry.iloc[1]), boxes.geometry.iloc[2]]
    table = {"网格编码": ["D-b", "D-c"], "name": ["West", "School"], "parent": ["D", "D"]}
    grids = gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4326")
    made = {"grids.geojson": grids.to_json().encode()}
    grids.to_file(tmp_path / "grids.gpkg", engine="pyogrio")
    made["grids.gpkg"] = (tmp_path / "grids.gpkg").read_bytes()
    (tmp_path / "shape").mkdir()
    grids.rename(columns={"网格编码": "code"}).to_file(
        tmp_path / "shape" / "town.shp", engine="pyogrio", encoding="UTF-8"
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for part in (tmp_path / "shape").iterdir():
            archive.write(part, f"../sub/{part.name}")
    return {**made, "grids.zip": packed.getvalue()}


def test_file_that_is_dropped_becomes_a_draft_whatever_its_kind(client: TestClient, tmp_path: Path) -> None:
    for name, content in files_of_grids(tmp_path).items():
        fields = {"name": name, "how": "file", "repair": "yes"}
        reply = client.post(
            "/plans/forms/new", data=fields, files={"file": (name, content)}, headers=OWN, follow_redirects=False
        )
        assert reply.status_code == 303, (name, reply.text[:3000])
        grids = client.get(f"{reply.headers['location']}/grids?level=2").json()["features"]
        assert {each["properties"]["code"] for each in grids} == {"D-b", "D-c"}, name


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.vrt", b"<OGRVRTDataSource/>", "is no file of grids"),
        ("a.geojson", b"<OGRVRTDataSource/>", "no JSON"),
        ("a.geojson", json.dumps({"type": "Topology"}).encode(), "no FeatureCollection"),
        ("a.gpkg", b"not a database", "is no file of grids"),
        ("a.zip", b"PK nonsense", "is no file of grids"),
    ],
)
def test_file_of_another_kind_is_refused_whatever_it_is_called(
    client: TestClient, name: str, content: bytes, said: str
) -> None:
    reply = client.post(
        "/plans/forms/new", data={"name": "x", "how": "file"}, files={"file": (name, content)}, headers=OWN
    )
    assert (reply.status_code, said in reply.text) == (400, True), reply.text[:2000]


def test_engine_draws_beside_the_requests_and_is_cancelled(client: TestClient) -> None:
    where = new_plan(client, how="engine", count="1")
    assert where == "/plans#drawings"
    end = time.monotonic() + 60
    while not any(each["name"] == "next year" for each in client.get("/plans").json()["plans"]):
        assert time.monotonic() < end, shown(client, "/plans")
        time.sleep(0.1)
    plan = next(each for each in client.get("/plans").json()["plans"] if each["name"] == "next year")
    kinds = [each["properties"]["kind"] for each in client.get(f"/plans/{plan['id']}/grids?level=2").json()["features"]]
    assert sorted(kinds) == ["comprehensive", "dedicated"]
    new_plan(client, how="engine", count="0", name="too few")
    while "are asked for" not in shown(client, "/plans"):
        assert time.monotonic() < end, shown(client, "/plans")
        time.sleep(0.1)
    assert sent(client, "/plans/forms/drawings/1", status=409).status_code == 409


def test_comparison_lists_what_each_grid_gains_and_loses(client: TestClient) -> None:
    path = new_plan(client)
    merge = {"operations": [{"kind": "merge", "grids": ["D-a", "D-b"], "keep": "D-b"}]}
    assert client.post(f"{path}/edits", json=merge, headers={"If-Match": "*"}).status_code == 200
    page = shown(client, f"/plans/1/compare{path.removeprefix('/plans')}")
    assert "Grids that change: 2" in page
    assert page.count('role="img"') == 4
    assert "王芳" in page
    assert 'class="signatures"' in page
    assert client.get(f"/plans/1/compare{path.removeprefix('/plans')}").json()["open_cases_moved"] == 0
    assert "The plans do not differ" in shown(client, "/plans/1/compare/1")


@pytest.fixture(scope="module")
def crowd(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("planners")):
        with crowded(database) as made:
            yield made


def test_buttons_are_those_of_the_role_and_nobody_approves_his_own(crowd: Crowd, database: Database) -> None:
    del database
    path, client = f"/plans/{crowd.draft}", crowd.client

    def page(role: Role) -> str:
        reply = client.get(
            path, params={"lang": "en", "jurisdiction": "town"}, headers={**PAGE, **cookie(crowd.people[role])}
        )
        assert reply.status_code == 200, reply.text[:500]
        return reply.text

    def send(role: Role, form: str, **fields: str) -> int:
        data = {"form": crowd.people[role].form, **fields}
        headers = cookie(crowd.people[role])
        return client.post(f"{path}/forms/{form}", data=data, headers=headers, follow_redirects=False).status_code

    planner, approver, analyst = page(Role.PLANNER), page(Role.APPROVER), page(Role.ANALYST)
    assert ("Redraw on the map" in planner, "Send to review" in planner) == (True, True)
    assert ("Redraw on the map" in approver, "Redraw on the map" in analyst) == (False, False)
    assert ('id="say"' in approver, 'id="say"' in analyst) == (True, False)
    assert send(Role.PLANNER, "review", state="in_review") == 303
    assert send(Role.PLANNER, "review", state="approved") == 403
    assert send(Role.ANALYST, "comments", words="no") == 403
    assert send(Role.CHIEF, "comments", words="mine is too large", grid="D-a") == 303
    assert "mine is too large" in page(Role.APPROVER)
    assert (
        client.post(
            f"{path}/forms/comments", data={"words": "no token"}, headers=cookie(crowd.people[Role.CHIEF])
        ).status_code
        == 403
    )
    assert send(Role.APPROVER, "review", state="approved") == 303
    assert "Publish …" in page(Role.APPROVER)
    assert "Publish …" not in page(Role.PLANNER)
    audit = client.get("/audit?lang=en", headers={**PAGE, **cookie(crowd.people[Role.AUDITOR])}).text
    assert "plans.comment" in audit


def test_week_ahead_is_the_farthest_that_is_proposed() -> None:
    now = datetime.now(UTC)
    assert timedelta(0) < next_monday(now, ZoneInfo("Asia/Shanghai")) - now <= timedelta(days=7)
