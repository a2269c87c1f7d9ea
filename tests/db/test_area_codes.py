from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from boundaries.addresses.area_codes import place_codes
from boundaries.addresses.geocoding import geocode
from boundaries.jurisdictions.reading import LevelName
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.plans.storing import save_plan
from boundaries.publishing.publish import publish
from boundaries.store.engine import unit_of_work
from geogrid.errors import InvalidInputError
from tests.db.programs import called_geogrid
from tests.db.towns import row_of_boxes
from tests.fixtures_db import Database

CODES = pd.DataFrame(
    {
        "code": ["430121102001", "430121102002", "430121102003"],
        "name": ["金井村村民委员会", "望桥社区居民委员会", "远山村委会"],
    }
)


@pytest.fixture
def town(engine: Engine) -> int:
    grids = row_of_boxes("ab").assign(name=["春和镇", "金井村", "望桥社区"])
    with unit_of_work(engine) as session:
        levels = [LevelName("town", "镇"), LevelName("community", "社区")]
        jurisdiction = save_jurisdiction(session, code="town", name="春和", levels=levels)
        plan = save_plan(session, jurisdiction, name="First", grids=grids, source="test")
        publish(session, plan, valid_from=datetime(2026, 1, 1, tzinfo=UTC))
        return jurisdiction.id


def test_villages_of_a_code_list_lie_in_the_grids_of_their_names(town: int, session: Session) -> None:
    placed = place_codes(session, town, CODES)
    assert placed.unplaced == ("远山村委会",)
    assert placed.areas["community"].tolist() == ["金井村", "望桥社区"]
    assert placed.areas.geometry.x.tolist() == pytest.approx([10.5, 11.5])
    assert placed.areas["error_m"].min() > 60_000


def test_a_list_of_other_villages_is_refused(town: int, session: Session) -> None:
    with pytest.raises(InvalidInputError, match="None of the 1 areas"):
        place_codes(session, town, CODES.tail(1))


def test_a_code_list_is_imported_and_its_villages_are_found(
    town: int, session: Session, database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "villages.csv"
    CODES.to_csv(file, index=False)
    done = called_geogrid("import", "addresses", str(file), GEOGRID_DATABASE_URL=database.url)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "villages.csv: 2 rows, 2 addresses.\n1 areas have no grid of their own, among them 远山村委会.\n"
    )
    answer = geocode(session, town, "金井村有人烧垃圾")
    assert answer is not None
    assert (answer.matched_level, answer.needs_review) == ("community", True)
    assert answer.lon == pytest.approx(10.5)
