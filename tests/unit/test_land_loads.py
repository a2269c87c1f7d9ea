"""Towns without anybody counted: balanced by their land or their streets; extracts that have next to nothing."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from click.testing import CliRunner, Result
from pyproj import CRS

from api.cli import main
from geogrid.blocks.land_loads import StreetMetres, area_points, street_points
from geogrid.geometry.metres import to_metres

METRES = CRS("EPSG:32635")
NODES = {
    1: (24.0, 60.0), 2: (24.02, 60.0), 3: (24.02, 60.01), 4: (24.0, 60.01),
    5: (24.01, 60.0), 6: (24.01, 60.01), 7: (24.0, 60.005), 8: (24.02, 60.005),
}  # fmt: skip
STREETS = (
    ((1, 2, 3, 4, 1), "highway", "residential"),
    ((5, 6), "highway", "residential"),
    ((7, 8), "highway", "residential"),
)
BOUNDS = '<bounds minlon="23.99" minlat="59.99" maxlon="24.03" maxlat="60.02"/>'


def extract(path: Path, *ways: tuple[tuple[int, ...], str, str], bounds: str = "") -> Path:
    used = {node for refs, _, _ in ways for node in refs}
    nodes = "".join(f"<node id='{n}' lon='{NODES[n][0]}' lat='{NODES[n][1]}'/>" for n in sorted(used))
    lines = ""
    for number, (refs, key, value) in enumerate(ways, start=1):
        inside = "".join(f"<nd ref='{ref}'/>" for ref in refs)
        lines += f"<way id='{number}'>{inside}<tag k='{key}' v='{value}'/></way>"
    path.write_text(f'<osm version="0.6">{bounds}{nodes}{lines}</osm>')
    return path


def cut(source: Path, load: str, band: str) -> tuple[Result, Path]:
    out = source.with_suffix(".gpkg")
    arguments = ["partition", "--osm", str(source), "--load", load, "--band", band, "--out", str(out)]
    return CliRunner().invoke(main, arguments), out


@pytest.mark.parametrize(
    ("ways", "bounds", "load", "says"),
    [
        ((), "", "households", "Nothing that was given covers any land"),
        ((), "", "area", "Nothing that was given covers any land"),
        ((), BOUNDS, "households", "--load area or --load streets"),
        (STREETS, "", "households", "--load area or --load streets"),
        ((((1, 2), "highway", "residential"),), "", "area", "Nothing that was given covers any land"),
    ],
)
def test_extract_without_what_is_needed_is_refused_by_a_sentence(
    tmp_path: Path, ways: tuple[tuple[tuple[int, ...], str, str], ...], bounds: str, load: str, says: str
) -> None:
    done, _ = cut(extract(tmp_path / "town.osm", *ways, bounds=bounds), load, "100:900")
    assert done.exit_code == 1
    assert says in done.output
    assert "nan" not in done.output


@pytest.mark.parametrize(
    ("ways", "bounds", "load", "band"),
    [
        (STREETS, "", "area", "100000:400000"),
        (STREETS, "", "streets", "500:2500"),
        ((((1, 2, 3, 4, 1), "building", "apartments"),), "", "households", "100:90000"),
        ((((5, 6), "highway", "residential"),), BOUNDS, "area", "3000000:5000000"),
        ((((5, 6), "highway", "residential"),), BOUNDS, "streets", "300:600"),
        ((), BOUNDS, "streets", "300:600"),
    ],
)
def test_extract_without_sites_bounds_or_buildings_is_cut_whole(
    tmp_path: Path, ways: tuple[tuple[tuple[int, ...], str, str], ...], bounds: str, load: str, band: str
) -> None:
    done, out = cut(extract(tmp_path / "town.osm", *ways, bounds=bounds), load, band)
    assert done.exit_code == 0, (done.output, done.exception)
    assert "nan" not in done.output
    grids, limit = (pyogrio.read_dataframe(out, layer=name).to_crs(METRES) for name in ("grids", "limit"))
    leaves = grids[grids["kind"] != "parent"]
    assert shapely.symmetric_difference(leaves.union_all(), limit.union_all()).area < 1.0
    assert leaves["in_band"].all() or not ways


def test_area_of_each_block_is_its_square_metres_and_streets_count_once(tmp_path: Path) -> None:
    for load, band in (("area", "100000:400000"), ("streets", "500:2500")):
        done, out = cut(extract(tmp_path / f"{load}.osm", *STREETS), load, band)
        assert done.exit_code == 0, done.output
        blocks, streets = (pyogrio.read_dataframe(out, layer=name) for name in ("blocks", "streets"))
        if load == "area":
            crs = blocks.estimate_utm_crs()
            assert blocks["load"].to_numpy() == pytest.approx(blocks.to_crs(crs).area.to_numpy(), rel=1e-3)
        else:
            metres = to_metres(streets, METRES).geometry
            inner = (
                shapely.length(metres).sum() - shapely.length(shapely.boundary(blocks.to_crs(METRES).union_all())) / 2
            )
            # Those on the limit count half: their other side is nobody's here.
            assert blocks["load"].sum() == pytest.approx(inner, rel=0.01)


def test_street_between_two_blocks_counts_half_in_each() -> None:
    polygons = shapely.box([0, 100], [0, 0], [100, 200], [80, 80])
    street = np.array([shapely.LineString([(100, 0), (100, 80)]), shapely.LineString([(0, 40), (100, 40)])])
    assert StreetMetres.of(street).on(polygons).tolist() == pytest.approx([40 + 100, 40])


def test_lattice_of_land_stands_for_all_of_it() -> None:
    land = shapely.box(0, 0, 1_000, 600)
    points = area_points(land, 16 * 2_500.0, METRES)
    assert points["area"].sum() == pytest.approx(land.area)


def test_streets_of_no_length_carry_nothing() -> None:
    nothing = np.array([shapely.LineString([(1, 1), (1, 1)]), shapely.LineString()], dtype=object)
    assert len(street_points(nothing, METRES)) == 0


def test_column_of_that_name_is_told_not_to_be_read(tmp_path: Path) -> None:
    x, y = 385_000, 6_670_000
    square = shapely.box(x, y, x + 500, y + 500)
    street = shapely.LineString([(x + 250, y), (x + 250, y + 500)])
    streets = gpd.GeoDataFrame({"rank": [4]}, geometry=[street], crs=METRES)
    houses = gpd.GeoDataFrame({"area": [7.0]}, geometry=[shapely.box(x + 10, y + 10, x + 20, y + 20)], crs=METRES)
    path = tmp_path / "town.gpkg"
    streets.to_file(path, layer="streets")
    houses.to_file(path, layer="buildings")
    gpd.GeoDataFrame(geometry=[square], crs=METRES).to_file(path, layer="limit")
    layers = [part for role in ("streets", "buildings", "limit") for part in (f"--{role}", str(path))]
    done = CliRunner().invoke(
        main, ["partition", *layers, "--load", "area", "--grids", "2", "--out", str(tmp_path / "out.gpkg")]
    )
    assert done.exit_code == 0, done.output
    assert "have a column 'area', which is not read" in " ".join(done.output.split())
    leaves = pyogrio.read_dataframe(tmp_path / "out.gpkg", layer="grids")
    assert leaves["load"][leaves["kind"] != "parent"].tolist() == pytest.approx([125_000, 125_000])
