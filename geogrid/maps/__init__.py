"""Maps as values: coverage and hotspots, drawn with Folium, readable without internet."""

from folium import Map

from geogrid.maps.coverage import coverage_map
from geogrid.maps.hotspot import hotspot_map
from geogrid.maps.labels import LANGUAGES, Language
from geogrid.maps.page import BaseMap
from geogrid.maps.rendering import render

__all__ = ["LANGUAGES", "BaseMap", "Language", "Map", "coverage_map", "hotspot_map", "render"]
