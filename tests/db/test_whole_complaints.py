"""Whole complaints, placed by all their names in the deepest grid that holds what is sure."""

from datetime import UTC, datetime

import geopandas as gpd
import pandas as pd
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from boundaries.addresses.answers import Context
from boundaries.addresses.area_codes import place_codes
from boundaries.addresses.geocoding import candidates_many, geocode, import_addresses
from boundaries.addresses.learning import learn_alias
from boundaries.cases.intake import CaseDraft, take_case
from boundaries.editions.reading import compile_edition, editions_of
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.plans.storing import save_plan
from boundaries.publishing.publish import publish
from boundaries.store.engine import unit_of_work
from geogrid.types import LevelName
from tests.db.towns import row_of_boxes

NOW = datetime(2026, 6, 1, tzinfo=UTC)
CODES = pd.DataFrame(
    {
        "code": ["430121102", "430121102001", "430122103", "430122103007", "430123104"],
        "name": ["石浦镇", "双桥村委会", "柳塘镇", "双桥村委会", "柏泉街道办事处"],
    }
)
LONG = (
    "昨天晚上大概十一点半左右我下班回家路过的时候发现那里的路灯全部都不亮了，走路很不安全，"
    "已经持续了一个多星期，请有关部门尽快处理，谢谢。"
)


@pytest.fixture
def town(engine: Engine) -> int:
    grids = row_of_boxes("abc").assign(
        code=["4301", "430121", "430122", "430123"],
        name=["澜州市", "东山县", "西山县", "南山区"],
        parent=[None, "4301", "4301", "4301"],
    )
    with unit_of_work(engine) as session:
        levels = [LevelName("city"), LevelName("county")]
        jurisdiction = save_jurisdiction(session, code="city", name="澜州", levels=levels)
        publish(
            session,
            save_plan(session, jurisdiction, name="First", grids=grids, source="test"),
            valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        )
        import_addresses(session, jurisdiction.id, place_codes(session, jurisdiction.id, CODES).areas, "codes")
        names = {"name": ["锦绣华庭小区", "澄湖医院", "澄湖中学"]}
        points = gpd.points_from_xy([11.2, 12.3, 12.4], [50.5] * 3)
        import_addresses(session, jurisdiction.id, gpd.GeoDataFrame(names, geometry=points, crs=4326), "places")
        return jurisdiction.id


def taken(session: Session, town: int, text: str) -> tuple[str | None, str]:
    edition = compile_edition(session, editions_of(session, town)[-1], at=NOW)
    placed = take_case(session, town, edition, CaseDraft(NOW, text=text)).placed
    return (None if placed.located is None else placed.located.grid.code), str(placed.note.get("level", ""))


@pytest.mark.parametrize(
    ("text", "grid", "level"),
    [
        (f"柳塘镇双桥村{LONG}", "430122", "community"),
        (f"我是石浦的村民，{LONG}双桥村村部旁边最黑。", "430121", "community"),
        (f"柏泉街道{LONG}", "430123", "town"),
        (f"我是锦绣华庭小区的业主。{LONG}", "430122", "district"),
        ("柏泉街道路灯不亮", "430123", "town"),
    ],
)
def test_a_case_goes_to_the_deepest_grid_that_holds_what_its_words_are_sure_of(
    town: int, session: Session, text: str, grid: str, level: str
) -> None:
    assert taken(session, town, text) == (grid, level)


@pytest.mark.parametrize("text", [LONG, "小区路灯不亮", "石浦镇的人在柳塘镇打架"])
def test_words_that_leave_the_grid_open_place_no_case(town: int, session: Session, text: str) -> None:
    assert taken(session, town, text)[0] in {None, "4301"}


def test_a_caller_from_a_grid_means_the_village_in_it(town: int, session: Session) -> None:
    context = Context(inside=lambda lon, _lat: 11 < lon < 12, within="430122")
    (answers,) = candidates_many(session, town, ["双桥村路灯不亮"], context)
    assert (answers[0].matched_level, answers[0].grid, answers[0].needs_review) == ("community", "430122", False)


def test_what_was_chosen_for_a_whole_complaint_is_found_again(town: int, session: Session) -> None:
    text = f"柳塘镇双桥村{LONG}"
    learn_alias(session, town, text, (12.25, 50.75))
    answer = geocode(session, town, text)
    assert answer is not None
    assert (answer.lon, answer.lat) == pytest.approx((12.25, 50.75))


def test_names_imported_later_are_known_at_once(town: int, session: Session) -> None:
    text = "我住云栖谷，楼下天天放音乐"
    before = geocode(session, town, text)
    assert before is None or before.needs_review
    frame = gpd.GeoDataFrame({"name": ["云栖谷小区"]}, geometry=gpd.points_from_xy([10.4], [50.5]), crs=4326)
    import_addresses(session, town, frame, "more")
    after = geocode(session, town, text)
    assert after is not None
    assert after.lon < 11


def test_an_area_named_with_a_city_far_away_waits(town: int, session: Session) -> None:
    answer = geocode(session, town, "杭州市柏泉街道路灯不亮")
    assert answer is None or answer.needs_review
