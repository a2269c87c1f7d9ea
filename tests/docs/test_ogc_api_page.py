"""Every command and every line of the page on OGC API Features is run as it stands, beside the demo's data."""

import re
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from tests.fixtures_db import DemoStore
from tests.serving import running

PAGE = Path(__file__).resolve().parents[2] / "docs" / "ogc-api.md"
pytestmark = pytest.mark.timeout(600)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL)


def test_page_does_what_it_says(demo: DemoStore, tmp_path: Path) -> None:
    demo.engine.dispose()
    with running(demo.database) as (_, address):
        commands = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("curl ")]
        assert len(commands) == 12
        for command in commands:
            here = command.replace("http://127.0.0.1:8000", address).replace("curl ", "curl -sS --fail-with-body ", 1)
            done = subprocess.run(
                here, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
            )
            assert done.returncode == 0, (command, done.stdout, done.stderr)
            assert "-o " in command or '"features"' in done.stdout or '"properties"' in done.stdout, command
        (script,) = blocks("python")
        told = "print(len(everything), len(leaves), len(mercator), len(parquet), len(first['features']))"
        program = f"{script.replace('http://127.0.0.1:8000', address)}\n{told}"
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
    every, leaves, mercator, file, first = map(int, done.stdout.split())
    assert every == mercator == file == len(gpd.read_file(tmp_path / "grids.fgb")) > leaves > 0
    assert len(gpd.read_parquet(tmp_path / "grids.parquet")) == every
    assert len(gpd.read_file(tmp_path / "grids.topojson")) == every
    assert len(pd.read_csv(tmp_path / "blocks.csv")) > every
    assert first > 0
