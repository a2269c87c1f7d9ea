"""What files of other tools say of their lines is understood, and refusals name what they are about."""

from contextlib import nullcontext
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from boundaries.files.towns import LayerSource, TownFiles, Wishes, divide_town, read_town
from boundaries.files.towns.streets import ranked
from geogrid.blocks import barriers as rank
from geogrid.errors import InvalidInputError, Problem
from geogrid.partition import SchemeLevel

CRS = "EPSG:4547"
X, Y = 500_000.0, 3_800_000.0


def line(at: float) -> shapely.LineString:
    return shapely.LineString([(X + at, Y), (X + at, Y + 100)])


def test_a_column_kind_of_other_words_is_a_class_and_streets_stay_streets() -> None:
    tiles = gpd.GeoDataFrame(
        {"kind": ["major_road", "minor_road", "rail"], "kind_detail": ["primary", "residential", "subway"]},
        geometry=[line(0), line(100), line(200)],
        crs=CRS,
    )
    lines, problems = ranked(tiles, "tiles", default=rank.RESIDENTIAL)
    assert lines["kind"].tolist() == ["highway", "highway"]
    assert lines["rank"].tolist() == [rank.PRIMARY, rank.RESIDENTIAL]
    assert ["subway" in problem.message for problem in problems] == [True]


def test_water_in_a_column_kind_is_water() -> None:
    water = gpd.GeoDataFrame({"kind": ["river", "highway"]}, geometry=[line(0), line(100)], crs=CRS)
    lines, _ = ranked(water, "water", default=rank.RAIL_WATER_MOTORWAY)
    assert lines["kind"].iloc[0] == "river"


def test_lines_of_a_tunnel_bound_nothing_however_the_column_is_called() -> None:
    roads = gpd.GeoDataFrame({"fclass": "primary", "is_tunnel": [True, False]}, geometry=[line(0), line(100)], crs=CRS)
    assert len(ranked(roads, "roads", default=rank.RESIDENTIAL)[0]) == 1


def test_errors_of_a_refusal_come_first_and_warnings_are_called_so() -> None:
    refusal = InvalidInputError([Problem("a", "Mended.", severity="warning"), Problem("b", "Wrong.", "Correct it.")])
    assert str(refusal).splitlines() == ["Wrong. Correct it.", "Warning: Mended."]


@pytest.mark.parametrize(
    ("names", "told"), [(["一区"], "Estate 1, '一区', is in 2 pieces"), (None, "Estate 1 is in 2")]
)
def test_an_estate_that_parents_divide_is_told_by_its_name(tmp_path: Path, names: list[str] | None, told: str) -> None:
    lines = [line(at) for at in range(0, 401, 100)]
    lines += [shapely.LineString([(X, Y + at), (X + 400, Y + at)]) for at in (0, 50, 100)]
    houses = [shapely.box(X + a + 10, Y + b + 10, X + a + 30, Y + b + 30) for a in range(0, 400, 100) for b in (0, 50)]
    estate = gpd.GeoDataFrame(geometry=[shapely.box(X + 110, Y, X + 290, Y + 100)], crs=CRS)
    layers = {
        "streets": gpd.GeoDataFrame({"rank": 4}, index=range(len(lines)), geometry=lines, crs=CRS),
        "buildings": gpd.GeoDataFrame({"households": 10}, index=range(len(houses)), geometry=houses, crs=CRS),
        "nested_in": gpd.GeoDataFrame(
            {"name": ["West", "East"]},
            geometry=[shapely.box(X, Y, X + 200, Y + 100), shapely.box(X + 200, Y, X + 400, Y + 100)],
            crs=CRS,
        ),
        "estates": estate if names is None else estate.assign(name=names),
    }
    for name, layer in layers.items():
        layer.to_file(tmp_path / "town.gpkg", layer=name)
    files = TownFiles(**{name: LayerSource(tmp_path / "town.gpkg", name) for name in layers})
    wishes = Wishes(scheme=(SchemeLevel("town"), SchemeLevel("grid", band=(10, 40))))
    divided = divide_town(read_town(files), wishes, lambda _name, _unit: nullcontext(lambda _count: None))
    assert [told in problem.message for problem in divided.problems if problem.kind == "estate-divided"] == [True]
