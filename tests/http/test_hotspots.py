"""``/hotspots`` and ``geogrid hotspots``: which grids have more cases than chance explains, by HTTP and by command."""

import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.app import create_app
from api.cli import main
from api.maps.schemas import HotspotCollection
from api.settings import ServerSettings
from boundaries.cases.reading import NewCase
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.plans.storing import save_plan
from boundaries.publishing.publish import publish
from boundaries.store.engine import open_engine, unit_of_work
from geogrid.hotspot import HOTSPOT_METHODS
from geogrid.types import LevelName
from tests.fixtures_db import TEMPLATE, Database, Server, copied
from tests.http.conftest import FIRST_EDITION, Town, store_cases

SIDE = 6
STEP = 0.004
LEVELS = [LevelName("grid", "网格")]
SPOT = ("T-14", "T-15", "T-20", "T-21")


def squares() -> gpd.GeoDataFrame:
    """Return 36 grids with 300 households each."""
    row, column = np.divmod(np.arange(SIDE * SIDE), SIDE)
    west, south = 110.0 + column * STEP, 30.0 + row * STEP
    return gpd.GeoDataFrame(
        {
            "code": [f"T-{place:02}" for place in range(SIDE * SIDE)],
            "name": [f"Grid {place}" for place in range(SIDE * SIDE)],
            "level": 1,
            "parent": None,
            "kind": "comprehensive",
            "category": None,
            "households": 300.0,
        },
        geometry=shapely.box(west, south, west + STEP, south + STEP),
        crs="EPSG:4326",
    )


def planted() -> Iterator[NewCase]:
    """Yield cases of eight months, ever more of them in four grids."""
    rng = np.random.default_rng(1)
    grids = squares()
    for month in range(8):
        for code, shape in zip(grids["code"], grids.geometry, strict=True):
            for number in range(rng.poisson(1.5) + (2 * month if code in SPOT else 0)):
                west, south, east, north = shape.bounds
                lon, lat = rng.uniform((west, south), (east, north)).tolist()
                at = datetime(2026, 1, 3, tzinfo=UTC) + timedelta(days=30 * month)
                yield NewCase("test", f"{code}-{month}-{number}", at, lon=lon, lat=lat, category="noise")


@pytest.fixture(scope="module")
def spotted(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, TestClient]]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("spotted")):
        engine = open_engine(database.settings)
        with unit_of_work(engine) as session:
            town = save_jurisdiction(session, code="town", name="Town", levels=LEVELS, time_zone="UTC")
            plan = save_plan(session, town, name="first", grids=squares(), band=(100, 500))
            publish(session, plan, valid_from=FIRST_EDITION)
            stored = Town(town.id, town.code)
        store_cases(engine, stored, *planted())
        engine.dispose()
        with TestClient(create_app(ServerSettings(**database.settings.model_dump()))) as opened:
            yield database, opened


@pytest.fixture(scope="module")
def client(spotted: tuple[Database, TestClient]) -> TestClient:
    return spotted[1]


def asked(client: TestClient, **query: object) -> dict[str, Any]:
    reply = client.get("/hotspots", params={"permutations": 19_999, **query})
    assert reply.status_code == 200, reply.text[:500]
    assert reply.headers["content-type"].startswith("application/geo+json")
    HotspotCollection.model_validate(reply.json())
    return dict(reply.json())


def hot(answer: dict[str, Any]) -> set[str]:
    states = {"high", "emerging", "persistent"}
    return {each["id"] for each in answer["features"] if each["properties"]["state"] in states}


@pytest.mark.parametrize("method", HOTSPOT_METHODS)
def test_each_method_answers_with_the_planted_spot_and_how_it_was_found(client: TestClient, method: str) -> None:
    answer = asked(client, method=method)
    assert (answer["method"], answer["edition"], answer["base"]) == (method, "first", "households")
    assert answer["n"] == sum(1 for _ in planted())
    assert len(answer["features"]) == SIDE * SIDE
    if method not in {"density", "change"}:
        assert len(hot(answer) & set(SPOT)) >= 2
        assert len(hot(answer)) <= 9
    if method.endswith("scan"):
        assert set(answer["clusters"][0]["grids"]) & set(SPOT)
        assert answer["clusters"][0]["p"] <= 0.05
    assert f"{answer['n']} cases in 36 grids" in answer["sentence"]["en"]
    assert f"{answer['n']} 件" in answer["sentence"]["zh"]


def test_cases_are_counted_in_the_grid_that_holds_their_point(client: TestClient) -> None:
    counts = {each["id"]: each["properties"]["cases"] for each in asked(client, method="rate")["features"]}
    truth = Counter(case.source_key.rpartition("-")[0].rpartition("-")[0] for case in planted())
    assert counts == {code: truth[code] for code in counts}


def test_filters_are_those_of_cases_and_no_case_is_an_answer(client: TestClient) -> None:
    assert asked(client, since="2026-06-01T00:00:00Z")["n"] < asked(client)["n"]
    nothing = asked(client, category="smell")
    assert (nothing["n"], hot(nothing)) == (0, set())
    assert nothing["sentence"]["en"] == "No case that was asked for lies in a grid."
    assert {each["properties"]["state"] for each in nothing["features"]} == {"small"}


def test_everything_wrong_with_a_request_is_told_at_once(client: TestClient) -> None:
    reply = client.get("/hotspots?method=magic&alpha=2&max_share=0.9&permutations=1&colour=red")
    assert reply.status_code == 400
    assert {fault["name"] for fault in reply.json()["errors"]} == {
        *("method", "alpha", "max_share", "permutations", "colour"),
    }


def test_base_that_no_grid_has_and_change_within_one_period_are_refused_with_the_remedy(client: TestClient) -> None:
    reply = client.get("/hotspots?base=population")
    assert reply.status_code == 400
    assert "no population counted. Use one of households, none." in reply.json()["detail"]
    reply = client.get("/hotspots?method=change&until=2026-01-04T00:00:00Z")
    assert reply.status_code == 400
    assert "two periods" in reply.json()["detail"]


def test_command_tells_the_sentences_and_writes_what_the_server_answers(
    spotted: tuple[Database, TestClient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, client = spotted
    monkeypatch.setenv("GEOGRID_DATABASE_URL", database.url)
    out = tmp_path / "hotspots.geojson"
    arguments = ["hotspots", "--method", "rate", "--since", "2026-03-01T00:00:00Z", "--out", str(out)]
    done = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    answer = client.get("/hotspots?method=rate&since=2026-03-01T00:00:00Z").json()
    assert json.loads(out.read_bytes()) == answer
    assert answer["sentence"]["en"] in done.output
    assert answer["sentence"]["zh"] in done.output
    refused = CliRunner().invoke(main, ["hotspots", "--alpha", "3", "--max-share", "2"])
    assert refused.exit_code != 0
    assert "--alpha" in refused.output
    assert "--max-share" in refused.output


@pytest.mark.parametrize("method", HOTSPOT_METHODS)
def test_map_of_each_method_says_the_sentence_of_its_answer(client: TestClient, method: str) -> None:
    page = client.get("/maps/hotspots", params={"method": method, "permutations": 19_999, "lang": "en"})
    assert page.status_code == 200, page.text[:500]
    assert html.escape(asked(client, method=method)["sentence"]["en"]) in page.text
    assert '<p lang="zh-CN">' not in page.text


def test_map_of_two_periods_tells_both_and_each_case_is_in_one(client: TestClient) -> None:
    split = "2026-05-01T00:00:00Z"
    page = client.get("/maps/hotspots", params={"method": "rate", "split": split, "lang": "en"}).text
    earlier, later = asked(client, method="rate", until=split), asked(client, method="rate", since=split)
    assert html.escape(earlier["sentence"]["en"]) in page
    assert html.escape(later["sentence"]["en"]) in page
    assert f"{earlier['n']} → {later['n']} cases" in page
    assert len(hot(later) - hot(earlier)) > 0
    assert f"{len(hot(later) - hot(earlier))} of them only since 2026-05-01." in page


def test_links_of_the_map_keep_the_filters_and_each_leads_to_a_map(client: TestClient) -> None:
    page = client.get("/maps/hotspots?category=noise&lang=en").text
    links = [html.unescape(each) for each in re.findall(r'<a href="(\?[^"]*)"', page)]
    assert len(links) >= len(HOTSPOT_METHODS) + 2
    for link in (links[0], links[1], links[-1]):
        reply = client.get(f"/maps/hotspots{link}")
        assert reply.status_code == 200, link
        assert "category=noise" in link
    assert "split=" in links[-1]
    assert "split=" not in re.findall(r'<a href="(\?[^"]*)"', client.get(f"/maps/hotspots{links[-1]}").text)[0]


def test_parameters_that_a_map_cannot_use_are_refused_with_what_would_do(client: TestClient) -> None:
    idle = client.get("/maps/hotspots?alpha=0.1&seed=2")
    assert idle.status_code == 400
    assert "Alpha, seed go with a method" in idle.text
    assert "method=gi_star" in idle.text
    late = client.get("/maps/hotspots?method=rate&split=2026-05-01T00:00:00Z&until=2026-04-01T00:00:00Z")
    assert late.status_code == 400
    assert "Split must be after since and before until" in late.text
    assert client.get("/maps/hotspots?method=rate&base=population").status_code == 400
    assert client.get("/maps/hotspots?method=magic").status_code == 400


def test_period_without_any_case_is_said_and_drawn(client: TestClient) -> None:
    page = client.get("/maps/hotspots?method=gi_star&split=2030-01-01T00:00:00Z&lang=en")
    assert page.status_code == 200
    assert "No case that was asked for lies in a grid." in page.text


def test_commands_write_the_map_and_refuse_what_the_server_refuses(
    spotted: tuple[Database, TestClient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, client = spotted
    monkeypatch.setenv("GEOGRID_DATABASE_URL", database.url)
    told = html.escape(asked(client, method="rate", permutations=99_999)["sentence"]["en"])
    one, two = tmp_path / "one.html", tmp_path / "two.html"
    done = CliRunner().invoke(main, ["hotspots", "--method", "rate", "--map", str(one)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert told in one.read_text("utf-8")
    split = ["--method", "rate", "--split", "2026-05-01T00:00:00Z", "--lang", "en"]
    done = CliRunner().invoke(main, ["map", "hotspots", *split, "--out", str(two)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "only since 2026-05-01" in two.read_text("utf-8")
    assert "https://unpkg" not in two.read_text("utf-8")
    refused = CliRunner().invoke(main, ["map", "hotspots", "--seed", "1", "--out", str(two)])
    assert refused.exit_code != 0
    assert "go with a method" in refused.output


def items(client: TestClient, **query: object) -> list[dict[str, Any]]:
    reply = client.get("/collections/hotspot-grids/items", params={"permutations": 19_999, **query})
    assert reply.status_code == 200, reply.text[:500]
    return list(reply.json()["features"])


@pytest.mark.parametrize("method", ["gi_star", "rate", "scan", "trend"])
def test_collection_tells_what_the_answer_tells_but_for_grids_of_a_few_cases(client: TestClient, method: str) -> None:
    told = {each["id"]: each["properties"] for each in asked(client, method=method)["features"]}
    for found in items(client, method=method):
        own, whole = found["properties"], told[found["id"]]
        assert own["state"] == whole["state"]
        if whole["cases"] >= 5:
            assert own["cases"] == whole["cases"]
            assert own["value"] == pytest.approx(whole["value"], rel=1e-5, nan_ok=True) or whole["value"] is None
    assert len(told) == SIDE * SIDE


def test_collection_says_how_it_was_found(client: TestClient) -> None:
    how = {each["properties"]["how"] for each in items(client, method="scan", seed=7, base="none", max_share=0.3)}
    (told,) = how
    n = sum(1 for _ in planted())
    assert told.startswith("method scan; base none; ")
    assert f"permutations 19999; seed 7; max_share 0.3; bandwidth_m 500; n {n}; edition first" in told


def test_collection_hides_figures_of_one_to_four_cases(client: TestClient) -> None:
    early = {"datetime": "../2026-02-20T00:00:00Z", "method": "rate"}
    counts = {
        each["id"]: each["properties"]["cases"] for each in asked(client, until="2026-02-20T00:00:00Z")["features"]
    }
    few = {code for code, count in counts.items() if 0 < count < 5}
    assert few
    for found in items(client, **early):
        own = found["properties"]
        figures = own["cases"], own["value"], own["p"], own["adjusted_p"]
        assert (figures == (None,) * 4) == (found["id"] in few)


def test_collection_filters_sorts_and_tells_one_feature_with_the_method_that_was_asked(client: TestClient) -> None:
    high = items(client, method="rate", filter="state = 'high'", sortby="-value")
    assert {each["id"] for each in high} == hot(asked(client, method="rate"))
    values = [each["properties"]["value"] for each in high]
    assert values == sorted(values, reverse=True)
    one = client.get(f"/collections/hotspot-grids/items/{high[0]['id']}?method=rate&permutations=19999").json()
    assert one["properties"] == high[0]["properties"]
    assert len(items(client, method="rate", correction="none", filter="state = 'high'")) >= len(high)
    wrong = client.get("/collections/hotspot-grids/items?method=magic&alpha=3&colour=red")
    assert wrong.status_code == 400
    assert {fault["name"] for fault in wrong.json()["errors"]} == {"method", "alpha", "colour"}
    assert client.get("/collections/hotspot-grids/items?base=population").status_code == 400
    about = client.get("/collections/hotspot-grids").json()
    assert about["extent"]["spatial"]["bbox"] == [[110.0, 30.0, pytest.approx(110.024), pytest.approx(30.024)]]


def test_collection_is_the_same_until_a_case_comes_in(spotted: tuple[Database, TestClient]) -> None:
    _, client = spotted
    first = client.get("/collections/hotspot-grids/items?method=rate")
    known = {"if-none-match": first.headers["etag"]}
    assert client.get("/collections/hotspot-grids/items?method=rate", headers=known).status_code == 304
    assert client.get("/collections/hotspot-grids/items?method=bayes", headers=known).status_code == 200


def test_town_without_an_edition_is_404(database: Database, engine: Engine) -> None:
    with unit_of_work(engine) as session:
        save_jurisdiction(session, code="bare", name="Bare", levels=LEVELS, time_zone="UTC")
    with TestClient(create_app(ServerSettings(**database.settings.model_dump()))) as client:
        assert client.get("/hotspots").status_code == 404
        assert client.get("/maps/hotspots?method=rate").status_code == 404
        assert client.get("/collections/hotspot-grids/items").json()["features"] == []
