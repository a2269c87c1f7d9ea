"""The complaints of Chicago, imported and located, against the community areas that the city recorded."""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from boundaries.files.cases.importing import CaseCounts
from boundaries.store.engine import open_engine
from boundaries.store.settings import StoreSettings
from tests.benchmarks.chicago import import_areas, import_complaints, measure_agreement
from tests.fixtures_db import Server

pytestmark = pytest.mark.shared_data


@dataclass(frozen=True, slots=True)
class Chicago:
    """A store with Chicago in it."""

    engine: Engine
    areas: int
    counts: CaseCounts
    rejects: list[list[str]]


@pytest.fixture(scope="module")
def chicago(server: Server, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chicago]:
    folder, name = tmp_path_factory.mktemp("chicago"), "test_chicago"
    server.execute(f"create database {name} template geogrid strategy file_copy")
    engine = open_engine(StoreSettings(database_url=server.url_of(name), home=folder))
    try:
        areas = import_areas(engine, shared_data / "chicago_311")
        counts = import_complaints(engine, shared_data / "chicago_311", folder / "rejects.csv")
        with (folder / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
            yield Chicago(engine, areas, counts, list(csv.reader(file)))
    finally:
        engine.dispose()
        server.execute(f"drop database {name} with (force)")


def test_all_community_areas_are_grids(chicago: Chicago) -> None:
    assert chicago.areas == 77


def test_every_row_of_the_file_is_accounted_for(chicago: Chicago) -> None:
    counts = chicago.counts
    assert (counts.rows, counts.added, counts.repeated, counts.rejected) == (74_401, 74_374, 3, 24)
    assert counts.added + counts.repeated + counts.rejected == counts.rows


def test_repeated_request_numbers_lose_no_content(chicago: Chicago) -> None:
    assert chicago.counts.further == 372
    with chicago.engine.connect() as connection:
        numbers = connection.execute(text("select count(distinct external_id) from cases")).scalar_one()
    assert numbers + chicago.counts.further == chicago.counts.added


def test_rows_without_coordinates_are_in_the_rejects_file_with_their_lines(chicago: Chicago, shared_data: Path) -> None:
    with gzip.open(shared_data / "chicago_311" / "complaints.csv.gz", "rt", newline="") as file:
        without = [line for line, row in enumerate(csv.DictReader(file), start=2) if not row["Longitude"]]
    header, *rows = chicago.rejects
    assert header[-2:] == ["line", "reason"]
    assert [int(row[-2]) for row in rows] == without
    assert all(row[-1].startswith("it has no point, and its address ") for row in rows)
    assert len(rows) == 24


def test_cases_lie_in_the_recorded_area_strictly_and_within_a_metre(chicago: Chicago) -> None:
    found = measure_agreement(chicago.engine)
    assert found.recorded == 74_371
    assert found.strict / found.recorded >= 0.982
    assert round(found.within_1_m / found.recorded, 4) >= 0.9989


def test_dup_statuses_are_closed_or_open_and_keep_their_words(chicago: Chicago) -> None:
    with chicago.engine.connect() as connection:
        rows = connection.execute(
            text("""
                select status, attributes->>'status' as words, count(*) as cases
                from cases where attributes->>'status' like '%Dup' group by 1, 2 order by 1
            """)
        ).all()
    assert [(row.status, row.words) for row in rows] == [("closed", "Completed - Dup"), ("open", "Open - Dup")]
