import numpy as np
import pytest
from pyproj import CRS

from geogrid.coverage.plausible import Bounds, check_coordinates, crs_name

CHICAGO: Bounds = (-87.94, 41.64, -87.52, 42.02)
HELSINKI: Bounds = (24.9, 60.1, 25.0, 60.2)


def said(xy: list[list[float]], epsg: int, limit: Bounds | None = None) -> str | None:
    problem = check_coordinates(np.array(xy, dtype=float), CRS.from_epsg(epsg), limit=limit)
    return None if problem is None else str(problem)


def test_feet_in_disguise_of_degrees_are_refused_with_the_guess() -> None:
    assert said([[1165166.5, 1872509.0], [1163839.0, 1872587.8]], 4326) == (
        "The coordinates cannot be EPSG:4326: they go from 1163839.0, 1872509.0 to 1165166.5, 1872587.8. "
        "They look like feet of a state plane of the United States. "
        "Name the CRS they are in, e.g. --crs EPSG:3435."
    )


def test_with_the_limit_known_the_very_crs_of_the_feet_is_named() -> None:
    told = said([[1165166.5, 1872509.0], [1091130.0, 1813892.0]], 4326, CHICAGO)
    assert told is not None
    assert "They look like EPSG:3435 (NAD83 / Illinois East (ftUS))" in told
    assert told.endswith("with which they fall into the jurisdiction. Name it: --crs EPSG:3435.")


def test_latitude_first_beyond_90_degrees_is_refused_as_swapped() -> None:
    assert said([[31.7, 118.8], [31.8, 118.9]], 4326) == (
        "The coordinates cannot be EPSG:4326: they go from 31.7, 118.8 to 31.8, 118.9. "
        "They look like latitude before longitude. "
        "Swap them: GeoGrid takes longitude (x) first. With the file as it is, use --swap-xy."
    )


@pytest.mark.parametrize("xy", [[41.8, -87.7], [39.5, 76.0]], ids=["Chicago in Antarctica", "Kashgar in the Arctic"])
def test_swapped_places_that_nobody_lives_at_are_refused_without_a_limit(xy: list[float]) -> None:
    assert "latitude before longitude" in str(said([xy], 4326))


@pytest.mark.parametrize("xy", [[15.6, 78.2], [24.94, 60.17], [-70.9, -53.1], [60.17, 24.94]])
def test_inhabited_places_are_not_doubted_without_a_limit(xy: list[float]) -> None:
    assert said([xy], 4326) is None


def test_with_the_limit_known_swapped_europe_is_refused_too() -> None:
    assert "latitude before longitude" in str(said([[60.17, 24.94]], 4326, HELSINKI))


def test_coordinates_of_another_place_are_refused_with_both_places() -> None:
    assert said([[118.8, 31.8]], 4326, CHICAGO) == (
        "The coordinates cannot be EPSG:4326: they go from 118.8, 31.8 to 118.8, 31.8. They look like another place "
        "around 118.8, 31.8: the jurisdiction is around -87.73, 41.83. "
        "Check the file, the CRS and the jurisdiction's code."
    )


def test_degrees_labelled_as_metres_are_refused() -> None:
    assert str(said([[118.8, 31.8]], 4547)).endswith(
        "They look like longitudes and latitudes in degrees. Name the CRS they are in, e.g. --crs EPSG:4326."
    )


def test_northing_before_easting_is_refused_as_swapped() -> None:
    assert "northing before easting" in str(said([[3520000.0, 400000.0]], 4547))


def test_the_zone_number_before_a_chinese_easting_names_the_crs() -> None:
    assert "Gauss-Krüger zone 40" in str(said([[40400000.0, 3520000.0]], 4326))
    assert str(said([[40400000.0, 3520000.0]], 4326)).endswith("e.g. --crs EPSG:4528.")


def test_metres_of_web_mercator_are_guessed() -> None:
    assert "metres of Web Mercator" in str(said([[-9757000.0, 5138000.0]], 4326))


@pytest.mark.parametrize(("xy", "epsg"), [([1165166.5, 1872509.0], 3435), ([400000.0, 3520000.0], 32650)])
def test_coordinates_in_their_own_crs_are_taken(xy: list[float], epsg: int) -> None:
    assert said([xy], epsg) is None


def test_infinite_coordinates_are_refused() -> None:
    assert said([[np.inf, 0.0], [1.0, 1.0]], 4326) == (
        "1 of 2 coordinates are not finite numbers. "
        "Export the file again; nothing can be placed at infinity or at no number."
    )


def test_numbers_of_no_known_crs_are_said_to_be_so() -> None:
    assert "no CRS that GeoGrid knows" in str(said([[1e9, 1e9]], 4326))


def test_a_crs_is_called_by_its_code() -> None:
    assert crs_name(CRS.from_user_input("OGC:CRS84")) == "EPSG:4326"
    assert crs_name(CRS.from_epsg(3435)) == "EPSG:3435"
