"""Maps as values: coverage, hotspots and plans side by side, drawn with Folium, readable without internet."""

from folium import Map

from geogrid.maps.comparison import Compared, comparison_map
from geogrid.maps.coverage import coverage_map
from geogrid.maps.findings import FoundSide, findings_map
from geogrid.maps.hotspot import hotspot_map
from geogrid.maps.labels import LANGUAGES, Language
from geogrid.maps.page import BaseMap, MapLink
from geogrid.maps.rendering import render
from geogrid.maps.states import StateColor, state_map
from geogrid.maps.view import MapView

__all__ = [
    "LANGUAGES",
    "BaseMap",
    "Compared",
    "FoundSide",
    "Language",
    "Map",
    "MapLink",
    "MapView",
    "StateColor",
    "comparison_map",
    "coverage_map",
    "findings_map",
    "hotspot_map",
    "render",
    "state_map",
]
