from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from shapely import box
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from boundaries.addresses.area_codes import place_codes
from boundaries.addresses.geocoding import geocode, import_addresses
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.plans.storing import save_plan
from boundaries.publishing.publish import publish
from boundaries.store.engine import unit_of_work
from geogrid.errors import InvalidInputError
from geogrid.types import LevelName
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
        "villages.csv: 3 rows, 2 addresses.\n1 areas have no grid, nor an area above them that has one: 远山村委会.\n"
    )
    answer = geocode(session, town, "金井村有人烧垃圾")
    assert answer is not None
    assert (answer.matched_level, answer.needs_review, answer.grid) == ("community", False, "D-a")
    assert answer.lon == pytest.approx(10.5)


def test_areas_without_a_polygon_stand_at_the_nearest_area_above_with_its_radius(
    engine: Engine, database: Database, session: Session, tmp_path: Path
) -> None:
    grids = row_of_boxes("abcde").assign(name=["星沙县", "春和镇", "别镇", "金井村", "大村", "别村"])
    grids["code"] = ["430121", "430121102", "430121109", "430121102001", "430121102009", "430121109001"]
    grids["parent"] = [None, "430121", "430121", "430121102", "430121102", "430121109"]
    grids["kind"], grids["category"] = ["parent"] * 3 + ["comprehensive"] * 3, None
    edges = [(10, 15), (10, 13), (13, 15), (10, 11), (11, 13), (13, 15)]
    grids = grids.set_geometry([box(west, 50, east, 51) for west, east in edges], crs=4326)
    with unit_of_work(engine) as making:
        levels = [LevelName("county", "县"), LevelName("town", "镇"), LevelName("community", "社区")]
        jurisdiction = save_jurisdiction(making, code="county", name="星沙", levels=levels)
        grids["level"] = [1, 2, 2, 3, 3, 3]
        plan = save_plan(making, jurisdiction, name="First", grids=grids, source="test")
        publish(making, plan, valid_from=datetime(2026, 1, 1, tzinfo=UTC))
        county = jurisdiction.id
    table = pd.DataFrame(
        {
            "code": ["430121102001", "430121102002", "430121103000", "430121103001", "430122001001"],
            "name": ["金井村村民委员会", "望桥社区居民委员会", "松岗镇", "双泉村村委会", "远山村委会"],
        }
    )
    placed = place_codes(session, county, table)
    own, in_town, town, in_county = placed.areas.itertuples()
    assert (in_town.geometry, in_town.error_m) != (own.geometry, own.error_m)
    assert (town.geometry, town.error_m) == (in_county.geometry, in_county.error_m)
    assert (town.town, in_county.community) == ("松岗镇", "双泉村")
    assert in_county.error_m > in_town.error_m > own.error_m
    assert placed.above == {"春和镇": 1, "星沙县": 2}
    assert placed.unplaced == ("远山村委会",)
    file = tmp_path / "villages.csv"
    table.rename(columns={"code": "区划代码", "name": "名称"}).to_csv(file, index=False)
    done = called_geogrid("import", "addresses", str(file), GEOGRID_DATABASE_URL=database.url)
    assert done.returncode == 0, done.stderr
    assert "5 rows, 4 addresses." in done.stdout
    assert "3 areas have no grid of their own and stand at the area above them" in done.stdout
    answer = geocode(session, county, "双泉村有人烧垃圾")
    assert answer is not None
    assert answer.positional_error_m >= in_county.error_m - 1


def test_villages_without_a_grid_of_their_own_lie_in_the_grid_that_their_code_begins_with(engine: Engine) -> None:
    grids = row_of_boxes("ab").assign(code=["4301", "430121", "430122"], name=["春和市", "东山县", "西山县"])
    grids["parent"] = [None, "4301", "4301"]
    codes = pd.DataFrame(
        {
            "code": ["430121102", "430121102001", "430122103", "430122103007"],
            "name": ["金井镇", "双泉村委会", "松岗镇", "双泉村委会"],
        }
    )
    with unit_of_work(engine) as session:
        jurisdiction = save_jurisdiction(
            session, code="city", name="春和", levels=[LevelName("city"), LevelName("county")]
        )
        plan = save_plan(session, jurisdiction, name="First", grids=grids, source="test")
        publish(session, plan, valid_from=datetime(2026, 1, 1, tzinfo=UTC))
        import_addresses(session, jurisdiction.id, place_codes(session, jurisdiction.id, codes).areas, "codes")
        named = {
            text: geocode(session, jurisdiction.id, text)
            for text in ("松岗镇双泉村路灯不亮", "金井双泉村路灯不亮", "双泉村路灯不亮", "路灯不亮")
        }
    sure = {
        text: (answer.matched_level, answer.grid)
        for text, answer in named.items()
        if answer and not answer.needs_review
    }
    assert sure == {
        "松岗镇双泉村路灯不亮": ("community", "430122"),
        "金井双泉村路灯不亮": ("community", "430121"),
        "双泉村路灯不亮": ("district", "4301"),
    }
