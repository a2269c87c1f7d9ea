"""Datum conversion against published and computed vectors."""

import csv
from pathlib import Path

import numpy as np
import pytest

from geogrid.coordinates import from_wgs84, to_wgs84
from geogrid.errors import InvalidInputError

METRES_PER_DEGREE = 111_320.0


def _metres(found: tuple[np.ndarray, np.ndarray], expected: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return np.hypot(found[0] - expected[0], found[1] - expected[1]) * METRES_PER_DEGREE


@pytest.fixture
def china() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    return rng.uniform(72.004, 137.8347, 50_000), rng.uniform(0.8293, 55.8271, 50_000)


@pytest.mark.shared_data
def test_published_vectors_are_met(shared_data: Path) -> None:
    with (shared_data / "gcj02_vectors" / "vectors_public.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if not row["source"].startswith("eviltransform (approx")]
    for row in rows:
        wgs = to_wgs84([float(row["lon"])], [float(row["lat"])], row["from"])
        found = from_wgs84(*wgs, row["to"])
        expected = np.array([float(row["lon_expected"])]), np.array([float(row["lat_expected"])])
        # Published inverses take a single step: they are good to decimetres only.
        limit_m = 1e-6 if row["from"] == "wgs84" or row["to"] == "bd09" else 0.2
        assert _metres(found, expected)[0] < limit_m, row


@pytest.mark.shared_data
@pytest.mark.parametrize(("coord_type", "prefix"), [("gcj02", "gcj"), ("bd09", "bd")])
def test_computed_vectors_are_met_both_ways(shared_data: Path, coord_type: str, prefix: str) -> None:
    path = shared_data / "gcj02_vectors" / "vectors_2000_computed_with_prcoords_1.0.2.csv"
    rows = np.genfromtxt(path, delimiter=",", names=True)
    wgs = rows["wgs_lon"], rows["wgs_lat"]
    other = rows[f"{prefix}_lon"], rows[f"{prefix}_lat"]
    assert _metres(from_wgs84(*wgs, coord_type), other).max() < 1e-6
    assert _metres(to_wgs84(*other, coord_type), wgs).max() < 1e-3


@pytest.mark.parametrize("coord_type", ["gcj02", "bd09"])
def test_inverse_is_exact_under_a_millimetre_everywhere_in_china(
    china: tuple[np.ndarray, np.ndarray], coord_type: str
) -> None:
    there = from_wgs84(*china, coord_type)
    assert _metres(to_wgs84(*there, coord_type), china).max() < 1e-3


def test_gcj02_moves_points_in_china_by_hundreds_of_metres(china: tuple[np.ndarray, np.ndarray]) -> None:
    moved = _metres(from_wgs84(*china, "gcj02"), china)
    assert np.median(moved) > 100


def test_gcj02_outside_china_is_identity() -> None:
    lon, lat = np.array([-73.99, 0.0, 139.7, 24.94, -180.0]), np.array([40.73, 0.0, 35.7, 60.17, -90.0])
    for convert in (to_wgs84, from_wgs84):
        found = convert(lon, lat, "gcj02")
        assert np.array_equal(found[0], lon)
        assert np.array_equal(found[1], lat)


def test_wgs84_is_returned_unchanged_and_not_shared() -> None:
    lon, lat = np.array([116.4]), np.array([39.9])
    found = to_wgs84(lon, lat, "wgs84")
    found[0][0] = 0.0
    assert lon[0] == 116.4
    assert found[1][0] == 39.9


def test_missing_coordinates_stay_missing() -> None:
    lon, lat = to_wgs84([np.nan, 116.4], [39.9, np.nan], "bd09")
    assert np.isnan(lon[0])
    assert np.isnan(lat[1])


def test_unknown_datum_is_refused_with_the_choices() -> None:
    with pytest.raises(InvalidInputError, match="wgs84, gcj02, bd09"):
        to_wgs84([0.0], [0.0], "epsg4326")


@pytest.mark.parametrize(("lon", "lat"), [(["east"], [31.0]), ([121.0, 122.0], [31.0]), ([object()], [31.0])])
def test_what_is_no_pair_of_numbers_is_refused(lon: list[object], lat: list[float]) -> None:
    with pytest.raises(InvalidInputError):
        to_wgs84(lon, lat, "gcj02")  # type: ignore[arg-type]
