"""``geogrid locate`` when something goes wrong: two at once, a kill, a full disk, a wrong CRS."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from boundaries.files.points import GridChoice, LocatedFile, PointChoice, locate_file
from geogrid.errors import GeogridError, InvalidInputError

ROOT = Path(__file__).resolve().parents[2]
HALTED = """
import sys, time
from pathlib import Path
from boundaries.files.points import GridChoice, PointChoice, locate_file
folder = Path(sys.argv[1])
locate_file(
    GridChoice(folder / "grids.gpkg", "code"), PointChoice(folder / "points.csv", "lon", "lat"), folder / "out.csv",
    start=lambda total: lambda rows: (print("halted", flush=True), time.sleep(600)),
)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    squares = [shapely.box(116.0, 39.0, 116.1, 39.1), shapely.box(116.1, 39.0, 116.2, 39.1)]
    gpd.GeoDataFrame({"code": ["b", "a"]}, geometry=squares, crs="EPSG:4326").to_file(tmp_path / "grids.gpkg")
    points(40_000).to_csv(tmp_path / "points.csv", index=False)
    return tmp_path


def points(rows: int) -> pd.DataFrame:
    lon, lat = np.random.default_rng(0).uniform([116.0, 39.0], [116.2, 39.1], (rows, 2)).T
    return pd.DataFrame({"lon": lon, "lat": lat})


def located(folder: Path, *, crs: str | None = None, grids: str = "grids.gpkg", out: str = "out.csv") -> LocatedFile:
    choice = PointChoice(folder / "points.csv", "lon", "lat", crs=crs)
    return locate_file(GridChoice(folder / grids, "code"), choice, folder / out)


def unfinished(folder: Path) -> list[Path]:
    return list(folder.glob(".out.csv.part-*"))


@contextmanager
def halted_writer(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that has begun to write, looks old, and does not go on."""
    process = subprocess.Popen([sys.executable, "-c", HALTED, str(folder)], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"halted\n"
        os.utime(unfinished(folder)[0], (0, 0))
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_killed_writer_leaves_no_output_and_the_next_removes_its_remains(folder: Path) -> None:
    with halted_writer(folder) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (folder / "out.csv").exists()
    assert len(unfinished(folder)) == 1
    assert located(folder).located == 40_000
    assert unfinished(folder) == []
    assert len(pd.read_csv(folder / "out.csv")) == 40_000


def test_a_writer_at_work_is_left_alone_by_another_of_the_same_output(folder: Path) -> None:
    with halted_writer(folder):
        assert located(folder).located == 40_000
        assert len(unfinished(folder)) == 1
        assert len(pd.read_csv(folder / "out.csv")) == 40_000


def test_two_writers_of_the_same_output_leave_one_whole_file(folder: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: located(folder).located, range(2)))
    assert done == [40_000, 40_000]
    assert pd.read_csv(folder / "out.csv")["grid"].isin(["a", "b"]).all()
    assert unfinished(folder) == []


@pytest.mark.parametrize("name", ["points.csv", "points.csv.gz", "points.parquet", "points.arrow", "points.gpkg"])
def test_a_full_disk_leaves_the_old_output_and_nothing_else(folder: Path, name: str) -> None:
    frame = points(30_000)
    if name.endswith(".parquet"):
        frame.to_parquet(folder / name)
    elif name.endswith(".arrow"):
        frame.to_feather(folder / name, compression="uncompressed")
    elif name.endswith(".gpkg"):
        gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame.lon, frame.lat), crs=4326).to_file(folder / name)
    else:
        frame.to_csv(folder / name, index=False)
    target = folder / f"out{''.join(Path(name).suffixes)}"
    target.write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A limit of the length of files fails as a full disk does, in the middle of a write.
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(GeogridError, match="cannot be written"):
            locate_file(GridChoice(folder / "grids.gpkg", "code"), PointChoice(folder / name, "lon", "lat"), target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert target.read_text() == "old"
    assert [path for path in folder.iterdir() if path.name.startswith(".")] == []


def test_points_that_are_in_no_grid_at_all_are_told_with_both_extents(folder: Path) -> None:
    assert located(folder).hint == ""
    gpd.read_file(folder / "grids.gpkg").translate(10).to_frame("geometry").assign(code=["a", "b"]).to_file(
        folder / "elsewhere.gpkg"
    )
    hint = located(folder, grids="elsewhere.gpkg").hint
    assert "the grids reach from 126, 39 to 126.2, 39.1, the points from 116" in hint
    assert "--grids-crs" in hint


def test_grids_in_metres_that_claim_degrees_are_refused(folder: Path) -> None:
    grids = gpd.read_file(folder / "grids.gpkg").to_crs("EPSG:3857").set_crs("EPSG:4326", allow_override=True)
    grids.to_file(folder / "lying.gpkg")
    with pytest.raises(InvalidInputError, match=r"lying.gpkg: The coordinates cannot be EPSG:4326.*--grids-crs"):
        located(folder, grids="lying.gpkg")


def test_grids_without_a_crs_are_told_the_option_that_names_it(folder: Path) -> None:
    grids = gpd.read_file(folder / "grids.gpkg").set_crs(None, allow_override=True)
    with pytest.warns(UserWarning, match="crs"):
        grids.to_file(folder / "bare.gpkg")
    with pytest.raises(InvalidInputError, match="--grids-crs EPSG:4326"):
        located(folder, grids="bare.gpkg")


def test_degrees_of_an_old_datum_are_brought_to_that_of_the_grids(folder: Path) -> None:
    grids = gpd.read_file(folder / "grids.gpkg")
    grids.set_geometry(grids.translate(-196.1)).to_file(folder / "virginia.gpkg")
    pd.DataFrame({"lon": [-80.0001], "lat": [39.05]}).to_csv(folder / "points.csv", index=False)
    located(folder, grids="virginia.gpkg", crs="EPSG:4490", out="modern.csv")
    assert pd.read_csv(folder / "modern.csv")["grid"].tolist() == ["b"]
    # Degrees of NAD27 lie some 20 metres further east, beyond the line between the grids.
    located(folder, grids="virginia.gpkg", crs="EPSG:4267", out="old.csv")
    assert pd.read_csv(folder / "old.csv")["grid"].tolist() == ["a"]
