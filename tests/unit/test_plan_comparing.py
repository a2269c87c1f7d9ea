"""What a comparison says of each grid, on a row of six boxes in three grids; and what a check says of a plan."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.codes import code_profile
from geogrid.editions import Duty, Heir, follow
from geogrid.errors import GeogridError
from geogrid.plans import BlockTable, Buildings, Draft, Node, Rules
from geogrid.plans.checking import Surroundings, check, judge
from geogrid.plans.comparing import Comparison, Tolerance, compare
from geogrid.plans.operations.kinds import Carve, Merge, MoveBlocks, MoveLand, Operation, Recode, Rename, SplitInto
from geogrid.plans.operations.perform import perform
from geogrid.types import GridCode
from tests.property.test_plan_edits import KINDS, random_operation
from tests.property.town_drafts import random_tools, random_town


def row() -> Draft:
    boxes = np.asarray(shapely.box(np.arange(6) * 0.001, 0, np.arange(1, 7) * 0.001, 0.001), dtype=object)
    nodes = [Node(1, GridCode("D"), "District", 1, None, "parent", duties=(Duty("chief", "Wu"),))]
    nodes += [
        Node(10 + n, GridCode(name), f"Grid {name}", 2, 1, "comprehensive", duties=(Duty("chief", f"Li {name}"),))
        for n, name in enumerate("abc")
    ]
    loads = np.tile([100.0, 200.0, 5.0], (6, 1))
    blocks = BlockTable(np.arange(1, 7), boxes, loads)
    return Draft(blocks, np.array([10, 10, 11, 11, 12, 12]), {node.key: node for node in nodes}, Rules(2))


def after(*operations: Operation) -> Draft:
    draft = row()
    tools = random_tools(draft, 0)
    for each in operations:
        draft, _ = perform(draft, each, tools)
    return draft


def fates(found: Comparison) -> dict[str, tuple[str, ...]]:
    return {
        "/".join(node.code if node else "-" for node in (change.before, change.after)): change.fates
        for change in found.grids
        if change.level == 2
    }


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ((), {"a/a": ("unchanged",), "b/b": ("unchanged",), "c/c": ("unchanged",)}),
        ((MoveBlocks((3,), "a"),), {"a/a": ("moved",), "b/b": ("moved",), "c/c": ("unchanged",)}),
        ((Rename({"a": "Other"}),), {"a/a": ("renamed",), "b/b": ("unchanged",)}),
        ((Recode({"a": "x", "b": "a"}),), {"a/x": ("recoded",), "b/a": ("recoded",), "c/c": ("unchanged",)}),
        ((Merge(("a", "b"), keep="a"),), {"a/a": ("merged",), "b/-": ("merged",), "c/c": ("unchanged",)}),
        ((Carve((1,), "School", "school"),), {"a/a": ("carved",), "-/D001": ("carved",), "b/b": ("unchanged",)}),
        ((SplitInto("b", count=2),), {"b/b": ("split",), "-/D001": ("split",), "c/c": ("unchanged",)}),
    ],
)  # fmt: skip
def test_fate_of_each_grid(operations: tuple[Operation, ...], expected: dict[str, tuple[str, ...]]) -> None:
    found = fates(compare(row(), after(*operations)))
    assert {key: found.get(key) for key in expected} == expected


def test_grid_with_over_half_of_its_load_left_is_the_same_grid() -> None:
    old = after(MoveBlocks((3,), "a"))
    found = fates(compare(old, perform(old, Carve((1,), "School", "school"), random_tools(old, 0))[0]))
    assert (found["a/a"], found["-/D001"]) == (("carved",), ("carved",))


def test_boundary_that_is_only_drawn_again_moves_no_land() -> None:
    old = row()
    wiggled = shapely.transform(old.blocks.polygons, lambda xy: xy + 1e-8 * np.sin(xy * 1e6))
    new = replace(old, blocks=BlockTable(old.blocks.ids + 100, wiggled, old.blocks.loads))
    found = compare(old, new, tolerance=Tolerance(area_m2=2.0))
    assert {each for change in found.grids for each in change.fates} == {"redigitised"}
    assert not found.moved.any()


def test_moved_land_carries_its_households_cases_and_place() -> None:
    cases = np.asarray(shapely.points([(0.0025, 0.0005), (0.0026, 0.0005), (0.0055, 0.0005)]), dtype=object)
    found = compare(row(), after(MoveBlocks((3,), "a")), cases=cases)
    assert found.cases[found.moved].tolist() == [2]
    assert found.pieces.loads[found.moved].tolist() == [[100.0, 200.0, 5.0]]
    change = next(each for each in found.grids if each.after and each.after.code == "a")
    assert (change.gained[1:].tolist(), change.lost.tolist()) == ([100.0, 200.0, 5.0], [0.0] * 4)


def test_duties_of_a_merged_grid_are_told() -> None:
    found = compare(row(), after(Merge(("a", "b"), keep="a")))
    assert [(move.holder, move.before, move.after) for move in found.duties] == [("Li b", ("b",), ())]


@settings(max_examples=60)
@given(town=st.integers(0, 500), wanted=st.lists(st.tuples(st.integers(0, KINDS - 1), st.integers(0, 999)), max_size=6))
def test_whatever_changes_hands_sums_to_zero_and_links_share_out_every_grid(
    town: int, wanted: list[tuple[int, int]]
) -> None:
    old = new = random_town(town)
    tools = random_tools(old, town)
    for kind, seed in wanted:
        try:
            new, _ = perform(new, random_operation(new, kind, seed), tools)
        except GeogridError:
            continue
    found = compare(old, new, tolerance=Tolerance(0.0, 0.0))
    for measure, sums in found.totals().items():
        assert abs(sums["net"]) < 1e-6 * max(sums["gained"], 1.0), measure
    given_away = {}
    for link in found.links:
        given_away[link.level, link.before] = given_away.get((link.level, link.before), 0.0) + link.share
    assert all(share == pytest.approx(1.0) for (_, key), share in given_away.items() if key)


def test_lineage_multiplies_shares_over_editions_both_ways() -> None:
    split = {"a": [("a", 0.75), ("b", 0.25)]}
    merged = {"a": [("c", 1.0)], "b": [("c", 0.5), ("d", 0.5)]}
    assert follow("a", [split, merged]) == (Heir("c", 0.875), Heir("d", 0.125))
    assert follow("a", []) == (Heir("a", 1.0),)
    assert follow("nobody", [split]) == ()


def checked(draft: Draft, *, limit: shapely.Geometry | None = None, buildings: Buildings | None = None) -> list[str]:
    found = check(draft, Surroundings(limit, buildings or Buildings()))
    return [f"{each.severity} {each.kind} {each.subject}" for each in found]


def test_sound_plan_has_no_problem() -> None:
    assert checked(row(), limit=shapely.box(0, 0, 0.006, 0.001)) == []


def test_every_problem_is_listed_at_once() -> None:
    draft = replace(after(MoveBlocks((4,), "a"), Rename({"a": "Grid b"})), rules=Rules(2, "households", (150, 250)))
    draft = replace(draft, rules=replace(draft.rules, profile=code_profile("custom:1+2")))
    draft = draft.with_nodes(replace(draft.nodes[12], duties=()))
    house = Buildings(
        np.array([7]), ("",), np.array([shapely.box(0.0017, 0, 0.0022, 0.0005)], dtype=object), np.ones(1)
    )
    limit = shapely.box(0, 0, 0.007, 0.001)
    found = checked(draft, limit=limit, buildings=house)
    assert [each for each in found if "uncovered" not in each] == [
        "error building-cut 7",
        "error code D",
        "error code a",
        "error code b",
        "error code c",
        "warning band a",
        "warning band b",
        "warning fragments a",
        "warning no-duty c",
        "warning same-name a",
    ]
    assert sum("uncovered" in each for each in found) == 1


def test_overlapping_land_is_an_error_that_no_reason_excuses() -> None:
    draft = row()
    wide = draft.blocks.polygons.copy()
    wide[2] = shapely.box(0.0015, 0, 0.003, 0.001)
    broken = replace(draft, blocks=replace(draft.blocks, polygons=wide))
    problems = check(broken, Surroundings(None, Buildings()))
    verdict = judge(problems, {(each.kind, each.subject): "so it is" for each in problems})
    assert [each.kind for each in verdict.errors] == ["overlap"]


def test_accepted_exceptions_stand_apart() -> None:
    draft = replace(row(), rules=Rules(2, "households", (300, 400)))
    problems = check(draft, Surroundings(None, Buildings()))
    verdict = judge(problems, {("band", "a"): "small island"})
    assert [each.subject for each in verdict.warnings] == ["b", "c"]
    assert [each.subject for each in verdict.accepted] == ["a"]


def test_patch_moves_exactly_its_land() -> None:
    old = row()
    patch = shapely.box(0.0015, -1, 0.0025, 1)
    new, _ = perform(old, MoveLand(patch, "c"), replace(random_tools(old, 0), buildings=Buildings()))
    found = compare(old, new)
    moved = shapely.union_all(found.pieces.polygons[found.moved])
    assert moved.symmetric_difference(shapely.box(0.0015, 0, 0.0025, 0.001)).area < 1e-12
