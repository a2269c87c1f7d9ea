"""Coordinates: reference systems in metres and degrees, and the datums in use in China."""

from geogrid.coordinates.crs import (
    WGS84,
    local_crs,
    metres_apart,
    metres_per_degree,
    metric_crs,
    require_crs,
    transformer_between,
)
from geogrid.coordinates.datum import from_wgs84, to_wgs84
from geogrid.coordinates.datum_guess import guess_datum

__all__ = [
    "WGS84",
    "from_wgs84",
    "guess_datum",
    "local_crs",
    "metres_apart",
    "metres_per_degree",
    "metric_crs",
    "require_crs",
    "to_wgs84",
    "transformer_between",
]
