"""What blocks, partitions, indexes and hotspots show of themselves in a notebook."""

import html
import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest

from geogrid.blocks import Blocks, Site
from geogrid.errors import InvalidInputError, UnavailableError
from geogrid.hotspot import HotspotChoice, Hotspots, Places, contiguity_weights, find_hotspots
from geogrid.index import GridIndex
from geogrid.maps import MapView, StateColor, state_map
from geogrid.maps import view as view_module
from geogrid.partition import Partition, partition_of
from geogrid.towns import drawn_blocks, synthetic_town
from geogrid.wording import html_table
from tests.unit.squares import squares

SIDE = 6
FROM_ELSEWHERE = re.compile(r'<(?:script|link|img)[^>]+(?:src|href)="(?:https?:)?//')


@pytest.fixture(scope="module")
def blocks() -> Blocks:
    town = synthetic_town(60, rng=np.random.default_rng(1), households=3_000, n_sites=2, areas=(2,))
    drawn = drawn_blocks(town, with_barriers=False)
    return replace(drawn, sites=(Site("<b>School</b> {{ 1 }}", "school"), *drawn.sites[1:]))


@pytest.fixture(scope="module")
def grids(blocks: Blocks) -> Partition:
    labels = np.where(blocks.site >= 0, 10 + blocks.site, blocks.parent)
    return partition_of(blocks, labels, band=(0.0, 1_400.0))


@pytest.fixture(scope="module")
def places() -> gpd.GeoDataFrame:
    codes = [f"G{number:02d}" for number in range(SIDE * SIDE)]
    shapes = gpd.GeoSeries(squares(SIDE), crs=32650).translate(500_000, 3_400_000).to_crs(4326)
    return gpd.GeoDataFrame({"code": codes}, geometry=shapes)


@pytest.fixture(scope="module")
def found() -> Hotspots:
    shapes = squares(SIDE)
    counts = np.ones((SIDE * SIDE, 1))
    counts[[0, 1, 6, 7]] = 30.0
    codes = np.array([f"G{number:02d}" for number in range(SIDE * SIDE)], dtype=object)
    base = np.full(SIDE * SIDE, 100.0)
    where = Places(codes, shapes, contiguity_weights(shapes), base, "households")
    return find_hotspots(where, counts, HotspotChoice(method="rate"))


def page_of(shown: MapView) -> str:
    (frame,) = re.findall(r'^<iframe srcdoc="([^"]*)"', shown._repr_html_())
    return html.unescape(frame)


def cells_of(table: str) -> dict[str, str]:
    return dict(re.findall(r"<th[^>]*>(.*?)</th><td[^>]*>(.*?)</td>", table))


def test_table_escapes_titles_names_and_texts() -> None:
    assert cells_of(html_table("<i>", {"<a>": "b & c"})) == {"&lt;a&gt;": "b &amp; c"}
    assert "&lt;i&gt;" in html_table("<i>", {})


def test_blocks_tell_their_number_loads_and_institutions(blocks: Blocks) -> None:
    told = cells_of(blocks._repr_html_())
    assert told["blocks 街区"] == "60"
    assert told["of institutions 机构用地"] == "2"
    assert told["households"] == "3,000"


def test_partition_tells_kinds_band_and_loads(grids: Partition) -> None:
    told = cells_of(grids._repr_html_())
    assert told["comprehensive grids 综合网格"] == "2"
    assert told["dedicated grids 专属网格"] == "2"
    assert told["band 区间"] == "0 – 1,400 households"
    assert told["in the band 区间内"] == f"{int((grids.load[grids.site < 0] <= 1_400).sum())} of 2"


def test_index_tells_how_many_polygons_it_holds() -> None:
    assert cells_of(GridIndex.build(squares(SIDE))._repr_html_())["polygons 多边形"] == "36"


def test_hotspots_tell_their_sentence_in_both_languages_and_the_method(found: Hotspots) -> None:
    shown = found._repr_html_()
    assert "4 grids have more than chance explains" in shown
    assert "4 个网格的诉求多于偶然所能解释" in shown
    assert cells_of(shown)["method 方法"] == "rate"
    assert cells_of(shown)["high"] == "4"


@pytest.mark.parametrize("kind", ["blocks", "grids", "found"])
def test_maps_load_nothing_from_elsewhere(kind: str, request: pytest.FixtureRequest, places: gpd.GeoDataFrame) -> None:
    shown = request.getfixturevalue(kind)
    page = page_of(shown.explore(places) if kind == "found" else shown.explore())
    assert "geogrid-data" in page
    assert FROM_ELSEWHERE.search(page) is None


def test_names_of_institutions_stay_text_on_the_map(blocks: Blocks, grids: Partition) -> None:
    for shown in (blocks.explore(), grids.explore()):
        page = page_of(shown)
        assert "<b>School</b>" not in page
        assert "School" in page


def test_hotspots_as_a_table_follow_the_codes_whatever_the_order_of_the_grids(
    found: Hotspots, places: gpd.GeoDataFrame
) -> None:
    table = found.to_frame(places.iloc[::-1])
    assert table.index.tolist() == places["code"].tolist()
    assert table.index[table["state"] == "high"].tolist() == ["G00", "G01", "G06", "G07"]
    assert table.geometry.iloc[7].equals(places.geometry.iloc[7])


def test_grids_that_are_missing_or_twice_there_are_told_together(found: Hotspots, places: gpd.GeoDataFrame) -> None:
    wrong = places.iloc[[0, *range(SIDE * SIDE - 1)]]
    with pytest.raises(InvalidInputError) as told:
        found.to_frame(wrong)
    assert [each.message for each in told.value.problems] == [
        "1 of the grids that were looked at are missing, e.g. G35.",
        "1 of the grids stand there twice, e.g. G00.",
    ]


def test_a_state_without_a_colour_is_refused_by_name(places: gpd.GeoDataFrame) -> None:
    with pytest.raises(InvalidInputError, match="No colour is given for 'green'"):
        state_map(places.assign(state="green"), [StateColor("red", "#ff0000", "Red")])


def test_where_no_package_holds_the_scripts_the_remedy_is_told(blocks: Blocks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_module, "entry_points", lambda **_: ())
    with pytest.raises(UnavailableError, match="make setup"):
        blocks.explore().page()
