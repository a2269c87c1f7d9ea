"""Files to grids, without a store."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon, box

from boundaries.files.grids.fields import GridFields
from boundaries.files.grids.importing import GridFile, JurisdictionChoice, read_grids
from boundaries.files.grids.levels import Levels
from boundaries.files.grids.rules import GridPlan
from geogrid.errors import InvalidInputError

LON, LAT = 118.0, 31.0


def cell(column: int, row: int, size: int = 1) -> Polygon:
    """A box of a hundredth of a degree."""
    return box(LON + column / 100, LAT + row / 100, LON + (column + size) / 100, LAT + (row + size) / 100)


def saved(folder: Path, columns: dict[str, list[Any]], shapes: list[Any], *, crs: Any = 4326) -> Path:
    path = folder / "town.gpkg"
    gpd.GeoDataFrame(columns, geometry=shapes, crs=crs).to_file(path)
    return path


def plan(path: Path, *, levels: str = "", **how: Any) -> GridPlan:
    file_options = {name: how.pop(name) for name in ("crs", "coord_type", "dissolve", "swap_xy") if name in how}
    fields = GridFields(**{"code": "code", **how})
    choice = JurisdictionChoice("town", levels=Levels.parse(levels))
    return read_grids(GridFile(path, fields, **file_options), choice, stored=None)[1]


def grids(path: Path, **how: Any) -> gpd.GeoDataFrame:
    found = plan(path, **how)
    assert found.grids is not None, found.problems
    return found.grids.set_index("code", drop=False)


def errors(path: Path, **how: Any) -> str:
    return "\n".join(str(problem) for problem in plan(path, **how).problems if problem.severity == "error")


def test_a_single_level_keeps_codes_names_loads_and_shapes(tmp_path: Path) -> None:
    shapes = [cell(0, 0), cell(1, 0)]
    path = saved(tmp_path, {"code": [2, 1], "label": ["西", None], "hh": [300, 400], "extra": ["x", None]}, shapes)
    found = grids(path, name="label", households="hh", keep=("extra",))
    assert found.loc["2", ["name", "level", "kind", "households"]].tolist() == ["西", 1, "comprehensive", 300.0]
    assert found.loc["1", "name"] == "1"
    assert found.loc["2", "attributes"] == {"extra": "x"}
    assert shapely.equals_identical(found.geometry.to_numpy(), np.array(shapes, dtype=object)).all()


def test_parents_without_a_shape_are_the_union_of_their_children(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        {"code": ["a", "b", "c"], "com": ["C1", "C1", "C2"], "str": ["S", "S", "S"], "sn": ["东山街道"] * 3,
         "cn": ["一村", "一村", "二村"], "hh": [1.0, 2.0, None]},
        [cell(0, 0), cell(1, 0), cell(2, 0)],
    )  # fmt: skip
    found = grids(path, parents=("com", "str"), parent_names=("cn", "sn"), households="hh")
    assert found["level"].to_dict() == {"a": 3, "b": 3, "c": 3, "C1": 2, "C2": 2, "S": 1}
    assert found.loc["C1", ["name", "parent", "kind", "households"]].tolist() == ["一村", "S", "parent", 3.0]
    assert found.loc["S", "households"] == 3.0
    assert np.isnan(found.loc["C2", "households"])
    assert shapely.equals(found.geometry["C1"], shapely.union_all([cell(0, 0), cell(1, 0)]))


def test_several_levels_in_one_file_nest_by_parent(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        {"code": ["S", "a", "b"], "up": [None, "S", "S"]},
        [box(118, 31, 118.02, 31.01), cell(0, 0), cell(1, 0)],
    )
    found = plan(path, parents=("up",))
    assert found.problems == ()
    assert found.grids is not None
    assert found.grids["kind"].tolist() == ["parent", "comprehensive", "comprehensive"]


def test_levels_without_parents_nest_by_place(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        {"code": ["a", "b", "W", "E"], "lv": ["网格", "网格", "社区", "社区"]},
        [cell(0, 0), cell(1, 0), cell(0, 0), cell(1, 0)],
    )
    found = grids(path, level="lv", levels="社区,网格")
    assert found.loc[["a", "b"], "parent"].tolist() == ["W", "E"]


def test_a_grid_that_lies_in_no_parent_is_an_error(tmp_path: Path) -> None:
    path = saved(tmp_path, {"code": ["W", "a", "b"], "lv": [1, 2, 2]}, [cell(0, 0), cell(0, 0), cell(1, 0)])
    assert errors(path, level="lv") == (
        "Grid b of level 2 lies in no grid of level 1. "
        "Add the grid that it belongs to, or name the column of parents with --parent."
    )


def test_a_level_given_as_a_number_is_compared(tmp_path: Path) -> None:
    path = saved(tmp_path, {"code": ["a"], "up": ["S"]}, [cell(0, 0)])
    assert plan(path, level="2", parents=("up",)).problems == ()
    assert errors(path, level="3", parents=("up",)).startswith("Grid a is stated to be of level 3, but")


def test_level_words_that_nobody_named_are_errors(tmp_path: Path) -> None:
    path = saved(tmp_path, {"code": ["a"], "lv": ["网格"]}, [cell(0, 0)])
    assert errors(path, level="lv").startswith(
        "Grid a is of level '网格', which is neither a number from 1 to 6 nor the name of a level."
    )


def test_a_parent_drawn_larger_than_its_children_is_a_warning(tmp_path: Path) -> None:
    path = saved(tmp_path, {"code": ["S", "a"], "up": [None, "S"]}, [cell(0, 0, 2), cell(0, 0)])
    found = plan(path, parents=("up",))
    assert [problem.kind for problem in found.problems] == ["parent-differs"]
    assert found.grids is not None
    assert shapely.equals(found.grids.geometry.iloc[0], cell(0, 0))


def test_dedicated_grids_have_their_category(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        {
            "code": list("abcd"),
            "kind": ["综合网格", "专属网格", None, "dedicated"],
            "what": [None, "学校", "hospital", None],
        },
        [cell(column, 0) for column in range(4)],
    )
    found = grids(path, kind="kind", category="what")
    assert found["kind"].tolist() == ["comprehensive", "dedicated", "dedicated", "dedicated"]
    assert [None if pd.isna(word) else word for word in found["category"]] == [None, "school", "hospital", "other"]


def test_faults_of_single_rows_are_listed_all_at_once(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        {"code": ["a", None, "c", "c", "e"], "kind": ["weird", None, None, None, None], "hh": [1, 2, 3, -4, 5]},
        [cell(0, 0), cell(1, 0), None, cell(3, 0), LineString([(118.04, 31), (118.05, 31.01)])],
    )
    told = errors(path, kind="kind", households="hh")
    assert told == (
        "Row 3 (c) has no shape. Draw it, or leave the row out.\n"
        "Row 5 (e) is a LineString; a grid is a Polygon or MultiPolygon. "
        "Export the layer of areas, or close the lines to areas.\n"
        "Row 4 (c): hh is -4; a load is a number of 0 or more. Correct it or leave it empty.\n"
        "Row 1 (a): kind is 'weird'; it may be comprehensive, ordinary, 综合, 综合网格, dedicated, special, 专属, "
        "专属网格, parent. Correct it or leave it empty.\n"
        "Row 2 has no code. Give it one.\n"
        "Code c stands in 2 rows: 3, 4. Give each grid a code of its own; parts of one grid are joined with "
        "--dissolve."
    )


def test_every_error_has_its_place_where_there_is_one(tmp_path: Path) -> None:
    path = saved(tmp_path, {"code": ["a", None]}, [cell(0, 0), cell(1, 0)])
    assert plan(path).problems[0].lonlat == pytest.approx((118.015, 31.005))


def test_rows_of_one_code_are_joined_on_demand(tmp_path: Path) -> None:
    path = saved(tmp_path, {"code": ["a", "a", "b"], "hh": [1, 2, 3]}, [cell(0, 0), cell(2, 0), cell(1, 0)])
    found = grids(path, dissolve=True, households="hh")
    assert found["households"].to_dict() == {"a": 3.0, "b": 3.0}
    assert isinstance(found.geometry["a"], MultiPolygon)


def test_a_comprehensive_grid_with_a_category_is_an_error(tmp_path: Path) -> None:
    path = saved(tmp_path, {"code": ["a"], "kind": ["comprehensive"], "what": ["school"]}, [cell(0, 0)])
    assert errors(path, kind="kind", category="what") == (
        "Grid a is comprehensive and has category school. "
        "Only dedicated grids have one: correct the kind, or leave the category empty."
    )


def test_missing_columns_are_listed_with_those_there_are(tmp_path: Path) -> None:
    path = saved(tmp_path, {"code": ["a"]}, [cell(0, 0)])
    with pytest.raises(InvalidInputError) as caught:
        plan(path, name="label", parents=("up",))
    assert str(caught.value) == (
        "town.gpkg has no column 'label' (--name). It has: code.\n"
        "town.gpkg has no column 'up' (--parent). It has: code."
    )


def test_feet_labelled_as_degrees_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, {"code": ["a"]}, [box(1165166, 1872509, 1166166, 1873509)])
    assert errors(path) == (
        "The coordinates cannot be EPSG:4326: they go from 1165166.0, 1872509.0 to 1166166.0, 1873509.0. "
        "They look like feet of a state plane of the United States. Name the CRS they are in, e.g. --crs EPSG:3435."
    )


def test_a_single_wild_row_is_named_and_the_crs_is_not_blamed(tmp_path: Path) -> None:
    wild = Polygon([(118.02, 31), (1180.3, 31), (118.03, 31.01)])
    path = saved(tmp_path, {"code": ["a", "b", "c"]}, [cell(0, 0), cell(1, 0), wild])
    assert errors(path) == (
        "Grid c goes from 118.02, 31 to 1180.3, 31.01: longitudes go from -180 to 180, latitudes from -90 to 90. "
        "Draw it again; the other grids are on the earth."
    )


def test_feet_are_placed_once_their_crs_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path, {"code": ["a"]}, [box(1165166, 1872509, 1166166, 1873509)])
    found = grids(path, crs="EPSG:3435")
    assert found.total_bounds.tolist() == pytest.approx([-87.6697, 41.8058, -87.6660, 41.8085], abs=2e-4)


def test_swapped_coordinates_are_refused_and_taken_with_the_option(tmp_path: Path) -> None:
    path = saved(tmp_path, {"code": ["a"]}, [box(31, 118, 31.01, 118.01)])
    assert "They look like latitude before longitude." in errors(path)
    assert shapely.equals(grids(path, swap_xy=True).geometry["a"], cell(0, 0))


def test_amap_coordinates_come_to_wgs84(tmp_path: Path) -> None:
    path = saved(tmp_path, {"code": ["a"]}, [cell(0, 0)])
    moved = grids(path, coord_type="gcj02").geometry["a"]
    assert 300 < 111_000 * Point(moved.bounds[:2]).distance(Point(LON, LAT)) < 800


def test_a_projected_coverage_with_joints_on_straight_edges_is_one_in_degrees(tmp_path: Path) -> None:
    x, y = 400_000.0, 3_500_000.0
    shapes = [
        Polygon([(x, y), (x + 3000, y + 500), (x + 2900, y + 1000), (x, y + 900)]),
        Polygon([(x, y), (x + 1500, y + 250), (x + 1500, y - 800), (x, y - 800)]),
        Polygon([(x + 1500, y + 250), (x + 3000, y + 500), (x + 3000, y - 800), (x + 1500, y - 800)]),
    ]
    path = saved(tmp_path, {"code": ["a", "b", "c"]}, shapes, crs=32650)
    assert shapely.coverage_is_valid(grids(path).geometry.to_numpy())


def test_overlapping_land_is_stored_once(tmp_path: Path) -> None:
    path = saved(tmp_path, {"code": ["b", "a"]}, [cell(0, 0, 2), cell(1, 0, 2)])
    found = grids(path)
    assert shapely.intersection(*found.geometry).area == 0.0
    assert shapely.equals(found.geometry["a"], cell(1, 0, 2))


def test_six_levels_are_the_most(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {"code": ["a"], **{f"p{n}": [f"P{n}"] for n in range(6)}}
    path = saved(tmp_path, columns, [cell(0, 0)])
    assert errors(path, parents=tuple(f"p{n}" for n in range(6))).startswith("The file has 7 levels; GeoGrid keeps")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("district,community,grid", [("district", "区县"), ("community", "社区"), ("grid", "网格")]),
        ("ward/坊", [("ward", "坊")]),
    ],
)
def test_level_names_know_their_chinese(text: str, names: list[tuple[str, str]]) -> None:
    assert [(level.name, level.name_zh) for level in Levels.parse(text).names] == names
