# ruff: noqa: T201 - a program that prints its table
"""Chicago's complaints against the community areas that the city recorded for them: run as a program, prints a table.

python -m tests.benchmarks.chicago
"""

import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from pyproj import CRS
from sqlalchemy import Engine, text

from boundaries.cluster.private_cluster import PrivateCluster
from boundaries.editions.reading import compile_edition, edition_at
from boundaries.files.cases.fields import CaseFields, CaseReading
from boundaries.files.cases.importing import CaseCounts, CaseImport
from boundaries.files.cases.statuses import StatusReader
from boundaries.files.grids.fields import GridFields
from boundaries.files.grids.importing import GridFile, JurisdictionChoice, import_grids
from boundaries.files.rejects import open_rejects
from boundaries.files.table_reader import open_table
from boundaries.files.times import TimeReader, time_zone
from boundaries.jurisdictions.reading import get_jurisdiction
from boundaries.store.engine import open_engine, unit_of_work
from boundaries.store.settings import StoreSettings
from geogrid.coordinates import metres_per_degree

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "chicago_311"
CODE = "chicago"
FIELDS = CaseFields(
    columns={
        "id": "Service_Request_Number",
        "time": "Creation_Date",
        "closed": "Completion_Date",
        "status": "Status",
        "lon": "Longitude",
        "lat": "Latitude",
        "address": "Street_Address",
        "category": "Type_of_Service_Request",
        "text": "What_is_the_Nature_of_this_Code_Violation",
    },
    keep=("Community_Area", "Ward"),
)
_STORED = text("""
    select ST_X(cases.geom) as lon, ST_Y(cases.geom) as lat, coalesce(grids.code, '') as grid,
        cast(cast(cases.attributes->>'Community_Area' as float8) as int8)::text as recorded
    from cases
    join jurisdictions on jurisdictions.id = cases.jurisdiction_id and jurisdictions.code = :code
    left join grids on grids.id = cases.grid_id
    where cast(cases.attributes->>'Community_Area' as float8) > 0
    order by cases.id
""")


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many of the cases with a recorded area have it as their grid, strictly and within a metre."""

    recorded: int
    strict: int
    within_1_m: int


def import_areas(engine: Engine, folder: Path) -> int:
    """Import the 77 community areas as an edition and return how many grids it has."""
    file = GridFile(
        folder / "community_areas.geojson",
        GridFields(code="community_area", name="community", population="POP2010"),
    )
    choice = JurisdictionChoice(CODE, "Chicago", time_zone="America/Chicago")
    with unit_of_work(engine) as session:
        done = import_grids(session, file, choice, valid_from=datetime(2010, 1, 1, tzinfo=UTC))
    return sum(done.grids_by_level.values())


def import_complaints(engine: Engine, folder: Path, rejects_file: Path) -> CaseCounts:
    """Import every complaint and return what became of them."""
    file = folder / "complaints.csv.gz"
    reading = CaseReading(TimeReader(time_zone("America/Chicago")), StatusReader(), CRS.from_epsg(4326))
    with open_table(file) as table, open_rejects(rejects_file) as rejects:
        with unit_of_work(engine) as session:
            chicago = get_jurisdiction(session, CODE)
            asked = CaseImport(chicago, FIELDS, reading, "chicago-311", file, datetime.now(UTC))
            counts = asked.run(session, table, rejects)
        rejects.keep()
    return counts


def measure_agreement(engine: Engine) -> Agreement:
    """Compare the stored grids with the recorded areas."""
    with unit_of_work(engine) as session:
        rows = session.execute(_STORED, {"code": CODE}).all()
        plan = edition_at(session, get_jurisdiction(session, CODE).id, datetime.now(UTC))
        assert plan is not None
        edition = compile_edition(session, plan, at=datetime.now(UTC))
    apart = [row for row in rows if row.grid != row.recorded]
    lon, lat = np.array([row.lon for row in apart]), np.array([row.lat for row in apart])
    near = edition.index.within(lon, lat, 1.0, scale=metres_per_degree(lat))
    codes = np.array([leaf.code for leaf in edition.leaves])[near.positions]
    recorded = np.array([row.recorded for row in apart])[near.point]
    saved = len(np.unique(near.point[codes == recorded]))
    return Agreement(len(rows), len(rows) - len(apart), len(rows) - len(apart) + saved)


def main() -> None:
    if not DATA.is_dir():
        sys.exit(f"The folder {DATA} is not beside the checkout.")
    home = Path(tempfile.mkdtemp(prefix="geogrid-chicago-"))
    try:
        engine = open_engine(StoreSettings(database_url=None, home=home))
        areas = import_areas(engine, DATA)
        start = time.perf_counter()
        counts = import_complaints(engine, DATA, home / "rejects.csv")
        seconds = time.perf_counter() - start
        found = measure_agreement(engine)
        engine.dispose()
    finally:
        PrivateCluster(home).stop()
        shutil.rmtree(home, ignore_errors=True)
    print(f"Community areas imported as grids       {areas:>9,}")
    print(f"Complaints in the file                  {counts.rows:>9,}")
    print(f"  imported and located                  {counts.added:>9,}   in {seconds:.1f} s")
    print(f"  of them outside every area            {counts.outside:>9,}")
    print(f"  equal to an earlier row               {counts.repeated:>9,}")
    print(f"  rejected: no coordinates              {counts.rejected:>9,}")
    print(f"With a recorded area                    {found.recorded:>9,}")
    print(f"  in the recorded area, strictly        {found.strict:>9,}   {found.strict / found.recorded:.2%}")
    print(f"  in the recorded area, within 1 m      {found.within_1_m:>9,}   {found.within_1_m / found.recorded:.2%}")


if __name__ == "__main__":
    main()
