"""One table of ranks: a line is worth the same from an extract and from a file."""

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from boundaries.files.osm import read_extract
from boundaries.files.towns.streets import ranked
from geogrid.blocks.barriers import FOOTPATH, PEDESTRIAN, PRIMARY, RAIL_WATER_MOTORWAY, RESIDENTIAL, SERVICE, TERTIARY
from geogrid.errors import InvalidInputError

LINE = shapely.LineString([(0, 0), (90, 0)])

TAGGED: list[tuple[dict[str, str], int | None]] = [
    ({"highway": "primary_link"}, PRIMARY),
    ({"highway": "residential"}, RESIDENTIAL),
    ({"highway": "footway"}, FOOTPATH),
    ({"highway": "footway", "name": "Lane"}, PEDESTRIAN),
    ({"railway": "rail"}, RAIL_WATER_MOTORWAY),
    ({"waterway": "river"}, RAIL_WATER_MOTORWAY),
    ({"natural": "coastline"}, RAIL_WATER_MOTORWAY),
    ({"barrier": "bollard"}, None),
    ({"highway": "primary", "layer": "-1"}, None),
    ({"highway": "track"}, SERVICE),
    ({"highway": "residential;service"}, RESIDENTIAL),
    ({"highway": "service", "name": "Lane"}, PEDESTRIAN),
    ({"highway": "footway", "name": "Lane", "footway": "sidewalk"}, FOOTPATH),
    ({"highway": "quagmire"}, RESIDENTIAL),
    ({"railway": "narrow_gauge"}, RAIL_WATER_MOTORWAY),
    ({"waterway": "stream"}, TERTIARY),
    ({"waterway": "ditch"}, FOOTPATH),
    ({"barrier": "fence"}, FOOTPATH),
    ({"barrier": "city_wall"}, PEDESTRIAN),
    ({"natural": "ridge"}, FOOTPATH),
    ({"highway": "residential", "railway": "tram"}, RESIDENTIAL),
    ({"highway": "service", "railway": "rail"}, RAIL_WATER_MOTORWAY),
    ({"highway": "primary", "bridge": "yes"}, PRIMARY),
    ({"highway": "primary", "tunnel": "no", "layer": "1"}, PRIMARY),
    *[
        ({"highway": value}, None)
        for value in (
            "platform",
            "raceway",
            "bus_stop",
            "rest_area",
            "services",
            "construction",
            "proposed",
            "elevator",
        )
    ],
    *[({"railway": value}, None) for value in ("tram", "subway", "platform", "abandoned", "miniature")],
    ({"waterway": "weir"}, None),
    ({"barrier": "gate"}, None),
    *[({"highway": "primary", "tunnel": value}, None) for value in ("yes", "building_passage")],
    ({"railway": "rail", "tunnel": "yes"}, None),
    ({"waterway": "river", "tunnel": "culvert"}, None),
    ({"highway": "primary", "layer": "-2"}, None),
    ({"highway": "footway", "indoor": "yes"}, None),
]


@pytest.fixture(scope="module")
def extract_ranks(tmp_path_factory: pytest.TempPathFactory) -> dict[int, int]:
    """Return the rank of each line of an extract that has all of them, each on a latitude of its own, by number."""
    nodes, ways = [], []
    for number, (tags, _) in enumerate(TAGGED):
        ends = 2 * number + 1, 2 * number + 2
        nodes += [f'<node id="{end}" lon="{24 + end % 2 / 100}" lat="{60 + number / 1000}"/>' for end in ends]
        lines = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        ways.append(f'<way id="{number + 1}"><nd ref="{ends[0]}"/><nd ref="{ends[1]}"/>{lines}</way>')
    path = tmp_path_factory.mktemp("ranks") / "town.osm"
    bounds = '<bounds minlon="23" minlat="59" maxlon="25" maxlat="61"/>'
    path.write_text(f'<osm version="0.6">{bounds}{"".join(nodes)}{"".join(ways)}</osm>')
    barriers = read_extract(path).barriers
    numbers = np.rint((barriers.geometry.bounds["miny"] - 60) * 1000).astype(int)
    assert numbers.is_unique
    return dict(zip(numbers.tolist(), barriers["rank"].tolist(), strict=True))


def file_ranks(*rows: dict[str, Any]) -> list[int]:
    """Return the ranks of lines of a file, in order; what is left out is missing."""
    columns = {key: [row.get(key) for row in rows] for key in dict.fromkeys(key for row in rows for key in row)}
    line = shapely.LineString([(0, 0), (1, 1)])
    frame = gpd.GeoDataFrame(columns, geometry=[line] * len(rows), crs=4547)
    return [int(rank) for rank in ranked(frame, "roads.shp", default=RESIDENTIAL)[0]["rank"]]


@pytest.mark.parametrize("number", range(len(TAGGED)), ids=lambda number: str(TAGGED[number]))
def test_a_line_is_worth_the_same_from_an_extract_and_from_a_file(extract_ranks: dict[int, int], number: int) -> None:
    tags, rank = TAGGED[number]
    assert extract_ranks.get(number) == rank
    expected = [] if rank is None else [rank]
    # Beside a motorway, since a file of nothing but platforms is refused.
    assert file_ranks(tags, {"highway": "motorway"}) == [*expected, RAIL_WATER_MOTORWAY]


@pytest.mark.parametrize("value", ["yes", "Yes", "T", "true", "1", 1, True, "culvert"])
def test_a_tunnel_is_no_barrier_however_a_file_says_so(value: object) -> None:
    assert file_ranks({"highway": "primary", "tunnel": value}, {"highway": "primary", "tunnel": None}) == [PRIMARY]


@pytest.mark.parametrize("value", ["no", "F", "false", "0", 0, 0.0, False, None, ""])
def test_what_is_no_tunnel_bounds_blocks(value: object) -> None:
    assert file_ranks({"highway": "primary", "tunnel": value}) == [PRIMARY]


def test_tags_of_a_store_of_tags_count() -> None:
    rows = [
        {"highway": "primary", "other_tags": '"lanes"=>"2","tunnel"=>"yes"'},
        {"highway": None, "other_tags": '"railway"=>"rail"'},
        {"highway": None, "other_tags": '"power"=>"line"'},
        {"highway": "track", "other_tags": None},
    ]
    assert file_ranks(*rows) == [RAIL_WATER_MOTORWAY, SERVICE]


@pytest.mark.parametrize(
    ("row", "rank"),
    [
        ({"fclass": "track_grade3"}, SERVICE),
        ({"HIGHWAY": "Primary"}, PRIMARY),
        ({"highway": "['residential', 'tertiary']"}, TERTIARY),
        ({"fclass": "primary", "tunnel": "F", "layer": 1}, PRIMARY),
        ({"type": "围墙"}, PEDESTRIAN),
        ({"layer": "STREETS", "class": "tertiary"}, TERTIARY),
        ({"rank": 7, "tunnel": "no"}, PRIMARY),
    ],
)
def test_files_of_many_makers_are_understood(row: dict[str, Any], rank: int) -> None:
    assert file_ranks(row) == [rank]


def test_what_the_table_does_not_know_or_leaves_out_is_told_with_its_number() -> None:
    values = ["quagmire"] * 2 + ["platform"] * 3 + ["primary"]
    line = shapely.LineString([(0, 0), (1, 1)])
    frame = gpd.GeoDataFrame({"highway": values, "tunnel": [None] * 5 + ["yes"]}, geometry=[line] * 6, crs=4547)
    lines, problems = ranked(frame, "roads.shp", default=RESIDENTIAL)
    assert lines["rank"].tolist() == [RESIDENTIAL] * 2
    assert [problem.message for problem in problems] == [
        "roads.shp: 2 lines have classes without a rank, taken as 'residential street': highway=quagmire (2).",
        "roads.shp: 4 lines divide no land and are left out: highway=platform (3), tunnel (1).",
    ]


def test_a_file_of_nothing_but_platforms_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="none of its 1 lines divides the land"):
        file_ranks({"highway": "platform"})


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"waterway": "river"}, "river"),
        ({"waterway": "river", "width": "12 m"}, "waterway"),
        ({"waterway": "river", "width": "0"}, "river"),
        ({"waterway": "river", "width": "about five"}, "river"),
        ({"waterway": "canal"}, "waterway"),
        ({"waterway": "canal", "width": "45"}, "river"),
        ({"waterway": "stream", "est_width": "30"}, "river"),
        ({"class": "河流"}, "river"),
        ({"waterway": "dock", "width": "80"}, "waterway"),
    ],
)
def test_lines_of_water_are_rivers_by_their_kind_and_width(tags: dict[str, str], kind: str) -> None:
    frame = gpd.GeoDataFrame({key: [value] for key, value in tags.items()}, geometry=[LINE], crs="EPSG:32650")
    assert ranked(frame, "water", default=RAIL_WATER_MOTORWAY)[0]["kind"].tolist() == [kind]


def test_an_outline_of_a_river_is_its_banks() -> None:
    ring = shapely.box(0, 0, 90, 9).exterior
    frame = gpd.GeoDataFrame({"waterway": ["river", "river"]}, geometry=[ring, LINE], crs="EPSG:32650")
    assert ranked(frame, "water", default=RAIL_WATER_MOTORWAY)[0]["kind"].tolist() == ["bank", "river"]
