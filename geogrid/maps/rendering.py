"""Maps as text, with every address of the internet exchanged for a local one."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import folium
from branca.element import Element, Figure, Link
from folium.elements import ElementAddToElement
from folium.map import CustomPane, FitBounds
from folium.plugins import HeatMap, MarkerCluster

from geogrid.maps.elements import Insert, ScriptLayer

_LEAFLET_ONLY: Final = frozenset(
    {
        CustomPane,
        ElementAddToElement,
        FitBounds,
        HeatMap,
        Insert,
        MarkerCluster,
        ScriptLayer,
        folium.FeatureGroup,
        folium.GeoJson,
        folium.LayerControl,
        folium.Map,
        folium.TileLayer,
    }
)
"""Elements whose scripts call Leaflet alone; the rest of Folium may call the libraries that every map of it links."""

_ALWAYS_NEEDED: Final = frozenset({"leaflet", "leaflet_css"})
_LOCKED_ZOOM: Final = re.compile(r"initial-scale=1\.0,\s*maximum-scale=1\.0,\s*user-scalable=no")
"""Folium's, which keeps people with weak eyes from enlarging the page."""
_MAP: Final = '<div class="folium-map"'
"""Has no landmark of its own."""
_IDENTIFIER = re.compile(r"(?<=_)[0-9a-f]{32}")


def render(drawn: folium.Map, resolve: Callable[[str], str]) -> str:
    """Return the page of a map, loading nothing but what `resolve` names.

    The same map contents give the same text to the last byte: Folium's random identifiers are numbered in their
    order. The map itself can be changed, shown and rendered again.

    Parameters
    ----------
    drawn : folium.Map
        From `coverage_map`, `hotspot_map` or Folium itself; further Folium elements may have been added.
    resolve : callable
        Takes the address of a script or style sheet as Folium links it; returns the one to load instead: an
        address on the own server, or a data URI for a page that stands alone.

    Returns
    -------
    str
        HTML.
    """
    root = _figure(drawn)
    unneeded = _unneeded_links(drawn)
    with _as_before(root):
        html = root.render()
        for name, link in _children(root.header).items():
            if isinstance(link, Link):
                html = _exchanged(html, link.url, "" if name in unneeded else resolve(link.url))
        html = _with_landmarks(_LOCKED_ZOOM.sub("initial-scale=1.0", html))
        return _numbered(html, {element.get_name().rpartition("_")[2] for element in _elements(root)})


def _with_landmarks(html: str) -> str:
    """Make the first map the main part of its page; a further one is a region, which has to have a name."""
    first, *further = html.split(_MAP)
    marks = ["main", *(f'region" aria-label="Map {number} · 地图 {number}' for number in range(2, len(further) + 1))]
    return first + "".join(f'{_MAP} role="{mark}"{part}' for mark, part in zip(marks, further, strict=False))


@contextmanager
def _as_before(root: Figure) -> Iterator[None]:
    """Take away what rendering adds to the tree; Folium would add some of it again each time."""
    before = [(element, _children(element).copy()) for element in _elements(root)]
    try:
        yield
    finally:
        for element, children in before:
            _children(element).clear()
            _children(element).update(children)


def _figure(drawn: folium.Map) -> Figure:
    root = drawn.get_root()
    if not isinstance(root, Figure):
        raise TypeError(f"The map is a part of a {type(root).__name__}, not of a page of its own.")
    return root


def _unneeded_links(drawn: folium.Map) -> frozenset[str]:
    """Return the names of the links that Folium puts on every map and this one does not use."""
    elements = list(_elements(drawn))
    if any(type(element) not in _LEAFLET_ONLY for element in elements):
        return frozenset()
    root = _figure(drawn)
    names = {"meta_http", *(element.get_name() for element in elements)}
    for part in (root.header, root.html, root.script):
        if any(name not in names and not isinstance(child, Link) for name, child in _children(part).items()):
            return frozenset()
    return frozenset(name for name, _ in [*drawn.default_js, *drawn.default_css]) - _ALWAYS_NEEDED


def _exchanged(html: str, address: str, local: str) -> str:
    """Replace the element that loads an address, which Folium writes in these two forms; no address drops it."""
    for form in ('<script src="{}"></script>', '<link rel="stylesheet" href="{}"/>'):
        html = html.replace(form.format(address), form.format(local) if local else "")
    return html


def _elements(element: Element) -> Iterator[Element]:
    yield element
    parts = (element.header, element.html, element.script) if isinstance(element, Figure) else ()
    for child in (*_children(element).values(), *parts):
        yield from _elements(child)


def _children(element: Element) -> dict[str, Element]:
    children: dict[str, Element] = element._children  # noqa: SLF001 - branca has no other way to its tree
    return children


def _numbered(html: str, identifiers: set[str]) -> str:
    numbers: dict[str, str] = {}

    def numbered(match: re.Match[str]) -> str:
        name = match[0]
        return numbers.setdefault(name, str(len(numbers) + 1)) if name in identifiers else name

    return _IDENTIFIER.sub(numbered, html)
