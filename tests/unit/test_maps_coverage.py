import json
import re
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geogrid.coordinates import metres_per_degree
from geogrid.errors import InvalidInputError
from geogrid.maps import BaseMap, coverage_map, render
from geogrid.maps.coverage import uncovered_pieces
from tests.browser.towns import ATTRIBUTION, Town, make_town


@pytest.fixture(scope="module")
def town() -> Town:
    return make_town()


def page_data(drawn: folium.Map) -> dict[str, Any]:
    found = re.search(r'id="geogrid-data">(.*?)</script>', render(drawn, str), re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


def rows_of(data: dict[str, Any], title: str) -> dict[str, str]:
    (told,) = [told for told in data["details"] if told["title"] == title]
    return dict(told["rows"])


def layer_names(drawn: folium.Map) -> list[str]:
    return [json.loads(name) for name in re.findall(r'^\s+(".*?") : \w+,$', render(drawn, str), re.MULTILINE)]


def test_details_tell_code_chain_duty_and_load_against_the_band(town: Town) -> None:
    grids = town.grids.assign(households=town.grids["households"].where(town.grids["code"] != "T-W-08", 512.0))
    rows = rows_of(page_data(coverage_map(grids, band=(300, 500), language="en")), "第8网格")
    assert rows["Code"] == "T-W-08"
    assert rows["Within"] == "大屯营镇 › 西社区"
    assert rows["Duty"] == "网格长 王芳"
    assert rows["Kind"] == "Comprehensive"
    assert rows["Households"] == "512 · Over band (300–500)"


def test_a_dedicated_grid_is_not_judged_by_the_band(town: Town) -> None:
    rows = rows_of(page_data(coverage_map(town.grids, band=(300, 500), language="both")), "第5网格")
    assert rows["类型 Kind"] == "专属网格 Dedicated · 学校 School"
    assert re.fullmatch(r"\d+", rows["户数 Households"])


def test_every_kind_and_level_can_be_switched(town: Town) -> None:
    names = layer_names(coverage_map(town.grids, limit=town.limit, base=BaseMap(town.streets, town.buildings)))
    assert names == [
        "建筑 Buildings",
        "街道 Streets",
        "上级网格 Parent · township 乡镇 (1)",
        "上级网格 Parent · community 社区 (2)",
        "综合网格 Comprehensive (41)",
        "专属网格 Dedicated (6)",
        "未覆盖 Uncovered (1)",
        "标注 Labels",
    ]


def test_water_is_drawn_under_buildings_and_streets(town: Town) -> None:
    lake = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)], crs=4326)
    drawn = coverage_map(town.grids, base=BaseMap(town.streets, town.buildings, lake), language="en")
    names = layer_names(drawn)
    assert names.index("Water") < names.index("Buildings") < names.index("Streets")
    assert len(page_data(drawn)["water"]) == 1
    assert "Water" not in layer_names(coverage_map(town.grids, base=BaseMap(water=lake.head(0)), language="en"))


def test_without_a_limit_nothing_is_called_uncovered(town: Town) -> None:
    assert not any("Uncovered" in name for name in layer_names(coverage_map(town.grids)))


def test_the_attribution_of_every_source_is_on_the_map(town: Town) -> None:
    assert page_data(coverage_map(town.grids, attribution=ATTRIBUTION))["attribution"] == list(ATTRIBUTION)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=40, unique=True))
def test_uncovered_land_and_grids_make_up_the_jurisdiction(cells: list[tuple[int, int]]) -> None:
    limit = shapely.box(113, 28, 113.1, 28.1)
    boxes = [shapely.box(113 + x / 100, 28 + y / 100, 113.01 + x / 100, 28.01 + y / 100) for x, y in cells]
    leaves = np.array([*boxes, shapely.box(120, 28, 121, 29)], dtype=object)
    pieces = uncovered_pieces(limit, leaves).polygons
    assert shapely.area(pieces).sum() == pytest.approx((100 - len(cells)) * 1e-4, rel=1e-6)
    assert not shapely.intersects(shapely.buffer(pieces, -1e-6)[:, None], np.array(boxes, dtype=object)[None, :]).any()


def test_the_area_of_uncovered_land_is_told_in_square_metres() -> None:
    limit = shapely.box(113, 28, 113.02, 28.01)
    found = uncovered_pieces(limit, np.array([shapely.box(113, 28, 113.01, 28.01)], dtype=object))
    along_lon, along_lat = metres_per_degree(np.array([28.005]))
    assert found.area_m2.tolist() == pytest.approx([0.01 * 0.01 * along_lon[0] * along_lat[0]], rel=1e-4)


def test_slivers_of_rounding_are_not_uncovered_land() -> None:
    limit = shapely.box(113, 28, 113.02, 28.01)
    almost = np.array([shapely.box(113, 28, 113.02 - 2e-7, 28.01)], dtype=object)  # 2 cm short over 1.1 km
    assert not len(uncovered_pieces(limit, almost).area_m2)


def test_an_edition_without_grids_says_so(town: Town) -> None:
    html = render(coverage_map(town.grids[:0], limit=town.limit, language="en"), str)
    assert ">No grids to show</p>" in html


def test_grids_in_metres_are_refused_with_the_remedy(town: Town) -> None:
    with pytest.raises(InvalidInputError, match=r"EPSG:4547; maps need longitude and latitude. Use to_crs\(4326\)"):
        coverage_map(town.grids.to_crs(4547))


def test_grids_without_kind_are_refused(town: Town) -> None:
    with pytest.raises(InvalidInputError, match="no column kind"):
        coverage_map(town.grids.drop(columns="kind"))


def test_an_unknown_language_is_refused(town: Town) -> None:
    with pytest.raises(InvalidInputError, match="Use one of zh, en, both"):
        coverage_map(town.grids, language="fr")  # type: ignore[arg-type]


def test_a_parent_cycle_does_not_hang_the_map(town: Town) -> None:
    grids = town.grids.assign(parent=town.grids["parent"].where(town.grids["code"] != "T", "T-W"))
    assert rows_of(page_data(coverage_map(grids, language="en")), "第8网格")["Within"] == "大屯营镇 › 西社区"
