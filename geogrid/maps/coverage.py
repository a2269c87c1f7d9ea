"""The coverage map: grids by kind and level, load against band, uncovered land."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import folium
import geopandas as gpd
import numpy as np
import shapely
from folium.utilities import JsCode
from shapely.geometry.base import BaseGeometry

from geogrid.coordinates import metres_per_degree
from geogrid.coordinates.meridian import counted_on
from geogrid.maps.classes import BandState, band_states
from geogrid.maps.encoding import escaped, rounded
from geogrid.maps.labels import Language, word
from geogrid.maps.page import BaseMap, LegendRow, Page, features, legend, notice, number
from geogrid.maps.tree import MapGrids, label_places, number_column
from geogrid.types import DEDICATED_CATEGORIES, FloatArray, GeometryArray

STATE_COLORS: Final[dict[BandState, str]] = {
    "under": "#4a9bd4",
    "in": "#a8d5b5",
    "over": "#e0702a",
    "unknown": "#c3cad1",
}
"""Apart for readers with any colour vision: blue, pale green, orange, after Okabe and Ito (2008)."""

DEDICATED_COLOR: Final = "#5e3c99"
UNCOVERED_COLOR: Final = "#c5005f"

_MIN_PIECE_M2: Final = 1.0
_MIN_PIECE_WIDTH_M: Final = 0.05
_STATES: Final[tuple[BandState, ...]] = ("under", "in", "over", "unknown")

_HATCHES: Final = {
    "government": "M0 5H10M5 0V10",
    "industrial_park": "M0 3H10M0 8H10",
    "commercial": "M-2 2L2 -2M0 10L10 0M8 12L12 8",
    "office_building": "M3 0V10M8 0V10",
    "school": "M-2 8L2 12M0 0L10 10M8 -2L12 2",
    "hospital": "M5 2V8M2 5H8",
    "other": "M4 5a1 1 0 1 0 2 0a1 1 0 1 0 -2 0",
}


@dataclass(frozen=True, slots=True)
class UncoveredPieces:
    """Land of the jurisdiction that no leaf grid covers.

    Parameters
    ----------
    polygons : (n,) polygons
        Degrees, the largest first.
    area_m2 : (n,) float64
        On the ellipsoid, to first order.
    """

    polygons: GeometryArray
    area_m2: FloatArray


def uncovered_pieces(limit: BaseGeometry, leaves: GeometryArray) -> UncoveredPieces:
    """Return limit minus the union of the leaf grids, piece by piece.

    Parameters
    ----------
    limit : geometry
        Polygon or multipolygon of the jurisdiction, degrees.
    leaves : (n,) geometries
        Leaf grids, degrees.

    Notes
    -----
    Pieces under 1 m2, or under 5 cm wide on average (twice the area over the perimeter), are left out: where limit
    and grids were stored apart, rounding makes such slivers along every shared edge.
    """
    rest = shapely.difference(shapely.make_valid(limit), shapely.union_all(shapely.make_valid(leaves)))
    pieces = shapely.get_parts(rest)
    pieces = pieces[(shapely.get_type_id(pieces) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(pieces)]
    along_lon, along_lat = metres_per_degree(shapely.get_y(shapely.centroid(pieces)))
    area = shapely.area(pieces) * along_lon * along_lat
    # The shorter degree bounds the perimeter from below, so that no piece is wrongly left out.
    width = 2 * area / np.maximum(shapely.length(pieces) * np.minimum(along_lon, along_lat), 1e-9)
    kept = (area >= _MIN_PIECE_M2) & (width >= _MIN_PIECE_WIDTH_M)
    pieces, area = pieces[kept], area[kept]
    order = np.argsort(-area, kind="stable")
    return UncoveredPieces(pieces[order], area[order])


def coverage_map(  # noqa: PLR0913 - each is one choice of the reader
    grids: gpd.GeoDataFrame,
    *,
    limit: BaseGeometry | None = None,
    base: BaseMap | None = None,
    band: tuple[float, float] | None = None,
    load: str = "households",
    attribution: Sequence[str] = (),
    language: Language = "both",
    subtitle: str = "",
    home: str = "",
    links: Mapping[str, str] | None = None,
    tiles: folium.TileLayer | None = None,
) -> folium.Map:
    """Draw the grids of one edition by kind and level, their load against the band, and land that none covers.

    Parameters
    ----------
    grids : GeoDataFrame
        EPSG:4326. Columns ``code``, ``name``, ``level`` (1 is the top), ``level_name``, ``parent``, ``kind``,
        ``category``, ``duty``, and loads such as ``households``.
    limit : geometry, optional
        Polygon of the jurisdiction, degrees; without it nothing is shown as uncovered.
    base : BaseMap, optional
        Streets and buildings under the grids.
    band : tuple of float, optional
        Two-sided limit of the load of a comprehensive grid. Dedicated grids are carved out for one institution
        and have no band.
    load : str
        Column that the band is about.
    attribution : sequence of str
        Sources of the data; shown on the map.
    language : {"zh", "en", "both"}
        Of the labels.
    subtitle, home : str
        What is shown; the address of the way back.
    links : mapping of str to str, optional
        Where a grid leads to: addresses with ``{code}``, by "grid_page", "grid_cases" and "redraw".
    tiles : folium.TileLayer, optional
        A tile server's map underneath. It needs the network that the server is on.

    Returns
    -------
    folium.Map
        Give it to `geogrid.maps.render` for a page that needs no internet.
    """
    tree = MapGrids.of(grids)
    page = Page("coverage", language, attribution, subtitle, home, links=links or {})
    page.add_base(base, tiles, grids.geometry.to_numpy())
    limit = None if limit is None else counted_on(np.array([limit], dtype=object), page.land)[0]
    pieces = _uncovered(limit, tree)
    states = band_states(number_column(tree.leaves, load), band)
    _describe(page, tree, states, band, load)
    _add_grids(page, tree, states)
    _add_uncovered(page, pieces)
    _add_facts(page, tree, pieces, has_limit=limit is not None)
    page.panels.append(_hatches() + _legend(page, tree, states, band, load, uncovered_count=len(pieces.area_m2)))
    page.panels += [] if len(tree) else [notice(page.say("no_grids"))]
    bounds = [tree.table.total_bounds, *([limit.bounds] if limit is not None else [])]
    return page.finish(bounds, ("uncovered", "area"))


def _uncovered(limit: BaseGeometry | None, tree: MapGrids) -> UncoveredPieces:
    if limit is None or not len(tree):
        return UncoveredPieces(np.empty(0, dtype=object), np.empty(0))
    return uncovered_pieces(limit, tree.leaves.geometry.to_numpy())


def _describe(page: Page, tree: MapGrids, states: list[BandState], band: tuple[float, float] | None, load: str) -> None:
    leaves = tree.leaves
    texts: dict[int, dict[str, str]] = {}
    values = number_column(leaves, load)
    for place, kind, state, value in zip(leaves.index, leaves["kind"], states, values, strict=True):
        if kind == "comprehensive" and band is not None:
            texts[int(place)] = {load: f"{number(value)} · {page.say(state)} ({number(band[0])}–{number(band[1])})"}
    page.data["details"] = tree.details(page.language, texts)
    circles = label_places(leaves)
    page.data["names"] = [
        [str(name) or str(code), *circle]
        for name, code, circle in zip(leaves["name"], leaves["code"], circles.round(6).tolist(), strict=True)
    ]


def _add_grids(page: Page, tree: MapGrids, states: list[BandState]) -> None:
    deepest = int(tree.table["level"].max()) if len(tree) else 0
    for level, name in tree.level_names.items():
        parents = tree.table[(tree.table["level"] == level) & (tree.table["kind"] == "parent")]
        if len(parents):
            style = {"color": "#1b2733", "weight": 1.5 + 1.5 * (deepest - level), "fillOpacity": 0.0, "opacity": 0.75}
            styles = [style] * len(parents)
            _add_layer(page, parents, styles, name=f"{page.say('parent')} · {name}", pane="gg-parents")
    leaves = tree.leaves
    for kind in ("comprehensive", "dedicated"):
        chosen = (leaves["kind"] == kind).to_numpy()
        rows = leaves[chosen]
        if len(rows):
            kept = [state for state, keep in zip(states, chosen, strict=True) if keep]
            styles = list(_leaf_styles(kind, kept, rows["category"].to_list()))
            _add_layer(page, rows, styles, name=page.say(kind), pane="gg-grids")


def _leaf_styles(kind: str, states: list[BandState], categories: list[str]) -> Iterator[dict[str, Any]]:
    for state, category in zip(states, categories, strict=True):
        if kind == "dedicated":
            hatch = category if category in _HATCHES else "other"
            fill = {"fillColor": f"url(#gg-hatch-{hatch})", "fillOpacity": 1.0}
            yield {"color": DEDICATED_COLOR, "weight": 2, "opacity": 0.95, **fill}
        else:
            yield {"color": "#46525e", "weight": 1, "fillColor": STATE_COLORS[state], "fillOpacity": 0.5}


def _add_layer(page: Page, grids: gpd.GeoDataFrame, styles: list[dict[str, Any]], *, name: str, pane: str) -> None:
    properties = [{"i": int(place), "style": style} for place, style in zip(grids.index, styles, strict=True)]
    layer = folium.GeoJson(
        features(grids, properties),
        name=escaped(f"{name} ({len(grids)})"),
        on_each_feature=JsCode("geogrid.grid"),
        smooth_factor=0.4,
        pane=pane,
    )
    page.drawn.add_child(layer)


def _add_uncovered(page: Page, pieces: UncoveredPieces) -> None:
    if not len(pieces.area_m2):
        return
    style = {
        "color": UNCOVERED_COLOR,
        "weight": 2.5,
        "dashArray": "6 4",
        "fillColor": "url(#gg-hatch-uncovered)",
        "fillOpacity": 1.0,
    }
    frame = gpd.GeoDataFrame(geometry=list(rounded(pieces.polygons)), crs=4326)
    areas = [f"{number(round(float(area)))} m²" for area in pieces.area_m2]
    layer = folium.GeoJson(
        features(frame, [{"i": place, "style": style} for place in range(len(areas))]),
        name=escaped(f"{page.say('uncovered')} ({len(areas)})"),
        on_each_feature=JsCode("geogrid.uncovered"),
        smooth_factor=0.0,
        pane="gg-uncovered",
    )
    page.data["uncovered"] = areas
    page.data["uncoveredLayer"] = layer.get_name()
    page.drawn.add_child(layer)


def _add_facts(page: Page, tree: MapGrids, pieces: UncoveredPieces, *, has_limit: bool) -> None:
    page.facts.append(f"{len(tree.leaves):,} {page.say('leaf_grids')}")
    if has_limit:
        page.facts.append(f"{page.say('uncovered')}: {_area_text(float(pieces.area_m2.sum()))}")


def _area_text(area_m2: float) -> str:
    square_kilometre = 1e6
    return f"{area_m2 / 1e6:,.2f} km²" if area_m2 >= 0.01 * square_kilometre else f"{number(round(area_m2))} m²"


def _hatches() -> str:
    """Return the patterns of the dedicated grids and of uncovered land, as definitions for the whole page."""
    made = [
        _hatch(name, path, ground=DEDICATED_COLOR, ground_opacity=0.18, line=DEDICATED_COLOR)
        for name, path in _HATCHES.items()
    ]
    cross = "M0 0L10 10M10 0L0 10"
    made.append(_hatch("uncovered", cross, ground="#ffffff", ground_opacity=0.55, line=UNCOVERED_COLOR))
    return f'<svg class="gg-defs" aria-hidden="true"><defs>{"".join(made)}</defs></svg>'


def _hatch(name: str, path: str, *, ground: str, ground_opacity: float, line: str) -> str:
    return (
        f'<pattern id="gg-hatch-{name}" width="10" height="10" patternUnits="userSpaceOnUse">'
        f'<rect width="10" height="10" fill="{ground}" fill-opacity="{ground_opacity}"/>'
        f'<path d="{path}" stroke="{line}" stroke-width="1.3" fill="none" stroke-opacity="0.85"/></pattern>'
    )


def _swatch(fill: str, stroke: str, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    return (
        '<svg class="gg-swatch" viewBox="0 0 30 20" aria-hidden="true">'
        f'<rect x="1" y="1" width="28" height="18" rx="2" fill="{fill}" stroke="{stroke}" stroke-width="1.6"{dash}/>'
        "</svg>"
    )


def _legend(  # noqa: PLR0913 - the parts of one panel
    page: Page,
    tree: MapGrids,
    states: list[BandState],
    band: tuple[float, float] | None,
    load: str,
    *,
    uncovered_count: int,
) -> str:
    leaves, say = tree.leaves, page.say
    ordinary = [s for s, kind in zip(states, leaves["kind"], strict=True) if kind == "comprehensive"]
    limits = {} if band is None else _limits_text(band)
    present = [state for state in _STATES if state in ordinary or (band is not None and state != "unknown")]
    rows = [
        LegendRow(_swatch(STATE_COLORS[state], "#46525e"), say(state), limits.get(state, ""), ordinary.count(state))
        for state in present
    ]
    heading = f"{say('comprehensive')} · {word(load, page.language)}" if band is not None else say("comprehensive")
    sections = {heading: rows} if ordinary else {}
    categories = [c if c in _HATCHES else "other" for c in leaves.loc[leaves["kind"] == "dedicated", "category"]]
    if categories:
        sections[say("dedicated")] = [
            LegendRow(_swatch(f"url(#gg-hatch-{name})", DEDICATED_COLOR), say(name), count=categories.count(name))
            for name in DEDICATED_CATEGORIES
            if name in categories
        ]
    if uncovered_count:
        uncovered = _swatch("url(#gg-hatch-uncovered)", UNCOVERED_COLOR, dashed=True)
        sections[say("uncovered")] = [LegendRow(uncovered, say("uncovered"), count=uncovered_count)]
    return legend(say("legend"), sections)


def _limits_text(band: tuple[float, float]) -> dict[BandState, str]:
    low, high = (number(end) for end in band)
    return {"under": f"< {low}", "in": f"{low} – {high}", "over": f"> {high}"}
