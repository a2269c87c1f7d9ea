import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.blocks import BlockRule, GapRule, MergeRule, build_blocks
from geogrid.blocks.barriers import FOOTPATH, PRIMARY, RESIDENTIAL
from geogrid.blocks.gaps import close_gaps
from geogrid.errors import InvalidInputError

CRS = "EPSG:32650"
EVERY_FACE = BlockRule(merge=MergeRule(min_area_m2=0, min_width_m=0, min_empty_width_m=0))


def layer(*shapes: shapely.Geometry, **columns: list[float]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=CRS)


def limit() -> gpd.GeoSeries:
    return gpd.GeoSeries([shapely.box(0, 0, 400, 200)], crs=CRS)


def street(*xy: tuple[float, float], rank: int = RESIDENTIAL) -> gpd.GeoDataFrame:
    return layer(shapely.LineString(xy), rank=[rank])


MIDDLE = ((200.0, -10.0), (200.0, 210.0))


def test_a_street_divides_the_limit() -> None:
    blocks = build_blocks(limit(), street(*MIDDLE))
    assert [polygon.bounds for polygon in blocks.polygons] == [(0, 0, 200, 200), (200, 0, 400, 200)]
    assert blocks.adjacency.length_by_rank_m[0, RESIDENTIAL] == 200.0


def test_a_footpath_divides_nothing() -> None:
    assert len(build_blocks(limit(), street(*MIDDLE, rank=FOOTPATH))) == 1


def test_the_boundary_goes_around_a_building_in_the_street() -> None:
    house = shapely.box(190, 80, 230, 120)
    blocks = build_blocks(limit(), street(*MIDDLE), buildings=layer(house))
    assert len(blocks) == 2
    assert [polygon.intersection(house).area for polygon in blocks.polygons] == [0.0, house.area]


def test_parts_of_a_building_that_meet_in_a_corner_stay_together() -> None:
    crossed = shapely.make_valid(shapely.Polygon([(190, 80), (210, 120), (210, 80), (190, 120)]))
    assert len(shapely.get_parts(crossed)) > 1
    blocks = build_blocks(limit(), street(*MIDDLE), buildings=layer(crossed))
    assert len(blocks) == 2
    tree = shapely.STRtree(blocks.polygons)
    assert len(tree.query(shapely.buffer(crossed, -0.02), predicate="intersects")) == 1


def test_a_building_across_the_limit_counts_where_its_inside_point_lies() -> None:
    houses = layer(shapely.box(-10, 50, 30, 90), shapely.box(370, 50, 460, 90), households=[3, 5])
    blocks = build_blocks(limit(), street(*MIDDLE), buildings=houses)
    assert blocks.loads["households"].tolist() == [3, 0]
    assert blocks.unassigned == {"households": 5.0, "buildings": 1.0}
    assert {problem.kind for problem in blocks.problems} == {"load-outside"}


def test_the_strip_between_two_carriageways_joins_a_neighbour() -> None:
    lanes = layer(
        shapely.LineString([(200, -10), (200, 210)]), shapely.LineString([(208, -10), (208, 210)]), rank=[PRIMARY] * 2
    )
    assert len(build_blocks(limit(), lanes, rule=EVERY_FACE)) == 3
    assert len(build_blocks(limit(), lanes)) == 2


def test_a_street_that_stops_short_is_continued_to_the_limit() -> None:
    assert len(build_blocks(limit(), street((200, 60), (200, 140)))) == 2


def test_a_dead_end_far_from_everything_stays_one() -> None:
    rule = BlockRule(gaps=GapRule(to_line_m=15, to_limit_m=50))
    assert len(build_blocks(limit(), street((200, 60), (200, 140)), rule=rule)) == 1


def test_a_gap_is_not_closed_through_a_building() -> None:
    lines = np.array([shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(112, -50), (112, 50)])])
    area = shapely.box(-500, -500, 500, 500)
    rule = GapRule(to_line_m=15, to_limit_m=0)
    open_, _ = close_gaps(lines, area, obstacles=np.empty(0, dtype=object), rule=rule)
    built, _ = close_gaps(lines, area, obstacles=np.array([shapely.box(104, -5, 108, 5)]), rule=rule)
    assert (len(open_), len(built)) == (1, 0)


def test_no_block_straddles_two_parents() -> None:
    parents = layer(shapely.box(0, 0, 120, 200), shapely.box(120, 0, 400, 200))
    blocks = build_blocks(limit(), street(*MIDDLE), nested_in=parents)
    assert blocks.parent.tolist() == [0, 1, 1]
    assert [polygon.bounds[2] for polygon in blocks.polygons] == [120, 200, 400]


def test_land_without_parent_is_listed_with_its_place() -> None:
    blocks = build_blocks(limit(), street(*MIDDLE), nested_in=layer(shapely.box(0, 0, 200, 200)))
    (problem,) = blocks.problems
    assert (problem.kind, problem.subject, problem.size) == ("block-without-parent", "1", 40_000.0)
    assert problem.lonlat is not None


def test_lots_and_points_are_summed_beside_buildings() -> None:
    lots = layer(shapely.box(10, 10, 90, 90), shapely.Point(300, 100), population=[7, 2])
    houses = layer(shapely.box(20, 20, 40, 40), households=[4])
    loads = build_blocks(limit(), street(*MIDDLE), buildings=houses, loads=lots).loads
    assert {name: values.tolist() for name, values in loads.items()} == {
        "households": [4, 0],
        "population": [7, 2],
        "buildings": [1, 0],
    }


def test_every_load_that_is_no_number_is_named() -> None:
    houses = layer(*[shapely.box(x, 0, x + 5, 5) for x in (10, 20, 30)])
    houses["households"] = [-1, "many", 3]
    with pytest.raises(InvalidInputError) as refused:
        build_blocks(limit(), street(*MIDDLE), buildings=houses)
    assert [problem.subject for problem in refused.value.problems] == ["0", "1"]


@pytest.mark.parametrize("wrong", ["no-crs", "no-rank", "empty-limit"])
def test_unusable_layers_are_refused(wrong: str) -> None:
    area, lines = limit(), street(*MIDDLE)
    if wrong == "no-crs":
        lines = lines.set_crs(None, allow_override=True)
    elif wrong == "no-rank":
        lines = lines.drop(columns="rank")
    else:
        area = gpd.GeoSeries([shapely.Point(0, 0)], crs=CRS)
    with pytest.raises(InvalidInputError) as refused:
        build_blocks(area, lines)
    assert refused.value.problems[0].kind == wrong


def test_blocks_in_degrees_share_their_vertices_bit_for_bit() -> None:
    west, east = build_blocks(limit(), street((200, -10), (210, 90), (190, 210))).lonlat()
    shared = set(map(tuple, shapely.get_coordinates(west))) & set(map(tuple, shapely.get_coordinates(east)))
    assert len(shared) == 3
