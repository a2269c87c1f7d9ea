"""The distance of two points without arrays is that with them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.coordinates import metres_apart, metres_per_degree


@given(st.floats(-180, 180), st.floats(-89, 89), st.floats(-0.1, 0.1), st.floats(-0.1, 0.1))
def test_two_points_are_as_far_apart_as_arrays_say(lon: float, lat: float, east: float, north: float) -> None:
    along_lon, along_lat = metres_per_degree(np.array([lat]))
    other = lon + east, lat + north
    expected = np.hypot((other[0] - lon) * along_lon[0], (other[1] - lat) * along_lat[0])
    assert metres_apart(lon, lat, *other) == pytest.approx(float(expected), rel=1e-9, abs=1e-9)
