"""What each operation does, on a street of four boxes: A A B B, each 100 households in 4 buildings."""

from itertools import count

import numpy as np
import pytest
import shapely

from geogrid.codes import code_profile
from geogrid.editions import Duty
from geogrid.errors import InvalidInputError, NotFoundError
from geogrid.plans import BlockTable, Buildings, Draft, Node, Rules, Tools, figures
from geogrid.plans.operations.kinds import (
    AssignDuty,
    Carve,
    ChangeParent,
    Dissolve,
    EndDuty,
    Merge,
    MoveBlocks,
    MoveLand,
    Operation,
    Rebalance,
    Recode,
    Rename,
    SplitByLine,
    SplitInto,
)
from geogrid.plans.operations.perform import perform
from geogrid.types import GridCode

A, B, WEST, EAST, TOP = 11, 12, 2, 3, 1


@pytest.fixture
def street() -> Draft:
    boxes = shapely.box(np.arange(4) * 0.001, 0, np.arange(1, 5) * 0.001, 0.001)
    nodes = [
        Node(TOP, GridCode("320115"), "District", 1, None, "parent"),
        Node(WEST, GridCode("320115001"), "West", 2, TOP, "parent"),
        Node(EAST, GridCode("320115002"), "East", 2, TOP, "parent"),
        Node(A, GridCode("320115001001"), "A", 3, WEST, "comprehensive", duties=(Duty("chief", "Li"),)),
        Node(B, GridCode("320115002001"), "B", 3, EAST, "comprehensive"),
    ]
    return Draft(
        BlockTable(np.arange(1, 5), np.asarray(boxes, dtype=object), np.tile([100.0, 250.0, 4.0], (4, 1))),
        np.array([A, A, B, B]),
        {node.key: node for node in nodes},
        Rules(3, band=(150, 250), profile=code_profile("admin-12")),
    )


def tools(*houses: tuple[float, float]) -> Tools:
    """Return tools with square buildings of 22 m around some places, in thousandths of a degree."""
    boxes = [shapely.Point(x * 0.001, y * 0.001).buffer(0.0001, cap_style="square") for x, y in houses]
    buildings = Buildings(
        np.arange(70, 70 + len(boxes)),
        tuple(f"House {n}" for n in range(len(boxes))),
        np.array(boxes, dtype=object),
        np.full(len(boxes), np.nan),
    )
    grids, blocks = count(100), count(900)
    return Tools(lambda: next(grids), lambda: next(blocks), buildings)


def done(draft: Draft, wanted: Operation) -> Draft:
    return perform(draft, wanted, tools())[0]


def refused(draft: Draft, wanted: Operation, using: Tools | None = None) -> str:
    with pytest.raises((InvalidInputError, NotFoundError)) as error:
        perform(draft, wanted, using or tools())
    return str(error.value)


def code_of(draft: Draft, block: int) -> str:
    return draft.nodes[int(draft.owner[draft.blocks.positions([block])][0])].code


def test_blocks_move_across_the_boundary_of_parents(street: Draft) -> None:
    moved = done(street, MoveBlocks((2,), "320115002001"))
    assert moved.loads(A)[0], moved.loads(B)[0] == (100.0, 300.0)
    found = {each.code: (each.off_band, each.blocks) for each in figures(moved, [A, B])}
    assert found == {"320115001001": (-50.0, 1), "320115002001": (50.0, 3)}


def test_last_block_of_a_grid_does_not_move(street: Draft) -> None:
    told = refused(street, MoveBlocks((1, 2), "320115002001"))
    assert told == (
        "Grid 320115001001 would have no block left. Merge it with another grid instead, or leave it a block."
    )


def test_unknown_blocks_and_grids_are_named(street: Draft) -> None:
    assert refused(street, MoveBlocks((1, 77, 99), "320115002001")).startswith("The plan has no block 77, 99.")
    assert refused(street, MoveBlocks((1,), "nobody")) == "The plan has no grid 'nobody'."
    assert "has blocks" not in refused(street, MoveBlocks((1,), "320115002"))


def test_figures_tell_every_fragment(street: Draft) -> None:
    apart = done(street, MoveBlocks((3,), "320115001001"))
    apart = done(apart, MoveBlocks((2,), "320115002001"))
    found = {each.code: each.fragments for each in figures(apart, [A, B])}
    assert {code: len(places) for code, places in found.items()} == {"320115001001": 2, "320115002001": 2}
    assert sorted(found["320115001001"]) == [(0.0005, 0.0005), (0.0025, 0.0005)]


def test_square_has_the_compactness_of_a_square(street: Draft) -> None:
    square = done(street, MoveBlocks((2,), "320115002001"))
    assert figures(square, [A])[0].compactness == pytest.approx(np.pi / 4, abs=0.005)


def test_split_by_line_leaves_the_code_with_the_heavier_part(street: Draft) -> None:
    three = done(street, MoveBlocks((2,), "320115002001"))
    line = shapely.LineString([(0.0029, -0.001), (0.0031, 0.002)])
    split = done(three, SplitByLine("320115002001", line, ("Harbour",)))
    assert [code_of(split, block) for block in (2, 3, 4)] == ["320115002001", "320115002001", "320115002002"]
    assert split.node("320115002002").name == "Harbour"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ([(0.5, 0), (0.6, 1)], "The line does not divide grid 320115001001."),
        ([(0.0001, -1), (0.0001, 1)], "Every block of grid 320115001001 lies mostly on one side of the line."),
    ],
)
def test_line_that_divides_nothing_is_refused(street: Draft, line: list[tuple[float, float]], told: str) -> None:
    assert refused(street, SplitByLine("320115001001", shapely.LineString(line))).startswith(told)


def test_engine_splits_into_a_number_and_into_the_band(street: Draft) -> None:
    one = done(done(street, Merge(("320115001", "320115002"))), Merge(("320115001001", "320115002001"), name="All"))
    assert sorted(np.bincount(done(one, SplitInto("320115001001", count=4)).owner).tolist())[-4:] == [1, 1, 1, 1]
    halves = done(one, SplitInto("320115001001"))
    assert sorted(halves.loads(key)[0] for key in np.unique(halves.owner).tolist()) == [200, 200]
    assert refused(street, SplitInto("320115001001", count=3)).startswith(
        "Grid 320115001001 cannot be split into 3: it has 2 blocks in 1 separate piece. Ask for 2 to 2."
    )


def test_merged_grid_keeps_the_code_and_duties_of_the_one_that_remains(street: Draft) -> None:
    united = done(street, Merge(("320115001", "320115002")))
    merged = done(united, Merge(("320115002001", "320115001001"), keep="320115001001"))
    assert set(merged.owner.tolist()) == {A}
    assert merged.nodes[A].duties == (Duty("chief", "Li"),)


def test_last_grid_of_a_parent_is_not_merged_away(street: Draft) -> None:
    assert refused(street, Merge(("320115001001", "320115002001"), keep="320115001001")) == (
        "Grid 320115002 would have no grid below it. Leave it one, or merge it with another of its level."
    )


def test_merged_communities_take_their_grids_along_and_a_number_from_601(street: Draft) -> None:
    merged = done(street, Merge(("320115001", "320115002"), code="new", name="United"))
    parents = {merged.nodes[key].parent for key in (A, B)}
    assert [merged.nodes[key].code for key in parents if key] == ["320115003"]


def test_merging_grids_of_two_levels_or_one_is_refused(street: Draft) -> None:
    assert "Grids of one level are merged" in refused(street, Merge(("320115001", "320115002001")))
    assert "at least two" in refused(street, Merge(("320115001001", "320115001001")))


def test_carving_takes_land_and_dissolving_gives_it_back(street: Draft) -> None:
    carved = done(street, Carve((2,), "First School", "school"))
    node = carved.node("320115001002")
    assert (node.name, node.kind, node.category, node.parent) == ("First School", "dedicated", "school", WEST)
    back = done(carved, Dissolve("320115001002"))
    assert (back.owner == street.owner).all()


def test_carving_a_whole_grid_ends_it(street: Draft) -> None:
    assert "320115001001" not in {node.code for node in done(street, Carve((1, 2), "Park", "other")).nodes.values()}


def test_patch_cuts_blocks_and_shares_their_loads_by_buildings(street: Draft) -> None:
    using = tools((2.2, 0.5), (2.2, 0.2), (2.8, 0.5))
    patch = shapely.box(0.0015, -1, 0.0025, 1)
    moved, _ = perform(street, MoveLand(patch, "320115001001"), using)
    assert moved.loads(A).tolist() == [267.0, 667.0, 11.0]
    assert np.nansum(moved.blocks.loads, axis=0).tolist() == [400.0, 1000.0, 16.0]
    assert 3 not in moved.blocks.ids
    assert moved.shape(A).equals(shapely.box(0, 0, 0.0025, 0.001))
    assert shapely.coverage_is_valid(moved.blocks.polygons)


def test_patch_never_cuts_a_building_and_the_refusal_lists_them_all(street: Draft) -> None:
    using = tools((2.5, 0.5), (2.5, 0.2), (2.8, 0.5))
    told = refused(street, MoveLand(shapely.box(0.0015, -1, 0.0025, 1), "320115001001"), using)
    assert told.splitlines() == [
        "The edge of the patch cuts building 70 (House 0). Draw it around the building.",
        "The edge of the patch cuts building 71 (House 1). Draw it around the building.",
    ]


def test_patch_through_a_building_inside_one_grid_is_no_cut(street: Draft) -> None:
    using = tools((1.5, 0.5))
    moved, _ = perform(street, MoveLand(shapely.box(0.0015, -1, 0.0025, 1), "320115001001"), using)
    assert moved.shape(A).covers(using.buildings.polygons[0])


def test_sliver_stays_with_its_block(street: Draft) -> None:
    patch = shapely.box(0.002 - 1e-9, 0, 0.003 + 1e-9, 0.001)
    moved = done(street, MoveLand(patch, "320115001001"))
    assert [code_of(moved, block) for block in (1, 2, 3, 4)] == ["320115001001"] * 3 + ["320115002001"]


def test_rebalancing_moves_no_more_than_needed() -> None:
    nodes = [Node(1, GridCode("D"), "D", 1, None, "parent")]
    nodes += [Node(key, GridCode(f"G{key}"), "", 2, 1, "comprehensive") for key in (2, 3, 4)]
    boxes = np.asarray(shapely.box(np.arange(9) * 0.001, 0, np.arange(1, 10) * 0.001, 0.001), dtype=object)
    households = np.array([50, 50, 50, 50, 50, 50, 50, 20, 20.0])
    loads = np.column_stack([households, np.zeros((9, 2))])
    draft = Draft(
        BlockTable(np.arange(9), boxes, loads),
        np.array([2, 2, 2, 2, 3, 3, 3, 4, 4]),
        {node.key: node for node in nodes},
        Rules(2, band=(90, 150)),
    )
    after = done(draft, Rebalance())
    assert [float(after.loads(key)[0]) for key in (2, 3, 4)] == [150.0, 150.0, 90.0]
    assert np.flatnonzero(after.owner != draft.owner).tolist() == [3, 6]


def test_codes_can_be_exchanged_but_not_doubled(street: Draft) -> None:
    one, other = "320115001001", "320115002001"
    swapped = done(street, Recode({one: other, other: one}))
    assert (swapped.nodes[A].code, swapped.nodes[B].code) == (other, one)
    assert refused(street, Recode({one: other})) == f"2 grids would have the code {other}. Codes are unique."


def test_numbering_by_the_profile_follows_the_map(street: Draft) -> None:
    mixed = done(street, Recode({"320115001": "x", "320115001001": "y", "320115002001": "z"}))
    numbered = done(mixed, Recode())
    assert [numbered.nodes[key].code for key in (WEST, EAST, A, B)] == [
        "320115001", "320115002", "320115001001", "320115002001",
    ]  # fmt: skip


def test_grids_go_below_another_parent_of_the_right_level(street: Draft) -> None:
    both = done(street, SplitInto("320115001001", count=2))
    moved = done(both, ChangeParent(("320115001002",), "320115002"))
    assert moved.node("320115001002").parent == EAST
    assert "would have no grid below it" in refused(street, ChangeParent(("320115001001",), "320115002"))
    assert "its parent is of level 2" in refused(street, ChangeParent(("320115001001",), "320115"))


def test_duties_begin_and_end(street: Draft) -> None:
    both = done(street, AssignDuty("320115001001", "gridder", "Wang", "110"))
    assert [duty.holder for duty in both.nodes[A].duties] == ["Li", "Wang"]
    assert [duty.holder for duty in done(both, EndDuty("320115001001", "chief", "Li")).nodes[A].duties] == ["Wang"]
    assert refused(street, AssignDuty("320115001001", "chief", "Li")) == "Li is chief of grid 320115001001 already."
    assert refused(street, EndDuty("320115001001", "chief", "Wu")).endswith("On duty there: chief Li.")


def test_empty_name_is_refused(street: Draft) -> None:
    assert refused(street, Rename({"320115001001": " "})) == "The new name of grid 320115001001 is empty."


def test_patch_is_carved_out_and_the_rest_stays(street: Draft) -> None:
    carved = done(street, Carve(name="Campus", category="school", patch=shapely.box(0.0002, 0.0002, 0.0006, 0.0006)))
    node = carved.node("320115001002")
    assert carved.shape(node.key).equals(shapely.box(0.0002, 0.0002, 0.0006, 0.0006))
    assert carved.loads(node.key)[0] + carved.loads(A)[0] == 200.0
    assert shapely.coverage_is_valid(carved.blocks.polygons)
    assert "Exactly one of blocks and a patch" in refused(street, Carve(name="Campus", category="school"))


def test_line_cuts_a_block_where_that_is_asked_for(street: Draft) -> None:
    line = shapely.LineString([(0.0005, -0.001), (0.0005, 0.002)])
    split = done(street, SplitByLine("320115001001", line, ("West end",), cut=True))
    node = split.node("320115001002")
    assert node.name == "West end"
    assert split.shape(node.key).equals(shapely.box(0, 0, 0.0005, 0.001))
    assert shapely.coverage_is_valid(split.blocks.polygons)
