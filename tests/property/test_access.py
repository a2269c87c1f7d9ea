"""Rights and masks, against independent readings of the same rules."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.access import EVERYBODY, MATRIX, Action, Grant, Role, Scope, Target, mask_text, mask_value, may, reach_of
from geogrid.access.masking import is_identity_number

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TOWNS, GRIDS = ("east", "west"), ("a", "a1", "a2", "b")
CHAINS = {"a": ("a",), "a1": ("a1", "a"), "a2": ("a2", "a"), "b": ("b",)}

actions = st.sampled_from(list(Action))
grants = st.builds(
    Grant,
    role=st.sampled_from(list(Role)),
    jurisdiction=st.sampled_from([None, *TOWNS]),
    grid=st.sampled_from([None, *GRIDS]),
    valid_from=st.sampled_from([None, NOW - timedelta(days=1), NOW, NOW + timedelta(days=1)]),
    valid_to=st.sampled_from([None, NOW - timedelta(hours=1), NOW, NOW + timedelta(days=2)]),
    actions=st.frozensets(actions, max_size=3),
)
targets = st.builds(
    Target,
    jurisdiction=st.sampled_from([None, *TOWNS]),
    chain=st.sampled_from([(), *CHAINS.values()]),
    is_assigned=st.booleans(),
    is_proven=st.booleans(),
)


def wide(text: str) -> str:
    """The same characters in full width."""
    return "".join(chr(ord(char) + 0xFEE0) for char in text)


def by_hand(grant: Grant, action: Action, target: Target) -> bool:
    """The rule of one grant, read from the words of the matrix."""
    is_now = (grant.valid_from or NOW) <= NOW and (grant.valid_to is None or grant.valid_to > NOW)
    is_here = grant.jurisdiction is None or grant.jurisdiction == target.jurisdiction
    in_grid = grant.grid is not None and grant.grid in target.chain
    scope = MATRIX[action][grant.role]
    answers = {
        Scope.EVERYTHING: grant.grid is None or in_grid,
        Scope.TOWN: True,
        Scope.OWN: in_grid,
        Scope.MASKED: grant.grid is None or in_grid,
        Scope.ASSIGNED: target.is_assigned,
        Scope.NUMBER: target.is_proven,
        Scope.SET: action in grant.actions and (grant.grid is None or in_grid),
        Scope.NOTHING: False,
    }
    return is_now and is_here and answers[scope]


@settings(max_examples=60)
@given(st.lists(grants, max_size=4), actions, targets)
def test_grants_allow_what_any_of_them_allows_and_nothing_else(
    held: list[Grant], action: Action, target: Target
) -> None:
    assert may(held, action, target, NOW) == any(by_hand(grant, action, target) for grant in held)


@settings(max_examples=60)
@given(st.lists(grants, max_size=3), grants, actions, targets)
def test_one_more_grant_takes_nothing_away(held: list[Grant], more: Grant, action: Action, target: Target) -> None:
    before = reach_of(held, action, target.jurisdiction, NOW).sight(target)
    assert reach_of([*held, more], action, target.jurisdiction, NOW).sight(target) >= before


def test_matrix_is_that_of_the_page() -> None:
    everybody = {action for action in Action if MATRIX[action][Role.PUBLIC] is Scope.EVERYTHING}
    assert everybody == {Action.BOUNDARIES_READ, Action.CASES_REPORT, Action.CASES_PUBLIC}
    edit = {role for role, scope in MATRIX[Action.PLANS_EDIT].items() if scope is not Scope.NOTHING}
    assert edit == {Role.PLANNER}
    approve = {role for role, scope in MATRIX[Action.PLANS_APPROVE].items() if scope is not Scope.NOTHING}
    assert approve == {Role.APPROVER}
    texts = {role.value: scope.value for role, scope in MATRIX[Action.CASES_READ].items() if scope is not Scope.NOTHING}
    assert texts == {
        "public": "n",
        "gridder": "o",
        "chief": "o",
        "operator": "x",
        "dispatcher": "x",
        "department": "a",
        "verifier": "a",
        "leader": "x",
        "analyst": "m",
        "admin": "x",
        "application": "s",
    }


@settings(max_examples=60)
@given(actions, targets)
def test_everybody_has_no_more_than_the_public(action: Action, target: Target) -> None:
    allowed = may([EVERYBODY], action, target, NOW)
    proven = action is Action.CASES_READ and target.is_proven
    assert allowed == (MATRIX[action][Role.PUBLIC] is Scope.EVERYTHING or proven)


mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
words = st.text(st.sampled_from("路灯不亮 please,。a b\n"), max_size=12)


@settings(max_examples=60)
@given(words, mobiles, words)
def test_mobile_number_keeps_three_digits_and_four(before: str, number: str, after: str) -> None:
    text = f"{before}，{number}，{after}"
    assert mask_text(text) == f"{before}，{number[:3]}****{number[7:]}，{after}"


@settings(max_examples=60)
@given(st.dates(datetime(1900, 1, 1).date(), datetime(2025, 1, 1).date()), st.integers(0, 999))  # noqa: DTZ001
def test_identity_number_is_masked_if_its_check_digit_fits(day: object, order: int) -> None:
    first = f"110105{day:%Y%m%d}{order:03d}" if not isinstance(day, str) else ""
    fitting = [check for check in "0123456789X" if is_identity_number(first + check)]
    assert len(fitting) == 1
    assert mask_text(f"证件 {first}{fitting[0]}。") == f"证件 {first[:3]}{'*' * 13}{first[16]}{fitting[0]}。"
    other = next(check for check in "0123456789" if check not in fitting)
    assert mask_text(f"单号 {first}{other}。") == f"单号 {first}{other}。"


def test_known_identity_number_fits() -> None:
    assert is_identity_number("11010519491231002X")
    assert not is_identity_number("110105194912310021")
    assert not is_identity_number("11010519491331002X")
    assert not is_identity_number("99010519491231002X")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("130503670401001", "130**********01"),
        ("130503671301001", "130503671301001"),
        ("010-62345678", "010-****5678"),
        ("(0991)1234567", "(0991)***4567"),
        ("电话：62345678", "电话：****5678"),
        ("20260301", "20260301"),
        ("+86 138-1234-5678", "+86 138-****-5678"),
        (wide("13812345678"), wide("138") + "****" + wide("5678")),
        ("li.ming@example.com", "l******@example.com"),
        ("a@b.cn", "*@b.cn"),
        ("长江路 1380 号 5 栋 1201", "长江路 1380 号 5 栋 1201"),
        ("13812345678013812345678", "13812345678013812345678"),
    ],
)
def test_each_kind_of_personal_number_is_masked_and_others_are_not(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@settings(max_examples=60)
@given(st.text(st.sampled_from("0123456789138 -+()@.aX电话" + wide("13")), max_size=60))
def test_masking_keeps_the_length_hides_mobiles_and_changes_nothing_twice(text: str) -> None:
    masked = mask_text(text)
    assert len(masked) == len(text)
    assert mask_text(masked) == masked
    assert not re.search(r"(?<![0-9A-Za-z])1[3-9]\d{9}(?!\d)", masked, re.ASCII)


def test_values_of_json_are_masked_at_any_depth() -> None:
    value = {"reporter": ["王 13812345678", {"13812345678": 13812345678}], "floor": 3, "open": True, "none": None}
    assert mask_value(value) == {
        "reporter": ["王 138****5678", {"138****5678": "138****5678"}],
        "floor": 3,
        "open": True,
        "none": None,
    }
