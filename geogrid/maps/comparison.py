"""The comparison map: two plans side by side, what became of each grid, and the land that changes hands."""

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import folium
import geopandas as gpd
import numpy as np
from branca.element import Figure
from folium.utilities import JsCode

from geogrid.coordinates.meridian import frame_counted_on
from geogrid.maps.elements import Insert
from geogrid.maps.encoding import escaped, script_json
from geogrid.maps.fates import FATE_COLORS, SAME_LAND, main_fate
from geogrid.maps.labels import Language, label
from geogrid.maps.library import library
from geogrid.maps.page import MAX_ZOOM, LegendRow, features, legend, notice, number

Side = Literal["before", "after"]

MOVED_COLOR: Final = "#c5005f"
_MOST_DETAILED: Final = 3000
_STYLES: Final = ("map.css", "comparison.css")


@dataclass(frozen=True, slots=True)
class Compared:
    """Two plans for a map.

    Parameters
    ----------
    before, after : GeoDataFrame
        Leaf grids of either plan, EPSG:4326: ``code``, ``name``, ``fates`` (list of str), and what the grid gained and
        lost: ``gained_m2``, ``lost_m2``, ``gained_households``, ``lost_households``. ``after`` has also ``before``, the
        code of the grid that each continues, or None.
    moved : GeoDataFrame
        Land that changes hands, EPSG:4326: ``before`` and ``after`` (codes, None where one plan has no grid),
        ``area_m2``, ``households``, ``open_cases``.
    names : tuple of str
        Of the two plans.
    """

    before: gpd.GeoDataFrame
    after: gpd.GeoDataFrame
    moved: gpd.GeoDataFrame
    names: tuple[str, str]


def comparison_map(
    compared: Compared, *, attribution: Sequence[str] = (), language: Language = "both", subtitle: str = ""
) -> folium.Map:
    """Draw two plans side by side; the maps move together.

    Parameters
    ----------
    compared : Compared
        The plans. Of more than 3,000 leaf grids only those that change are drawn.
    attribution : sequence of str
        Sources of the data.
    language : {"zh", "en", "both"}
        Of the labels.
    subtitle : str
        What is compared.

    Returns
    -------
    folium.Map
        The left one of two on a page; give it to `geogrid.maps.render`.
    """
    land = np.concatenate([each.geometry.to_numpy() for each in (compared.before, compared.after)])
    before, after, moved = (frame_counted_on(each, land) for each in (compared.before, compared.after, compared.moved))
    compared = Compared(before, after, moved, compared.names)
    figure = Figure(title=html.escape(label("comparison", language)))
    sides: dict[Side, folium.Map] = {"before": _half(figure, "0%"), "after": _half(figure, "50%")}
    data: dict[str, Any] = {
        "attribution": list(attribution),
        "language": {"en": "en"}.get(language, "zh-CN"),
        "words": {key: label(key, language) for key in _WORDS_OF_PAGE},
        "moved": [_moved_row(row) for row in compared.moved.drop(columns="geometry").to_dict("records")],
        "bounds": _bounds(compared),
    }
    for side, drawn in sides.items():
        frame = compared.before if side == "before" else compared.after
        detailed = frame if len(frame) <= _MOST_DETAILED else frame[frame["fates"].map(main_fate) != "unchanged"]
        data[side] = [_grid_row(row, language) for row in detailed.drop(columns="geometry").to_dict("records")]
        _add_grids(drawn, detailed)
        _add_moved(drawn, compared.moved)
    maps = ", ".join(drawn.get_name() for drawn in sides.values())
    sides["after"].add_child(
        Insert(
            header=library(_STYLES, "comparison.mjs"),
            html=_body(compared, data, language, subtitle),
            script=f"geogridCompare({maps});",
        )
    )
    return sides["before"]


_WORDS_OF_PAGE: Final = ("before", "after", "moved_land", "area", "households", "open_cases", "gained", "lost")


def _half(figure: Figure, left: str) -> folium.Map:
    drawn = folium.Map(
        tiles=None,
        width="50%",
        height="100%",
        left=left,
        position="absolute",
        zoom_control="bottomright" if left != "0%" else False,
        attribution_control=left != "0%",
        prefer_canvas=True,
    )
    drawn.options["maxZoom"] = MAX_ZOOM
    drawn.options["zoomSnap"] = 0.25
    figure.add_child(drawn)
    return drawn


def _add_grids(drawn: folium.Map, grids: gpd.GeoDataFrame) -> None:
    styles = [
        {
            "color": "#46525e",
            "weight": 1,
            "fillColor": FATE_COLORS[fate],
            "fillOpacity": 0.35 if fate in SAME_LAND else 0.6,
        }
        for fate in map(main_fate, grids["fates"])
    ]
    _add_layer(drawn, grids, styles, script="geogridCompare.grid")


def _add_moved(drawn: folium.Map, moved: gpd.GeoDataFrame) -> None:
    style = {"color": MOVED_COLOR, "weight": 2, "dashArray": "5 3", "fillColor": MOVED_COLOR, "fillOpacity": 0.14}
    _add_layer(drawn, moved, [style] * len(moved), script="geogridCompare.moved")


# Both in one pane: the canvas of a pane above would keep the pointer from the grids below.
def _add_layer(drawn: folium.Map, frame: gpd.GeoDataFrame, styles: Sequence[Mapping[str, Any]], *, script: str) -> None:
    if not len(frame):
        return
    properties = [{"i": place, "style": dict(style)} for place, style in enumerate(styles)]
    layer = folium.GeoJson(
        features(frame, properties), on_each_feature=JsCode(script), smooth_factor=0.4, control=False
    )
    drawn.add_child(layer)


def _grid_row(row: Mapping[Any, Any], language: Language) -> dict[str, Any]:
    return {
        "code": str(row["code"]),
        "name": str(row["name"]),
        "fates": " · ".join(label(fate, language) for fate in row["fates"]),
        "gained": [round(float(row["gained_m2"])), number(float(row["gained_households"]))],
        "lost": [round(float(row["lost_m2"])), number(float(row["lost_households"]))],
    }


def _moved_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        "from": _code_or_dash(row["before"]),
        "to": _code_or_dash(row["after"]),
        "area": round(float(row["area_m2"])),
        "households": number(float(row["households"])),
        "cases": int(row["open_cases"]),
    }


def _code_or_dash(code: object) -> str:
    # A column of texts holds NaN, which is true, where there was None.
    return code if isinstance(code, str) and code else "–"


def _bounds(compared: Compared) -> list[list[float]] | None:
    """Return what is in sight at first: the land that changes hands and some around it, or everything."""
    chosen = compared.moved if len(compared.moved) else compared.after
    if not len(chosen):
        return None
    west, south, east, north = (float(value) for value in chosen.total_bounds)
    room = 0.15 * max(east - west, north - south) if len(compared.moved) else 0.0
    corners = ((south - room, west - room), (north + room, east + room))
    return [[round(value, 6) for value in corner] for corner in corners]


def _body(compared: Compared, data: Mapping[str, Any], language: Language, subtitle: str) -> str:
    def say(key: str) -> str:
        return label(key, language)

    counts = Counter(main_fate(fates) for fates in compared.after["fates"])
    counts += _ended(compared)
    rows = [
        LegendRow(_swatch(FATE_COLORS[fate]), say(fate), count=counts[fate]) for fate in FATE_COLORS if counts[fate]
    ]
    moved = compared.moved
    facts = [
        f"{number(sum(count for fate, count in counts.items() if fate not in SAME_LAND))} {say('changed_grids')}",
        *(f"{say(fate)}: {number(counts[fate])}" for fate in ("renamed", "recoded") if counts[fate]),
        f"{say('moved_land')}: {number(round(float(moved['area_m2'].sum())))} m²",
        f"{say('households')}: {number(round(float(moved['households'].sum()), 1))}",
        f"{say('open_cases')}: {int(moved['open_cases'].sum()):,}",
    ]
    items = "".join(f"<li>{escaped(fact)}</li>" for fact in facts)
    below = f'<p class="gg-subtitle">{escaped(subtitle)}</p>' if subtitle else ""
    names = "".join(
        f'<p class="gg-panel gg-side gg-side-{side}"><small>{escaped(say(side))}</small> {escaped(name)}</p>'
        for side, name in zip(("before", "after"), compared.names, strict=True)
    )
    key = LegendRow(_swatch(MOVED_COLOR, dashed=True), say("moved_land"), count=len(moved))
    nothing = "" if len(counts - Counter(unchanged=counts["unchanged"])) else notice(say("no_change"))
    return (
        f'<header class="gg-panel gg-title"><h1>{escaped(say("comparison"))}</h1>{below}'
        f'<ul class="gg-facts">{items}</ul></header>{names}'
        f"{legend(say('legend'), {say('fates'): rows, say('moved_land'): [key]})}{nothing}"
        f'<script type="application/json" id="geogrid-data">{script_json(data)}</script>'
    )


def _ended(compared: Compared) -> Counter[str]:
    """Return the fates of grids that only the former plan has."""
    last = [main_fate(fates) for fates in compared.before["fates"]]
    left = {str(code) for code in compared.after["before"] if isinstance(code, str)}
    return Counter(fate for code, fate in zip(compared.before["code"], last, strict=True) if code not in left)


def _swatch(color: str, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    opacity = "0.14" if dashed else "0.7"
    return (
        '<svg class="gg-swatch" viewBox="0 0 30 20" aria-hidden="true"><rect x="1" y="1" width="28" height="18" rx="2" '
        f'fill="{color}" fill-opacity="{opacity}" stroke="{color if dashed else "#46525e"}" stroke-width="1.6"{dash}/>'
        "</svg>"
    )
