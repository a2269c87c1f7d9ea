import json

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geogrid.maps.encoding import escaped, packed_column, packed_lines, packed_polygons, script_json

places = st.tuples(st.floats(-180, 180), st.floats(-85, 85))


def unpacked(steps: list[int]) -> np.ndarray:
    return np.cumsum(np.array(steps).reshape(-1, 2), axis=0) / 1e6


@given(st.lists(places, min_size=2, max_size=30))
def test_a_packed_line_is_the_line_to_a_millionth_of_a_degree(path: list[tuple[float, float]]) -> None:
    (steps,) = packed_lines(np.array([shapely.LineString(path)]))
    assert np.abs(unpacked(steps) - np.array(path)).max() <= 0.5e-6 + 1e-12


def test_packed_polygons_keep_their_holes_and_parts() -> None:
    ring = shapely.box(0, 0, 4, 4).difference(shapely.box(1, 1, 2, 2))
    both = shapely.MultiPolygon([ring, shapely.box(8, 0, 9, 1)])
    packed = packed_polygons(np.array([both]))
    assert [len(rings) for rings in packed] == [2, 1]
    assert shapely.Polygon(unpacked(packed[0][0]), [unpacked(packed[0][1])]).equals(ring)


@given(st.lists(st.text(max_size=4), max_size=40))
def test_a_packed_column_gives_every_value_back(values: list[str]) -> None:
    packed = packed_column(values)
    told = packed["values"] if "values" in packed else [packed["words"][code] for code in packed["codes"]]
    assert told == values


@given(st.dictionaries(st.text(), st.text()))
def test_json_in_a_script_element_means_the_same_and_cannot_end_it(value: dict[str, str]) -> None:
    value["hostile"] = "</script><!--<script>"
    text = script_json(value)
    assert json.loads(text) == value
    assert "<" not in text


def test_escaped_text_has_no_markup_and_no_template_braces() -> None:
    assert escaped("<b>&{{ 7*7 }}") == "&lt;b&gt;&amp;&#123;&#123; 7*7 &#125;&#125;"
