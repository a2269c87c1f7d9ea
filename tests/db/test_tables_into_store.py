"""A table of any format, imported: what the store holds is what was written, or a listed refusal; no third thing."""

from collections.abc import Mapping
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from shapely import box
from sqlalchemy import Engine, text

from geogrid.access import mask_text
from tests.db.imports import run
from tests.fixtures_db import Database
from tests.property.random_tables import KEPT, LAYERS, ROWS, TABLES, named, require_same, table_of

FEW = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
KEEP = [part for name in KEPT for part in ("--keep", name)]
SHORTENED = {"t.xlsx", "t.dbf", "t.zip"}
PLACE = {"t": "2025-03-01T12:00:00Z", "lon": "118.005", "lat": "31.005"}
NUMBERS = count(1)


def written(encoding: str | None) -> list[str]:
    return [] if encoding is None else ["--encoding", encoding]


def stored(engine: Engine, query: str, town: str) -> dict[str, Mapping[str, Any]]:
    with engine.connect() as connection:
        found = {row.code: row for row in connection.execute(text(query), {"town": town})}
    return {code: {name: row.attributes.get(name) for name in KEPT} for code, row in found.items()}


def grids_of(engine: Engine, town: str) -> dict[str, Mapping[str, Any]]:
    query = """
        select g.code, g.attributes from grids g join plans p on p.id = g.plan_id
        join jurisdictions j on j.id = p.jurisdiction_id where j.code = :town
    """
    return stored(engine, query, town)


def cases_of(engine: Engine, town: str) -> dict[str, Mapping[str, Any]]:
    query = """
        select c.external_id as code, c.attributes from cases c
        join jurisdictions j on j.id = c.jurisdiction_id where j.code = :town
    """
    return stored(engine, query, town)


@pytest.mark.parametrize("name", LAYERS)
@given(rows=ROWS)
@FEW
def test_grids_of_any_format_are_stored_as_they_were_written_or_refused(
    name: str, database: Database, engine: Engine, rows: list[tuple[object, ...]]
) -> None:
    table, town = table_of(rows), f"town{next(NUMBERS)}"
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        LAYERS[name](table, file)
        which = ["--jurisdiction", town, "--code", "code", "--crs", "EPSG:4326"]
        done = run(database, "import", "grids", file, *which, *KEEP, *written(named(name)))
    got = grids_of(engine, town)
    if done.exit_code:
        assert "have lost their last digits" in done.stderr or "has lost its last digits" in done.stderr, done.stderr
        assert got == {}
        return
    assert sorted(got) == sorted(table["code"])
    require_same(table, got)


@pytest.fixture
def town(database: Database, tmp_path: Path) -> str:
    cell = gpd.GeoDataFrame({"code": ["A"]}, geometry=[box(118, 31, 118.1, 31.1)], crs=4326)
    cell.to_file(tmp_path / "cell.gpkg")
    run(database, "import", "grids", tmp_path / "cell.gpkg", "--jurisdiction", "base", "--code", "code", "--publish")
    return "base"


@pytest.mark.parametrize("name", TABLES)
@given(rows=ROWS)
@example(rows=[("1", None, -(10**15), None, None), ("2", None, 10**15, None, None)])
@FEW
def test_cases_of_any_format_are_stored_as_they_were_written_or_listed(
    name: str, town: str, database: Database, engine: Engine, rows: list[tuple[object, ...]]
) -> None:
    table = table_of(rows).assign(**PLACE)
    with engine.begin() as connection:
        connection.execute(text("truncate cases cascade"))
    with TemporaryDirectory() as folder:
        file, rejects = Path(folder) / name, Path(folder) / "rejects.csv"
        TABLES[name](table, file)
        columns = ["--id", "code", "--time", "t", "--lon", "lon", "--lat", "lat", "--text", "note"]
        which = ["--jurisdiction", town, *columns, *KEEP, *written(named(name)), "--rejects", str(rejects)]
        done = run(database, "import", "cases", file, *which)
        listed = pd.read_csv(rejects, dtype=str, keep_default_na=False) if rejects.exists() else pd.DataFrame()
    got = cases_of(engine, town)
    assert len(got) + len(listed) == len(table), (done.output, done.stderr)
    assert listed.empty or name in SHORTENED or table["note"].isin(["3.20115E+17"]).any(), listed
    good = table[table["code"].isin(got)]
    # A number that looks like a person's is shown masked, and that is told.
    hidden = good[["note", "num"]].map(lambda value: mask_text(str(value)) != str(value)).any(axis=1)
    assert ("shown masked" in done.stderr) == bool(hidden.any())
    require_same(good[~hidden.astype(bool)], got)
