"""What is left alone and what a plan is judged by: locks, the band, and mergers of grids that do not touch."""

from dataclasses import replace
from itertools import count

import numpy as np
import pytest
import shapely

from geogrid.editions import Duty
from geogrid.errors import ConflictError, GeogridError, InvalidInputError, NotFoundError
from geogrid.plans import BlockTable, Draft, Node, Operation, Rules, Tools, apply
from geogrid.plans.joined import LeafLand, joined_apart
from geogrid.plans.operations.kinds import (
    AssignDuty,
    Carve,
    ChangeParent,
    Dissolve,
    EndDuty,
    InsertLevel,
    Lock,
    Merge,
    MoveBlocks,
    MoveLand,
    Rebalance,
    Recode,
    RemoveLevel,
    Rename,
    SetBand,
    SplitByLine,
    SplitInto,
    Unlock,
)
from geogrid.plans.operations.perform import perform
from geogrid.types import GridCode, LevelName

CELL = 0.001
LOCKED = "W1"


@pytest.fixture
def town() -> Draft:
    """Six columns of four boxes; leaves W1 W2 | S (a school) E1 | E2 of two communities, one column each but E1."""
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(6), np.arange(4)))
    boxes = shapely.box(x * CELL, y * CELL, (x + 1) * CELL, (y + 1) * CELL)
    leaf = np.array([11, 12, 13, 14, 14, 15])[x]
    nodes = [
        Node(1, GridCode("D"), "District", 1, None, "parent"),
        Node(2, GridCode("W"), "West", 2, 1, "parent"),
        Node(3, GridCode("E"), "East", 2, 1, "parent"),
        Node(11, GridCode("W1"), "W one", 3, 2, "comprehensive", duties=(Duty("chief", "Li"),)),
        Node(12, GridCode("W2"), "W two", 3, 2, "comprehensive"),
        Node(13, GridCode("S"), "School", 3, 3, "dedicated", "school"),
        Node(14, GridCode("E1"), "E one", 3, 3, "comprehensive"),
        Node(15, GridCode("E2"), "E two", 3, 3, "comprehensive"),
    ]
    loads = np.tile([50.0, 120.0, 3.0], (len(boxes), 1))
    return Draft(
        BlockTable(np.arange(1, 25), np.asarray(boxes, dtype=object), loads),
        leaf.astype(np.int64),
        {node.key: node for node in nodes},
        Rules(3, band=(150, 250), levels=tuple(map(LevelName, ("district", "community", "grid")))),
    )


def tools(author: str = "Wang") -> Tools:
    grids, blocks = count(100), count(900)
    return Tools(lambda: next(grids), lambda: next(blocks), author=author)


def done(town: Draft, *operations: Operation) -> Draft:
    for operation in operations:
        town = perform(town, operation, tools())[0]
    return town


COLUMN = shapely.box(0.2 * CELL, 0.5 * CELL, 1.5 * CELL, 2.5 * CELL)
CHANGES: list[Operation] = [
    MoveBlocks((1,), "W2"),
    MoveBlocks((2,), "W1"),
    MoveLand(COLUMN, "W2"),
    MoveLand(COLUMN, "W1"),
    SplitByLine("W1", shapely.LineString([(-CELL, 2 * CELL), (3 * CELL, 2 * CELL)])),
    SplitByLine("W1", shapely.LineString([(-CELL, 1.5 * CELL), (3 * CELL, 1.5 * CELL)]), cut=True),
    SplitInto("W1", count=2),
    Merge(("W1", "W2"), keep="W1"),
    Merge(("W1", "W2"), keep="W2"),
    Merge(("W", "E"), keep="E"),
    Carve((1,), "Clinic", "hospital"),
    Carve(name="Clinic", category="hospital", patch=COLUMN),
    Dissolve("S", into="W1", apart=("S",)),
    Rename({"W1": "other"}),
    Recode({"W1": "other"}),
    Recode(),
    ChangeParent(("W1",), "E"),
    AssignDuty("W1", "gridder", "Zhao"),
    EndDuty("W1", "chief", "Li"),
    InsertLevel(3, "area"),
    RemoveLevel(2),
]


@pytest.mark.parametrize("lock", ["W1", "W"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
def test_locked_grid_is_not_changed_and_the_sentence_says_who_locked_it_and_how_to_unlock(
    town: Draft, change: Operation, lock: str
) -> None:
    assert not perform(town, change, tools())[1].is_empty
    locked = done(town, Lock((lock,)))
    with pytest.raises(ConflictError) as refused:
        perform(locked, change, tools())
    said = str(refused.value)
    assert "is locked by Wang" in said
    assert f'{{"kind": "unlock", "grids": ["{lock}"]}}' in said
    assert not perform(done(locked, Unlock((lock,))), change, tools())[1].is_empty


@pytest.mark.parametrize(
    "change",
    [MoveBlocks((4,), "E2"), Merge(("E1", "E2")), Rename({"E1": "other"}), SplitInto("E1", count=2), Dissolve("S")],
    ids=lambda change: type(change).__name__,
)
def test_grids_beside_a_locked_one_are_changed_as_ever(town: Draft, change: Operation) -> None:
    assert not perform(done(town, Lock((LOCKED,))), change, tools())[1].is_empty


def test_corner_more_on_the_boundary_of_a_locked_grid_is_no_change_of_it(town: Draft) -> None:
    locked = done(town, Lock((LOCKED,)))
    beside = shapely.box(CELL, 1.5 * CELL, 2 * CELL, 5 * CELL)
    after, delta = perform(locked, MoveLand(beside, "S"), tools())
    assert set(delta.before.tolist()) >= {11}, "no block of the locked grid got a corner: the case tries nothing"
    assert shapely.equals(after.shape(11), town.shape(11))
    assert shapely.coverage_is_valid(after.blocks.polygons)


def test_rebalancing_leaves_locked_grids_alone(town: Draft) -> None:
    uneven = done(town, MoveBlocks((6, 12, 18), "E1"))
    moved = done(uneven, Rebalance())
    assert not np.array_equal(moved.owner, uneven.owner)
    with pytest.raises(InvalidInputError, match="No move of blocks"):
        perform(done(uneven, Lock(("E2",))), Rebalance(), tools())


def test_dissolved_land_goes_to_no_locked_neighbour(town: Draft) -> None:
    assert set(done(town, Dissolve("S")).owner[town.owner == 13].tolist()) == {14}
    assert set(done(town, Lock(("E1",)), Dissolve("S")).owner[town.owner == 13].tolist()) == {12}


def test_locks_and_bands_are_taken_back_like_anything_else(town: Draft) -> None:
    for operation in (Lock(("W1", "E")), SetBand((300, 500), "population")):
        after, delta = perform(town, operation, tools())
        back = apply(after, delta.inverse())
        assert (back.nodes, back.rules) == (town.nodes, town.rules)
        assert (after.nodes, after.rules) != (town.nodes, town.rules)


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (Lock(("W1",)), "is locked by Wang already"),
        (Unlock(("E1",)), "is not locked"),
        (Unlock(("W3", "W4")), "no grid 'W3', 'W4'"),
        (Lock(()), "No grid is named"),
        (SetBand(), "Neither a band nor a load"),
        (SetBand((150, 250)), "That is the band already: 150 to 250 households"),
    ],
)
def test_what_keeps_nothing_is_refused(town: Draft, operation: Operation, said: str) -> None:
    with pytest.raises(GeogridError, match=said):
        perform(done(town, Lock(("W1",))), operation, tools())


def test_grid_below_a_locked_one_is_unlocked_by_way_of_that(town: Draft) -> None:
    with pytest.raises(InvalidInputError, match=r"locked by way of W above it, which Wang locked. Unlock W"):
        perform(done(town, Lock(("W",))), Unlock(("W1",)), tools())


def test_band_is_what_the_engine_then_goes_by(town: Draft) -> None:
    free = replace(town, rules=replace(town.rules, band=None))
    with pytest.raises(InvalidInputError, match='"kind": "set_band"'):
        perform(free, SplitInto("E1"), tools())
    split = done(free, SetBand((150, 250)), SplitInto("E1"))
    loads = [float(split.loads(key)[0]) for key, node in split.nodes.items() if node.kind == "comprehensive"]
    assert sorted(loads) == [200.0] * 5


def test_grids_that_do_not_touch_are_merged_only_where_they_are_named(town: Draft) -> None:
    with pytest.raises(InvalidInputError) as refused:
        perform(town, Merge(("W1", "E1", "E2"), keep="E1"), tools())
    (problem,) = refused.value.problems
    metres = shapely.distance(town.shape(11), shapely.union(town.shape(14), town.shape(15))) * 111_320
    assert problem.subject == "W1"
    assert f"it lies {metres:,.0f} m from E1" in problem.message
    with pytest.raises(InvalidInputError, match="W1 does not touch"):
        perform(town, Merge(("W1", "E1"), keep="E1", apart=("E1",)), tools())
    merged = done(town, Merge(("W1", "E1", "E2"), keep="E1", apart=("W1",)))
    assert len(shapely.get_parts(merged.shape(14))) == 2


def test_grids_that_touch_by_way_of_another_or_whole_communities_are_merged_unsaid(town: Draft) -> None:
    assert len(done(town, Merge(("W1", "S", "W2"), keep="W1")).nodes) == 6
    assert "E" not in done(town, Merge(("W", "E"), keep="W")).codes()


def test_dedicated_grid_goes_to_one_that_it_does_not_touch_only_where_that_is_said(town: Draft) -> None:
    with pytest.raises(InvalidInputError, match="S does not touch"):
        perform(town, Dissolve("S", into="W1"), tools())
    assert len(shapely.get_parts(done(town, Dissolve("S", into="W1", apart=("S",))).shape(11))) == 2


def test_corner_is_no_boundary(town: Draft) -> None:
    corner = done(town, MoveBlocks((2, 8), "W1"), MoveBlocks((3, 9), "W2"))
    assert shapely.touches(corner.shape(11), corner.shape(13))
    with pytest.raises(InvalidInputError, match="does not touch"):
        perform(corner, Merge(("W1", "S"), keep="W1"), tools())


def test_merger_of_what_does_not_touch_is_told_from_a_grid_that_was_in_pieces_before(town: Draft) -> None:
    merged = done(town, Merge(("W1", "E2"), keep="W1", apart=("E2",)))
    former = LeafLand(("W1", "W2", "E2"), np.array([town.shape(11), town.shape(12), town.shape(15)], dtype=object))
    (problem,) = joined_apart(former, LeafLand(("W1",), np.array([merged.shape(11)], dtype=object)))
    assert (problem.kind, problem.subject, problem.severity) == ("joined-apart", "W1", "error")
    assert "joins W1 with E2" in problem.message
    assert (
        joined_apart(
            LeafLand(("W1",), np.array([merged.shape(11)], dtype=object)),
            LeafLand(("W1",), np.array([merged.shape(11)], dtype=object)),
        )
        == []
    )


def test_every_unknown_grid_is_named_at_once(town: Draft) -> None:
    for operation in (Merge(("X", "W1", "Y")), Rename({"X": "a", "Y": "b"}), ChangeParent(("X", "Y"), "W")):
        with pytest.raises(NotFoundError, match="no grid 'X', 'Y'"):
            perform(town, operation, tools())
