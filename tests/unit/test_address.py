import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.addresses import (
    GazetteerName,
    GazetteerPlace,
    Hit,
    Match,
    core_of,
    name_likeness,
    normalise,
    parse_query,
    rank,
)
from geogrid.addresses.misspell import misspell
from geogrid.addresses.numbers import known_places, parse_number, style_of

LON, LAT = 24.94, 60.17
STEP = 0.0004


class Town:
    """A gazetteer in memory, searched by comparing everything with everything."""

    def __init__(self) -> None:
        self.names: dict[str, GazetteerName] = {}
        self.places: dict[int, list[GazetteerPlace]] = {}
        self.count = 0

    def add(self, name: str, *numbers: str, lat: float = LAT, areas: str = "") -> "Town":
        """Add addresses along a street, 22 m from number to number; without numbers, a place."""
        key = normalise(name)
        known = self.names.setdefault(key, GazetteerName(len(self.names), key, core_of(key), name))
        parsed = [(text, parse_number(text)) for text in numbers]
        style = style_of([number for _, number in parsed if number is not None])
        for i, (text, number) in enumerate(parsed or [("", None)]):
            self.count += 1
            for place in (None,) if number is None else known_places(number, style):
                label = f"{name} {text}".strip()
                number_key = "" if number is None else number.key
                known_place = GazetteerPlace(known.id, place, number_key, self.count, label, areas, LON + STEP * i, lat)
                self.places.setdefault(known.id, []).append(known_place)
        return self

    def ask(self, text: str, *, near: tuple[float, float] | None = None) -> list[Match]:
        question = parse_query(text)
        hits = [
            Hit(reading, name, reading.worth * name_likeness(reading.name, name))
            for reading in (*question.readings, *question.fuzzy)
            for name in self.names.values()
        ]
        return rank(question, hits, self.places, near=near)

    def found(self, text: str) -> Match:
        return self.ask(text)[0]


def main_street() -> Town:
    return Town().add("Mannerheimintie", "10", "12", "14", "16 B", "22-26")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  MANNERHEIMINTIE,10 ", "mannerheimintie 10"),
        ("Ｍａｉｎ Ｓｔ １２", "main st 12"),  # noqa: RUF001 - full width on purpose
        ("Töölönlahdenkatu", "toolonlahdenkatu"),
        ("217–14 Hempstead Avenue", "217-14 hempstead ave"),
        ("Twenty-First Street North", "21 st n"),
        ("One 101ts Aveune", "one 101 aveune"),
        ("解放路12號", "解放路12号"),
        ("南京東路十二棟三單元", "南京东路12栋3单元"),
        ("金鼎村七組", "金鼎村7组"),
        ("９幢", "9栋"),
        ("三里屯路二十号", "三里屯路20号"),
        ("一百零五室", "105室"),
    ],
)
def test_spellings_become_one(text: str, expected: str) -> None:
    assert normalise(text) == expected


@given(st.text(max_size=40))
def test_any_text_can_be_asked(text: str) -> None:
    assert all(0 < match.score <= 1 for match in main_street().ask(text))


@pytest.mark.parametrize(
    ("key", "core"),
    [("s wood st", "wood"), ("100 ave", "100"), ("ave n", "ave n"), ("n ave", "n"), ("hempstead ave n", "hempstead")],
)
def test_the_core_of_a_name_lacks_type_and_direction(key: str, core: str) -> None:
    assert core_of(key) == core


@pytest.mark.parametrize(
    ("written", "key", "first"),
    [
        ("33 B", "33b", 33),
        ("22-24", "22-24", 22),
        ("2, 2. krs./Floor 2", "2", 2),
        ("1;3;5", "1", 1),
        ("十二号", "12", 12),
    ],
)
def test_house_numbers_of_a_gazetteer_are_read(written: str, key: str, first: int) -> None:
    number = parse_number(written)
    assert number is not None
    assert (number.key, number.first) == (key, first)


def test_a_hyphen_means_lots_of_blocks_where_the_numbers_do_not_ascend() -> None:
    queens = [parse_number(text) for text in ("217-14", "217-16", "89-23", "90-02")]
    ranges = [parse_number(text) for text in ("22-24", "1-3", "10-16", "7")]
    assert style_of([number for number in queens if number]) == "block"
    assert style_of([number for number in ranges if number]) == "plain"


def test_the_exact_number_is_the_answer() -> None:
    match = main_street().found("mannerheimintie 12")
    assert (match.level, match.score, match.lon) == ("house_number", 1.0, LON + STEP)


def test_a_slip_in_the_street_lowers_the_score_only() -> None:
    match = main_street().found("Manerheimintie 12")
    assert (match.level, match.lon) == ("house_number", LON + STEP)
    assert 0.9 < match.score < 1


@pytest.mark.parametrize(
    "text",
    [
        "217-14 Hempstead Ave",
        "21714 hempstead avenue",
        "217-14 HEMPSTAED AVE",
        "217-14 Hempstead",
        "217-14 Hempstead Avnue",
    ],
)
def test_a_hyphenated_number_is_found_in_any_spelling(text: str) -> None:
    town = (
        Town()
        .add("Hempstead Avenue", "217-12", "217-14", "217-16", "89-02")
        .add("100th Avenue", "217-14", lat=LAT + 0.01)
    )
    assert town.found(text).text == "Hempstead Avenue 217-14"


def test_numbered_streets_are_told_apart_by_their_number() -> None:
    town = Town().add("100th Avenue", "5", "7").add("101st Avenue", "5", "7", lat=LAT + 0.01)
    assert town.found("5 101th ave").lat == LAT + 0.01
    assert town.ask("5 102nd Ave") == []


def test_a_mended_type_decides_between_streets_of_one_number() -> None:
    town = Town().add("212th Street", "92-20", "92-22").add("212th Place", "92-20", "92-22", lat=LAT + 0.01)
    match = town.found("92-20 212th Stret")
    assert match.lat == LAT
    assert not match.needs_review


def test_two_streets_that_fit_alike_go_to_review() -> None:
    town = Town().add("212th Street", "92-20").add("212th Place", "92-20", lat=LAT + 0.01)
    first, second = town.ask("92-20 212th")
    assert first.needs_review
    assert {first.lat, second.lat} == {LAT, LAT + 0.01}
    assert "as likely" in first.why[-1]


def test_another_letter_of_the_number_is_near_enough() -> None:
    assert main_street().found("Mannerheimintie 16 A").lon == LON + 3 * STEP


def test_a_range_has_the_numbers_of_its_side() -> None:
    assert main_street().found("Mannerheimintie 24").level == "house_number"


def test_a_missing_number_lies_between_its_neighbours() -> None:
    match = Town().add("Mannerheimintie", "18", "19", "22").found("Mannerheimintie 20")
    assert match.level == "between_numbers"
    assert match.lon == pytest.approx(LON + STEP)
    assert match.error_m == pytest.approx(15, abs=1)


def test_a_number_off_the_end_continues_the_street_by_its_own_spacing() -> None:
    match = Town().add("Main Street", "10", "12", "14", "16").found("20 Main St")
    assert match.level == "nearest_number"
    assert match.lon == pytest.approx(LON + 5 * STEP, abs=STEP / 10)


def test_a_number_far_off_the_end_says_the_street_only() -> None:
    assert main_street().found("Mannerheimintie 9999").level == "street"


def test_a_street_without_number_is_its_middle() -> None:
    match = main_street().found("Mannerheimintie")
    assert (match.level, match.lon) == ("street", LON + 2 * STEP)
    assert match.error_m == pytest.approx(2 * 22.3, abs=2)


def test_a_place_is_found_by_its_name() -> None:
    town = main_street().add("Stockmann", lat=LAT + 0.01)
    match = town.found("stockman")
    assert (match.level, match.lat) == ("name", LAT + 0.01)


def test_a_place_within_a_complaint_is_found() -> None:
    match = Town().add("Hempstead Avenue", "217-14").found("Garbage not collected at 217-14 Hempstead Ave since Monday")
    assert match.level == "house_number"
    assert not match.needs_review


@pytest.mark.parametrize(
    "text",
    [
        "解放路12号3单元",
        "上海市黄浦区解放路１２號",
        "解放路十二号门口垃圾成堆",
        "我家住在解放路12号的五楼，污水管堵塞",
    ],
)
def test_a_chinese_number_on_a_road_is_found(text: str) -> None:
    town = Town().add("解放路", "10号", "12号").add("朝阳路", "12号", lat=LAT + 0.01)
    match = town.found(text)
    assert (match.level, match.lon, match.lat) == ("house_number", LON + STEP, LAT)


def test_a_lane_and_its_number_are_one_place() -> None:
    assert Town().add("四平路1028弄", "3号", "5号").found("四平路1028弄5号").lon == LON + STEP


def test_beside_a_place_is_less_exact_than_at_it() -> None:
    town = main_street()
    assert town.found("opposite Mannerheimintie 12").error_m == town.found("Mannerheimintie 12").error_m + 30


@pytest.mark.parametrize(
    ("text", "kind", "names"),
    [
        ("Jamaica Ave & Springfield Blvd", "crossing", ("jamaica ave", "springfield blvd")),
        ("corner of Main St and 5th Ave", "crossing", ("main st", "5th ave")),
        ("Jamaica Ave between 212th St and 213th St", "between", ("jamaica ave", "212th st", "213th st")),
        ("朝阳路与解放街交叉口东南角", "crossing", ("朝阳路", "解放街")),
        ("南京路西藏路口", "crossing", ("南京路", "西藏路")),
        ("人民公园对面", "beside", ()),
        ("next to 12 Main St", "beside", ()),
        ("12 Main St", "at", ()),
    ],
)
def test_relations_are_understood(text: str, kind: str, names: tuple[str, ...]) -> None:
    relation = parse_query(text).relation
    assert (relation.kind, relation.names) == (kind, names)


def test_the_named_area_decides_between_streets_of_one_name() -> None:
    town = Town().add("解放路", "12号", areas="东区").add("解放路", "12号", lat=LAT + 0.1, areas="西区")
    question = "解放路12号"
    assert town.found(question).needs_review
    assert town.ask(question, near=(LON, LAT + 0.1))[0].lat == LAT + 0.1


def test_unlike_words_have_no_answer() -> None:
    assert main_street().ask("Rue des Roses 12") == []
    assert main_street().ask("") == []
    assert Town().ask("Mannerheimintie 12") == []


def test_the_answer_says_which_word_matched_what() -> None:
    why = main_street().found("Manerheimintie 11").why
    assert why[0].startswith("'manerheimintie' is 9")
    assert "lies between" in why[1]


@given(st.integers(0, 2**32 - 1))
def test_every_spelling_that_is_written_is_understood(seed: int) -> None:
    spelled = misspell("Mannerheimintie", "12", "Helsinki", rng=np.random.default_rng(seed))
    assert main_street().found(spelled).lon == LON + STEP


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("89-19 Hollis Court", "Hollis Court Boulevard 89-19"),
        ("89-19 Hollis Couot Boulevard", "Hollis Court Boulevard 89-19"),
        ("198-19 Epsom Coure", "Epsom Course 198-19"),
        ("214-39 REAR Jamaica Ave", "Jamaica Avenue 214-39"),
        ("214-39 1/2 Jamaica Ave", "Jamaica Avenue 214-39"),
        ("108-32 217th lace", "217th Place 108-32"),
        ("115-14 Cross Island warkway Sr South", "Cross Island Parkway Sr South 115-14"),
    ],
)
def test_names_that_end_in_a_type_or_go_on_behind_it_are_found(text: str, meant: str) -> None:
    town = Town().add("Hollis Court Boulevard", "89-15", "89-19", "90-02").add("Hollis Avenue", "190-15", "190-17")
    town.add("Epsom Course", "198-15", "198-19").add("Jamaica Avenue", "214-35", "214-39", "215-02", lat=LAT + 0.01)
    town.add("217th Place", "108-32", "108-36", lat=LAT + 0.02).add("217th Lane", "106-10", lat=LAT + 0.03)
    town.add("Cross Island Parkway Sr South", "115-14").add("Cross Island Parkway", "116-14")
    best = town.found(text)
    assert (best.text, best.level, best.needs_review) == (meant, "house_number", False)


def test_a_direction_is_not_taken_for_the_letter_of_a_number() -> None:
    town = Town().add("N Kolmar Avenue", "1600", "1620", "1640").add("S Kolmar Avenue", "200", lat=LAT - 0.1)
    assert town.found("1622 S Kolmar Ave").needs_review


def test_two_doors_of_one_number_beside_each_other_are_two_places() -> None:
    town = Town().add("211th Street", "104-03").add("211th Place", "104-03", lat=LAT + 0.00045)
    best = town.found("104-03 211th")
    assert best.needs_review
    assert "as likely" in best.why[-1]


def test_a_street_with_one_known_number_does_not_tell_where_another_number_is() -> None:
    assert Town().add("N Forestview Avenue", "4600").found("2544 N Forestview Ave").needs_review


@pytest.mark.parametrize("text", ["Huangpu Road53", "Huangpu RoadNo. 53", "上海市黄浦区Huangpu RoadNo. 53号"])
def test_a_number_that_is_glued_to_its_street_is_read(text: str) -> None:
    assert Town().add("Huangpu Road", "51", "53", "55").found(text).text == "Huangpu Road 53"


@pytest.mark.parametrize("text", ["上海市1886", "在1886旁边"])
def test_a_place_that_is_called_by_a_number_is_found(text: str) -> None:
    assert Town().add("1886").found(text).text == "1886"


def test_a_firm_with_commas_in_its_name_is_found_in_a_chinese_text() -> None:
    town = Town().add("Ingenics Consulting Co., Ltd. Office Shanghai")
    assert town.found("Ingenics Consulting Co., Ltd. Office Shanghai门口垃圾没人清理").level == "name"


def test_a_slip_in_a_long_name_is_likelier_than_the_short_name_that_it_begins_with() -> None:
    town = Town().add("春江社区").add("春江社区环形天桥", lat=LAT + 0.01)
    best = town.found("春江社区形天桥")
    assert (best.text, best.needs_review) == ("春江社区环形天桥", True)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("500 E St NE", "E Street NE 500"),
        ("120 S 500 E", "S 500 E 120"),
        ("21 Cuort St", "Court Street 21"),
        ("Noise at 21 court street yesterday", "Court Street 21"),
        ("建设1路12号", "建设一路 12"),
    ],
)
def test_streets_named_by_letters_directions_types_and_numbers_are_found(text: str, meant: str) -> None:
    town = Town().add("E Street NE", "480", "500").add("S 500 E", "120", lat=LAT + 0.01)
    town.add("E 500 S", "120", lat=LAT + 0.02).add("Court Street", "21", "25", lat=LAT + 0.03)
    town.add("建设一路", "12", lat=LAT + 0.04).add("建设二路", "12", lat=LAT + 0.05)
    best = town.found(text)
    assert (best.text, best.needs_review) == (meant, False)


@pytest.mark.parametrize("text", ["500 L St NE", "7 Route 67", "1010 Avenue L", "120 E 500 N"])
def test_another_letter_number_or_direction_is_another_street(text: str) -> None:
    town = Town().add("E Street NE", "480", "500").add("Route 66", "7").add("Avenue J", "1010").add("S 500 E", "120")
    assert all(match.needs_review for match in town.ask(text))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("03rd Street", "Third Street"),
        ("09th Ave", "9th Avenue"),
        ("001st St", "First St"),
        ("1035Sanchez St.", "1035 Sanchez Street"),
        ("217-14Hempstead Ave", "217-14 Hempstead Avenue"),
        ("20Stanyan Street", "20 Stanyan St"),
        ("21STREET", "21 Street"),
        ("1stAve", "First Avenue"),
        ("22ndStreet", "22nd Street"),
    ],
)
def test_leading_zeros_and_lost_blanks_change_no_address(written: str, meant: str) -> None:
    assert normalise(written) == normalise(meant)


@pytest.mark.parametrize("written", ["12bis rue Haute", "12a Main Street", "12ter rue Haute"])
def test_a_letter_behind_a_number_stays_with_it(written: str) -> None:
    assert normalise(written).split()[0] == written.split(maxsplit=1)[0]
