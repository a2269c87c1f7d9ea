"""Maps as values: coverage, hotspots and plans side by side, drawn with Folium, readable without internet."""

from folium import Map

from geogrid.maps.comparison import Compared, comparison_map
from geogrid.maps.coverage import coverage_map
from geogrid.maps.hotspot import hotspot_map
from geogrid.maps.labels import LANGUAGES, Language
from geogrid.maps.page import BaseMap
from geogrid.maps.rendering import render

__all__ = [
    "LANGUAGES",
    "BaseMap",
    "Compared",
    "Language",
    "Map",
    "comparison_map",
    "coverage_map",
    "hotspot_map",
    "render",
]
