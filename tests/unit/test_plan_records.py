"""Operations as records: what is read is what is meant, and everything wrong is told at once."""

import json

import pytest
import shapely

from geogrid.errors import InvalidInputError
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
    Operation,
    Rebalance,
    Recode,
    RemoveLevel,
    Rename,
    RenameLevel,
    SetBand,
    SplitByLine,
    SplitInto,
    Unlock,
)
from geogrid.plans.operations.records import KINDS, operations_of, record_of

BOX = shapely.box(10, 50, 11, 51)
EVERY: list[Operation] = [
    MoveBlocks((1, 2), "a"),
    MoveLand(BOX, "a"),
    SplitByLine("a", shapely.LineString([(10, 50), (11, 51)]), ("b",), cut=True),
    SplitInto("a", count=3, seed=7),
    SplitInto("a", band=(300.0, 500.0)),
    Merge(("a", "b"), keep="a", code="new", name="联合", apart=("b",)),
    Carve((3,), "School", "school"),
    Carve(name="Park", category="other", patch=BOX),
    Dissolve("a"),
    Rebalance(("a",), band=(1.0, 2.0)),
    Rename({"a": "A"}),
    Recode({"a": "b", "b": "a"}),
    Recode(),
    ChangeParent(("a",), "b"),
    AssignDuty("a", "网格长", "王芳", "110"),
    EndDuty("a", "网格长", "王芳"),
    InsertLevel(2, "area", "片区"),
    RemoveLevel(2),
    RenameLevel(1, "city"),
    SetBand((300.0, 500.0)),
    SetBand(load="population"),
    Lock(("a", "b")),
    Unlock(("a",)),
]


@pytest.mark.parametrize("wanted", EVERY, ids=lambda wanted: type(wanted).__name__)
def test_operation_survives_the_way_through_json(wanted: Operation) -> None:
    assert operations_of([json.loads(json.dumps(record_of(wanted)))]) == (wanted,)


def test_every_kind_is_tried() -> None:
    assert {type(each) for each in EVERY} == set(KINDS.values())


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"kind": "merge"}, "grids is missing"),
        ({"kind": "fly"}, "there is no kind 'fly'"),
        ("merge", "an operation is an object, not 'merge'"),
        ({"kind": "dissolve", "grid": "a", "in": "b"}, "in is no member of dissolve"),
        ({"kind": "move_blocks", "to": "a", "blocks": []}, "one or more block numbers"),
        ({"kind": "move_blocks", "to": "a", "blocks": [True]}, "one or more block numbers"),
        ({"kind": "move_blocks", "to": "a", "blocks": [2**63]}, "one or more block numbers"),
        ({"kind": "split_into", "grid": "a", "count": 1}, "a whole number from 2"),
        ({"kind": "split_into", "grid": "a", "band": [5, 3]}, "two numbers, 0 < low <= high"),
        ({"kind": "split_into", "grid": "a", "band": [1, float("nan")]}, "two numbers"),
        ({"kind": "carve", "name": "x", "category": "castle"}, "one of government"),
        ({"kind": "move_land", "to": "a", "patch": "POLYGON ((0 0, 1 1, 0 1, 1 0, 0 0))"}, "not valid: Self-inter"),
        ({"kind": "move_land", "to": "a", "patch": {"type": "Point", "coordinates": [1, 2]}}, "is a Point"),
        ({"kind": "move_land", "to": "a", "patch": "POLYGON ((0 0, 200 0, 200 1, 0 0))"}, "beyond the globe"),
        ({"kind": "move_land", "to": "a", "patch": "nonsense"}, "patch:"),
        ({"kind": "rename", "names": {"a": 5}}, "a text of at most 200"),
        ({"kind": "rename", "names": {"a": "x\x00"}}, "a text of at most 200"),
    ],
)
def test_mistake_is_told(record: object, told: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        operations_of([record])
    assert told in str(refused.value)


def test_no_operation_is_a_mistake() -> None:
    with pytest.raises(InvalidInputError, match="No operation is given"):
        operations_of([])
