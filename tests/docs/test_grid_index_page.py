"""The commands and the Python of docs/grid-index.md, as they stand."""

import re
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner

from api.cli import main
from geogrid.coordinates import from_wgs84

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "grid-index.md").read_text("utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the page speaks of."""
    boxes = [shapely.box(114.0, 30.0, 114.1, 30.1), shapely.box(114.1, 30.0, 114.2, 30.1)]
    gpd.GeoDataFrame({"code": ["A", "B"]}, geometry=boxes, crs="EPSG:4326").to_file(tmp_path / "grids.gpkg")
    calls = pd.DataFrame({"lon": [114.05, 114.15, 110.0], "lat": [30.05, 30.05, 30.05]})
    calls.to_csv(tmp_path / "calls.csv.gz", index=False)
    shifted = from_wgs84(calls["lon"].to_numpy(), calls["lat"].to_numpy(), "gcj02")
    pd.DataFrame({"lon": shifted[0], "lat": shifted[1]}).to_parquet(tmp_path / "calls.parquet")
    return tmp_path


def test_the_commands_write_what_the_page_promises(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    commands = re.findall(r"^geogrid .*$", PAGE, flags=re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        done = CliRunner().invoke(main, command.split()[1:])
        assert done.exit_code == 0, done.output
    assert pd.read_csv(folder / "located.csv.gz")["grid"].fillna("").tolist() == ["A", "B", ""]
    assert pd.read_parquet(folder / "located.parquet")["grid"].fillna("").tolist() == ["A", "B", ""]


def test_the_python_runs_and_its_assertions_hold(folder: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert code.count("assert ") == 4
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, timeout=120)
    assert (folder / "two.index").exists()


def test_every_room_of_the_index_is_told() -> None:
    rooms = {path.name for path in (ROOT / "geogrid" / "index").glob("*.py")} - {"__init__.py"}
    assert {room for room in rooms if f"`{room}`" not in PAGE} == set()
