"""A map where it is looked at: in a notebook, or as a page of its own, without internet."""

import html
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Final

import folium

from geogrid.errors import UnavailableError
from geogrid.maps.rendering import render

ASSETS_GROUP: Final = "geogrid.map_assets"
"""Entry points of packages that hold the browser's libraries: address as Folium links it in, data URI out."""


@dataclass(frozen=True, slots=True)
class MapView:
    """A map to look at. The last line of a notebook's cell shows it.

    Parameters
    ----------
    drawn : folium.Map
        Further Folium elements may be added.
    height : int
        Pixels.
    """

    drawn: folium.Map
    height: int = 520

    def page(self) -> str:
        """Return the map as a page that stands alone: scripts, styles and data are inside it.

        Raises
        ------
        UnavailableError
            No installed package holds the browser's libraries.
        """
        return render(self.drawn, _asset_finder())

    def _repr_html_(self) -> str:
        """Return the page in a frame; what it holds cannot reach the notebook around it."""
        page = html.escape(self.page(), quote=True)
        return (
            f'<iframe srcdoc="{page}" title="GeoGrid" sandbox="allow-scripts allow-popups" '
            f'style="width:100%;height:{self.height:d}px;border:1px solid #d0d7de;border-radius:6px"></iframe>'
        )


def _asset_finder() -> Callable[[str], str]:
    for found in entry_points(group=ASSETS_GROUP):
        finder: Callable[[str], str] = found.load()
        return finder
    raise UnavailableError(
        "No installed package holds the scripts and styles of maps, so this one would need the internet. "
        "Install the wheel of geogrid, or run: make setup"
    )
