"""Hotspots: rates, local statistics, scans, densities and change, each told from chance and with how it was found."""

from geogrid.hotspot.counting import counts_by_period, grids_of_points
from geogrid.hotspot.finding import find_hotspots
from geogrid.hotspot.hotspots import Hotspots
from geogrid.hotspot.of_cases import found_among, leaves_of, places_of
from geogrid.hotspot.records import (
    HOTSPOT_METHODS,
    HOTSPOT_STATES,
    HotspotChoice,
    HotspotMethod,
    HotspotState,
    Places,
)
from geogrid.hotspot.sentences import METHOD_NAMES, method_name, sentence
from geogrid.hotspot.weights import SpatialWeights, contiguity_weights, distance_weights, nearest_weights

__all__ = [
    "HOTSPOT_METHODS",
    "HOTSPOT_STATES",
    "METHOD_NAMES",
    "HotspotChoice",
    "HotspotMethod",
    "HotspotState",
    "Hotspots",
    "Places",
    "SpatialWeights",
    "contiguity_weights",
    "counts_by_period",
    "distance_weights",
    "find_hotspots",
    "found_among",
    "grids_of_points",
    "leaves_of",
    "method_name",
    "nearest_weights",
    "places_of",
    "sentence",
]
