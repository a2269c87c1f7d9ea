"""Streets whose ends do not meet: closed within a stated tolerance, and told."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
import shapely.affinity
from shapely.ops import substring

from geogrid.blocks import BlockRule, Blocks, build_blocks
from geogrid.blocks.barriers import RESIDENTIAL, SECONDARY
from geogrid.geometry.metres import to_metres

CRS = "EPSG:32650"
SIDE_M = 100.0


def streets(*lines: shapely.LineString, rank: int = RESIDENTIAL) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"rank": [rank] * len(lines)}, geometry=list(lines), crs=CRS)


def square(side_m: float) -> gpd.GeoSeries:
    return gpd.GeoSeries([shapely.box(0, 0, side_m, side_m)], crs=CRS)


def shortened(line: shapely.LineString, at_start_m: float, at_end_m: float) -> shapely.Geometry:
    return substring(line, at_start_m, line.length - at_end_m)


def lattice(
    side: int, short_m: tuple[float, float], *, turn: float = 0.0, shear: float = 0.0
) -> list[shapely.Geometry]:
    """Return the streets around side x side squares, one a side of a square, each shortened at both ends at random."""
    rng = np.random.default_rng(5)
    lines = [
        shortened(shapely.LineString(np.array(ends) * SIDE_M), *rng.uniform(*short_m, 2))
        for row in range(1, side)
        for column in range(side)
        for ends in ([(column, row), (column + 1, row)], [(row, column), (row, column + 1)])
    ]
    moved = shapely.affinity.skew(shapely.MultiLineString(lines), xs=shear, origin=(0, 0))
    return list(shapely.affinity.rotate(moved, turn, origin=(0, 0)).geoms)


@pytest.mark.parametrize("short_m", [(0.25, 0.25), (0.25, 3.0), (3.0, 3.0)])
@pytest.mark.parametrize(("turn", "shear"), [(0.0, 0.0), (17.0, 0.0), (17.0, 25.0)])
def test_streets_that_stop_short_of_each_crossing_still_bound_36_blocks(
    short_m: tuple[float, float], turn: float, shear: float
) -> None:
    corners = shapely.box(0, 0, 6 * SIDE_M, 6 * SIDE_M)
    area = shapely.affinity.rotate(shapely.affinity.skew(corners, xs=shear, origin=(0, 0)), turn, origin=(0, 0))
    blocks = build_blocks(gpd.GeoSeries([area], crs=CRS), streets(*lattice(6, short_m, turn=turn, shear=shear)))
    assert len(blocks) == 36
    assert shapely.area(blocks.polygons) == pytest.approx(SIDE_M**2, rel=0.02)
    by_rank = blocks.adjacency.length_by_rank_m.sum(axis=0)
    assert by_rank[RESIDENTIAL] / by_rank.sum() > 0.99


def told(blocks: Blocks) -> dict[str, int]:
    kinds = [problem.kind for problem in blocks.problems]
    return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}


def test_what_was_closed_is_told_with_its_places() -> None:
    blocks = build_blocks(square(3 * SIDE_M), streets(*lattice(3, (1.0, 2.0))))
    assert told(blocks) == {"gaps-closed": 1, "gap-closed": 4}
    places = gpd.GeoSeries([shapely.Point(p.lonlat) for p in blocks.problems if p.lonlat], crs=4326)
    crossings = shapely.points([(x, y) for x in (SIDE_M, 2 * SIDE_M) for y in (SIDE_M, 2 * SIDE_M)])
    apart = shapely.distance(to_metres(places, blocks.crs).geometry[:, None], crossings[None, :])
    assert (np.sort(apart.argmin(axis=1)) == np.arange(4)).all()
    assert apart.min(axis=1).max() < 2.5


def test_a_gap_wider_than_the_tolerance_stays_and_is_told() -> None:
    lines = lattice(3, (16.0, 16.0))
    rule = BlockRule()
    blocks = build_blocks(square(3 * SIDE_M), streets(*lines), rule=rule)
    assert len(blocks) == 1
    (problem,) = [problem for problem in blocks.problems if problem.kind == "nothing-enclosed"]
    assert "their ends do not meet" in problem.message
    assert f"{rule.gaps.to_end_m:g} m from each other" in problem.message


def test_ends_are_not_joined_over_a_building() -> None:
    lines = [shapely.LineString([(0, 100), (98, 100)]), shapely.LineString([(102, 100), (200, 100)])]
    house = gpd.GeoDataFrame(geometry=[shapely.box(99.5, 90, 100.5, 110)], crs=CRS)
    assert len(build_blocks(square(200), streets(*lines))) == 2
    assert len(build_blocks(square(200), streets(*lines), buildings=house)) == 1


def test_ends_are_not_joined_across_a_limit() -> None:
    # Two dead ends on either side of a strip that is not in the limit.
    area = shapely.difference(shapely.box(0, 0, 200, 200), shapely.box(99, 50, 101, 200))
    lines = [shapely.LineString([(50, 120), (98, 120)]), shapely.LineString([(102, 121), (150, 121)])]
    blocks = build_blocks(gpd.GeoSeries([area], crs=CRS), streets(*lines))
    assert all(not shapely.crosses(line, shapely.box(99.1, 50, 100.9, 200)) for line in blocks.ground.barriers.lines)


def test_a_cul_de_sac_stays_one() -> None:
    through = shapely.LineString([(0, 300), (600, 300)])
    cul_de_sac = shapely.LineString([(300, 300), (300, 330)])
    blocks = build_blocks(square(600), streets(through, cul_de_sac), rule=BlockRule())
    assert len(blocks) == 2
    assert told(blocks) == {}


def test_an_end_that_meets_a_line_without_a_vertex_is_not_led_across_it() -> None:
    through = shapely.LineString([(0, 100), (200, 100)])
    opposite = shapely.LineString([(0, 108), (200, 108)])
    side = shapely.LineString([(100, 0), (100, 100)])
    ground = build_blocks(square(200), streets(through, opposite, side)).ground
    assert shapely.intersects(ground.barriers.lines, shapely.Point(100, 104)).sum() == 0


def test_an_end_beside_a_line_that_it_does_not_look_at_is_joined_to_it() -> None:
    through = shapely.LineString([(0, 300), (600, 300)])
    passing = shapely.LineString([(-10, 20), (160, 260), (160, 302.5), (390, 302.5)])
    rule = BlockRule()
    blocks = build_blocks(square(600), streets(through, passing), rule=rule)
    link = [line for line in blocks.ground.barriers.lines if line.length < rule.gaps.beside_m]
    assert len(link) == 1
    assert link[0].distance(shapely.Point(390, 302.5)) == 0


def test_a_link_ranks_as_the_lower_of_its_streets() -> None:
    lines = [shapely.LineString([(0, 100), (98, 100)]), shapely.LineString([(101, 102), (200, 102)])]
    layer = gpd.GeoDataFrame({"rank": [RESIDENTIAL, SECONDARY]}, geometry=lines, crs=CRS)
    barriers = build_blocks(square(200), layer).ground.barriers
    link = [number for number, line in enumerate(barriers.lines) if line.length < 5]
    assert [int(barriers.ranks[number]) for number in link] == [RESIDENTIAL]


def test_lines_of_too_low_a_rank_are_told_to_bound_nothing() -> None:
    blocks = build_blocks(square(200), streets(shapely.LineString([(0, 100), (200, 100)]), rank=1))
    (problem,) = blocks.problems
    assert problem.message == "None of the 1 lines ranks 3 or higher within the limit: it is one block."
