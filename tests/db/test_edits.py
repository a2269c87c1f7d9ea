"""Edits in the store: the same as in memory, taken back to the same bytes, safe for two planners."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from boundaries.grids.tables import Plan
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.plans.drafts import changes_since, get_plan, lock_plan, move_state, new_draft
from boundaries.plans.edits.editing import Author, edit, list_edits, redo, undo
from boundaries.plans.loading import load_whole, read_one_moment
from boundaries.plans.storing import save_plan
from boundaries.store.engine import unit_of_work
from geogrid.editions import Duty
from geogrid.editions.fields import LOADS
from geogrid.errors import ConflictError, GeogridError, InvalidInputError, StaleError
from geogrid.plans import Draft, figures
from geogrid.plans.operations.kinds import AssignDuty, Carve, ChangeParent, Merge, MoveBlocks, MoveLand, Recode, Rename
from geogrid.types import LevelName
from tests.property.test_plan_edits import KINDS, random_operation
from tests.property.town_drafts import CELL, ORIGIN, random_town

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLANNER = Author("Wang", "yearly review")


def store(session: Session, draft: Draft, code: str = "town") -> Plan:
    """Store a draft of the pure kind, without loads that no block has."""
    levels = [LevelName("district"), LevelName("community"), LevelName("grid")]
    town = save_jurisdiction(session, code=code, name="Town", levels=levels)
    nodes = sorted(draft.nodes.values(), key=lambda node: node.level)
    rows, shapes = [], []
    for node in nodes:
        members = np.flatnonzero(draft.owner_at(node.level) == node.key)
        shapes.append(shapely.coverage_union_all(draft.blocks.polygons[members]))
        loads = np.nansum(draft.blocks.loads[members], axis=0)
        rows.append(
            {
                "code": node.code, "name": node.name, "level": node.level, "kind": node.kind,
                "parent": draft.nodes[node.parent].code if node.parent else None, "category": node.category,
                "attributes": dict(node.attributes), **dict(zip(LOADS, loads, strict=True)),
            }
        )  # fmt: skip
    grids = gpd.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4326")
    columns = {"grid": [draft.nodes[key].code for key in draft.owner.tolist()]}
    columns |= {load: draft.blocks.loads[:, place] for place, load in enumerate(LOADS)}
    blocks = gpd.GeoDataFrame(columns, geometry=draft.blocks.polygons, crs="EPSG:4326")
    return save_plan(session, town, name="plan", grids=grids, blocks=blocks, band=(100, 400))


# But for the number of the last edit of a grid: taking an edit back is one more. And for the key of one that was gone
# and is back: a draft's are settled by what land its grids have, when it is published.
STATE = """
    select 'grid', g.id, (to_jsonb(g) - 'edited' - 'key_id')::text, encode(ST_AsBinary(g.geom), 'hex'),
        (select string_agg(d.role || d.holder || d.phone, ',' order by d.id) from duties d where d.grid_id = g.id)
    from grids g where plan_id = :plan
    union all
    select 'block', block_id, grid_id::text, '', '' from assignments where plan_id = :plan
    union all
    select 'level', position, name, name_zh, '' from plan_levels where plan_id = :plan
    order by 1, 2
"""


def state(session: Session, plan: Plan) -> list[tuple[object, ...]]:
    return [tuple(row) for row in session.execute(text(STATE), {"plan": plan.id})]


def check_derived(session: Session, plan: Plan) -> None:
    """Compare what is stored of every grid with what its blocks say, by other means than those that derived it."""
    draft = load_whole(session, plan)
    rows = session.execute(
        text(
            "select id, level, kind, households, population, buildings, ST_AsBinary(geom) from grids where plan_id = :p"
        ),
        {"p": plan.id},
    ).all()
    for key, level, kind, *loads, shape in rows:
        members = np.flatnonzero(draft.owner_at(level) == key)
        assert len(members), (key, kind)
        land = shapely.union_all(draft.blocks.polygons[members])
        assert shapely.area(shapely.symmetric_difference(land, shapely.from_wkb(bytes(shape)))) < 1e-12
        sums = np.nansum(draft.blocks.loads[members], axis=0)
        assert [value or 0.0 for value in loads] == sums.tolist()


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    town=st.integers(0, 300),
    wanted=st.lists(st.tuples(st.integers(0, KINDS - 1), st.integers(0, 999)), min_size=3, max_size=9),
)
def test_any_edits_keep_what_is_derived_and_undoing_all_restores_every_byte(
    engine: Engine, town: int, wanted: list[tuple[int, int]]
) -> None:
    with Session(engine) as session:
        draft = random_town(town)
        plan = store(session, draft)
        start = state(session, plan)
        for kind, seed in wanted:
            try:
                with session.begin_nested():
                    operation = random_operation(load_whole(session, plan), kind, seed)
                    answer = edit(session, plan.id, [operation], author=PLANNER, version=None)
            except GeogridError:
                continue
            check_derived(session, plan)
            # They are made from the operation itself, and are those of the plan as it is stored.
            whole = load_whole(session, plan)
            told = {each.code for each in answer.figures}
            assert answer.figures == figures(whole, [key for key, node in whole.nodes.items() if node.code in told])
        end, done = state(session, plan), plan.position
        for _ in range(done):
            undo(session, plan.id, author=PLANNER, version=None)
        assert state(session, plan) == start
        for _ in range(done):
            redo(session, plan.id, author=PLANNER, version=None)
        # Numbers of duties are given out anew; grids and blocks are the same to the byte.
        assert state(session, plan) == end
        session.rollback()


@pytest.fixture
def plan(session: Session) -> Plan:
    made = store(session, random_town(7))
    session.commit()
    return made


def block_at_boundary(session: Session, plan: Plan) -> tuple[int, str]:
    """Return a block of a leaf with several, and another leaf."""
    draft = load_whole(session, plan)
    keys, counts = np.unique(draft.owner, return_counts=True)
    giver = keys[counts.argmax()]
    taker = next(key for key in keys.tolist() if key != giver)
    return int(draft.blocks.ids[draft.owner == giver][0]), draft.nodes[taker].code


def test_answer_tells_what_changed_and_the_figures_of_the_grids_touched(session: Session, plan: Plan) -> None:
    block, to = block_at_boundary(session, plan)
    answer = edit(session, plan.id, [MoveBlocks((block,), to)], author=PLANNER, version=0)
    assert (answer.plan.version, answer.blocks, len(answer.figures)) == (1, 1, 2)
    codes = {each["after"]["code"] for each in answer.changed}
    assert to in codes
    assert {each.code for each in answer.figures} <= codes


def test_step_back_tells_the_grids_of_its_own_edit_only(session: Session, plan: Plan) -> None:
    _, to = block_at_boundary(session, plan)
    leaves = text("select code from grids where plan_id = :plan and kind <> 'parent' and code <> :to order by code")
    other = session.scalars(leaves, {"plan": plan.id, "to": to}).first()
    edit(session, plan.id, [Rename({other: "Before"}), Rename({to: "After"})], author=PLANNER, version=0)
    back = undo(session, plan.id, author=PLANNER, version=None)
    assert [(each["before"]["code"], each["before"]["name"]) for each in back.changed] == [(to, "After")]
    again = redo(session, plan.id, author=PLANNER, version=None)
    assert [(each["after"]["code"], each["after"]["name"]) for each in again.changed] == [(to, "After")]


def test_several_operations_are_one_transaction_and_several_edits(engine: Engine, session: Session, plan: Plan) -> None:
    block, to = block_at_boundary(session, plan)
    with pytest.raises(GeogridError, match="nobody"), unit_of_work(engine) as work:
        edit(work, plan.id, [Rename({to: "Other"}), Rename({"nobody": "x"})], author=PLANNER, version=0)
    session.expire_all()
    assert (get_plan(session, plan.id).version, list_edits(session, plan)) == (0, [])
    edit(session, plan.id, [Rename({to: "Other"}), MoveBlocks((block,), to)], author=PLANNER, version=0)
    undo(session, plan.id, author=PLANNER, version=1)
    assert [(each["operation"]["kind"], each["undone"]) for each in list_edits(session, plan)] == [
        ("rename", False),
        ("move_blocks", True),
    ]


def test_new_edit_ends_what_could_be_done_again(session: Session, plan: Plan) -> None:
    edit(session, plan.id, [Rename({"G0": "One"})], author=PLANNER, version=None)
    undo(session, plan.id, author=PLANNER, version=None)
    edit(session, plan.id, [Rename({"G0": "Two"})], author=PLANNER, version=None)
    with pytest.raises(ConflictError, match="no edit of plan .* to do again"):
        redo(session, plan.id, author=PLANNER, version=None)
    undo(session, plan.id, author=PLANNER, version=None)
    with pytest.raises(ConflictError, match="to take back"):
        undo(session, plan.id, author=PLANNER, version=None)


def test_who_when_what_and_why_are_recorded(session: Session, plan: Plan) -> None:
    edit(session, plan.id, [AssignDuty("G0", "网格长", "王芳", "110")], author=PLANNER, version=None)
    found = list_edits(session, plan)[0]
    assert (found["by"], found["reason"], found["operation"]["holder"]) == ("Wang", "yearly review", "王芳")
    assert [each["kind"] for each in changes_since(session, plan.id, 0)] == ["edit"]
    assert load_whole(session, plan).node("G0").duties == (Duty("网格长", "王芳", "110"),)


def test_duties_of_a_merged_grid_come_back_with_it(session: Session, plan: Plan) -> None:
    edit(session, plan.id, [AssignDuty("G0", "chief", "Li")], author=PLANNER, version=None)
    before = state(session, plan)
    edit(session, plan.id, [Merge(("G0", "G1"), keep="G1")], author=PLANNER, version=None)
    undo(session, plan.id, author=PLANNER, version=None)
    assert load_whole(session, plan).node("G0").duties == (Duty("chief", "Li"),)
    assert len(state(session, plan)) == len(before)


def test_codes_are_exchanged_in_one_step_and_back(session: Session, plan: Plan) -> None:
    before = state(session, plan)
    edit(session, plan.id, [Recode({"G0": "G1", "G1": "G0"})], author=PLANNER, version=None)
    assert state(session, plan) != before
    undo(session, plan.id, author=PLANNER, version=None)
    assert state(session, plan) == before


def test_stale_version_is_told_with_what_changed_since(session: Session, plan: Plan) -> None:
    edit(session, plan.id, [Rename({"G0": "One"})], author=PLANNER, version=0)
    with pytest.raises(StaleError, match="at version 1, and the request is about version 0") as stale:
        edit(session, plan.id, [Rename({"G0": "Two"})], author=PLANNER, version=0)
    assert [(each["by"], each["detail"]["operations"]) for each in stale.value.changes] == [("Wang", ["rename"])]


def test_fifty_writers_at_once_lose_no_update_and_can_try_again(engine: Engine, plan: Plan) -> None:
    refused: list[int] = []

    def write(number: int) -> None:
        while True:
            with unit_of_work(engine) as session:
                version = get_plan(session, plan.id).version
            try:
                with unit_of_work(engine) as session:
                    edit(
                        session, plan.id, [AssignDuty("G1", "volunteer", f"V{number}")], author=PLANNER, version=version
                    )
            except StaleError:
                refused.append(number)
            else:
                return

    with ThreadPoolExecutor(12) as writers:
        list(writers.map(write, range(50)))
    with unit_of_work(engine) as session:
        stored = get_plan(session, plan.id)
        duties = load_whole(session, stored).node("G1").duties
        assert (stored.version, stored.position) == (50, 50)
        assert sorted(duty.holder for duty in duties) == sorted(f"V{number}" for number in range(50))
    assert refused


def test_plans_do_not_hold_each_other_up(engine: Engine, session: Session, plan: Plan) -> None:
    other = new_draft(session, plan, name="other", made_by="Li", at=NOON)
    session.commit()
    with unit_of_work(engine) as first:
        lock_plan(first, plan.id, version=None)
        with unit_of_work(engine) as second:
            second.execute(text("set local lock_timeout = '1s'"))
            edit(second, other.id, [Rename({"G0": "Mine"})], author=PLANNER, version=None)


def test_whole_plan_is_read_as_of_one_moment(engine: Engine, session: Session, plan: Plan) -> None:
    block, to = block_at_boundary(session, plan)
    with unit_of_work(engine) as reading:
        read_one_moment(reading)
        before = load_whole(reading, get_plan(reading, plan.id))
        with unit_of_work(engine) as other:
            edit(other, plan.id, [MoveBlocks((block,), to)], author=PLANNER, version=None)
        again = load_whole(reading, get_plan(reading, plan.id))
    assert (before.owner == again.owner).all()


def test_draft_is_a_copy_with_everything_but_the_numbers(session: Session, plan: Plan) -> None:
    edit(session, plan.id, [AssignDuty("G0", "chief", "Li")], author=PLANNER, version=None)
    copy = new_draft(session, plan, name="copy", made_by="Li", at=NOON)
    one, other = load_whole(session, plan), load_whole(session, copy)
    assert one.blocks.ids.tolist() == other.blocks.ids.tolist()
    assert [one.nodes[key].code for key in one.owner.tolist()] == [
        other.nodes[key].code for key in other.owner.tolist()
    ]
    facts = [{(n.code, n.name, n.level, n.kind, n.duties) for n in each.nodes.values()} for each in (one, other)]
    assert facts[0] == facts[1]
    check_derived(session, copy)


def test_only_drafts_are_edited(session: Session, plan: Plan) -> None:
    move_state(session, plan.id, "in_review", version=None, made_by="Li")
    with pytest.raises(ConflictError, match="is in review, and only drafts are edited. Send it back to draft first."):
        edit(session, plan.id, [Rename({"G0": "x"})], author=PLANNER, version=None)
    with pytest.raises(ConflictError, match="cannot become in review. It can become: draft, approved."):
        move_state(session, plan.id, "in_review", version=None, made_by="Li")


def test_patch_cuts_around_the_buildings_of_the_base_map(session: Session, plan: Plan) -> None:
    place = shapely.Point(*(ORIGIN + 2.5 * CELL))
    session.execute(
        text(
            "insert into buildings (jurisdiction_id, name, geom) "
            "values (:j, 'Hall', ST_Multi(ST_GeomFromText(:g, 4326)))"
        ),
        {"j": plan.jurisdiction_id, "g": place.buffer(CELL / 10).wkt},
    )
    draft = load_whole(session, plan)
    own = int(draft.owner[shapely.intersects(draft.blocks.polygons, place)][0])
    other = next(node.code for key, node in draft.nodes.items() if node.is_leaf and key != own)
    half = shapely.box(place.x - CELL, place.y - CELL / 4, place.x, place.y + CELL / 4)
    with pytest.raises(InvalidInputError, match="cuts building .* \\(Hall\\)"):
        edit(session, plan.id, [MoveLand(half, other)], author=PLANNER, version=None)


def test_parents_follow_their_children(session: Session, plan: Plan) -> None:
    edit(session, plan.id, [ChangeParent(("G0",), "D003")], author=PLANNER, version=None)
    check_derived(session, plan)
    edit(session, plan.id, [Merge(("D002", "D003"), keep="D002")], author=PLANNER, version=None)
    check_derived(session, plan)


def test_loads_that_no_block_has_stay_with_the_plan(session: Session, plan: Plan) -> None:
    session.execute(
        text(
            "update grids set households = households + 7 "
            "where plan_id = :p and (code = 'G0' or level < 3 and code <> 'D003')"
        ),
        {"p": plan.id},
    )
    assert load_whole(session, plan).node("G0").unplaced == (7.0, 0.0, 0.0)
    total = "select sum(households) from grids where plan_id = :p and level = 3"
    before = session.scalar(text(total), {"p": plan.id})
    edit(session, plan.id, [Merge(("G0", "G1"), keep="G1")], author=PLANNER, version=None)
    assert session.scalar(text(total), {"p": plan.id}) == before
    top = session.scalar(text("select households from grids where plan_id = :p and level = 1"), {"p": plan.id})
    assert top == before


def test_carved_grid_gets_a_number_of_its_own(session: Session, plan: Plan) -> None:
    block, _ = block_at_boundary(session, plan)
    answer = edit(session, plan.id, [Carve((block,), "School", "school")], author=PLANNER, version=None)
    new = [each["after"] for each in answer.changed if each["before"] is None]
    assert [(each["name"], each["kind"], each["category"]) for each in new] == [("School", "dedicated", "school")]
    check_derived(session, plan)
