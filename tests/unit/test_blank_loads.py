"""Loads that a table leaves blank."""

import geopandas as gpd
import pytest
import shapely

from geogrid.blocks.ground import LoadLayer, load_points_of
from geogrid.errors import InvalidInputError


def test_blank_load_in_a_column_of_text_is_one_that_is_not_known() -> None:
    houses = gpd.GeoDataFrame(
        {"households": ["10", "", " ", None, "20"]},
        geometry=[shapely.box(x, 0, x + 5, 5) for x in range(0, 50, 10)],
        crs="EPSG:32650",
    )
    found = load_points_of(LoadLayer(houses, houses.geometry.to_numpy()), None, columns=("households",))
    assert found.columns["households"].tolist() == [10, 0, 0, 0, 20]
    with pytest.raises(InvalidInputError, match="Row 1: households is 'many'"):
        load_points_of(
            LoadLayer(houses.assign(households=["10", "many", "", "", ""]), houses.geometry.to_numpy()),
            None,
            columns=("households",),
        )
