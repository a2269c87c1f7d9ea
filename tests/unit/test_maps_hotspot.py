import json
import re
from typing import Any

import folium
import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geogrid.errors import InvalidInputError
from geogrid.maps import hotspot_map, render
from tests.browser.towns import Town, make_cases, make_town


@pytest.fixture(scope="module")
def town() -> Town:
    return make_town()


@pytest.fixture(scope="module")
def cases(town: Town) -> gpd.GeoDataFrame:
    return make_cases(town, 500)


def page_data(drawn: folium.Map) -> dict[str, Any]:
    found = re.search(r'id="geogrid-data">(.*?)</script>', render(drawn, str), re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


def facts(drawn: folium.Map) -> list[str]:
    return re.findall(r"<li>([^<]*)</li>", render(drawn, str).partition("gg-facts")[2].partition("</ul>")[0])


def test_every_case_is_on_the_page_where_it_was_reported(town: Town, cases: gpd.GeoDataFrame) -> None:
    packed = page_data(hotspot_map(cases, town.grids))["cases"]
    lon = [(packed["x"]["from"] + step) / 1e6 for step in packed["x"]["steps"]]
    lat = [(packed["y"]["from"] + step) / 1e6 for step in packed["y"]["steps"]]
    assert lon == pytest.approx(cases.geometry.x.to_list(), abs=6e-7)
    assert lat == pytest.approx(cases.geometry.y.to_list(), abs=6e-7)


def test_cases_are_counted_for_their_leaf_and_for_those_above(town: Town, cases: gpd.GeoDataFrame) -> None:
    data = page_data(hotspot_map(cases, town.grids))
    codes = [dict(told["rows"])["编码 Code"] for told in data["details"]]
    leaf_codes = [codes[place] for place in data["leafPlaces"]]
    told = [leaf_codes[leaf] if leaf >= 0 else "" for leaf in data["cases"]["leaf"]]
    assert told == cases["grid"].fillna("").to_list()
    assert [level["name"] for level in data["levels"]] == ["grid 网格", "community 社区", "township 乡镇"]
    communities = data["levels"][1]
    assert [communities["ofLeaf"][i] for i, code in enumerate(leaf_codes) if code.startswith("T-E")] == [0] * 24
    assert set(communities["ofLeaf"]) == {0, 1}


def test_cases_outside_and_without_a_point_are_told(town: Town, cases: gpd.GeoDataFrame) -> None:
    outside = int(cases["grid"].isna().sum())
    lost = cases.copy()
    lost.loc[[3, 4], "geometry"] = None
    lost.loc[[3, 4], "grid"] = None
    lost.loc[5, "geometry"] = shapely.Point()
    outside_with_point = int(lost.loc[~lost.index.isin([3, 4, 5]), "grid"].isna().sum())
    assert facts(hotspot_map(cases, town.grids, language="en")) == ["500 cases", f"Outside every grid: {outside}"]
    assert facts(hotspot_map(lost, town.grids, language="en")) == [
        "497 cases",
        f"Outside every grid: {outside_with_point}",
        "Without a point: 3",
    ]


def test_days_begin_at_midnight_of_the_jurisdiction(town: Town, cases: gpd.GeoDataFrame) -> None:
    late = cases[:2].assign(reported_at=pd.to_datetime(["2026-03-01 15:59", "2026-03-01 16:00"], utc=True))
    assert page_data(hotspot_map(late, town.grids))["periods"] == ["2026-03-01"]
    assert page_data(hotspot_map(late, town.grids, time_zone="Asia/Shanghai"))["periods"] == [
        "2026-03-01",
        "2026-03-02",
    ]


def test_classes_of_a_period_serve_the_largest_count_of_any_period(town: Town, cases: gpd.GeoDataFrame) -> None:
    data = page_data(hotspot_map(cases, town.grids))
    located = cases[cases["grid"].notna()]
    week = located["reported_at"].dt.tz_localize(None).dt.to_period("W")
    assert data["levels"][0]["bounds"]["each"][-1] == located.groupby(["grid", week]).size().max()
    assert data["levels"][0]["bounds"]["all"][-1] == located.groupby("grid").size().max()


def test_long_texts_are_cut_only_when_there_are_very_many_cases(town: Town, cases: gpd.GeoDataFrame) -> None:
    long = cases.assign(text="长" * 5000)
    packed = page_data(hotspot_map(long, town.grids))["cases"]["text"]
    assert packed["words"] == ["长" * 5000]


def test_no_cases_is_said_on_the_map(town: Town, cases: gpd.GeoDataFrame) -> None:
    assert ">没有符合条件的诉求</p>" in render(hotspot_map(cases[:0], town.grids, language="zh"), str)


def test_cases_without_any_grids_are_drawn(town: Town, cases: gpd.GeoDataFrame) -> None:
    data = page_data(hotspot_map(cases, town.grids[:0]))
    assert data["levels"] == []
    (south, west), (north, east) = data["bounds"]
    assert [west, south, east, north] == pytest.approx(cases.total_bounds.tolist())


def test_one_leaf_far_above_the_others_is_counted_at_every_level(town: Town, cases: gpd.GeoDataFrame) -> None:
    alone = gpd.GeoDataFrame(
        {"code": ["A"], "name": ["Alone"], "level": [1], "level_name": ["township 乡镇"], "kind": ["comprehensive"]},
        geometry=[shapely.box(113, 28, 113.1, 28.1)],
        crs=4326,
    )
    grids = gpd.GeoDataFrame(pd.concat([town.grids, alone], ignore_index=True), crs=4326)
    one = cases[:1].assign(grid="A")
    levels = page_data(hotspot_map(one, grids))["levels"]
    assert [level["bounds"]["all"] for level in levels] == [[1], [1], [1]]


def test_cases_in_metres_are_refused(town: Town, cases: gpd.GeoDataFrame) -> None:
    with pytest.raises(InvalidInputError, match="The cases are in EPSG:4547"):
        hotspot_map(cases.to_crs(4547), town.grids)
