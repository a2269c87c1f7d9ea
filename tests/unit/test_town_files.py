"""Towns in files: what is read, what is refused, what is written."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from click.testing import CliRunner, Result
from pyproj import CRS

from api.cli import main
from boundaries.files.osm import helsinki_extract
from boundaries.files.towns import LayerSource, TownFiles, read_town
from boundaries.files.towns.streets import ranked
from geogrid import synthetic_town
from geogrid.blocks.barriers import PRIMARY, RAIL_WATER_MOTORWAY, RESIDENTIAL
from geogrid.errors import InvalidInputError
from geogrid.towns import SyntheticTown

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def town() -> SyntheticTown:
    return synthetic_town(120, rng=np.random.default_rng(8), households=6_000, n_sites=4, areas=(3,))


@pytest.fixture(scope="module")
def folder(town: SyntheticTown, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One GeoPackage with every layer, and some layers in other formats and coordinate systems."""
    path = tmp_path_factory.mktemp("town")
    limit = town.limit.to_frame("geometry")
    layers = {"streets": town.barriers, "buildings": town.buildings, "sites": town.sites, "limit": limit}
    for name, layer in (layers | {"communities": town.areas[0], "estates": town.estates}).items():
        pyogrio.write_dataframe(layer, path / "town.gpkg", layer=name)
    town.barriers.to_crs(4326).to_file(path / "streets.geojson")
    town.buildings.to_crs(32650).to_file(path / "buildings.fgb")
    limit.to_crs(3857).to_file(path / "limit.shp")
    return path


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    def run(*arguments: str) -> Result:
        given = [part.format(folder=folder) for part in arguments]
        return CliRunner().invoke(main, given)

    return run


WHOLE = ("--streets", "{folder}/town.gpkg", "--buildings", "{folder}/town.gpkg", "--limit", "{folder}/town.gpkg")


@pytest.fixture(scope="module")
def divided(run: Run) -> Result:
    return run(
        "partition", *WHOLE, "--sites", "{folder}/town.gpkg", "--nested-in", "{folder}/town.gpkg:communities",
        "--band", "300:500", "--out", "{folder}/grids.gpkg", "--report", "{folder}/report.json",
        "--map", "{folder}/map.html",
    )  # fmt: skip


def test_grids_blocks_and_problems_are_written(divided: Result, folder: Path, town: SyntheticTown) -> None:
    assert divided.exit_code == 0, divided.output
    out = folder / "grids.gpkg"
    names = [name for name, _ in pyogrio.list_layers(out)]
    assert names == ["grids", "blocks", "problems", "limit", "streets", "buildings", "sites", "town"]
    grids, blocks = (pyogrio.read_dataframe(out, layer=name) for name in ("grids", "blocks"))
    assert {"code", "name", "kind", "category", "level", "parent", "load", "in_band"} <= set(grids)
    assert {"block", "grid", "load"} <= set(blocks)
    assert {"kind", "reason", "remedy"} <= set(pyogrio.read_dataframe(out, layer="problems"))
    leaves = grids[grids["kind"] != "parent"]
    assert leaves["load"].sum() == blocks["load"].sum() == town.buildings["households"].sum()
    assert set(leaves["kind"]) == {"comprehensive", "dedicated"}
    assert set(blocks["grid"]) == set(leaves["code"])


def test_written_grids_tile_the_limit(divided: Result, folder: Path, town: SyntheticTown) -> None:
    del divided
    grids = pyogrio.read_dataframe(folder / "grids.gpkg", layer="grids")
    leaves = grids[grids["kind"] != "parent"].geometry
    assert shapely.coverage_is_valid(leaves.to_numpy())
    off = leaves.to_crs(town.crs).union_all().symmetric_difference(town.limit.iloc[0])
    assert off.area < 1.0


def test_areas_to_nest_in_become_a_level_and_keep_their_names(
    divided: Result, folder: Path, town: SyntheticTown
) -> None:
    del divided
    grids = pyogrio.read_dataframe(folder / "grids.gpkg", layer="grids")
    areas = grids[(grids["level"] == 2)]
    assert set(areas["name"]) == set(town.areas[0]["name"])
    assert set(grids["parent"][grids["level"] == 3]) == set(areas["code"])


def test_the_report_holds_wishes_levels_figures_and_problems(divided: Result, folder: Path) -> None:
    del divided
    report = json.loads((folder / "report.json").read_text("utf-8"))
    figures = {figure["name"]: figure["value"] for figure in report["figures"]}
    assert figures["buildings_cut"] == 0
    assert sum(level["grids"] for level in report["levels"] if level["kind"] != "parent") == figures["grids"]
    assert report["options"]["band"] == "300:500"
    assert isinstance(report["problems"], list)


def test_the_map_needs_no_network(divided: Result, folder: Path) -> None:
    del divided
    html = (folder / "map.html").read_text("utf-8")
    assert not re.search(r"(src|href)=\"(https?:)?//", html)
    assert "G001001" in html


def test_the_summary_names_every_level_and_figure(divided: Result) -> None:
    for word in ("town", "grid, comprehensive", "grid, dedicated", "polsby popper", "buildings cut", "on barriers"):
        assert word in divided.output


def test_same_seed_writes_the_same_bytes(run: Run, folder: Path) -> None:
    for name in ("first", "second"):
        done = run("partition", *WHOLE, "--grids", "5", "--seed", "3", "--out", f"{{folder}}/{name}.gpkg")
        assert done.exit_code == 0, done.output
    assert (folder / "first.gpkg").read_bytes() == (folder / "second.gpkg").read_bytes()


def test_other_formats_and_coordinate_systems_give_the_same_grids(run: Run, folder: Path) -> None:
    mixed = ("--streets", "{folder}/streets.geojson", "--buildings", "{folder}/buildings.fgb", "--limit",
             "{folder}/limit.shp")  # fmt: skip
    for name, files in (("one", WHOLE), ("other", mixed)):
        done = run("partition", *files, "--grids", "4", "--out", f"{{folder}}/{name}.geojson")
        assert done.exit_code == 0, done.output
    one, other = (gpd.read_file(folder / f"{name}.geojson") for name in ("one", "other"))
    assert sorted(one["load"]) == pytest.approx(sorted(other["load"]), rel=0.1)
    assert one.geometry.to_crs(4547).area.sum() == pytest.approx(other.geometry.to_crs(4547).area.sum(), rel=1e-6)
    assert (folder / "one.blocks.geojson").exists()


def test_levels_meet_their_numbers(run: Run, folder: Path) -> None:
    done = run("partition", *WHOLE, "--levels", "town,area=3,grid=14", "--out", "{folder}/levels.gpkg", "--prefix", "T")
    assert done.exit_code == 0, done.output
    grids = pyogrio.read_dataframe(folder / "levels.gpkg", layer="grids")
    assert grids.groupby("level").size().to_dict() == {1: 1, 2: 3, 3: 14}
    assert grids["code"].str.startswith("T").all()


def test_an_extract_of_openstreetmap_is_enough(run: Run, folder: Path) -> None:
    done = run("partition", "--osm", str(helsinki_extract()), "--band", "1500:4000", "--effort", "0.2",
               "--out", "{folder}/helsinki.gpkg")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "households-estimated" in done.output
    grids = pyogrio.read_dataframe(folder / "helsinki.gpkg", layer="grids")
    assert {"comprehensive", "dedicated"} <= set(grids["kind"])


def test_a_locked_grid_stays_as_it_was(divided: Result, run: Run, folder: Path) -> None:
    del divided
    before = pyogrio.read_dataframe(folder / "grids.gpkg", layer="grids")
    locked = before[before["kind"] == "comprehensive"].iloc[0]
    done = run("partition", *WHOLE, "--sites", "{folder}/town.gpkg", "--nested-in", "{folder}/town.gpkg:communities",
               "--band", "340:460", "--previous", "{folder}/grids.gpkg", "--lock", locked["code"],
               "--out", "{folder}/locked.gpkg")  # fmt: skip
    assert done.exit_code == 0, done.output
    after = pyogrio.read_dataframe(folder / "locked.gpkg", layer="grids")
    (same,) = after[after["former"] == locked["code"]].geometry
    assert same.symmetric_difference(locked.geometry).area < 1e-12


def test_a_lock_on_a_grid_that_is_not_there_is_refused(divided: Result, run: Run) -> None:
    del divided
    done = run("partition", *WHOLE, "--grids", "9", "--previous", "{folder}/grids.gpkg", "--lock", "X9",
               "--out", "{folder}/never.gpkg")  # fmt: skip
    assert done.exit_code == 1
    assert "no grid 'X9'" in done.output
    assert run("partition", *WHOLE, "--grids", "9", "--lock", "X9", "--out", "{folder}/never.gpkg").exit_code == 2


def test_a_file_that_cannot_be_written_leaves_no_rest(run: Run, folder: Path) -> None:
    done = run("partition", *WHOLE, "--grids", "2", "--out", "{folder}/nowhere/grids.gpkg")
    assert done.exit_code == 1
    assert "There is no folder" in done.output
    assert not list(folder.glob(".grids*"))


def test_a_file_that_is_read_is_never_overwritten(run: Run, folder: Path) -> None:
    before = (folder / "town.gpkg").read_bytes()
    done = run("partition", *WHOLE, "--grids", "2", "--out", "{folder}/town.gpkg")
    assert done.exit_code == 1
    assert "would be overwritten" in done.output
    assert (folder / "town.gpkg").read_bytes() == before


def test_swapped_coordinates_are_told(run: Run, folder: Path, town: SyntheticTown) -> None:
    lonlat = town.barriers.to_crs(4326)
    swapped = shapely.transform(lonlat.geometry.to_numpy(), lambda xy: xy[:, ::-1])
    lonlat.set_geometry(swapped, crs=4326).to_file(folder / "swapped.gpkg")
    done = run("partition", "--streets", "{folder}/swapped.gpkg", "--buildings", "{folder}/town.gpkg", "--grids", "2",
               "--out", "{folder}/never.gpkg")  # fmt: skip
    assert done.exit_code == 1
    assert "swapped.gpkg: The coordinates cannot be EPSG:4326" in done.output


def test_an_output_of_unknown_format_is_refused_before_any_work(run: Run) -> None:
    done = run("partition", "--streets", "missing.gpkg", "--grids", "2", "--out", "grids.dwg")
    assert done.exit_code == 1
    assert "no format that is written" in done.output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--band", "500:300"), "not LOW:HIGH"),
        (("--band", "a:b"), "not LOW:HIGH"),
        ((), "Nothing says how large"),
        (("--grids", "3", "--nested-in", "{folder}/town.gpkg"), "none named 'nested_in'"),
        (("--grids", "3", "--levels", "town"), "is one level"),
        (("--grids", "3", "--levels", "town,area=x,grid"), "has no number"),
        (("--grids", "3", "--hard-barriers", "rail"), "no list of ranks"),
        (("--grids", "3", "--load", "voters"), "column 'voters'"),
        (("--grids", "3", "--crs", "EPSG:1"), "EPSG:1"),
    ],
)
def test_a_wish_that_cannot_be_read_is_refused(run: Run, options: tuple[str, ...], told: str) -> None:
    done = run("partition", *WHOLE, "--out", "{folder}/never.gpkg", *options)
    assert done.exit_code == 1
    assert told in done.output


def test_every_file_that_is_wrong_is_told_at_once(run: Run, folder: Path) -> None:
    (folder / "broken.gpkg").write_bytes(b"SQLite format 3\0 and nothing")
    done = run(
        "partition", "--streets", "{folder}/absent.shp", "--buildings", "{folder}/broken.gpkg", "--limit",
        "{folder}/town.gpkg:villages", "--grids", "3", "--out", "{folder}/never.gpkg",
    )  # fmt: skip
    assert done.exit_code == 1
    for told in ("absent.shp", "broken.gpkg", "villages"):
        assert told in done.output


def test_layers_elsewhere_than_the_limit_are_refused(folder: Path, town: SyntheticTown) -> None:
    far = town.buildings.set_geometry(town.buildings.translate(50_000, 0))
    far.to_file(folder / "far.gpkg")
    with pytest.raises(InvalidInputError, match="buildings lie elsewhere than the limit"):
        read_town(
            TownFiles(
                LayerSource(folder / "town.gpkg"),
                LayerSource(folder / "far.gpkg"),
                limit=LayerSource(folder / "town.gpkg"),
            )
        )


def test_points_as_buildings_are_refused_with_their_rows(folder: Path, town: SyntheticTown) -> None:
    town.buildings.head(3).set_geometry(town.buildings.head(3).centroid).to_file(folder / "points.gpkg")
    with pytest.raises(InvalidInputError, match="rows 1, 2, 3 of the buildings are no polygons; the first is a Point"):
        read_town(TownFiles(LayerSource(folder / "town.gpkg"), LayerSource(folder / "points.gpkg")))


def test_sites_of_an_unknown_category_are_refused_all_at_once(folder: Path, town: SyntheticTown) -> None:
    town.sites.assign(category=["temple", "school", "zoo", "school"]).to_file(folder / "sites.gpkg")
    with pytest.raises(InvalidInputError) as error:
        read_town(
            TownFiles(
                LayerSource(folder / "town.gpkg"), LayerSource(folder / "town.gpkg"), LayerSource(folder / "sites.gpkg")
            )
        )
    refused = [problem.kind for problem in error.value.problems if problem.severity == "error"]
    assert refused == ["unknown-category"] * 2


def test_rows_without_geometry_and_bow_ties_are_told_and_left_out_or_mended(folder: Path, town: SyntheticTown) -> None:
    frame = town.buildings.head(5).copy()
    west, south, east, north = frame.geometry.iloc[1].bounds
    crossed = shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])
    frame.geometry = [None, crossed, *frame.geometry.iloc[2:]]
    frame.to_file(folder / "faulty.gpkg")
    read = read_town(TownFiles(LayerSource(folder / "town.gpkg"), LayerSource(folder / "faulty.gpkg")))
    assert read.buildings is not None
    assert len(read.buildings) == 4
    assert read.buildings.geometry.is_valid.all()
    assert {"no-geometry", "repaired", "limit-guessed"} <= {problem.kind for problem in read.problems}


def test_without_a_column_households_are_estimated_and_told(folder: Path, town: SyntheticTown) -> None:
    town.buildings.drop(columns=["households", "population"]).to_file(folder / "plain.gpkg")
    read = read_town(TownFiles(LayerSource(folder / "town.gpkg"), LayerSource(folder / "plain.gpkg")))
    assert read.buildings is not None
    assert read.buildings["households"].sum() > 1_000
    assert "households-estimated" in {problem.kind for problem in read.problems}


def test_loads_come_from_a_table_of_lots(folder: Path, town: SyntheticTown) -> None:
    lots = town.buildings.geometry.centroid.to_crs(4326)
    table = pd.DataFrame({"Longitude": lots.x, "Latitude": lots.y, "units": 2})
    table.to_csv(folder / "lots.csv", index=False)
    read = read_town(TownFiles(LayerSource(folder / "town.gpkg"), loads=LayerSource(folder / "lots.csv"), load="units"))
    assert read.loads is not None
    assert read.load_columns == ("units",)
    assert read.loads["units"].sum() == 2 * len(lots)


def test_the_work_is_done_in_the_local_zone(folder: Path) -> None:
    read = read_town(TownFiles(LayerSource(folder / "streets.geojson"), LayerSource(folder / "buildings.fgb")))
    assert read.crs == CRS.from_epsg(4547)


@pytest.mark.parametrize(
    ("columns", "rank"),
    [
        ({"highway": ["primary_link"]}, PRIMARY),
        ({"fclass": ["Motorway"]}, RAIL_WATER_MOTORWAY),
        ({"道路等级": ["主干路"]}, PRIMARY),
        ({"highway": [None], "railway": ["rail"]}, RAIL_WATER_MOTORWAY),
        ({"class": ["something"]}, RESIDENTIAL),
        ({"rank": ["7"]}, PRIMARY),
    ],
)
def test_a_street_ranks_by_its_class(columns: dict[str, Any], rank: int) -> None:
    frame = gpd.GeoDataFrame(columns, geometry=[shapely.LineString([(0, 0), (1, 1)])], crs=4547)
    assert ranked(frame, "streets", default=RESIDENTIAL)[0]["rank"].tolist() == [rank]


def test_classes_without_a_rank_are_told() -> None:
    line = shapely.LineString([(0, 0), (1, 1)])
    frame = gpd.GeoDataFrame({"class": ["x", "x", "primary"]}, geometry=[line] * 3, crs=4547)
    (problem,) = ranked(frame, "streets", default=RESIDENTIAL)[1]
    assert "x (2)" in problem.message


@pytest.mark.parametrize("rank", ["high", 10, -1, 2.5, None])
def test_a_rank_that_is_none_is_refused(rank: object) -> None:
    frame = gpd.GeoDataFrame({"rank": [rank]}, geometry=[shapely.LineString([(0, 0), (1, 1)])], crs=4547)
    with pytest.raises(InvalidInputError, match="no rank of 0 to 9"):
        ranked(frame, "streets", default=RESIDENTIAL)


def test_evaluation_of_the_files_agrees_with_that_of_the_engine(divided: Result, run: Run, folder: Path) -> None:
    del divided
    done = run(
        "evaluate", "{folder}/grids.gpkg", "--blocks", "{folder}/grids.gpkg", "--streets", "{folder}/town.gpkg",
        "--buildings", "{folder}/town.gpkg", "--limit", "{folder}/town.gpkg", "--nested-in",
        "{folder}/town.gpkg:communities", "--band", "300:500", "--report", "{folder}/figures.json", "--out",
        "{folder}/figures.csv",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    engine, files = (
        {figure["name"]: figure["value"] for figure in json.loads((folder / name).read_text("utf-8"))["figures"]}
        for name in ("report.json", "figures.json")
    )
    for name in ("grids", "comprehensive", "in_band", "contiguous", "cut_edges", "buildings_cut", "nested"):
        assert files[name] == engine[name], name
    for name in ("polsby_popper", "reock", "on_barriers"):
        assert files[name] == pytest.approx(engine[name], abs=0.005), name
    assert files["gaps"] == pytest.approx(0, abs=0.5)
    assert len(pd.read_csv(folder / "figures.csv")) == files["grids"]


def test_grids_drawn_by_hand_show_their_pieces_gaps_overlaps_and_cuts(run: Run, folder: Path) -> None:
    crs, x, y = "EPSG:4547", 400_000, 3_400_000
    boxes = [
        shapely.box(x, y, x + 100, y + 100),
        shapely.MultiPolygon([shapely.box(x + 90, y, x + 200, y + 100), shapely.box(x + 250, y, x + 260, y + 10)]),
    ]
    gpd.GeoDataFrame({"code": ["A", "B"], "households": [10, 90]}, geometry=boxes, crs=crs).to_file(
        folder / "hand.gpkg"
    )
    gpd.GeoDataFrame(geometry=[shapely.box(x, y, x + 260, y + 100)], crs=crs).to_file(folder / "area.gpkg")
    gpd.GeoDataFrame(geometry=[shapely.box(x + 150, y + 90, x + 220, y + 110), shapely.box(x + 95, y, x + 98, y + 3)],
                     crs=crs).to_file(folder / "houses.gpkg")  # fmt: skip
    done = run("evaluate", "{folder}/hand.gpkg", "--limit", "{folder}/area.gpkg", "--buildings", "{folder}/houses.gpkg",
               "--band", "50:100", "--report", "{folder}/hand.json")  # fmt: skip
    assert done.exit_code == 0, done.output
    report = json.loads((folder / "hand.json").read_text("utf-8"))
    figures = {figure["name"]: figure["value"] for figure in report["figures"]}
    assert figures["in_band"] == 0.5
    assert figures["contiguous"] == 1
    assert figures["overlaps"] == pytest.approx(1_000, rel=1e-6)
    assert figures["gaps"] == pytest.approx(6_000 - 100, rel=1e-6)
    assert figures["buildings_cut"] == 1
    assert figures["on_barriers"] is None
    assert [problem["kind"] for problem in report["problems"]] == ["fragment"]


def test_moved_households_need_blocks(run: Run) -> None:
    done = run("evaluate", "{folder}/hand.gpkg", "--previous", "{folder}/hand.gpkg")
    assert done.exit_code == 2
    assert "give --previous with --blocks" in done.output


def test_codes_borne_twice_are_refused(run: Run, folder: Path) -> None:
    box = shapely.box(114, 30, 114.1, 30.1)
    gpd.GeoDataFrame({"code": ["A", "A"]}, geometry=[box, box], crs=4326).to_file(folder / "twice.gpkg")
    done = run("evaluate", "{folder}/twice.gpkg")
    assert done.exit_code == 1
    assert "1 codes are borne by several grids" in done.output
