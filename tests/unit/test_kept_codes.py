"""Which grids of a draft may take a former code over."""

from hypothesis import given
from hypothesis import strategies as st

from boundaries.plans.codes import granted

CODES = st.lists(st.sampled_from("ABCDEFGH"), min_size=1, unique=True)


def test_codes_go_round_in_a_circle() -> None:
    assert granted({"A": "B", "B": "A"}, "AB") == {"A": "B", "B": "A"}


def test_grid_that_cannot_move_keeps_others_from_its_code() -> None:
    # C stays with its code, so B, which wants it, stays too, and A cannot have B.
    assert granted({"A": "B", "B": "C"}, "ABC") == {}


@given(CODES, st.data())
def test_codes_stay_unique_and_every_wish_that_could_be_is_granted(codes: list[str], data: st.DataObject) -> None:
    targets = data.draw(st.permutations("ABCDEFGHIJ"))
    wishes = {
        code: target
        for code, target in zip(codes, targets, strict=False)
        if code != target and data.draw(st.booleans())
    }
    recoded = granted(wishes, codes)
    after = [recoded.get(code, code) for code in codes]
    assert len(set(after)) == len(codes)
    for code, target in wishes.items():
        if code not in recoded:
            assert target in set(after)
