"""The hotspot map: cases as heat, as clusters, counted per grid, and through time."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from folium.plugins import HeatMap, MarkerCluster
from folium.utilities import JsCode

from geogrid.coordinates.meridian import frame_counted_on
from geogrid.maps.classes import class_bounds, periods
from geogrid.maps.elements import ScriptLayer
from geogrid.maps.encoding import MICRODEGREES, escaped, offsets, packed_column
from geogrid.maps.labels import Language
from geogrid.maps.page import BaseMap, LegendRow, MapLink, Page, features, legend, notice
from geogrid.maps.tree import MapGrids, label_places, require_lonlat, text_column
from geogrid.types import BoolArray, GeometryArray, IntArray

COUNT_COLORS: Final = ("#fee8c8", "#fdbb84", "#f6874f", "#d7301f", "#8b0000")
"""Sequential, readable with any colour vision and in print, after ColorBrewer's OrRd."""

STATUS_COLORS: Final = {"open": "#c2410c", "in_progress": "#b7860b", "closed": "#2f6f9f"}
HEAT_GRADIENT: Final = {0.2: "#3b4cc0", 0.45: "#7b9ff9", 0.65: "#f5c04a", 0.85: "#e8602c", 1.0: "#a50026"}

_TEXT_BUDGET: Final = 6_000_000
_MIN_TEXT: Final = 24
_COLUMNS: Final = ("id", "channel", "category", "status", "text", "address")
_WORDS: Final = (
    *("id", "channel", "category", "status", "text", "address", "reported_at", "grid", "outside"),
    *(
        "open",
        "in_progress",
        "closed",
        "open_case",
        "cases_unit",
        "all_time",
        "undated",
        "play",
        "pause",
        "no_count",
        "period",
    ),
)


def hotspot_map(  # noqa: PLR0913 - each is one choice of the reader
    cases: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    *,
    base: BaseMap | None = None,
    time_zone: str | None = None,
    attribution: Sequence[str] = (),
    language: Language = "both",
    subtitle: str = "",
    home: str = "",
    links: Mapping[str, str] | None = None,
    case_page: str = "",
    choices: Mapping[str, Sequence[MapLink]] | None = None,
    tiles: folium.TileLayer | None = None,
) -> folium.Map:
    """Draw where cases pile up: heat, clusters, counts per grid of every level, all of them by period.

    Parameters
    ----------
    cases : GeoDataFrame
        EPSG:4326 points. Columns ``id``, ``channel``, ``category``, ``status``, ``text``, ``address``,
        ``reported_at`` (with zone) and ``grid``, the code of the leaf grid or nothing.
    grids : GeoDataFrame
        As for `coverage_map`.
    base : BaseMap, optional
        Streets and buildings under the grids.
    time_zone : str, optional
        IANA name of the zone in which days begin and times are shown; without it, that of ``reported_at``.
    case_page : str
        Address of the page of a case, with ``{id}`` in the place of its number; empty for none.
    choices, attribution, language, subtitle, home, links, tiles
        As for `findings_map` and `coverage_map`.

    Returns
    -------
    folium.Map
        Every case with a point is on it, whatever their number; the rest are counted in the heading. Give it to
        `geogrid.maps.render` for a page that needs no internet.
    """
    tree = MapGrids.of(grids)
    require_lonlat(cases, "cases")
    page = Page("hotspots", language, attribution, subtitle, home, choices=choices or {}, links=links or {})
    page.add_base(base, tiles, grids.geometry.to_numpy())
    placed = frame_counted_on(cases[_has_place(cases.geometry.to_numpy())].reset_index(drop=True), page.land)
    leaf, times = _leaf_positions(placed, tree), _local_times(placed, time_zone)
    span = periods(times)
    page.data |= {
        "periods": list(span.labels),
        "span": f"{times.min():%Y-%m-%d} – {times.max():%Y-%m-%d}" if span.labels else "",
        "cases": _case_columns(placed, leaf, span.index, times),
        "details": tree.details(language),
        "leafPlaces": tree.leaves.index.tolist(),
        "casePage": case_page,
        "colors": {"counts": COUNT_COLORS, "status": STATUS_COLORS},
    }
    _add_counts(page, tree, leaf, span.index)
    _add_points(page)
    _add_facts(page, placed, leaf, unplaced=len(cases) - len(placed))
    _add_panels(page, n_periods=len(span.labels), n_cases=len(placed))
    return page.finish([tree.table.total_bounds if len(tree) else placed.total_bounds], _WORDS)


def _add_panels(page: Page, *, n_periods: int, n_cases: int) -> None:
    page.panels.append(_legend(page))
    if n_periods > 1:
        page.panels.append(_time_panel(page, n_periods))
    if not n_cases:
        page.panels.append(notice(page.say("no_cases")))


def _has_place(points: GeometryArray) -> BoolArray:
    has_place = ~(shapely.is_missing(points) | shapely.is_empty(points))
    has_place[has_place] = np.isfinite(shapely.get_x(points[has_place]))
    return has_place


def _local_times(cases: gpd.GeoDataFrame, time_zone: str | None) -> "pd.Series[pd.Timestamp]":
    """Return the wall-clock times of the cases, NaT where there is none."""
    if "reported_at" not in cases:
        return pd.Series(pd.NaT, index=cases.index, dtype="datetime64[ns]")
    times = cases["reported_at"]
    if not isinstance(times.dtype, pd.DatetimeTZDtype):
        times = pd.to_datetime(times, utc=True)
    local: pd.Series[pd.Timestamp] = times.dt.tz_convert(time_zone) if time_zone else times
    return local.dt.tz_localize(None)


def _leaf_positions(cases: gpd.GeoDataFrame, tree: MapGrids) -> IntArray:
    """Return the position among the leaf grids by case; -1 outside every grid."""
    codes = pd.Index(tree.leaves["code"])
    return np.asarray(codes.get_indexer(text_column(cases, "grid")), dtype=np.int64)


def _case_columns(
    cases: gpd.GeoDataFrame, leaf: IntArray, period: IntArray, times: "pd.Series[pd.Timestamp]"
) -> dict[str, Any]:
    x = np.rint(cases.geometry.x.to_numpy() * MICRODEGREES).astype(np.int64)
    y = np.rint(cases.geometry.y.to_numpy() * MICRODEGREES).astype(np.int64)
    dated = times.notna().to_numpy()
    minutes = np.zeros(len(cases), dtype=np.int64)
    minutes[dated] = times[dated].to_numpy().astype("datetime64[m]").astype(np.int64)
    if dated.any():
        minutes[~dated] = minutes[dated].min()
    texts = {name: text_column(cases, name).to_list() for name in _COLUMNS}
    room = max(_MIN_TEXT, _TEXT_BUDGET // max(len(cases), 1))
    for name in ("text", "address"):
        texts[name] = [value if len(value) <= room else f"{value[: room - 1]}…" for value in texts[name]]
    return {
        "x": offsets(x),
        "y": offsets(y),
        "minute": offsets(minutes),
        "leaf": leaf.tolist(),
        "period": period.tolist(),
        **{name: packed_column(values) for name, values in texts.items()},
    }


def _add_counts(page: Page, tree: MapGrids, leaf: IntArray, period: IntArray) -> None:
    """Add one layer of counts per level, of which one is shown at a time, the deepest first."""
    page.data["levels"] = []
    above, leaves = tree.positions_above(), tree.leaves
    names = tree.level_names
    levels = tree.table["level"].to_numpy()
    for level, name in reversed(names.items()):
        # A leaf above the level has nothing below it, so it stands in for itself and leaves no hole.
        chosen = (levels == level) | ((levels < level) & (tree.table["kind"] != "parent").to_numpy())
        rows = tree.table[chosen]
        feature = {place: order for order, place in enumerate(rows.index)}
        of_leaf = [next((feature[p] for p in above[code] if p in feature), -1) for code in leaves["code"]]
        owner = np.array([*of_leaf, -1], dtype=np.int64)[leaf]
        layer = folium.GeoJson(
            features(rows, [{"i": int(place), "style": {"weight": 1}} for place in rows.index]),
            name=escaped(f"{page.say('choropleth')} · {name} ({len(rows)})"),
            overlay=False,
            show=level == max(names),
            on_each_feature=JsCode("geogrid.grid"),
            smooth_factor=0.4,
            pane="gg-grids",
        )
        page.drawn.add_child(layer)
        circles = label_places(rows).round(6).tolist()
        page.data["levels"].append(
            {
                "layer": layer.get_name(),
                "name": name,
                "ofLeaf": of_leaf,
                "bounds": _bounds(owner, period, len(rows)),
                "names": [[place, *circle] for place, circle in zip(rows.index.tolist(), circles, strict=True)],
            }
        )
    page.drawn.add_child(ScriptLayer("nothing", name=escaped(page.say("none")), overlay=False, show=not names))


def _bounds(owner: IntArray, period: IntArray, features_count: int) -> dict[str, list[int]]:
    """Return the classes for the whole time, and those that serve every single period."""
    inside = owner >= 0
    dated = inside & (period >= 0)
    periods_count = int(period.max(initial=-1)) + 1
    cells = np.bincount(owner[dated] * max(periods_count, 1) + period[dated], minlength=features_count * periods_count)
    return {
        "all": list(class_bounds(np.bincount(owner[inside], minlength=features_count))),
        "each": list(class_bounds(cells)),
    }


def _add_points(page: Page) -> None:
    heat = HeatMap(  # type: ignore[no-untyped-call]
        [], name=escaped(page.say("heat")), show=False, radius=20, blur=16, min_opacity=0.25, gradient=HEAT_GRADIENT
    )
    clusters = MarkerCluster(  # type: ignore[no-untyped-call]
        name=escaped(page.say("clusters")),
        icon_create_function="geogrid.clusterIcon",
        options={
            "maxClusterRadius": 80,
            "showCoverageOnHover": False,
            "spiderLegPolylineOptions": {"weight": 1, "color": "#1b2733", "opacity": 0.6},
        },
    )
    page.data["heat"], page.data["clusters"] = heat.get_name(), clusters.get_name()
    page.drawn.add_child(heat)
    page.drawn.add_child(clusters)


def _add_facts(page: Page, placed: gpd.GeoDataFrame, leaf: IntArray, *, unplaced: int) -> None:
    page.facts.append(f"{len(placed):,} {page.say('cases_unit')}")
    outside = int((leaf < 0).sum())
    if outside:
        page.facts.append(f"{page.say('outside')}: {outside:,}")
    if unplaced:
        page.facts.append(f"{page.say('unplaced')}: {unplaced:,}")


def _legend(page: Page) -> str:
    say = page.say
    dots = [
        LegendRow(f'<i class="gg-dot" style="background:{color}"></i>', say(status))
        for status, color in STATUS_COLORS.items()
    ]
    cluster = LegendRow('<i class="gg-cluster gg-cluster-sample">12</i>', say("clusters"))
    stops = ", ".join(f"{color} {100 * share:g}%" for share, color in HEAT_GRADIENT.items())
    heat = (
        f"<section><h2>{escaped(say('heat'))}</h2>"
        f'<div class="gg-ramp" style="background:linear-gradient(90deg, {stops})"></div>'
        f'<p class="gg-ramp-ends"><span>{escaped(say("sparse"))}</span><span>{escaped(say("dense"))}</span></p>'
        "</section>"
    )
    counts = f'<section id="gg-counts"><h2>{escaped(say("counts"))}</h2><ul></ul></section>'
    return legend(say("legend"), {say("cases"): [*dots, cluster]}, before=counts, after=heat)


def _time_panel(page: Page, count: int) -> str:
    say = {key: escaped(page.say(key)) for key in ("time", "play", "earlier", "later", "all_time", "period")}
    return (
        f'<section class="gg-panel gg-time" aria-label="{say["time"]}">'
        '<div class="gg-bars" aria-hidden="true"></div>'
        f'<input type="range" min="0" max="{count - 1}" value="{count - 1}" step="1" aria-label="{say["period"]}">'
        '<div class="gg-time-row">'
        f'<button type="button" data-do="earlier" aria-label="{say["earlier"]}">{_ICONS["earlier"]}</button>'
        f'<button type="button" data-do="play" aria-label="{say["play"]}">{_ICONS["play"]}</button>'
        f'<button type="button" data-do="later" aria-label="{say["later"]}">{_ICONS["later"]}</button>'
        '<output aria-live="polite"></output>'
        f'<button type="button" data-do="all" aria-pressed="true">{say["all_time"]}</button></div></section>'
    )


_ICONS: Final = {
    name: f'<svg viewBox="0 0 16 16" aria-hidden="true"><path d="{path}"/></svg>'
    for name, path in {
        "earlier": "M11 2L4 8L11 14Z",
        "play": "M4 2L13 8L4 14Z",
        "later": "M5 2L12 8L5 14Z",
    }.items()
}
