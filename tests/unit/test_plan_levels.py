"""Levels put into a plan, taken out and renamed."""

import pytest

from geogrid.errors import InvalidInputError
from geogrid.plans import Draft, apply
from geogrid.plans.operations.kinds import InsertLevel, Operation, RemoveLevel, RenameLevel
from geogrid.plans.operations.perform import perform
from tests.property.town_drafts import fingerprint, random_tools, random_town


def done(draft: Draft, wanted: Operation) -> Draft:
    after, delta = perform(draft, wanted, random_tools(draft, 1))
    assert fingerprint(apply(after, delta.inverse())) == fingerprint(draft)
    return after


def titles(draft: Draft) -> list[str]:
    return [title.name for title in draft.rules.levels]


def test_level_between_two_gives_each_grid_above_one_grid_with_all_it_had() -> None:
    before = random_town(7)
    after = done(before, InsertLevel(3, "area", "片区"))
    assert titles(after) == ["district", "community", "area", "grid"]
    for key in (2, 3):
        (area,) = [node for node in after.nodes.values() if node.parent == key]
        assert (area.level, area.kind, area.name) == (3, "parent", before.nodes[key].name)
        below = {node.code for node in after.nodes.values() if node.parent == area.key}
        assert below == {node.code for node in before.nodes.values() if node.parent == key}
    assert (after.owner == before.owner).all()


def test_level_below_the_lowest_takes_blocks_and_category_and_leaves_the_duties() -> None:
    before = random_town(7)
    after = done(before, InsertLevel(4, "micro grid", "微网格"))
    for key in before.leaves_below(1):
        (leaf,) = after.leaves_below(key)
        former, own = before.nodes[key], after.nodes[leaf]
        assert (own.kind, own.category, own.unplaced) == (former.kind, former.category, former.unplaced)
        assert (after.nodes[key].kind, after.nodes[key].duties, own.duties) == ("parent", former.duties, ())
        assert (after.members(leaf) == before.members(key)).all()


def test_level_put_in_and_taken_out_again_leaves_the_tree_as_it_was() -> None:
    before = random_town(7)
    after = done(done(before, InsertLevel(3, "area")), RemoveLevel(3))
    assert after.nodes == before.nodes
    assert titles(after) == titles(before)


def test_level_gets_another_name() -> None:
    assert titles(done(random_town(7), RenameLevel(2, "village"))) == ["district", "village", "grid"]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (InsertLevel(1, "province"), "can be put at 2 to 4"),
        (InsertLevel(5, "room"), "can be put at 2 to 4"),
        (InsertLevel(2, "grid"), "is called 'grid' already"),
        (InsertLevel(2, " "), "none is given"),
        (RemoveLevel(1), "between the top and the lowest"),
        (RemoveLevel(3), "between the top and the lowest"),
        (RenameLevel(4, "x"), "no level 4"),
        (RenameLevel(2, "grid"), "is called 'grid' already"),
    ],
)
def test_level_that_cannot_be_is_refused(wanted: Operation, told: str) -> None:
    draft = random_town(7)
    with pytest.raises(InvalidInputError, match=told):
        perform(draft, wanted, random_tools(draft, 1))


def test_seventh_level_is_refused() -> None:
    draft = random_town(7)
    tools = random_tools(draft, 1)
    for number in range(3):
        draft = perform(draft, InsertLevel(2, f"level {number}"), tools)[0]
    assert len({node.level for node in draft.nodes.values()}) == 6
    with pytest.raises(InvalidInputError, match="at most 6 are kept"):
        perform(draft, InsertLevel(2, "seventh"), tools)
