"""What every map of GeoGrid has: the frame of the page, the base map, the attribution."""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from branca.element import Figure
from folium.map import CustomPane
from folium.utilities import JsCode

from geogrid.coordinates.meridian import counted_on
from geogrid.maps.elements import Insert, ScriptLayer
from geogrid.maps.encoding import escaped, packed_lines, packed_polygons, rounded, script_json
from geogrid.maps.labels import Language, label
from geogrid.maps.library import library
from geogrid.types import GeometryArray

MAX_ZOOM: Final = 19
_PANES: Final = (
    ("gg-buildings", 360, False),
    ("gg-streets", 370, False),
    ("gg-parents", 410, True),
    ("gg-grids", 420, True),
    ("gg-uncovered", 440, True),
    ("gg-cases", 590, True),
    ("gg-labels", 595, False),
)
_DEFAULT_RANK: Final = 4


@dataclass(frozen=True, slots=True)
class BaseMap:
    """The imported streets, buildings and water that lie under the grids.

    Parameters
    ----------
    streets : GeoDataFrame, optional
        Columns ``name``, ``rank`` (0 to 9, as in `geogrid.blocks.barriers`) and lines, EPSG:4326.
    buildings : GeoDataFrame, optional
        Polygons, EPSG:4326.
    water : GeoDataFrame, optional
        Polygons, EPSG:4326.
    """

    streets: gpd.GeoDataFrame | None = None
    buildings: gpd.GeoDataFrame | None = None
    water: gpd.GeoDataFrame | None = None


@dataclass(frozen=True, slots=True)
class MapLink:
    """A link to another map: its words, its address, and whether it is the map that is shown."""

    words: str
    address: str
    is_current: bool = False


@dataclass(slots=True)
class Page:
    """A map in the making: Folium's, and the data and panels that go on its page.

    Parameters
    ----------
    kind : str
        Name of the page script's function that starts the map; also its title's label.
    language : {"zh", "en", "both"}
        Of the labels.
    attribution : sequence of str
        Sources of the data, shown on the map.
    subtitle : str
        What is shown, e.g. the filters in force.
    home : str
        Address that the title leads to; empty for none.
    heading : str
        Title in other words than those of the kind.
    choices : mapping of str to sequence of MapLink
        Other maps of the same cases, by what they differ in; in a fold of the heading.
    is_halved : bool
        Whether the map shares the page with another one: there is no room for its controls to lie open.
    links : mapping of str to str
        What leads on from a grid: addresses, with ``{code}`` in the place of its code, by the label of each.
    """

    kind: str
    language: Language
    attribution: Sequence[str] = ()
    subtitle: str = ""
    home: str = ""
    heading: str = ""
    choices: Mapping[str, Sequence[MapLink]] = field(default_factory=dict)
    is_halved: bool = False
    links: Mapping[str, str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    panels: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    land: GeometryArray | None = None
    drawn: folium.Map = field(init=False)

    def __post_init__(self) -> None:
        """Make the empty map with its panes."""
        self.drawn = folium.Map(tiles=None, zoom_control="bottomright", attribution_control=True)
        # Folium takes the largest zoom from a tile layer, which an offline map has not; clusters need it.
        self.drawn.options["maxZoom"] = MAX_ZOOM
        self.drawn.options["zoomSnap"] = 0.25
        figure = self.drawn.get_root()
        if isinstance(figure, Figure):
            figure.title = html.escape(self.title)
        self.drawn.add_child(Insert(header=library(("map.css",), "map.mjs")))
        add_panes(self.drawn)

    @property
    def title(self) -> str:
        """The heading, or what a map of this kind is called."""
        return self.heading or self.say(self.kind)

    def say(self, key: str) -> str:
        """Return a label in the language of the page."""
        return label(key, self.language)

    def add_base(self, base: BaseMap | None, tiles: folium.TileLayer | None, land: GeometryArray) -> None:
        """Draw the base map under everything else, which lies on this land: geometries in degrees."""
        self.land = land
        if tiles is not None:
            tiles.overlay = True
            self.drawn.add_child(tiles)
        self.add_base_to(self.drawn, base)

    def add_base_to(self, drawn: folium.Map, base: BaseMap | None) -> dict[str, str]:
        """Draw streets, buildings and water on a map of the page; return their variables by what they show."""
        layers: dict[str, ScriptLayer] = {}
        if base is None:
            return {}
        for name, layer in (("water", base.water), ("buildings", base.buildings)):
            if layer is not None and len(layer):
                self.data.setdefault(name, packed_polygons(counted_on(layer.geometry.to_numpy(), self.land)))
                layers[name] = ScriptLayer(name, name=escaped(self.say(name)))
        if base.streets is not None and len(base.streets):
            if "streets" not in self.data:
                self.data |= {"streets": _streets(base.streets, self.land), "streetNames": _street_names(base.streets)}
            layers["streets"] = ScriptLayer("streets", name=escaped(self.say("streets")))
        for added in layers.values():
            drawn.add_child(added)
        return {name: added.get_name() for name, added in layers.items()}

    def finish(self, bounds: Iterable[Sequence[float]], words: Iterable[str]) -> folium.Map:
        """Add the controls, the panels and the data, and return the map.

        Parameters
        ----------
        bounds : iterable of (west, south, east, north)
            What must be in sight, degrees; rows with NaN are passed over.
        words : iterable of str
            Labels that the page script uses.
        """
        self.drawn.add_child(ScriptLayer("names", name=escaped(self.say("names"))))
        self.drawn.add_child(
            folium.LayerControl(
                position="topright", collapsed=self.is_halved or _collapsed_when_narrow(), autoZIndex=False
            )
        )
        self.data |= {
            "attribution": list(self.attribution),
            "language": {"en": "en"}.get(self.language, "zh-CN"),
            "words": {key: self.say(key) for key in ("call", *words)},
        }
        if self.links:
            self.data["links"] = [[self.say(key), address] for key, address in self.links.items()]
        corners = np.array([row for row in bounds if np.isfinite(row).all()]).reshape(-1, 4)
        if len(corners):
            west, south = corners[:, :2].min(axis=0).tolist()
            east, north = corners[:, 2:].max(axis=0).tolist()
            self.data["bounds"] = [[south, west], [north, east]]
            self.drawn.fit_bounds(self.data["bounds"])
        name = self.drawn.get_name()
        self.drawn.add_child(Insert(html=self._body(), script=f"geogrid.start({name}, geogrid.{self.kind});"))
        return self.drawn

    def _body(self) -> str:
        facts = "".join(f"<li>{escaped(fact)}</li>" for fact in self.facts)
        subtitle = f'<p class="gg-subtitle">{escaped(self.subtitle)}</p>' if self.subtitle else ""
        title = escaped(self.title)
        if self.home:
            home = escaped(self.say("home"))
            title = f'<a class="gg-home" href="{html.escape(self.home)}" title="{home}">GeoGrid</a> {title}'
        return (
            f'<header class="gg-panel gg-title"><h1>{title}</h1>{subtitle}<ul class="gg-facts">{facts}</ul>'
            f"{_folded_choices(self.say('how'), self.choices)}</header>"
            f"{''.join(self.panels)}"
            f'<script type="application/json" id="geogrid-data">{script_json(self.data)}</script>'
        )


def add_panes(drawn: folium.Map) -> None:
    """Give a map the panes that its layers lie in."""
    for name, z_index, has_pointer in _PANES:
        drawn.add_child(CustomPane(name, z_index=z_index, pointer_events=has_pointer))


def _folded_choices(title: str, choices: Mapping[str, Sequence[MapLink]]) -> str:
    if not choices:
        return ""
    groups = []
    for heading, links in choices.items():
        items = "".join(
            f'<li><a href="{html.escape(each.address)}"{" aria-current=page" if each.is_current else ""}>'
            f"{escaped(each.words)}</a></li>"
            for each in links
        )
        groups.append(f"<h2>{escaped(heading)}</h2><ul>{items}</ul>")
    return f'<details class="gg-choices"><summary>{escaped(title)}</summary>{"".join(groups)}</details>'


@dataclass(frozen=True, slots=True)
class LegendRow:
    """One line of a legend: the HTML of its swatch, its label, a remark under it and a count."""

    swatch: str
    text: str
    remark: str = ""
    count: int | str | None = None

    def html(self) -> str:
        """Return the list item."""
        remark = f"<small>{escaped(self.remark)}</small>" if self.remark else ""
        told = f"{self.count:,}" if isinstance(self.count, int) else escaped(self.count or "")
        count = f"<b>{told}</b>" if told else ""
        return f"<li>{self.swatch}<span>{escaped(self.text)}{remark}</span>{count}</li>"


def legend(title: str, sections: Mapping[str, Iterable[LegendRow]], *, before: str = "", after: str = "") -> str:
    """Return the legend panel.

    Parameters
    ----------
    title : str
        Heading of the panel.
    sections : mapping of heading to rows
        Shown in their order.
    before, after : str
        HTML above and under the sections.
    """
    blocks = [
        f"<section><h2>{escaped(heading)}</h2><ul>{''.join(row.html() for row in rows)}</ul></section>"
        for heading, rows in sections.items()
    ]
    name = escaped(title)
    body = f'<div class="gg-legend-body" role="region" aria-label="{name}">{before}{"".join(blocks)}{after}</div>'
    return f'<details class="gg-panel gg-legend" open><summary>{name}</summary>{body}</details>'


def notice(text: str) -> str:
    """Return the panel that says that there is nothing to see."""
    return f'<p class="gg-panel gg-notice" role="status">{escaped(text)}</p>'


def number(value: float) -> str:
    """Return a number for people: thousands apart, at most one decimal; a dash where it is not known."""
    if not np.isfinite(value):
        return "–"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def _collapsed_when_narrow() -> Any:
    return JsCode("geogrid.isNarrow()")


def _streets(streets: gpd.GeoDataFrame, land: GeometryArray | None) -> list[list[list[int]]]:
    """Return the packed lines of paths, of small streets and of main streets."""
    ranks = _ranks(streets)
    lines = counted_on(streets.geometry.to_numpy(), land)
    weight = np.digitize(ranks, [_DEFAULT_RANK, _DEFAULT_RANK + 2])
    return [packed_lines(lines[weight == group]) for group in range(3)]


def _ranks(streets: gpd.GeoDataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if "rank" not in streets:
        return np.full(len(streets), float(_DEFAULT_RANK))
    return np.asarray(pd.to_numeric(streets["rank"]).fillna(_DEFAULT_RANK), dtype=np.float64)


def _street_names(streets: gpd.GeoDataFrame) -> list[list[float | str]]:
    """Return [name, longitude, latitude, angle, length] of every named piece; the page shows those with room.

    Angle in degrees from east towards north on the screen, length in degrees of longitude at the place.
    """
    if "name" not in streets:
        return []
    named = streets[streets["name"].notna() & (streets["name"] != "") & ~streets.geometry.is_empty]
    lines = named.geometry.to_numpy()
    middle = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    before = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.4, normalized=True))
    after = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.6, normalized=True))
    stretch = 1.0 / np.cos(np.radians(middle[:, 1]))
    east, north = after[:, 0] - before[:, 0], (after[:, 1] - before[:, 1]) * stretch
    angle, length = np.degrees(np.arctan2(north, east)), np.hypot(east, north) * 5.0
    order = np.argsort(-length, kind="stable")
    names = named["name"].astype(str).to_numpy()
    return [
        [str(names[i]), round(middle[i, 0], 6), round(middle[i, 1], 6), round(float(angle[i])), round(length[i], 6)]
        for i in order
    ]


def features(grids: gpd.GeoDataFrame, properties: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a GeoJSON collection of numbers only: Folium would evaluate the braces of a text."""
    shapes = rounded(grids.geometry.to_numpy())
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": dict(values), "geometry": shapely.geometry.mapping(shape)}
            for shape, values in zip(shapes, properties, strict=True)
        ],
    }
