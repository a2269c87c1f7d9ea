"""A town of four cells in files, and the import commands run in this process."""

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
from click.testing import CliRunner, Result
from shapely import box
from sqlalchemy import Engine, text

from api.cli import main
from tests.fixtures_db import Database

LON, LAT = 118.8, 31.9
HEADER = "number,when,closed,status,lon,lat,address,what,phone"
MAPPING = (
    *("--jurisdiction", "town", "--id", "number", "--time", "when", "--closed", "closed", "--status", "status"),
    *("--lon", "lon", "--lat", "lat", "--address", "address", "--text", "what"),
)


def grids_file(folder: Path, *, name: str = "town.gpkg") -> Path:
    """Four cells of a hundredth of a degree, side by side, of two communities."""
    path = folder / name
    boxes = [box(LON + n / 100, LAT, LON + (n + 1) / 100, LAT + 0.01) for n in range(4)]
    columns = {
        "code": list("abcd"),
        "label": ["甲", "乙", "丙", "丁"],
        "com": ["W", "W", "E", "E"],
        "hh": [10, 20, 30, 40],
    }
    gpd.GeoDataFrame(columns, geometry=boxes, crs=4326).to_file(path)
    return path


def cases_file(folder: Path, rows: Sequence[str], *, name: str = "cases.csv") -> Path:
    """A table of cases with the columns of `HEADER`."""
    path = folder / name
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def good_rows(count: int) -> list[str]:
    """Cases one a minute, spread over the four cells."""
    times = [f"2024-03-01 {n // 60 % 24:02}:{n % 60:02}" for n in range(count)]
    lons = [f"{LON + 0.0001 + n % 399 / 10_000:.4f}" for n in range(count)]
    return [f"N{n},{times[n]},,open,{lons[n]},{LAT + 0.005},,路灯不亮,1390000" for n in range(count)]


def run(database: Database, *arguments: str | Path) -> Result:
    """Run a command on a test's database; an unexpected exception is raised, not swallowed."""
    variables = {"GEOGRID_DATABASE_URL": database.url, "GEOGRID_HOME": str(database.settings.home)}
    runner = CliRunner(env=variables, catch_exceptions=False)
    return runner.invoke(main, [str(argument) for argument in arguments])


def import_town(database: Database, folder: Path, *options: str) -> Result:
    """Publish the four cells."""
    columns = ("--code", "code", "--name", "label", "--parent", "com", "--households", "hh")
    return run(
        database, "import", "grids", grids_file(folder), "--jurisdiction", "town", *columns, "--publish", *options
    )


def import_cases(database: Database, file: Path, *options: str | Path, mapping: Sequence[str] = MAPPING) -> Result:
    """Import a table; rejects go beside it."""
    rejects = () if "--rejects" in options else ("--rejects", file.with_name("rejects.csv"))
    return run(database, "import", "cases", file, *mapping, *rejects, *options)


def scalar(engine: Engine, statement: str) -> object:
    """Return the one value of a query."""
    with engine.connect() as connection:
        return connection.execute(text(statement)).scalar_one()
