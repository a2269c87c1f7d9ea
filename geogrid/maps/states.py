"""A map of polygons by state: blocks by kind, grids by what a method told of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
from folium.utilities import JsCode

from geogrid.coordinates.meridian import frame_counted_on
from geogrid.errors import InvalidInputError
from geogrid.maps.encoding import escaped
from geogrid.maps.labels import Language
from geogrid.maps.page import BaseMap, LegendRow, Page, features, legend, notice, number
from geogrid.maps.tree import require_lonlat


@dataclass(frozen=True, slots=True)
class StateColor:
    """A state as the map shows it: its key, its colour (``#rrggbb``) and its words."""

    state: str
    color: str
    words: str


def state_map(  # noqa: PLR0913 - each is one choice of the reader
    polygons: gpd.GeoDataFrame,
    colors: Sequence[StateColor],
    *,
    column: str = "state",
    title: str = "",
    subtitle: str = "",
    base: BaseMap | None = None,
    attribution: Sequence[str] = (),
    language: Language = "both",
) -> folium.Map:
    """Draw polygons coloured by a column of few values, with every other column told where one is clicked.

    Parameters
    ----------
    polygons : GeoDataFrame
        EPSG:4326. The index names the rows.
    colors : sequence of StateColor
        In the order of the legend.
    column : str
        Holds the states.
    title, subtitle : str
        What is shown.
    base, attribution, language
        As for `coverage_map`.

    Raises
    ------
    InvalidInputError
        The column is missing, holds a state without a colour, or the coordinates are not longitude and latitude.
    """
    require_lonlat(polygons, "polygons")
    states = _states(polygons, colors, column)
    page = Page("coverage", language, attribution, subtitle, heading=title)
    page.add_base(base, None, polygons.geometry.to_numpy())
    polygons = frame_counted_on(polygons)
    page.data |= {"details": _details(polygons, column, colors, states), "names": []}
    rows = []
    for place, shown in enumerate(colors):
        chosen = states == place
        rows.append(LegendRow(_dot(shown.color), shown.words, count=int(chosen.sum())))
        if chosen.any():
            _add_layer(page, polygons, chosen, shown)
    page.panels.append(legend(page.say("legend"), {title or page.say("grids"): rows}))
    if not len(polygons):
        page.panels.append(notice(page.say("no_grids")))
    return page.finish([polygons.total_bounds], ("area",))


def _states(polygons: gpd.GeoDataFrame, colors: Sequence[StateColor], column: str) -> np.ndarray:
    if column not in polygons:
        raise InvalidInputError.of(
            "no-column", f"The polygons have no column {column!r}.", "Name the column that holds the states."
        )
    found = pd.Index([shown.state for shown in colors]).get_indexer(polygons[column].astype(str))
    strange = sorted(set(polygons[column].astype(str)[found < 0]))
    if strange:
        raise InvalidInputError.of(
            "no-color", f"No colour is given for {', '.join(map(repr, strange))}.", "Give one for each state."
        )
    return np.asarray(found)


def _details(
    polygons: gpd.GeoDataFrame, column: str, colors: Sequence[StateColor], states: np.ndarray
) -> list[dict[str, object]]:
    others = [name for name in polygons.columns if name not in {column, polygons.geometry.name}]
    texts = {name: [_text(value) for value in polygons[name]] for name in others}
    return [
        {
            "title": str(name),
            "rows": [[column, colors[state].words], *([key, texts[key][place]] for key in others if texts[key][place])],
        }
        for place, (name, state) in enumerate(zip(polygons.index, states.tolist(), strict=True))
    ]


def _text(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, int | float | np.number):
        # Small numbers, such as a p, would be 0.0 in the manner of loads.
        few = 0 < abs(float(value)) < 1
        return f"{float(value):.3g}" if few else number(float(value))
    return "" if value is None else str(value)


def _add_layer(page: Page, polygons: gpd.GeoDataFrame, chosen: np.ndarray, shown: StateColor) -> None:
    style = {"color": "#46525e", "weight": 1, "fillColor": shown.color, "fillOpacity": 0.65}
    layer = folium.GeoJson(
        features(polygons[chosen], [{"i": place, "style": style} for place in np.flatnonzero(chosen).tolist()]),
        name=escaped(f"{shown.words} ({int(chosen.sum())})"),
        on_each_feature=JsCode("geogrid.grid"),
        smooth_factor=0.4,
        pane="gg-grids",
    )
    page.drawn.add_child(layer)


def _dot(color: str) -> str:
    return f'<i class="gg-dot" style="background:{escaped(color)}"></i>'
