"""Whatever planners do, the plan stays a plan, and everything can be taken back."""

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geogrid.errors import GeogridError, InvalidInputError
from geogrid.plans import Delta, Draft, Tools, apply, difference
from geogrid.plans.operations.kinds import (
    AssignDuty,
    Carve,
    ChangeParent,
    Dissolve,
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
from geogrid.plans.operations.perform import perform
from tests.property.town_drafts import CELL, ORIGIN, fingerprint, random_tools, random_town

KINDS = 19


def random_operation(draft: Draft, kind: int, seed: int) -> Operation:
    """Return an operation of a kind on what the plan has now; it may be refused."""
    rng = np.random.default_rng(seed)
    nodes = [node for _, node in sorted(draft.nodes.items())]
    leaves = [node.code for node in nodes if node.is_leaf]
    a, b = (leaves[int(rng.integers(len(leaves)))] for _ in range(2))
    blocks = tuple(rng.choice(draft.blocks.ids, int(rng.integers(1, 4)), replace=False).tolist())
    x, y = ORIGIN + rng.uniform(0, 5, 2) * CELL
    line = shapely.LineString([(x, ORIGIN[1] - CELL), (x + CELL * rng.uniform(-2, 2), ORIGIN[1] + 7 * CELL)])
    patch = shapely.Point(x, y).buffer(CELL * rng.uniform(0.2, 1.5), quad_segs=3)
    dedicated = [node.code for node in nodes if node.kind == "dedicated"] or leaves
    locked = [node.code for node in nodes if node.locked_by] or leaves
    communities = [node.code for node in nodes if node.level == 2] * 2
    choices: list[Operation] = [
        MoveBlocks(blocks, a),
        MoveLand(patch, a),
        SplitByLine(a, line),
        SplitInto(a, count=2, seed=seed),
        SplitInto(a),
        Merge((a, b)),
        Merge(tuple(communities[:2])),
        Carve(blocks, "School", "school"),
        Dissolve(dedicated[0]),
        Rebalance(),
        Rename({a: f"Name {seed}"}),
        Recode({a: b, b: a} if a != b else {a: f"R{seed}"}),
        ChangeParent((a,), communities[int(rng.integers(len(communities)))])
        if seed % 2
        else AssignDuty(a, "chief", f"Holder {seed}"),
        InsertLevel(int(rng.integers(2, 6)), f"level {seed}"),
        RemoveLevel(int(rng.integers(2, 5))),
        RenameLevel(int(rng.integers(1, 4)), f"renamed {seed}", "层"),
        SetBand((float(seed + 1), float(seed + 200)), "population" if seed % 2 else None),
        Lock((a, b)),
        Unlock((locked[0],)),
    ]
    return choices[kind]


def check_invariants(before: Draft, draft: Draft, tools: Tools) -> None:
    used = set(draft.owner.tolist())
    assert used == {key for key, node in draft.nodes.items() if node.is_leaf}
    for key, node in draft.nodes.items():
        assert node.key == key
        assert (node.parent is None) == (node.level == 1)
        assert node.parent is None or draft.nodes[node.parent].level == node.level - 1
        assert node.is_leaf or any(other.parent == key for other in draft.nodes.values())
    assert {node.level for node in draft.nodes.values() if node.is_leaf} == {draft.rules.depth}
    assert len(draft.rules.levels) == draft.rules.depth
    codes = [node.code for node in draft.nodes.values()]
    assert len(set(codes)) == len(codes)
    assert totals(draft) == totals(before)
    assert shapely.coverage_is_valid(draft.blocks.polygons)
    land, same = shapely.union_all(before.blocks.polygons), shapely.union_all(draft.blocks.polygons)
    assert shapely.area(shapely.symmetric_difference(land, same)) < 1e-9 * land.area
    assert cut(draft, tools) <= cut(before, tools)


def totals(draft: Draft) -> list[float]:
    unplaced = np.sum([node.unplaced for node in draft.nodes.values()], axis=0)
    return (np.nansum(draft.blocks.loads, axis=0) + unplaced).tolist()


def cut(draft: Draft, tools: Tools) -> int:
    """Return how many buildings reach into more than one leaf; brute force, against the leaves' own shapes."""
    shapes = [draft.shape(key) for key in np.unique(draft.owner).tolist()]
    inner = shapely.buffer(tools.buildings.polygons, -1e-6)
    return sum(sum(shape.intersects(building) for shape in shapes) > 1 for building in inner)


steps = st.lists(st.tuples(st.integers(0, KINDS - 1), st.integers(0, 10_000)), min_size=1, max_size=12)


@settings(max_examples=60)
@example(town=260, wanted=[(0, 0), (1, 5646), (1, 5646)])  # the same patch twice: edges that lie on each other
@example(town=11, wanted=[(0, 1), (5, 0), (7, 0), (5, 65), (5, 8)])  # the last grid of a community merged away
@given(town=st.integers(0, 1000), wanted=steps)
def test_any_edits_keep_the_invariants_and_undoing_them_all_restores_every_byte(
    town: int, wanted: list[tuple[int, int]]
) -> None:
    start = draft = random_town(town)
    tools = random_tools(start, town)
    done: list[Delta] = []
    for kind, seed in wanted:
        try:
            after, delta = perform(draft, random_operation(draft, kind, seed), tools)
        except GeogridError:
            continue
        check_invariants(draft, after, tools)
        assert fingerprint(apply(draft, delta)) == fingerprint(after)
        draft = after
        done.append(delta)
    end = fingerprint(draft)
    for delta in reversed(done):
        draft = apply(draft, delta.inverse())
    assert fingerprint(draft) == fingerprint(start)
    for delta in done:
        draft = apply(draft, delta)
    assert fingerprint(draft) == end


def test_every_kind_of_operation_is_carried_out_somewhere() -> None:
    carried_out = set()
    for seed in range(40):
        town = random_town(seed)
        for kind in set(range(KINDS)) - carried_out:
            # Only what is locked can be unlocked.
            draft = perform(town, Lock(("G1",)), random_tools(town, seed))[0] if kind == KINDS - 1 else town
            try:
                _, delta = perform(draft, random_operation(draft, kind, seed), random_tools(draft, seed))
            except GeogridError:
                continue
            assert not delta.is_empty
            carried_out.add(kind)
    assert carried_out == set(range(KINDS))


@settings(max_examples=40)
@example(town=336)  # in the band already: land could only be moved for shape
@example(town=180)  # a grid that no move brings nearer
@example(town=8)  # land without a house that touches no other
@given(town=st.integers(0, 1000))
def test_rebalancing_never_leaves_more_out_of_the_band_nor_breaks_a_grid_apart(town: int) -> None:
    draft = random_town(town)
    try:
        after, _ = perform(draft, Rebalance(), random_tools(draft, town))
    except InvalidInputError:
        return
    assert out_of_band(after) < out_of_band(draft)
    for key in np.unique(draft.owner).tolist():
        assert len(shapely.get_parts(after.shape(key))) <= len(shapely.get_parts(draft.shape(key)))
        if draft.nodes[key].kind == "dedicated":
            assert (draft.members(key) == after.members(key)).all()


def out_of_band(draft: Draft) -> tuple[int, float]:
    """Return how many grids are out of the band, and by how much together."""
    low, high = draft.rules.band or (0, 0)
    keys = [key for key in np.unique(draft.owner).tolist() if draft.nodes[key].kind == "comprehensive"]
    loads = [float(np.nan_to_num(draft.loads(key)[0])) for key in keys]
    misses = [max(low - load, load - high, 0.0) for load in loads]
    return sum(miss > 0 for miss in misses), sum(misses)


def test_change_that_expects_another_state_is_refused() -> None:
    draft = random_town(1)
    _, delta = perform(draft, Rename({"G0": "Other"}), random_tools(draft, 1))
    with pytest.raises(GeogridError, match="not as the change expects"):
        apply(draft, delta.inverse())


def test_difference_of_the_same_is_empty() -> None:
    assert difference(random_town(3), random_town(3)).is_empty
