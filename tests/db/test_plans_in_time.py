"""Plans in time: what is stale is told, drafts are carried over, the past is kept, states go by the clock."""

import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.cases.reading import NewCase, add_cases
from boundaries.editions.lineage import predecessors, successors
from boundaries.editions.reading import editions_of
from boundaries.grids.records import PlanRecord
from boundaries.grids.tables import Plan
from boundaries.plans.comparing import compare_plans
from boundaries.plans.drafts import get_plan, list_plans, move_state, new_draft
from boundaries.plans.edits.editing import Author, edit, redo, undo
from boundaries.plans.loading import load_whole
from boundaries.plans.rebasing import RebaseAnswer, rebase_plan
from boundaries.plans.rules import accept_problem, verdict_on
from boundaries.publishing.periods import Validity, period_problems
from boundaries.publishing.publish import publish
from boundaries.publishing.rollback import roll_back
from boundaries.publishing.rules import Publication, publish_plan
from geogrid.errors import ConflictError, InvalidInputError, Problem
from geogrid.plans import Operation
from geogrid.plans.operations.kinds import (
    AssignDuty,
    Carve,
    Lock,
    Merge,
    MoveBlocks,
    MoveLand,
    Recode,
    Rename,
    SetBand,
    SplitInto,
)
from tests.db.test_edits import check_derived, state, store
from tests.property.town_drafts import random_town

NOW = datetime.now(UTC)
"""Of the test that runs: periods that begin some minutes ago are backdated."""
DAY = timedelta(days=1)
PLANNER = Author("Wang", "yearly review")


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "NOW", datetime.now(UTC))


@pytest.fixture
def first(session: Session) -> Plan:
    """Town 7, in force for a hundred days: G0-G1-G3-G5-G4 and G1-G2 touch, G0 has 110 households, G2 146."""
    plan = store(session, random_town(7))
    publish(session, plan, valid_from=NOW - 100 * DAY, made_by="Wang")
    return plan


def drafted(session: Session, base: Plan | PlanRecord, *operations: Operation, name: str = "draft") -> PlanRecord:
    draft = new_draft(session, base, name=name, made_by="Wang", at=NOW)
    if operations:
        edit(session, draft.id, operations, author=PLANNER, version=None)
    return get_plan(session, draft.id)


def published(session: Session, plan: PlanRecord, at: datetime, **how: object) -> PlanRecord:
    for each in ("in_review", "approved"):
        if get_plan(session, plan.id).state != "approved":
            move_state(session, plan.id, each, version=None, made_by="Chen")  # type: ignore[arg-type]
    whole = {"accept_warnings": "known", "reason": "a test", **how}
    return publish_plan(session, plan.id, Publication(at, "Chen", **whole), version=None)  # type: ignore[arg-type]


def owners(session: Session, plan: Plan | PlanRecord) -> dict[int, str]:
    """Return the code of the leaf of each block."""
    draft = load_whole(session, plan)
    return {
        block: draft.nodes[key].code for block, key in zip(draft.blocks.ids.tolist(), draft.owner.tolist(), strict=True)
    }


def blocks_of(session: Session, plan: Plan | PlanRecord, code: str) -> list[int]:
    return [block for block, owner in owners(session, plan).items() if owner == code]


def problems(session: Session, plan: PlanRecord, kind: str, at: datetime | None = None) -> list[Problem]:
    return [each for each in verdict_on(session, get_plan(session, plan.id), at=at).errors if each.kind == kind]


def rebased(session: Session, plan: PlanRecord, keep: str | None = None) -> RebaseAnswer:
    return rebase_plan(session, plan.id, at=NOW, author=PLANNER, version=None, keep=keep)  # type: ignore[arg-type]


# What is stale


def test_plan_made_from_an_old_edition_is_refused_with_the_grids_land_and_loads_that_it_would_undo(
    session: Session, first: Plan
) -> None:
    draft = drafted(session, first, Rename({"G5": "Harbour"}))
    whole = load_whole(session, first)
    block = next(block for block in blocks_of(session, first, "G1") if np.nan_to_num(loads(whole, block))[0] > 0)
    published(session, drafted(session, first, MoveBlocks((block,), "G3"), Rename({"G0": "Mill"})), NOW)
    (stale,) = problems(session, draft, "stale-base")
    place = whole.blocks.ids.tolist().index(block)
    area = metres(whole.blocks.polygons[place])
    assert stale.size == pytest.approx(area, rel=1e-3)
    assert f"G3 ({area:,.0f} m2, {whole.blocks.loads[place, 0]:,.0f} households" in stale.message
    assert "the name of G0" in stale.message
    with pytest.raises(InvalidInputError) as refused:
        published(session, draft, NOW + DAY)
    assert [each.kind for each in refused.value.problems] == ["stale-base"]
    accept_problem(session, draft.id, "stale-base", stale.subject, author=Author("Chen", "as it was"), version=None)
    assert published(session, draft, NOW + DAY).valid_from == NOW + DAY


def loads(draft: object, block: int) -> np.ndarray:
    table = draft.blocks  # type: ignore[attr-defined]
    return np.asarray(table.loads[table.ids.tolist().index(block)])


def metres(polygon: shapely.Polygon) -> float:
    """Return square metres by the length of a degree at the place; independent of the product's own."""
    north = np.radians(polygon.centroid.y)
    across = 111_412.84 * np.cos(north) - 93.5 * np.cos(3 * north) + 0.118 * np.cos(5 * north)
    along = 111_132.92 - 559.82 * np.cos(2 * north) + 1.175 * np.cos(4 * north)
    return float(polygon.area * across * along)


def test_plan_that_changed_the_same_as_the_edition_between_undoes_nothing(session: Session, first: Plan) -> None:
    (block, *_) = blocks_of(session, first, "G1")
    same = MoveBlocks((block,), "G3")
    draft = drafted(session, first, same, Rename({"G5": "Harbour"}))
    published(session, drafted(session, first, same), NOW)
    assert problems(session, draft, "stale-base") == []


def test_copy_of_a_draft_that_was_changed_before_it_was_published_is_stale(session: Session, first: Plan) -> None:
    draft = drafted(session, first)
    session.commit()
    copy = drafted(session, draft, Rename({"G5": "Harbour"}))
    session.commit()
    edit(session, draft.id, [Merge(("G0", "G1"), keep="G1")], author=PLANNER, version=None)
    session.commit()
    published(session, draft, NOW)
    (stale,) = problems(session, copy, "stale-base")
    assert "G1 (" in stale.message
    (current,) = [rebased(session, copy)]
    assert problems(session, current.plan, "stale-base") == []
    assert "G0" not in set(owners(session, current.plan).values())


def test_edition_to_come_makes_a_plan_stale_from_its_day_on(session: Session, first: Plan) -> None:
    draft = drafted(session, first, Rename({"G5": "Harbour"}))
    published(session, drafted(session, first, Merge(("G0", "G1"), keep="G1")), NOW + 10 * DAY)
    assert problems(session, draft, "stale-base") == []
    assert problems(session, draft, "stale-base", NOW + 9 * DAY) == []
    assert len(problems(session, draft, "stale-base", NOW + 11 * DAY)) == 1


# Carrying over


def test_rebased_draft_has_the_changes_of_both_and_can_be_undone(session: Session, first: Plan) -> None:
    one, *_ = blocks_of(session, first, "G1")
    other, *_ = blocks_of(session, first, "G5")
    draft = drafted(
        session, first, MoveBlocks((other,), "G4"), Rename({"G2": "Mill"}), AssignDuty("G2", "chief", "Li"),
        SetBand((10, 900)), Lock(("G4",)),
    )  # fmt: skip
    accept_problem(session, draft.id, "no-duty", "G1", author=Author("Chen", "being hired"), version=None)
    edition = published(session, drafted(session, first, MoveBlocks((one,), "G3"), Rename({"G0": "Hill"})), NOW)
    done = rebased(session, draft)
    assert done.conflicts == ()
    expected = owners(session, first) | {one: "G3", other: "G4"}
    assert owners(session, done.plan) == expected
    nodes = {node.code: node for node in load_whole(session, done.plan).nodes.values()}
    assert (nodes["G0"].name, nodes["G2"].name) == ("Hill", "Mill")
    assert [duty.holder for duty in nodes["G2"].duties] == ["Li"]
    assert (done.plan.band, nodes["G4"].locked_by, done.plan.based_on) == ((10, 900), "Wang", edition.id)
    reason = "select reason from acceptances where plan_id = :p and kind = 'no-duty'"
    assert session.scalar(text(reason), {"p": done.plan.id}) == "being hired"
    check_derived(session, session.get_one(Plan, done.plan.id))
    after = state(session, session.get_one(Plan, done.plan.id))
    undo(session, done.plan.id, author=PLANNER, version=None)
    assert owners(session, done.plan) == owners(session, edition)
    redo(session, done.plan.id, author=PLANNER, version=None)
    assert state(session, session.get_one(Plan, done.plan.id)) == after
    assert published(session, done.plan, NOW + DAY).state == "published"


def test_what_both_changed_is_listed_and_settled_only_by_saying_which_counts(session: Session, first: Plan) -> None:
    block, *_ = blocks_of(session, first, "G1")
    draft = drafted(session, first, MoveBlocks((block,), "G0"), Rename({"G5": "Mill"}))
    published(session, drafted(session, first, MoveBlocks((block,), "G3"), Rename({"G5": "Hill"})), NOW)
    before = session.scalar(text("select count(*) from plans"))
    with pytest.raises(InvalidInputError) as refused, session.begin_nested():
        rebased(session, draft)
    assert session.scalar(text("select count(*) from plans")) == before
    land, name = sorted(refused.value.problems, key=lambda each: each.message)[::-1]
    assert name.message == "Grid G5: the name is 'Mill' in the draft and 'Hill' in the edition; it was 'Grid 5'."
    assert land.message.startswith("Land went from G1 to G0 in the draft, and to G3 in the edition: ")
    table = load_whole(session, first).blocks
    own = table.polygons[table.ids.tolist().index(block)]
    assert land.lonlat is not None
    assert own.contains(shapely.Point(land.lonlat))
    for keep, owner, called in (("draft", "G0", "Mill"), ("edition", "G3", "Hill")):
        done = rebased(session, draft, keep)
        assert owners(session, done.plan)[block] == owner
        assert load_whole(session, done.plan).node("G5").name == called
        assert len(done.conflicts) == 2


def test_blocks_that_both_cut_are_cut_by_both_and_stay_a_coverage_with_all_their_loads(
    session: Session, first: Plan
) -> None:
    table = load_whole(session, first).blocks
    west, south, east, north = shapely.total_bounds(table.polygons)
    middle = ((west + east) / 2, (south + north) / 2)
    draft = drafted(
        session,
        first,
        Carve(name="School", category="school", patch=shapely.box(west + 0.0005, middle[1], middle[0], north)),
    )
    edition = published(
        session, drafted(session, first, MoveLand(shapely.box(middle[0] + 0.0004, south, east, north), "G5")), NOW
    )
    done = rebased(session, draft, "draft")
    whole = load_whole(session, done.plan)
    assert shapely.coverage_is_valid(whole.blocks.polygons)
    land = shapely.union_all(table.polygons)
    assert shapely.area(shapely.symmetric_difference(land, shapely.union_all(whole.blocks.polygons))) < 1e-9 * land.area
    assert np.nansum(whole.blocks.loads, axis=0).tolist() == np.nansum(table.loads, axis=0).tolist()
    check_derived(session, session.get_one(Plan, done.plan.id))
    school = whole.shape(next(node.key for node in whole.nodes.values() if node.name == "School"))
    wanted = load_whole(session, draft)
    drawn = wanted.shape(next(node.key for node in wanted.nodes.values() if node.name == "School"))
    assert shapely.area(shapely.symmetric_difference(school, drawn)) < 1e-9
    given = load_whole(session, edition)
    kept = shapely.difference(given.shape(given.node("G5").key), drawn)
    assert shapely.area(shapely.symmetric_difference(whole.shape(whole.node("G5").key), kept)) < 1e-9


def test_grids_that_both_made_with_the_same_code_are_both_there_and_it_is_told(session: Session, first: Plan) -> None:
    draft = drafted(session, first, SplitInto("G1", count=2))
    (mine,) = set(owners(session, draft).values()) - set(owners(session, first).values())
    published(session, drafted(session, first, SplitInto("G5", count=2), Recode({"G3": "T"})), NOW)
    edition = get_plan(session, editions_of(session, first.jurisdiction_id)[-1].id)
    fresh = set(owners(session, edition).values()) - set(owners(session, first).values()) - {"T"}
    done = rebased(session, draft)
    codes = set(owners(session, done.plan).values())
    assert len(codes) == len(set(owners(session, first).values())) + 2
    assert done.renumbered == (
        {mine: next(iter(codes - set(owners(session, edition).values())))} if mine in fresh else {}
    )
    assert mine in fresh


def test_what_cannot_be_carried_over_says_why(session: Session, first: Plan) -> None:
    with pytest.raises(ConflictError, match="no other has come into force since"):
        rebased(session, drafted(session, first))
    with pytest.raises(ConflictError, match="is published"):
        rebased(session, get_plan(session, first.id))


# The past, and holes


def test_period_in_the_past_is_accepted_by_name_only(session: Session, first: Plan) -> None:
    draft = drafted(session, first, Rename({"G0": "Mill"}))
    with pytest.raises(InvalidInputError) as refused:
        published(session, draft, NOW - 10 * DAY)
    (problem,) = refused.value.problems
    assert (problem.kind, problem.severity) == ("backdated", "warning")
    assert f"10 days ago, at {(NOW - 10 * DAY).isoformat()}" in problem.message
    assert f"from edition 'plan' ({first.id})" in problem.message
    with pytest.raises(InvalidInputError, match="backdated"):
        published(session, draft, NOW - 10 * DAY, accept=("hole",))
    done = published(session, draft, NOW - 10 * DAY, accept=("backdated",), reason="decided in spring")
    kept = "select reason from acceptances where plan_id = :p and kind = 'backdated'"
    assert session.scalar(text(kept), {"p": done.id}) == "decided in spring"


@pytest.mark.parametrize(("hours", "told"), [(1.5, "1.5 hours ago"), (47.9, "47.9 hours ago"), (48.0, "2 days ago")])
def test_how_long_ago_a_period_begins_is_told_in_hours_up_to_two_days(
    session: Session, first: Plan, hours: float, told: str
) -> None:
    began = NOW - timedelta(hours=hours)
    reported = (began - timedelta(seconds=1), began, NOW + DAY)
    add_cases(session, first.jurisdiction_id, [NewCase("test", str(each), each) for each in reported])
    (problem,) = period_problems(session, first, Validity(began))
    assert f"The period begins {told}" in problem.message
    assert "1 case was reported in it" in problem.message


def test_backdating_can_be_accepted_before_it_is_published(session: Session, first: Plan) -> None:
    draft = drafted(session, first, Rename({"G0": "Mill"}))
    at = NOW - 10 * DAY
    accept_problem(session, draft.id, "backdated", at.isoformat(), author=Author("Chen", "decided"), version=None)
    with pytest.raises(InvalidInputError, match="backdated"):
        published(session, draft, at - DAY)
    assert published(session, draft, at).valid_from == at


def test_first_edition_may_begin_in_the_past(session: Session) -> None:
    plan = store(session, random_town(7))
    session.refresh(plan)
    assert published(session, get_plan(session, plan.id), NOW - 10 * DAY).state == "published"


def test_end_with_nothing_after_it_is_accepted_by_name_only(session: Session, first: Plan) -> None:
    draft = drafted(session, first, Rename({"G0": "Mill"}))
    with pytest.raises(InvalidInputError) as refused:
        published(session, draft, NOW + DAY, valid_to=NOW + 2 * DAY)
    (problem,) = refused.value.problems
    assert (problem.kind, problem.severity, problem.subject) == ("hole", "warning", (NOW + 2 * DAY).isoformat())
    published(session, drafted(session, first, Rename({"G1": "Hill"}), name="later"), NOW + 2 * DAY)
    assert published(session, draft, NOW + DAY, valid_to=NOW + 2 * DAY).valid_to == NOW + 2 * DAY


def test_acceptance_by_name_needs_a_reason(session: Session, first: Plan) -> None:
    draft = drafted(session, first, Rename({"G0": "Mill"}))
    with pytest.raises(InvalidInputError, match="No reason"):
        published(session, draft, NOW - DAY, accept=("backdated",), reason="")


def test_going_back_into_the_past_is_accepted_by_name_only(session: Session, first: Plan) -> None:
    published(session, drafted(session, first, Rename({"G0": "Mill"})), NOW - 2 * DAY, accept=("backdated",))
    with pytest.raises(InvalidInputError, match="backdated"):
        roll_back(session, first, at=NOW - DAY, made_by="Chen", reason="wrong")
    done = roll_back(session, first, at=NOW - DAY, made_by="Chen", reason="wrong", accept=("backdated",))
    assert done.valid_from == NOW - DAY


# Lineage and states


def test_lineage_reaches_across_a_hole_and_into_an_edition_between(session: Session, first: Plan) -> None:
    second = published(
        session, drafted(session, first, Recode({"G0": "H0"})), NOW + DAY, valid_to=NOW + 2 * DAY, accept=("hole",)
    )
    fourth = published(session, drafted(session, second, Recode({"H0": "J0"})), NOW + 9 * DAY)
    assert [heir.code for heir in successors(session, "H0", [second, fourth])] == ["J0"]
    third = published(
        session, drafted(session, second, Recode({"H0": "I0"})), NOW + 5 * DAY, valid_to=NOW + 6 * DAY, accept=("hole",)
    )
    editions = editions_of(session, first.jurisdiction_id)
    assert [each.id for each in editions] == [first.id, second.id, third.id, fourth.id]
    assert [heir.code for heir in successors(session, "G0", editions)] == ["J0"]
    assert [heir.code for heir in predecessors(session, "J0", editions)] == ["G0"]


def test_edition_is_retired_when_it_is_over_and_not_before(session: Session, first: Plan) -> None:
    town = session.execute(text("select id from jurisdictions")).one()
    second = published(session, drafted(session, first, Rename({"G0": "Mill"})), NOW + DAY)
    states = {each.id: each.state for each in editions_of(session, first.jurisdiction_id)}
    assert states == {first.id: "published", second.id: "published"}
    assert list_plans(session, town, "retired") == []  # type: ignore[arg-type]
    third = published(
        session, drafted(session, first, Rename({"G0": "Mill"})), NOW - 9 * DAY, valid_to=NOW - 8 * DAY,
        accept=("backdated", "hole"),
    )  # fmt: skip
    assert third.state == "retired"
    states = {each.id: each.state for each in editions_of(session, first.jurisdiction_id)}
    assert states == {first.id: "retired", third.id: "retired", second.id: "published"}
    assert {each.id for each in list_plans(session, town, "retired")} == {first.id, third.id}  # type: ignore[arg-type]
    assert [each.id for each in list_plans(session, town, "published")] == [second.id]  # type: ignore[arg-type]


# Mergers of what does not touch


def test_one_reason_for_all_warnings_does_not_pass_mergers_of_what_does_not_touch(
    session: Session, first: Plan
) -> None:
    draft = drafted(
        session, first, Merge(("G0", "G2"), keep="G0", apart=("G2",)), Merge(("G3", "G4"), keep="G3", apart=("G4",))
    )
    with pytest.raises(InvalidInputError) as refused:
        published(session, draft, NOW + DAY)
    assert [(each.kind, each.subject) for each in refused.value.problems] == [
        ("joined-apart", "G0"),
        ("joined-apart", "G3"),
    ]
    for code in ("G0", "G3"):
        accept_problem(session, draft.id, "joined-apart", code, author=Author("Chen", "one school"), version=None)
    second = published(session, draft, NOW + DAY)
    later = drafted(session, second, Rename({"G1": "Hill"}))
    assert problems(session, later, "joined-apart", NOW + 2 * DAY) == []
    assert compare_plans(session, first, second).moved.any()
