"""The map of what a method found: which grids stand out, their rates and counts, for one period or two side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import folium
import geopandas as gpd
import numpy as np
from folium.utilities import JsCode

from geogrid.coordinates.meridian import frame_counted_on
from geogrid.errors import InvalidInputError, Problem
from geogrid.maps.classes import class_bounds, value_bounds
from geogrid.maps.elements import Insert, ScriptLayer
from geogrid.maps.encoding import escaped
from geogrid.maps.labels import Language
from geogrid.maps.library import library
from geogrid.maps.page import MAX_ZOOM, BaseMap, LegendRow, MapLink, Page, add_panes, features, legend, number
from geogrid.maps.tree import label_places, require_lonlat
from geogrid.types import FloatArray, IntArray
from geogrid.wording import amount

STATE_COLORS: Final = {
    "high": "#c9302c",
    "emerging": "#e0702a",
    "persistent": "#8b0000",
    "fading": "#f0c05a",
    "low": "#3b6fb6",
    "even": "#e8e6e1",
    "small": None,
}
"""Grids of small numbers have no colour: they are said."""

RAMP: Final = ("#fee8c8", "#fdbb84", "#f6874f", "#d7301f", "#8b0000")
"""Sequential, readable with any colour vision and in print, after ColorBrewer's OrRd."""

_NEEDED: Final = ("code", "state", "cases", "value", "p", "adjusted_p", "rate", "rate_low", "rate_high")
_LINE: Final = "#46525e"
_SMALL: Final = 0
_MOST_SIDES: Final = 2


@dataclass(frozen=True, slots=True)
class FoundSide:
    """What was found in one period.

    Parameters
    ----------
    grids : GeoDataFrame
        EPSG:4326. Columns ``code``, ``name`` (optional), ``state`` (a key of `STATE_COLORS`), ``cases``, ``value``,
        ``p``, ``adjusted_p``, and ``rate``, ``rate_low``, ``rate_high``: NaN where nothing is told.
    sentences : mapping of {"zh", "en"} to str
        What the map says.
    period : str
        Whose cases these are; empty for all.
    """

    grids: gpd.GeoDataFrame
    sentences: Mapping[str, str]
    period: str = ""


@dataclass(frozen=True, slots=True)
class _View:
    """One way to colour the grids: classes by grid, what each looks like and what the legend says of it."""

    key: str
    title: str
    styles: tuple[dict[str, Any], ...]
    classes: IntArray
    words: tuple[str, ...]


def findings_map(  # noqa: PLR0913 - each is one choice of the reader
    sides: Sequence[FoundSide],
    *,
    value_name: str,
    rate_unit: str = "",
    base: BaseMap | None = None,
    attribution: Sequence[str] = (),
    language: Language = "both",
    subtitle: str = "",
    home: str = "",
    choices: Mapping[str, Sequence[MapLink]] | None = None,
) -> folium.Map:
    """Draw what a method found, in one period or in two side by side, with what it says in plain words under each map.

    Parameters
    ----------
    sides : sequence of FoundSide
        One, or two of the same grids, the earlier first.
    value_name : str
        What the method calls its value.
    rate_unit : str
        Of the rates; empty where there is none to show.
    choices : mapping of str to sequence of MapLink
        Links to other maps of the same cases.
    base, attribution, language, subtitle, home
        As for `coverage_map`.

    Returns
    -------
    folium.Map
        That of the later period. Give it to `geogrid.maps.render` for a page that needs no internet.

    Raises
    ------
    InvalidInputError
        There are no sides or more than two, a column is missing, or a state is unknown.
    """
    _require(sides)
    page = Page("findings", language, attribution, subtitle, home, choices=choices or {}, is_halved=len(sides) > 1)
    page.add_base(base, None, sides[-1].grids.geometry.to_numpy())
    sides = [replace(side, grids=frame_counted_on(side.grids)) for side in sides]
    views = _views(page, sides, rate_unit)
    later = sides[-1]
    page.data |= {
        "details": [row for side in sides for row in _details(page, side, value_name, rate_unit)],
        "names": _names(later.grids),
        "bare": {"color": _LINE, "weight": 1, "fillOpacity": 0},
        "layers": [_grids_layer(page.drawn, later.grids, first=len(later.grids) * (len(sides) - 1))],
        "views": [_added_view(page, view, is_shown=place == 0) for place, view in enumerate(views)],
        "pairs": [],
    }
    page.drawn.add_child(ScriptLayer("nothing", name=escaped(page.say("none")), overlay=False, show=False))
    if len(sides) > 1:
        _add_earlier(page, sides[0].grids, base)
    page.panels += [
        _legend(page, views, sides),
        *(_said(page, side, place, len(sides)) for place, side in enumerate(sides)),
    ]
    page.facts.append(_cases_told(page, sides))
    return page.finish([side.grids.total_bounds for side in sides], ())


def _require(sides: Sequence[FoundSide]) -> None:
    if not 1 <= len(sides) <= _MOST_SIDES:
        raise InvalidInputError.of("sides", f"A map shows 1 or 2 periods, not {len(sides)}.", "Give one, or two.")
    problems = []
    for side in sides:
        missing = [name for name in _NEEDED if name not in side.grids]
        strange = sorted(set(side.grids.get("state", [])) - set(STATE_COLORS))
        if missing:
            message = f"The grids have no columns {', '.join(missing)}."
            problems.append(Problem("no-column", message, "Use `Hotspots.side`."))
        if strange:
            message = f"The states {', '.join(map(repr, strange))} are unknown."
            problems.append(Problem("no-state", message, f"Use {', '.join(STATE_COLORS)}."))
        require_lonlat(side.grids, "grids")
    if len(sides) > 1 and sides[0].grids["code"].to_list() != sides[1].grids["code"].to_list():
        message = "The two periods are not told of the same grids in the same order."
        problems.append(Problem("sides", message, "Find hotspots of both on the grids of one edition."))
    if problems:
        raise InvalidInputError(problems)


def _views(page: Page, sides: Sequence[FoundSide], rate_unit: str) -> list[_View]:
    def column(name: str) -> FloatArray:
        return np.concatenate([np.asarray(side.grids[name], dtype=np.float64) for side in sides])

    states = [str(state) for side in sides for state in side.grids["state"]]
    present = [state for state in STATE_COLORS if state in set(states)]
    views = [
        _View(
            "significance",
            page.say("significance"),
            tuple(_style(STATE_COLORS[state]) for state in present),
            np.array([present.index(state) for state in states], dtype=np.int64),
            tuple(_state_words(page, state, column("p")) for state in present),
        )
    ]
    if rate_unit:
        rate = np.where(np.array(states) == "small", np.nan, column("rate"))
        views.append(_classed(page, "rate", f"{page.say('rate')} {rate_unit}", rate, value_bounds(rate)))
    counts = column("cases")
    limits = class_bounds(counts.astype(np.int64))
    views.append(_classed(page, "counts", page.say("counts"), counts, limits))
    return views


def _added_view(page: Page, view: _View, *, is_shown: bool) -> dict[str, Any]:
    """Offer a view in the layer control, and return what the script needs of it."""
    shown = ScriptLayer("nothing", name=escaped(view.title), overlay=False, show=is_shown)
    page.drawn.add_child(shown)
    kept = {"key": view.key, "styles": list(view.styles), "classes": view.classes.tolist()}
    return {"layer": shown.get_name(), **kept}


def _state_words(page: Page, state: str, p: FloatArray) -> str:
    if state == "even" and not np.isfinite(p).any():
        return page.say("untested")
    return page.say(f"state_{state}")


def _classed(page: Page, key: str, title: str, values: FloatArray, limits: Sequence[float]) -> _View:
    """Return a view by classes of a value: none told, zero, then up to each limit."""
    classes = np.searchsorted(np.asarray(limits, dtype=np.float64), values, side="left") + 2
    classes = np.select([np.isnan(values), values <= 0], [_SMALL, 1], default=classes)
    colors = [RAMP[round(place * (len(RAMP) - 1) / max(len(limits) - 1, 1))] for place in range(len(limits))]
    lows = ["0", *(amount(limit) for limit in limits)]
    ranges = (f"> {low} – {high}" for low, high in pairwise(lows))
    return _View(
        key,
        title,
        (_style(None), _style("#ffffff"), *(_style(color) for color in colors)),
        classes.astype(np.int64),
        (page.say("state_small"), page.say("no_count"), *ranges),
    )


def _style(color: str | None) -> dict[str, Any]:
    if color is None:
        return {"color": _LINE, "weight": 1, "dashArray": "3 3", "fillColor": "#ffffff", "fillOpacity": 0.05}
    return {"color": _LINE, "weight": 1, "dashArray": None, "fillColor": color, "fillOpacity": 0.68}


def _details(page: Page, side: FoundSide, value_name: str, rate_unit: str) -> list[dict[str, Any]]:
    told = []
    for row in side.grids.drop(columns=side.grids.geometry.name).to_dict("records"):
        name = row.get("name")
        title = name if isinstance(name, str) and name else str(row["code"])
        rows = [
            [page.say("code"), str(row["code"])],
            [page.say("state"), _state_words(page, str(row["state"]), np.array([row["p"]]))],
            [page.say("cases"), number(float(row["cases"]))],
        ]
        if rate_unit and np.isfinite(row["rate"]):
            interval = f"{_short(row['rate_low'])} – {_short(row['rate_high'])}"
            rows += [
                [f"{page.say('rate')} {rate_unit}", _short(row["rate"])],
                [page.say("interval"), interval],
            ]
        rows += [
            [words, _short(row[key])]
            for key, words in (("value", value_name), ("p", page.say("p")), ("adjusted_p", page.say("adjusted_p")))
            if np.isfinite(row[key])
        ]
        told.append({"title": title, "rows": rows})
    return told


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"  # noqa: PLR2004 - no power of ten is told


def _names(grids: gpd.GeoDataFrame) -> list[list[Any]]:
    names = grids["name"] if "name" in grids else grids["code"]
    shown = [
        name if isinstance(name, str) and name else str(code) for name, code in zip(names, grids["code"], strict=True)
    ]
    return [[name, *circle] for name, circle in zip(shown, label_places(grids).round(6).tolist(), strict=True)]


def _grids_layer(drawn: folium.Map, grids: gpd.GeoDataFrame, *, first: int) -> str:
    """Add the grids to a map and return the variable of their layer; details are counted on from `first`."""
    rows = [{"i": first + place, "style": {"weight": 1}} for place in range(len(grids))]
    layer = folium.GeoJson(
        features(grids, rows),
        on_each_feature=JsCode("geogrid.grid"),
        smooth_factor=0.4,
        pane="gg-grids",
        control=False,
    )
    drawn.add_child(layer)
    return str(layer.get_name())


def _add_earlier(page: Page, grids: gpd.GeoDataFrame, base: BaseMap | None) -> None:
    """Put the map of the earlier period beside that of the page."""
    page.drawn.width, page.drawn.left, page.drawn.position = (50.0, "%"), (50.0, "%"), "absolute"
    other = folium.Map(
        tiles=None, width="50%", left="0%", position="absolute", zoom_control=False, attribution_control=False
    )
    other.options["maxZoom"] = MAX_ZOOM
    other.options["zoomSnap"] = 0.25
    add_panes(other)
    own = {each.maker: each.get_name() for each in page.drawn._children.values() if isinstance(each, ScriptLayer)}  # noqa: SLF001
    below = page.add_base_to(other, base)
    page.data["layers"].append(_grids_layer(other, grids, first=0))
    page.data["pairs"] = [[own[name], layer] for name, layer in below.items()]
    page.data["other"] = other.get_name()
    page.drawn.get_root().add_child(other, index=0)  # first, so that the script of the page knows both
    page.drawn.add_child(Insert(header=library(("findings.css",)), html='<div class="gg-divider"></div>'))


def _cases_told(page: Page, sides: Sequence[FoundSide]) -> str:
    return f"{' → '.join(number(float(side.grids['cases'].sum())) for side in sides)} {page.say('cases_unit')}"


def _legend(page: Page, views: Sequence[_View], sides: Sequence[FoundSide]) -> str:
    sections = []
    for view in views:
        counts = [np.bincount(part, minlength=len(view.words)).tolist() for part in np.split(view.classes, len(sides))]
        rows = [
            LegendRow(_swatch(style), words, count=" → ".join(f"{count[place]:,}" for count in counts))
            for place, (style, words) in enumerate(zip(view.styles, view.words, strict=True))
            if any(count[place] for count in counts)
        ]
        items = "".join(row.html() for row in rows)
        sections.append(f'<section data-view="{view.key}"><h2>{escaped(view.title)}</h2><ul>{items}</ul></section>')
    return legend(page.say("legend"), {}, before="".join(sections))


def _swatch(style: Mapping[str, Any]) -> str:
    dash = ' stroke-dasharray="3 3"' if style["dashArray"] else ""
    return (
        '<svg class="gg-swatch" viewBox="0 0 30 20" aria-hidden="true"><rect x="1" y="1" width="28" height="18" rx="2" '
        f'fill="{style["fillColor"]}" fill-opacity="{style["fillOpacity"]}" stroke="{_LINE}" stroke-width="1.6"{dash}/>'
        "</svg>"
    )


def _said(page: Page, side: FoundSide, place: int, count: int) -> str:
    wanted = ("zh", "en") if page.language == "both" else (page.language,)
    texts = "".join(f'<p lang="{_LANG[each]}">{escaped(side.sentences[each])}</p>' for each in wanted)
    heading = f"<h2>{escaped(side.period)}</h2>" if side.period else ""
    where = ("gg-said-earlier", "gg-said-later")[place] if count > 1 else "gg-said-alone"
    label = escaped(side.period or page.title)
    return (
        f'<section class="gg-panel gg-said {where}" role="region" aria-label="{label}" tabindex="0">'
        f"{heading}{texts}</section>"
    )


_LANG: Final = {"zh": "zh-CN", "en": "en"}
