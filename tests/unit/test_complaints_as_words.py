"""What names all over a text say of where it is: an invented town of two districts."""

import pytest

from geogrid.addresses.mentions.areas import Area, AreaTree
from geogrid.addresses.mentions.belief import Belief, believe
from geogrid.addresses.mentions.generic import is_generic
from geogrid.addresses.mentions.lexicon import KnownPlace, Lexicon, build_lexicon
from geogrid.addresses.mentions.naming import area_names


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    tree = AreaTree()
    east, west = (
        tree.add(0, Area(name, "district", 0.0, 0.0, 9e3, code)) for name, code in (("澜东区", "E"), ("澜西区", "W"))
    )
    towns = {
        name: tree.add(above, Area(name, "town", 0.0, 0.0, 3e3, tree.area(above).grid))
        for name, above in (("柏泉街道", east), ("石浦镇", east), ("柳塘镇", west), ("青崖乡", west))
    }
    for name, town in (
        ("双桥村村委会", "石浦镇"),
        ("双桥村村委会", "柳塘镇"),
        ("鹿鸣社区居委会", "柏泉街道"),
        ("枫树湾村", "青崖乡"),
    ):
        tree.add(towns[town], Area(name, "community", 0.0, 0.0, 1e3, tree.area(towns[town]).grid))
    places = [
        ("澄湖医院", east),
        ("澄湖中学", east),
        ("澄湖公园（南门）", east),
        ("锦绣华庭小区", west),
        ("翠微书店", west),
        ("食堂", west),
    ]
    return build_lexicon(
        tree, [KnownPlace(name, tree.paths[area], number) for number, (name, area) in enumerate(places)]
    )


def best(lexicon: Lexicon, text: str, within: int = 0) -> Belief | None:
    found = believe(lexicon, text, within=within)
    return found[0] if found else None


def sure(lexicon: Lexicon, text: str) -> str:
    found = best(lexicon, text)
    return found.area.name if found is not None and found.is_sure else ""


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("石浦镇双桥村路灯不亮", "双桥村村委会"),
        ("柳塘双桥村路灯不亮", "双桥村村委会"),
        ("柏泉街道噪音扰民", "柏泉街道"),
        ("柏泉的夜市太吵", "柏泉街道"),
        ("反映鹿鸣社区垃圾没人清", "鹿鸣社区居委会"),
        ("青崖枫树湾断水三天了", "枫树湾村"),
        ("柳塘鎮垃圾成堆", "柳塘镇"),
        ("锦绣华庭的业主，物业不管事", "澜西区"),
    ],
)
def test_a_text_is_sure_down_to_the_level_that_it_names(lexicon: Lexicon, text: str, area: str) -> None:
    assert sure(lexicon, text) == area


@pytest.mark.parametrize(
    "text", ["双桥村路灯不亮", "食堂的饭菜太贵", "小区停车难", "请领导重视", "", "柏泉街道的人和柳塘镇的人打架"]
)
def test_a_text_that_leaves_several_areas_open_is_sure_of_none(lexicon: Lexicon, text: str) -> None:
    assert sure(lexicon, text) == ""


def test_a_town_named_with_a_village_of_a_shared_name_decides_which_village(lexicon: Lexicon) -> None:
    east, west = best(lexicon, "石浦镇双桥村路灯不亮"), best(lexicon, "双桥村在柳塘镇，路灯不亮")
    assert east is not None
    assert west is not None
    assert (east.area.grid, west.area.grid) == ("E", "W")


def test_a_part_of_names_of_places_speaks_for_their_district_and_louder_than_nothing(lexicon: Lexicon) -> None:
    found = best(lexicon, "澄湖边上有人烧烤")
    assert found is not None
    assert found.area.name == "澜东区"
    assert found.phrases == ("澄湖",)


def test_a_caller_from_a_town_means_its_own_village(lexicon: Lexicon) -> None:
    west = lexicon.tree.of_grid("W")
    assert west is not None
    found = best(lexicon, "双桥村路灯不亮", within=west)
    assert found is not None
    assert (found.area.name, found.area.grid, found.is_sure) == ("双桥村村委会", "W", True)


def test_a_name_before_the_rest_of_a_road_counts_less_than_alone(lexicon: Lexicon) -> None:
    alone, road = best(lexicon, "柏泉施工扰民"), best(lexicon, "柏泉大道施工扰民")
    assert alone is not None
    assert road is not None
    assert road.probability < alone.probability


@pytest.mark.parametrize("name", ["小区", "门诊大楼", "食堂", "平台", "12栋", "3号楼", "a座", "7组"])
def test_generic_names_and_numbers_of_buildings_are_no_names_of_one_place(name: str) -> None:
    assert is_generic(name)


@pytest.mark.parametrize(
    ("listed", "level", "full", "stem"),
    [
        ("石浦镇人民政府街道办事处", "town", "石浦镇人民政府街道", "石浦镇人民政府"),
        ("双桥村村民委员会", "community", "双桥村", "双桥"),
        ("双桥村委会", "community", "双桥村", "双桥"),
        ("鹿鸣社区居委会", "community", "鹿鸣社区", "鹿鸣"),
        ("鹿鸣居民委员会", "community", "鹿鸣社区", "鹿鸣"),
        ("澜东区", "district", "澜东区", "澜东"),
        ("塘村", "community", "塘村", "塘村"),
    ],
)
def test_official_suffixes_come_off_a_name(listed: str, level: str, full: str, stem: str) -> None:
    assert area_names(listed, level) == (full, stem)
