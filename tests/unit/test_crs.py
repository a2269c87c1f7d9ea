import geopandas as gpd
import numpy as np
import pytest
from pyproj import Geod

from geogrid.coordinates import metres_per_degree, metric_crs
from geogrid.errors import InvalidInputError


@pytest.mark.parametrize("lat", [-60.0, 0.0, 30.5, 60.2, 89.0])
def test_metres_per_degree_agree_with_geodesics(lat: float) -> None:
    geodesic = Geod(ellps="WGS84")
    step = 1e-4
    _, _, east = geodesic.inv(100, lat, 100 + step, lat)
    _, _, north = geodesic.inv(100, lat - step / 2, 100, lat + step / 2)
    along_lon, along_lat = metres_per_degree(np.array([lat]))
    assert along_lon[0] == pytest.approx(east / step, rel=1e-6)
    assert along_lat[0] == pytest.approx(north / step, rel=1e-6)


def test_layer_without_crs_is_refused_with_the_remedy() -> None:
    with pytest.raises(InvalidInputError, match="states no coordinate reference system. Name it, e.g. with --crs"):
        metric_crs(gpd.GeoSeries.from_xy([24.9], [60.1]))


def test_degrees_are_measured_in_their_utm_zone() -> None:
    assert metric_crs(gpd.GeoSeries.from_xy([24.9], [60.1], crs="EPSG:4326")).to_epsg() == 32635


def test_metric_crs_of_a_layer_is_kept() -> None:
    assert metric_crs(gpd.GeoSeries.from_xy([500_000], [3_000_000], crs="EPSG:4547")).to_epsg() == 4547
