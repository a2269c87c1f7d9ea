"""The map of what a method found: its views, its small numbers, its sentences, and two periods side by side."""

import json
import re
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.errors import InvalidInputError
from geogrid.hotspot import HotspotChoice, Hotspots, Places, contiguity_weights, find_hotspots
from geogrid.maps import FoundSide, MapLink, findings_map, render
from geogrid.maps.classes import value_bounds
from geogrid.maps.findings import STATE_COLORS
from geogrid.types import FloatArray

SIDE = 5
CASES = np.full(SIDE * SIDE, 20.0)
CASES[[6, 7]] = 60.0
CASES[20:] = 1.0
BASE = np.full(SIDE * SIDE, 1000.0)
BASE[20:] = 10.0


@pytest.fixture(scope="module")
def grids() -> gpd.GeoDataFrame:
    row, column = np.divmod(np.arange(SIDE * SIDE), SIDE)
    west, south = 110.0 + 0.01 * column, 30.0 + 0.01 * row
    codes = [f"T-{place:02}" for place in range(SIDE * SIDE)]
    shapes = shapely.box(west, south, west + 0.01, south + 0.01)
    return gpd.GeoDataFrame(
        {"code": codes, "name": [f"<b>{{{{{code}}}}}" for code in codes]}, geometry=shapes, crs="EPSG:4326"
    )


def found_in(grids: gpd.GeoDataFrame, cases: FloatArray) -> Hotspots:
    shapes = grids.geometry.to_numpy()
    codes = grids["code"].to_numpy(dtype=object)
    plane = shapely.transform(shapes, lambda xy: (xy - (110.0, 30.0)) * 100_000.0)
    places = Places(codes, plane, contiguity_weights(shapes), BASE, "households")
    return find_hotspots(places, cases[:, None], HotspotChoice(method="rate"))


def drawn_of(*sides: FoundSide, **choices: Any) -> folium.Map:
    return findings_map(sides, value_name="Rate", rate_unit="per 1,000 households", language="en", **choices)


def page_of(drawn: folium.Map) -> tuple[str, dict[str, Any]]:
    text = render(drawn, str)
    found = re.search(r'id="geogrid-data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return text, json.loads(found[1])


def view(data: dict[str, Any], key: str) -> dict[str, Any]:
    (found,) = [each for each in data["views"] if each["key"] == key]
    return dict(found)


def test_grids_that_stand_out_are_coloured_and_small_numbers_are_said_and_have_no_colour(
    grids: gpd.GeoDataFrame,
) -> None:
    text, data = page_of(drawn_of(found_in(grids, CASES).side(grids, base=BASE)))
    shown = view(data, "significance")
    fills = [shown["styles"][place]["fillColor"] for place in shown["classes"]]
    assert [place for place, fill in enumerate(fills) if fill == STATE_COLORS["high"]] == [6, 7]
    opacity = {data["views"][0]["styles"][place]["fillOpacity"] for place in shown["classes"][20:]}
    assert opacity == {0.05}
    assert "Too few to tell</span><b>5</b>" in text
    assert "5 grids had too few cases to tell." in text
    rate = view(data, "rate")
    assert set(rate["classes"][20:]) == {0}
    assert rate["classes"][6] > rate["classes"][0] > 0


def test_rates_are_told_with_their_interval_and_counts_as_they_are(grids: gpd.GeoDataFrame) -> None:
    _, data = page_of(drawn_of(found_in(grids, CASES).side(grids, base=BASE)))
    rows = dict(data["details"][6]["rows"])
    assert (rows["Cases"], rows["Rate per 1,000 households"], rows["95% interval"]) == ("60", "60", "45.8 – 77.2")
    assert "Rate per 1,000 households" not in dict(data["details"][20]["rows"])


def test_two_periods_lie_side_by_side_with_one_scale_and_the_later_tells_what_is_new(grids: gpd.GeoDataFrame) -> None:
    later = CASES.copy()
    later[12] = 80.0
    before, after = found_in(grids, CASES), found_in(grids, later)
    sides = (
        before.side(grids, base=BASE, period="2026-01-01 – 2026-01-30", days=30.0),
        after.side(grids, base=BASE, period="2026-01-31 – 2026-03-31", days=60.0, earlier=before),
    )
    text, data = page_of(drawn_of(*sides))
    assert len(data["layers"]) == 2
    assert len(data["details"]) == len(view(data, "rate")["classes"]) == 2 * SIDE * SIDE
    assert "1 of them only since 2026-01-31." in text
    assert sides[1].sentences["zh"].endswith("其中 1 个自 2026-01-31 起才有。")
    assert "2 → 3" in text
    assert sides[1].grids["rate"][6] == pytest.approx(sides[0].grids["rate"][6] / 2)
    assert text.index("gg-said-earlier") < text.index("gg-said-later")


def test_same_map_is_the_same_text_and_braces_of_names_are_not_evaluated(grids: gpd.GeoDataFrame) -> None:
    side = found_in(grids, CASES).side(grids, base=BASE)
    text, data = page_of(drawn_of(side, subtitle="{{ 1 + 1 }}"))
    assert text == page_of(drawn_of(side, subtitle="{{ 1 + 1 }}"))[0]
    assert data["details"][6]["title"] == "<b>{{T-06}}"
    assert "<b>{{" not in text
    assert "&#123;&#123; 1 + 1 &#125;&#125;" in text


def test_links_to_other_maps_are_escaped_and_the_shown_one_is_marked(grids: gpd.GeoDataFrame) -> None:
    links = {"Method": [MapLink("Gi*", '?method=gi_star&text="x', is_current=True), MapLink("Scan", "?method=scan")]}
    text, _ = page_of(drawn_of(found_in(grids, CASES).side(grids), choices=links))
    assert '<a href="?method=gi_star&amp;text=&quot;x" aria-current=page>Gi*</a>' in text
    assert '<a href="?method=scan">Scan</a>' in text


def test_sides_that_cannot_be_drawn_are_refused_with_every_reason(grids: gpd.GeoDataFrame) -> None:
    side = found_in(grids, CASES).side(grids)
    with pytest.raises(InvalidInputError, match="1 or 2 periods, not 0"):
        drawn_of()
    strange = FoundSide(side.grids.drop(columns=["p", "rate"]).assign(state="odd"), side.sentences)
    with pytest.raises(InvalidInputError, match=r"no columns p, rate(?s:.*)'odd'"):
        drawn_of(strange)
    with pytest.raises(InvalidInputError, match="same grids in the same order"):
        drawn_of(side, FoundSide(side.grids[::-1], side.sentences))


def test_bounds_of_values_hold_about_equally_many_and_are_told_in_three_digits() -> None:
    values = np.array([0.0, np.nan, 0.01234, 0.5, 1.2345, 99.99, 123456.0])
    assert value_bounds(values) == (0.0124, 0.5, 1.24, 100.0, 124000.0)
    assert value_bounds(np.array([2.0, 2.0])) == (2.0,)
    assert value_bounds(np.zeros(3)) == ()
