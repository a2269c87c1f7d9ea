"""What the published rules say of codes, one test a rule."""

import pytest

from geogrid.codes import TreePosition, code_profile, profile_names
from geogrid.errors import InvalidInputError

GRID = TreePosition(4, 4, "110101001001")
COMMUNITY = TreePosition(3, 3, "320115001")
LEAF_349 = TreePosition(4, 4, "110101001001")


def test_beijing_code_is_county_street_community_and_grid() -> None:
    profile = code_profile("beijing-db11")
    assert profile.fault("110101001001001", GRID) is None
    assert profile.fault("110101001", TreePosition(2, 4, "110101")) is None
    assert profile.fault("11010100100101", GRID) == (
        "beijing-db11 wants 15 digits here (6 county + 3 street + 3 community + 3 grid)"
    )


def test_code_begins_with_the_code_of_its_parent() -> None:
    assert code_profile("beijing-db11").fault("110101001002001", GRID) == (
        "the first 12 digits are 110101001002, not the code of its parent, 110101001001"
    )


@pytest.mark.parametrize(
    ("town", "is_allowed"),
    [("000", False), ("001", True), ("099", True), ("100", True), ("199", True), ("200", True), ("399", True),
     ("400", True), ("599", True), ("600", False)],
)  # fmt: skip
def test_towns_of_administrative_codes_have_their_ranges(town: str, is_allowed: bool) -> None:  # noqa: FBT001
    fault = code_profile("admin-12").fault(f"320115{town}", TreePosition(2, 3, "320115"))
    assert (fault is None) == is_allowed
    assert is_allowed or "001 to 099 (street), 100 to 199 (town), 200 to 399 (township)" in str(fault)


def test_letters_and_wide_digits_are_no_digits() -> None:
    profile = code_profile("admin-12")
    assert profile.fault("32011500100A", COMMUNITY) is not None
    assert profile.fault("320115001\uff11\uff12\uff13", COMMUNITY) is not None


def test_leaf_of_cjt349_has_six_object_digits_before_and_two_after() -> None:
    profile = code_profile("cjt349")
    assert profile.fault("01010011010100100100", LEAF_349) is None
    assert profile.fault("01010011010100100200", LEAF_349) == (
        "digits 7 to 18 are 110101001002, not the code of its parent, 110101001001"
    )
    assert profile.fault("110101001001", TreePosition(3, 4, "110101001")) is None


def test_new_numbers_fill_the_first_gap_and_keep_the_object() -> None:
    taken = {"01010011010100100101", "01010011010100100103"}
    like = "01010011010100100101"
    assert code_profile("cjt349").next_code(LEAF_349, taken, like=like) == "01010011010100100102"
    assert code_profile("beijing-db11").next_code(GRID, set()) == "110101001001001"


def test_merged_communities_are_numbered_from_601() -> None:
    profile = code_profile("admin-12")
    assert profile.next_code(COMMUNITY, {"320115001601"}, merged=True) == "320115001602"


def test_plan_of_fewer_levels_has_the_lower_segments() -> None:
    street = TreePosition(1, 3, None)
    assert code_profile("beijing-db11").fault("110101001", street) is None
    assert code_profile("beijing-db11").fault("110101", street) is not None


def test_level_above_the_first_segment_is_free() -> None:
    assert code_profile("custom:6+3").fault("Any", TreePosition(1, 3, None)) is None


def test_custom_profile_counts_the_digits_of_each_level() -> None:
    profile = code_profile("custom:2+4")
    assert profile.next_code(TreePosition(2, 2, "77"), {"770001"}) == "770002"
    assert profile.fault("77001", TreePosition(2, 2, "77")) == "custom:2+4 wants 6 digits here (2 level 1 + 4 level 2)"


def test_codes_run_out() -> None:
    profile = code_profile("custom:2+1")
    with pytest.raises(InvalidInputError, match="Every number below 77 is taken"):
        profile.next_code(TreePosition(2, 2, "77"), {f"77{number}" for number in range(10)})


@pytest.mark.parametrize("name", ["nothing", "custom:", "custom:0+3", "custom:6+3+", "custom:1+1+1+1+1+1+1"])
def test_unknown_profile_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        code_profile(name)
    assert all(known in str(refused.value) for known in profile_names())
