import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from geogrid import synthetic_town
from geogrid.blocks import build_blocks
from geogrid.coordinates import local_crs
from geogrid.errors import InvalidInputError
from geogrid.towns import SyntheticTown
from geogrid.types import DEDICATED_CATEGORIES


def town(seed: int = 5, n_blocks: int = 260, **wishes: object) -> SyntheticTown:
    return synthetic_town(n_blocks, rng=np.random.default_rng(seed), **wishes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def middling() -> SyntheticTown:
    return town(households=20_000, n_sites=9, areas=(2, 7))


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.integers(0, 9_000))
def test_whatever_the_size_the_counts_are_met_and_the_land_is_tiled(seed: int, n_blocks: int, households: int) -> None:
    areas = sorted({1 + n_blocks // 40, 1 + n_blocks // 9})
    drawn = town(seed, n_blocks, households=households, areas=areas, n_sites=n_blocks // 20)
    assert (len(drawn.blocks), len(drawn.sites), [len(area) for area in drawn.areas]) == (
        n_blocks,
        n_blocks // 20,
        areas,
    )
    assert drawn.buildings["households"].sum() == drawn.blocks["households"].sum() == households
    polygons = drawn.blocks.geometry.to_numpy()
    assert shapely.is_valid(polygons).all()
    assert shapely.coverage_is_valid(polygons)
    assert shapely.coverage_union_all(polygons).symmetric_difference(drawn.limit.iloc[0]).area == pytest.approx(0)


def test_same_seed_draws_the_same_town() -> None:
    first, second = town(3), town(3)
    for name in ("barriers", "buildings", "sites", "estates", "blocks"):
        assert getattr(first, name).to_wkb().equals(getattr(second, name).to_wkb()), name


def test_another_seed_draws_another_town() -> None:
    assert not town(3).limit.geom_equals(town(4).limit).all()


def test_areas_nest_and_are_the_unions_of_their_blocks(middling: SyntheticTown) -> None:
    streets, communities = middling.areas
    for row, community in communities.iterrows():
        assert community["code"].startswith(streets["code"][community["parent"]])
        own = middling.blocks.geometry[middling.blocks["area"] == row]
        assert shapely.coverage_union_all(own.to_numpy()).symmetric_difference(community.geometry).area < 1e-6
        assert community.geometry.within(streets.geometry[community["parent"]].buffer(0.01))


def test_the_lines_cut_the_limit_into_the_blocks(middling: SyntheticTown) -> None:
    blocks = build_blocks(middling.limit, middling.barriers, buildings=middling.buildings)
    assert len(blocks) == pytest.approx(len(middling.blocks), rel=0.05)
    assert blocks.loads["households"].sum() == 20_000


def test_buildings_stand_on_their_block_and_apart_from_each_other(middling: SyntheticTown) -> None:
    houses = middling.buildings
    own = middling.blocks.geometry.to_numpy()[houses["block"]]
    assert shapely.covers(own, houses.geometry.to_numpy()).mean() > 0.99
    left, right = shapely.STRtree(houses.geometry.array).query(houses.geometry.array, predicate="overlaps")
    assert len(left) == 0, right


def test_a_town_has_streets_of_every_class_a_river_and_a_railway() -> None:
    barriers = town(n_blocks=500).barriers
    assert set(barriers["kind"]) == {"highway", "railway", "waterway"}
    assert {"primary", "secondary", "tertiary", "residential", "service"} <= set(barriers["street_class"])
    assert barriers["name"][barriers["street_class"] != "service"].notna().mean() > 0.95


def test_streets_are_smaller_in_the_middle_of_the_town(middling: SyntheticTown) -> None:
    distance = middling.blocks.geometry.centroid.distance(middling.limit.iloc[0].centroid)
    near, far = distance.quantile([0.25, 0.75])
    area = middling.blocks.geometry.area
    assert area[distance <= near].median() < 0.6 * area[distance >= far].median()


def test_estates_hold_the_buildings_that_bear_their_name(middling: SyntheticTown) -> None:
    assert len(middling.estates) > 5
    counted = middling.buildings.groupby("estate")["households"].sum()
    assert counted.to_dict() == middling.estates.set_index("name")["households"].to_dict()


def test_sites_have_a_category_a_name_and_nobody_living_there(middling: SyntheticTown) -> None:
    assert set(middling.sites["category"]) <= set(DEDICATED_CATEGORIES)
    assert middling.sites["name"].str.len().min() > 2
    assert middling.blocks["households"][middling.blocks["site"] >= 0].sum() == 0


def test_some_streets_stop_short_and_some_lead_nowhere() -> None:
    whole, broken = (town(n_blocks=200, flaws=flaws).barriers for flaws in (0.0, 0.5))
    assert broken.geometry.length.sum() != pytest.approx(whole.geometry.length.sum())
    assert (broken["street_class"] == "residential").sum() > (whole["street_class"] == "residential").sum()


def test_a_town_without_buildings_knows_its_households_all_the_same() -> None:
    drawn = town(with_buildings=False, households=999)
    assert (len(drawn.buildings), drawn.blocks["households"].sum()) == (0, 999)


def test_every_impossible_wish_is_listed() -> None:
    with pytest.raises(InvalidInputError) as error:
        town(n_blocks=3, n_sites=4, households=-1, areas=(2, 9), centre=(200.0, 30.0), flaws=2.0, block_m2=1.0)
    assert len(error.value.problems) == 6


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [(113.84, 30.65, 4547), (123.96, 47.34, 4550), (117.79, 26.4, 4548), (24.9, 60.2, 32635), (-73.7, 40.7, 32618),
     (-58.4, -34.6, 32721), (179.99, 0.0, 32660), (180.0, 0.0, 32601)],
)  # fmt: skip
def test_the_local_crs_is_the_three_degree_zone_in_china_and_utm_elsewhere(lon: float, lat: float, code: int) -> None:
    assert local_crs(lon, lat) == CRS.from_epsg(code)
