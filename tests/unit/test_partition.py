import itertools
import os
import subprocess
import sys
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.blocks import Adjacency, Blocks, build_blocks
from geogrid.errors import InvalidInputError
from geogrid.partition import Partition, SchemeLevel, SiteRule, carve_dedicated, partition, partition_levels
from geogrid.partition.search.exact import best_division
from geogrid.partition.search.graph import graph_of
from geogrid.partition.search.seed import join_fragments
from geogrid.partition.search.shares import share_out

CRS = "EPSG:32650"


def chequered(columns: int, rows: int, loads: list[float] | None = None, side_m: float = 200.0) -> Blocks:
    """Return square blocks with a house of the given load in each; by default 100 households."""
    width, height = columns * side_m, rows * side_m
    xs = [shapely.LineString([(x * side_m, 0), (x * side_m, height)]) for x in range(1, columns)]
    ys = [shapely.LineString([(0, y * side_m), (width, y * side_m)]) for y in range(1, rows)]
    streets = gpd.GeoDataFrame({"rank": [4] * len(xs + ys)}, geometry=xs + ys, crs=CRS)
    places = [(x * side_m + 50, y * side_m + 50) for y, x in itertools.product(range(rows), range(columns))]
    houses = gpd.GeoDataFrame(
        {"households": loads or [100.0] * len(places)},
        geometry=[shapely.box(x, y, x + 20, y + 20) for x, y in places],
        crs=CRS,
    )
    return build_blocks(gpd.GeoSeries([shapely.box(0, 0, width, height)], crs=CRS), streets, buildings=houses)


def sites(*shapes: shapely.Geometry, category: str = "school") -> gpd.GeoDataFrame:
    names = [f"Site {number}" for number in range(len(shapes))]
    return gpd.GeoDataFrame({"name": names, "category": category}, geometry=list(shapes), crs=CRS)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def kinds(found: Partition) -> set[str]:
    return {problem.kind for problem in found.problems}


def test_even_blocks_meet_the_band_without_exception() -> None:
    found = partition(chequered(12, 10), band=(400, 800), rng=rng())
    assert found.in_band.all()
    assert not found.problems
    assert found.load.sum() == 12_000


def test_grids_of_an_exact_number_are_even() -> None:
    found = partition(chequered(12, 10), n_grids=15, rng=rng())
    assert len(found) == 15
    assert found.load.min() >= 600
    assert found.load.max() <= 1_000


def test_grids_do_not_hang_together_by_corners() -> None:
    blocks = chequered(9, 7, np.random.default_rng(5).integers(0, 200, 63).astype(float).tolist())
    found = partition(blocks, band=(300, 500), rng=rng())
    for grid in range(len(found)):
        assert shapely.union_all(blocks.polygons[found.grid == grid]).geom_type == "Polygon"


def test_no_grid_leaves_its_parent() -> None:
    blocks = chequered(8, 8)
    parents = (np.array([shape.centroid.x for shape in blocks.polygons]) > 800).astype(np.int64)
    found = partition(blocks, band=(300, 600), nested_in=parents, rng=rng())
    assert all(len(set(parents[found.grid == grid])) == 1 for grid in range(len(found)))
    assert found.parent.tolist() == sorted(found.parent.tolist())


def test_boundaries_prefer_the_arterial() -> None:
    """Two streets could halve a row of four blocks within the band; the one of higher rank does."""
    blocks = chequered(5, 1, [100.0, 100.0, 50.0, 100.0, 100.0])
    for arterial in (1, 2):
        adjacency = blocks.adjacency
        lengths = np.zeros_like(adjacency.length_by_rank_m)
        lengths[:, 3] = 200.0
        lengths[arterial] = np.roll(lengths[arterial], 4)
        preferring = replace(blocks, adjacency=Adjacency(5, adjacency.pairs, lengths))
        found = partition(preferring, n_grids=2, rng=rng())
        assert np.flatnonzero(np.diff(found.grid)).tolist() == [arterial]


def test_a_block_over_the_band_is_told_with_the_band_that_takes_it() -> None:
    found = partition(chequered(3, 1, [100.0, 900.0, 150.0]), band=(100, 300), rng=rng())
    (problem,) = found.problems
    assert problem.kind == "block-over-band"
    assert "900" in problem.remedy
    assert found.load.tolist() == [100, 900, 150]


def test_land_with_less_than_the_band_is_told() -> None:
    assert kinds(partition(chequered(2, 1), band=(300, 500), rng=rng())) == {"too-little-load"}


def test_a_total_between_two_counts_is_told() -> None:
    found = partition(chequered(5, 1), band=(300, 400), rng=rng())
    assert kinds(found) == {"no-count-fits"}
    assert found.problems[0].remedy == "A number of 1, with 500 on average, would do."


def test_more_grids_than_blocks_are_told() -> None:
    found = partition(chequered(2, 1), n_grids=5, rng=rng())
    assert len(found) == 2
    assert kinds(found) == {"count-missed"}


def test_every_wrong_wish_is_named_at_once() -> None:
    with pytest.raises(InvalidInputError) as refused:
        partition(chequered(2, 1), band=(500, 300), n_grids=0, load="tax", rng=rng())
    named = [problem.kind for problem in refused.value.problems]
    assert named == ["unknown-load", "bad-band", "bad-count"]


def test_dhondt_shares_sum_to_the_total() -> None:
    assert share_out(7, [100.0, 200.0, 400.0], [9, 9, 9]) == [1, 2, 4]
    assert share_out(7, [100.0, 200.0, 400.0], [9, 9, 2]) == [2, 3, 2]
    assert share_out(1, [1.0, 1.0], [1, 1]) == [1, 1]


def test_shares_leave_room_for_the_band_on_both_sides() -> None:
    assert share_out(4, [350.0, 1_150.0], [9, 9], band=(300.0, 400.0)) == [1, 3]
    assert share_out(7, [650.0, 1_600.0], [9, 9], band=(300.0, 400.0)) == [2, 5]


def test_an_island_of_a_label_goes_to_its_neighbour() -> None:
    pairs = np.array([[0, 1], [1, 2], [2, 3], [3, 4]])
    line = graph_of(Adjacency(5, pairs, np.ones((4, 10))), np.ones(5), np.ones(5, dtype=bool))
    found = join_fragments(line, np.array([0, 0, 1, 1, 0]), costs=line.cost)
    assert found.tolist() == [0, 0, 1, 1, 1]


def test_a_site_becomes_land_of_its_own() -> None:
    blocks = carve_dedicated(chequered(2, 1), sites(shapely.box(100, 100, 180, 180)))
    assert [site.name for site in blocks.sites] == ["Site 0"]
    school = blocks.polygons[blocks.site == 0]
    assert len(school) == 1
    # Its edge moves to the streets, which are 20 m away.
    assert shapely.area(school).sum() == pytest.approx(100 * 100, rel=0.02)


def test_a_site_that_cuts_a_house_goes_around_it() -> None:
    blocks = carve_dedicated(chequered(2, 1), sites(shapely.box(60, 60, 190, 190)))
    assert blocks.building_block[0] >= 0
    house = shapely.box(50, 50, 70, 70)
    assert sorted(round(polygon.intersection(house).area) for polygon in blocks.polygons) == [0, 0, 400]


def test_a_site_across_a_street_is_one_grid() -> None:
    blocks = carve_dedicated(chequered(2, 1), sites(shapely.box(120, 90, 280, 180)))
    found = partition(blocks, band=(50, 150), rng=rng())
    assert found.site.tolist().count(0) == 1
    assert found.in_band[found.site == 0].all()


def test_a_point_takes_the_building_it_is_in() -> None:
    blocks = carve_dedicated(chequered(2, 1), sites(shapely.Point(60, 60)), rule=SiteRule(min_area_m2=200, strip_m=0.1))
    assert blocks.building_block[0] in np.flatnonzero(blocks.site == 0)


def test_a_school_in_a_park_keeps_its_land() -> None:
    park, school = shapely.box(80, 80, 200, 200), shapely.box(120, 120, 170, 170)
    frame = sites(park, school)
    frame["category"] = ["other", "school"]
    blocks = carve_dedicated(chequered(2, 1), frame)
    assert {site.category for site in blocks.sites} == {"other", "school"}


def test_the_same_school_twice_is_carved_once() -> None:
    grounds = shapely.box(100, 100, 190, 190)
    blocks = carve_dedicated(chequered(2, 1), sites(grounds, grounds.buffer(-5)))
    assert [site.name for site in blocks.sites] == ["Site 0"]


def test_sites_that_get_no_grid_are_told() -> None:
    blocks = carve_dedicated(chequered(2, 1), sites(shapely.box(100, 100, 110, 110), shapely.Point(5_000, 0)))
    assert [problem.kind for problem in blocks.problems] == ["site-without-grid"] * 2
    assert not blocks.sites


def test_an_unknown_category_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="'casino' is no category"):
        carve_dedicated(chequered(2, 1), sites(shapely.box(0, 0, 99, 99), category="casino"))


def test_an_empty_pocket_joins_the_site_around_it() -> None:
    blocks = chequered(3, 3)
    ring = shapely.box(0, 0, 600, 600).difference(shapely.box(280, 280, 380, 380))
    carved = carve_dedicated(blocks, sites(ring, category="industrial_park"))
    assert set(carved.site) == {0}


def test_levels_are_coded_like_a_page_and_named() -> None:
    scheme = [SchemeLevel("district"), SchemeLevel("community", n_grids=2), SchemeLevel("grid", band=(100, 250))]
    tree = partition_levels(chequered(4, 2), scheme, prefix="X", rng=rng())
    assert tree.grids["code"].is_unique
    assert tree.grids["level"].value_counts().to_dict()[2] == 2
    codes = tree.grids["code"].tolist()
    assert all(code[:-3] == parent for code, parent in zip(codes[1:], tree.grids["parent"][1:], strict=True))
    leaves = tree.grids[tree.grids["level"] == 3]
    assert set(tree.leaf_code) == set(leaves["code"])
    assert leaves["households"].sum() == 800


def test_a_grid_out_of_its_band_is_told_by_its_code_on_every_level() -> None:
    blocks = chequered(4, 1, [100.0, 900.0, 100.0, 100.0])
    scheme = [SchemeLevel("district"), SchemeLevel("community", band=(500, 800)), SchemeLevel("grid", band=(100, 300))]
    tree = partition_levels(blocks, scheme, prefix="X", rng=rng())
    told = {problem.subject: problem.kind for problem in tree.problems}
    outside = tree.grids[~tree.grids["in_band"]]
    assert set(told) == set(outside["code"])
    assert told[outside["code"].iloc[-1]] == "block-over-band"
    assert set(outside["level"]) == {2, 3}


def test_a_dedicated_leaf_has_the_name_of_its_institution() -> None:
    blocks = carve_dedicated(chequered(3, 2), sites(shapely.box(100, 100, 190, 190)))
    tree = partition_levels(
        blocks, [SchemeLevel("district"), SchemeLevel("grid", band=(100, 400))], prefix="X", rng=rng()
    )
    (row,) = tree.grids[tree.grids["kind"] == "dedicated"].itertuples()
    assert (row.name, row.category, row.in_band) == ("Site 0", "school", True)


def test_a_scheme_without_wish_or_depth_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="at least 2"):
        partition_levels(chequered(2, 1), [SchemeLevel("district")], prefix="X", rng=rng())
    with pytest.raises(InvalidInputError, match="'grid' needs a band, a number"):
        partition_levels(chequered(2, 1), [SchemeLevel("district"), SchemeLevel("grid")], prefix="X", rng=rng())


_DIGEST = """
import hashlib
from tests.property.random_towns import make_town
from tests.property.test_town_chain import tree_of
frame = tree_of(make_town(7, streets=5, buildings=60), 3).to_frame()
print(hashlib.sha256(frame.to_wkb().to_csv().encode()).hexdigest())
"""


def test_another_process_draws_the_same_grids() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", _DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_limits_in_whole_numbers_compile_nothing_anew() -> None:
    partition(chequered(3, 3), band=(200.0, 500.0), rng=rng())
    compiled = len(best_division.signatures)
    partition(chequered(3, 3), band=(200, 500), rng=rng())
    assert len(best_division.signatures) == compiled > 0
