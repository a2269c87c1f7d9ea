"""Every form in which the callers of a county name a place, asked of one invented county."""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from boundaries.addresses.answers import ANYWHERE, Context, GeocodeAnswer
from boundaries.addresses.geocoding import candidates_many, import_addresses
from boundaries.addresses.suggestions import suggest
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.store.engine import open_engine, session_factory
from geogrid.types import LevelName
from tests.fixtures_db import TEMPLATE, Server, copied

LON, LAT = 113.0, 28.2
EAST: dict[str, object] = {"city": "江州市", "district": "临江区", "town": "松岗街道", "community": "望桥社区"}
WEST: dict[str, object] = {"city": "江州市", "district": "临江区", "town": "春和镇", "community": "金井村"}
SPRINGS = WEST | {"community": "双泉村"}
METRES = np.array([111_000 * np.cos(np.radians(LAT)), 111_000])


def county() -> gpd.GeoDataFrame:
    """Return streets 12 m from number to number, an estate, a courtyard of blocks, village groups and places."""
    rows: list[dict[str, object]] = [
        *({"street": "解放路", "house_number": f"{n}号", "x": 12 * n, "y": 0} | EAST for n in range(1, 81)),
        *({"street": "解放路", "house_number": f"{n}号", "x": 9_000 + 12 * n, "y": 6_000} | WEST for n in range(1, 31)),
        *({"street": "朝阳路", "house_number": f"{n}号", "x": 12 * n, "y": 300} | EAST for n in range(1, 61)),
        *({"street": "柳荫街", "house_number": f"{n}号", "x": 400, "y": 12 * n} | EAST for n in range(1, 41)),
        *({"street": "望江东路", "house_number": f"{n}号", "x": 12 * n, "y": -300} | EAST for n in range(1, 41)),
        *({"street": "望江西路", "house_number": f"{n}号", "x": 12 * n, "y": -600} | EAST for n in range(1, 41)),
        *({"street": "四明路1028弄", "house_number": f"{n}号", "x": 12 * n, "y": 1_500} | EAST for n in range(1, 21)),
        *({"estate": "阳光花园", "building": f"{n}栋", "x": 1_500 + 60 * n, "y": 100} | EAST for n in range(1, 16)),
        *(
            {"street": "开元路", "house_number": "88号", "building": f"{n}栋", "unit": f"{u}单元"}
            | {"x": 2_500 + 60 * n, "y": 100 + 20 * u}
            | EAST
            for n in range(1, 9)
            for u in (1, 2)
        ),
        *({"village_group": f"{n}组", "x": 8_000 + 200 * n, "y": 7_000} | WEST for n in range(1, 13)),
        *({"village_group": f"{n}组", "x": 8_000 + 200 * n, "y": 9_000} | SPRINGS for n in range(1, 6)),
        {"name": "人民公园", "x": 900, "y": 900} | EAST,
        {"name": "临江区第一人民医院", "aliases": "区一医院;红楼医院", "x": 1_200, "y": -900} | EAST,
        {"name": "松湖幼儿园", "x": 3_100, "y": 2_800} | EAST,
        {"street": "Garden Street", "house_number": "217-14", "x": 5_000, "y": 5_000},
        {"street": "Garden Street", "house_number": "217-18", "x": 5_040, "y": 5_000},
        {"street": "Garden Street", "house_number": "218-02", "x": 5_100, "y": 5_000},
    ]  # fmt: skip
    table = pd.DataFrame(rows).fillna("")
    lonlat = np.array([LON, LAT]) + table[["x", "y"]].to_numpy(dtype=float) / METRES
    return gpd.GeoDataFrame(table.drop(columns=["x", "y"]), geometry=gpd.points_from_xy(*lonlat.T), crs=4326)


@pytest.fixture(scope="module")
def asked(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Asked"]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("county")):
        engine = open_engine(database.settings)
        with session_factory(engine)() as session:
            town = save_jurisdiction(session, code="county", name="江州", levels=[LevelName("grid")]).id
            import_addresses(session, town, county(), "survey")
            yield Asked(session, town)
        engine.dispose()


class Asked:
    """A county that is asked."""

    def __init__(self, session: Session, town: int) -> None:
        self.session, self.town = session, town

    def all(self, text: str, context: Context = ANYWHERE) -> list[GeocodeAnswer]:
        """Return the answers to a text."""
        (found,) = candidates_many(self.session, self.town, [text], context)
        return found

    def best(self, text: str, context: Context = ANYWHERE) -> GeocodeAnswer:
        """Return the likeliest answer."""
        return self.all(text, context)[0]


def at(answer: GeocodeAnswer) -> tuple[int, int]:
    """Return metres east and north of the county's corner."""
    x, y = (np.array([answer.lon, answer.lat]) - (LON, LAT)) * METRES
    return round(x), round(y)


@pytest.mark.parametrize(
    ("text", "level", "place"),
    [
        ("松岗街道解放路12号", "house_number", (144, 0)),
        ("春和解放路十二號", "house_number", (9_144, 6_000)),
        ("市民反映：临江区松岗街道觧放路12号门口污水管堵塞", "house_number", (144, 0)),
        ("朝陽路３０號二樓", "house_number", (360, 300)),
        ("朝阳路l2号", "house_number", (144, 300)),
        ("朝阳路1O号", "house_number", (120, 300)),
        ("12号朝阳路", "house_number", (144, 300)),
        ("朝阳路二十，路灯不亮", "house_number", (240, 300)),
        ("朝阳路12号附3号", "house_number", (144, 300)),
        ("朝阳路12-3号", "house_number", (144, 300)),
        ("朝阳路12号至20号路面破损", "between_numbers", (192, 300)),
        ("四明路1028弄5号502室", "house_number", (60, 1_500)),
        ("阳光花园9幢", "building", (2_040, 100)),
        ("住阳光花园九号楼2单元301", "building", (2_040, 100)),
        ("开元路88号5栋2单元1103室漏水", "unit", (2_800, 140)),
        ("开元路88号5-2-1103", "unit", (2_800, 140)),
        ("A市春和镇金井村七组", "village_group", (9_400, 7_000)),
        ("金井村第七村民小组", "village_group", (9_400, 7_000)),
        ("双泉村三組", "village_group", (8_600, 9_000)),
        ("区一医院南门占道经营", "name", (1_200, -900)),
        ("来电人称红楼医院旁边施工噪音大", "name", (1_200, -900)),
        ("你好，我是松湖幼儿园的家长，门口每天堵车", "name", (3_100, 2_800)),
        ("朝阳路与柳荫街交叉口东南角", "crossing", (400, 300)),
        ("柳荫街朝阳路口垃圾成堆", "crossing", (400, 300)),
        ("柳荫街（解放路与朝阳路之间）路灯不亮", "crossing", (400, 150)),
        ("柳荫街从解放路到朝阳路路段", "crossing", (400, 150)),
        ("217-14 Garden St", "house_number", (5_000, 5_000)),
        ("21714 GARDEN STREET", "house_number", (5_000, 5_000)),
        ("217-16 Garden Street", "between_numbers", (5_020, 5_000)),
    ],
)
def test_every_form_of_an_address_is_understood(asked: Asked, text: str, level: str, place: tuple[int, int]) -> None:
    answer = asked.best(text)
    assert at(answer) == pytest.approx(place, abs=8)
    assert answer.matched_level == level
    text_is_sure = "觧" not in text  # one character of three is another one: a person has to look
    assert answer.needs_review is not text_is_sure


@pytest.mark.parametrize(
    ("text", "level", "waits", "least_error_m"),
    [
        ("春和镇有人烧垃圾", "town", False, 1_800),
        ("金井村", "community", False, 400),
        ("临江区", "district", False, 7_000),
        ("解放路", "street", True, 100),
    ],
)
def test_an_area_is_sure_of_itself_and_a_long_street_waits(
    asked: Asked,
    text: str,
    level: str,
    waits: bool,  # noqa: FBT001 - a parameter of the test
    least_error_m: float,
) -> None:
    answer = asked.best(text)
    assert (answer.matched_level, answer.needs_review) == (level, waits)
    assert answer.positional_error_m >= least_error_m


@pytest.mark.parametrize("text", ["望江路30号", "解放路12号", "朝阳路12号和望江东路5号都有垃圾"])
def test_several_places_are_all_told_and_wait(asked: Asked, text: str) -> None:
    answers = asked.all(text)
    assert answers[0].needs_review
    assert "is as likely" in answers[0].why[-1]
    assert len({at(answer) for answer in answers[:2]}) == 2


def test_a_turned_street_is_never_taken_for_its_opposite(asked: Asked) -> None:
    assert asked.all("望江南路30号") == []


def test_beside_and_a_way_move_and_widen_the_circle(asked: Asked) -> None:
    plain, beside, away = (asked.best(text) for text in ("人民公园", "人民公园对面", "人民公园往东200米"))
    assert beside.positional_error_m == plain.positional_error_m + 30
    assert at(away) == pytest.approx((1_100, 900), abs=2)
    assert away.positional_error_m > plain.positional_error_m


def test_the_area_of_the_caller_decides_between_streets_of_one_name(asked: Asked) -> None:
    west = Context(inside=lambda lon, _lat: lon > LON + 0.05)
    answer = asked.best("解放路12号", west)
    assert at(answer) == pytest.approx((9_144, 6_000), abs=2)
    assert not answer.needs_review
    assert asked.all("人民公园", west) == []


@pytest.mark.parametrize(("text", "level"), [("七组路灯坏了", "village_group"), ("第七村民小组", "village_group")])
def test_what_a_caller_leaves_unsaid_is_taken_from_their_area(asked: Asked, text: str, level: str) -> None:
    assert asked.all(text) == []
    answer = asked.best(text, Context(areas=("春和镇", "金井村")))
    assert (answer.matched_level, at(answer), answer.needs_review) == (level, (9_400, 7_000), False)


def test_the_area_of_the_caller_counts_for_a_door_deep_in_a_long_text(asked: Asked) -> None:
    text = f"{'您好，前几天打过电话，一直没有人来处理这件事情，' * 3}解放路12号门口的路灯坏了，晚上看不见，谢谢"
    answer = asked.best(text, Context(areas=("春和镇", "金井村")))
    assert (at(answer), answer.needs_review) == (pytest.approx((9_144, 6_000), abs=2), False)


def test_a_building_is_found_by_the_estate_of_the_caller(asked: Asked) -> None:
    answer = asked.best("9幢20号店的咖啡店污水管堵塞", Context(areas=("松岗街道", "阳光花园")))
    assert (answer.matched_level, at(answer)) == ("building", (2_040, 100))


def test_why_names_number_and_areas(asked: Asked) -> None:
    why = asked.best("松岗街道解放路12号").why
    assert why[:2] == ("'解放路' is '解放路'", "number 12 is the known number 12")
    assert "it lies in '松岗街道', as was said" in why


HOSTILE = (
    "",
    " \t\n",
    "%",
    "_%_%",
    "\\",
    "'; drop table addresses; --",
    "\x01\x02",
    "\u202e\ufeff",
    "\U0001f6bd\U0001f6bd",
    "9" * 3_000,
    "(" * 3_000,
    "(" * 900 + " between " + "(" * 90 + "and",
    "a" * 1_000_000,
    "\ufdfa" * 2_000,
    "路口" * 3_000,
    "第" * 3_000 + "组",
    "与" * 900 + "路口",
    "& @ + corner of of and",
    "〇号",
    "½ ²",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_means_nothing(asked: Asked, text: str) -> None:
    context = Context(near=(LON, LAT), areas=("春和镇",))
    assert asked.all(text) == []
    assert all(answer.needs_review for answer in asked.all(text, context))
    assert suggest(asked.session, asked.town, text) == []


def test_an_address_among_signs_and_pictures_is_found(asked: Asked) -> None:
    answer = asked.best("\U0001f6bd\u202e松岗街道 解放路12号 %_% \U0001f6bd")
    assert at(answer) == pytest.approx((144, 0), abs=2)


def test_of_a_very_long_complaint_the_beginning_is_read(asked: Asked) -> None:
    assert at(asked.best("松岗街道解放路12号污水横流。" + "请处理。" * 100_000)) == pytest.approx((144, 0), abs=2)
