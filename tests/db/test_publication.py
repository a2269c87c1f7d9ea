"""Publishing: only what is sound or knowingly accepted; lineage, cases and codes follow."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from boundaries.cases.reading import NewCase, add_cases, events_of
from boundaries.changes.feed import changes_after
from boundaries.editions.lineage import history, predecessors, successors
from boundaries.editions.reading import compile_edition, edition_at, editions_of
from boundaries.grids.tables import Plan
from boundaries.plans.codes import keep_codes
from boundaries.plans.comparing import compare_plans, moved_frame
from boundaries.plans.drafts import get_plan, move_state, new_draft
from boundaries.plans.edits.editing import Author, edit
from boundaries.plans.loading import load_whole
from boundaries.plans.redrawing import redraw
from boundaries.plans.rules import accept_problem, verdict_on
from boundaries.publishing.publish import publish
from boundaries.publishing.rollback import roll_back
from boundaries.publishing.rules import Publication, publish_plan
from boundaries.store.engine import unit_of_work
from geogrid.errors import ConflictError, InvalidInputError
from geogrid.plans import Draft
from geogrid.plans.operations.kinds import AssignDuty, Carve, InsertLevel, Merge, MoveBlocks, Recode, SplitInto
from tests.db.test_edits import store
from tests.property.town_drafts import random_town

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PLANNER = Author("Wang", "yearly review")
BY_NAME = ("backdated", "hole")


@pytest.fixture
def first(session: Session) -> Plan:
    plan = store(session, random_town(7))
    duties = [AssignDuty(code, "chief", f"Li {code}") for code in codes_of(session, plan)]
    edit(session, plan.id, duties, author=PLANNER, version=None)
    return publish(session, plan, valid_from=NOON, made_by="Wang")


def codes_of(session: Session, plan: Plan, level: int | None = None) -> list[str]:
    nodes = load_whole(session, plan, land=False).nodes.values()
    return sorted(node.code for node in nodes if level in {None, node.level})


def drafted(session: Session, base: Plan, *operations: object) -> Plan:
    draft = new_draft(session, base, name="draft", made_by="Wang", at=NOON)
    edit(session, draft.id, operations, author=PLANNER, version=None)  # type: ignore[arg-type]
    return draft


def approved(session: Session, plan: Plan) -> Plan:
    for state in ("in_review", "approved"):
        move_state(session, plan.id, state, version=None, made_by="Chen")
    return plan


def published(session: Session, plan: Plan, at: datetime) -> Plan:
    how = Publication(at, "Chen", accept_warnings="known", reason="a test", accept=BY_NAME)
    return publish_plan(session, approved(session, plan).id, how, version=None)


def test_plan_passes_review_before_it_is_published(session: Session, first: Plan) -> None:
    draft = drafted(session, first, Recode({"G0": "H0"}))
    with pytest.raises(ConflictError, match="is draft, and only approved plans are published"):
        publish_plan(session, draft.id, Publication(NOON + DAY, "Chen", reason="a test", accept=BY_NAME), version=None)
    assert published(session, draft, NOON + DAY).state == "published"


def test_warnings_need_a_reason_and_it_is_recorded(session: Session, first: Plan) -> None:
    draft = approved(session, drafted(session, first, Recode({"G0": "H0"})))
    with pytest.raises(InvalidInputError, match="Or accept the warnings with a reason"):
        publish_plan(session, draft.id, Publication(NOON + DAY, "Chen", reason="a test", accept=BY_NAME), version=None)
    publish_plan(
        session,
        draft.id,
        Publication(NOON + DAY, "Chen", accept_warnings="small town", reason="a test", accept=BY_NAME),
        version=None,
    )
    session.commit()
    (entry,) = changes_after(session, draft.jurisdiction_id, 0, kinds=("publishing",))
    assert entry.detail["reason"] == "a test; small town"


def test_errors_refuse_publication_unless_each_is_accepted(session: Session, first: Plan) -> None:
    draft = drafted(session, first, Recode({"G0": "H0"}))
    session.execute(text("update plans set code_profile = 'admin-12' where id = :p"), {"p": draft.id})
    session.expire_all()
    draft = get_plan(session, draft.id)
    errors = verdict_on(session, draft).errors
    assert {each.kind for each in errors} == {"code"}
    approved(session, draft)
    how = Publication(NOON + DAY, "Chen", accept_warnings="known", reason="a test", accept=BY_NAME)
    with pytest.raises(InvalidInputError, match="admin-12 wants"):
        publish_plan(session, draft.id, how, version=None)
    for each in errors:
        why = Author("Chen", "codes come next year")
        accept_problem(session, draft.id, each.kind, each.subject, author=why, version=None)
    assert publish_plan(session, draft.id, how, version=None).state == "published"


def test_lost_land_is_never_accepted(session: Session, first: Plan) -> None:
    draft = drafted(session, first, Recode({"G0": "H0"}))
    session.execute(text("update grids set geom = ST_Multi(ST_Envelope(geom)) where plan_id = :p"), {"p": draft.id})
    assert "not-derived" in {each.kind for each in verdict_on(session, draft).errors}
    with pytest.raises(InvalidInputError, match="never accepted"):
        accept_problem(session, draft.id, "not-derived", "G0", author=PLANNER, version=None)


def test_recoded_edition_answers_what_became_of_each_code_and_what_it_was(session: Session, first: Plan) -> None:
    second = published(session, drafted(session, first, Recode({"G0": "H0", "D002": "E002"})), NOON + DAY)
    third = published(session, drafted(session, second, SplitInto("G1", count=2), Recode({"H0": "K0"})), NOON + 2 * DAY)
    editions = editions_of(session, first.jurisdiction_id)
    assert [each.id for each in editions] == [first.id, second.id, third.id]
    assert [(heir.code, heir.share) for heir in successors(session, "G0", editions)] == [("K0", 1.0)]
    split = successors(session, "G1", editions)
    assert len(split) == 2
    assert sum(heir.share for heir in split) == pytest.approx(1.0)
    assert [heir.code for heir in predecessors(session, split[1].code, editions)] == ["G1"]
    assert [heir.code for heir in successors(session, "D002", editions)] == ["E002"]
    assert history(session, first.jurisdiction_id, "H0")[0]["came_from"] == [
        {"code": "G0", "share": 1.0, "is_same": True, "fates": ["recoded"]}
    ]


def test_merger_is_followed_backward_to_all_its_parts(session: Session, first: Plan) -> None:
    second = published(session, drafted(session, first, Merge(("G0", "G1"), keep="G1")), NOON + DAY)
    assert {heir.code for heir in predecessors(session, "G1", [first, second])} == {"G0", "G1"}
    assert [heir.code for heir in successors(session, "G0", [first, second])] == ["G1"]


def case_in(session: Session, plan: Plan, code: str, key: str, **more: object) -> int:
    draft = load_whole(session, plan)
    node = draft.node(code)
    block = draft.members(node.key)[0]
    place = shapely.point_on_surface(draft.blocks.polygons[block])
    case = NewCase(
        "test", key, NOON, lon=place.x, lat=place.y, located_by="point", grid_id=node.key, **more,  # type: ignore[arg-type]
    )  # fmt: skip
    return add_cases(session, plan.jurisdiction_id, [case])[0].id


def test_open_cases_go_to_the_new_grids_with_an_event_and_closed_ones_stay(session: Session, first: Plan) -> None:
    leaf = load_whole(session, first).node("G0").key
    moved = case_in(session, first, "G0", "open")
    closed = case_in(session, first, "G0", "closed", status="closed", closed_at=NOON)
    second = published(session, drafted(session, first, Merge(("G0", "G1"), keep="G1")), NOON + DAY)
    into = load_whole(session, second).node("G1").key
    grid = "select grid_id from cases where id = :case"
    assert session.scalar(text(grid), {"case": moved}) == into
    assert session.scalar(text(grid), {"case": closed}) == leaf
    event = events_of(session, moved)[-1]
    assert (event.kind, dict(event.detail)) == ("reassigned", {"from": "G0", "to": "G1", "edition": second.id})


def test_going_back_makes_a_third_edition_and_keeps_both(session: Session, first: Plan) -> None:
    second = published(session, drafted(session, first, Merge(("G0", "G1"), keep="G1")), NOON + DAY)
    third = roll_back(session, first, at=NOON + 2 * DAY, made_by="Chen", reason="a test", accept=BY_NAME)
    editions = [edition_at(session, first.jurisdiction_id, NOON + n * DAY) for n in range(3)]
    assert [edition and edition.id for edition in editions] == [first.id, second.id, third.id]
    assert codes_of(session, third) == codes_of(session, first)
    assert not compare_plans(session, first, third).moved.any()
    assert {heir.code for heir in successors(session, "G1", [second, third])} == {"G0", "G1"}
    with pytest.raises(ConflictError, match="is in force"):
        roll_back(session, third, at=NOON + 3 * DAY, made_by="Chen")


def test_plan_of_the_engine_takes_over_the_codes_in_force(session: Session, first: Plan) -> None:
    draft = drafted(session, first, Recode({code: f"X{code}" for code in codes_of(session, first)}))
    keep_codes(session, draft.id, at=NOON, author=PLANNER, version=None)
    assert codes_of(session, draft) == codes_of(session, first)
    assert keep_codes(session, draft.id, at=NOON, author=PLANNER, version=None) is None


def test_rest_of_a_grid_whose_code_went_with_its_households_gets_a_new_one(session: Session, first: Plan) -> None:
    whole = load_whole(session, first)
    keys, counts = np.unique(whole.owner, return_counts=True)
    former = whole.nodes[int(keys[counts.argmax()])]
    members = whole.members(former.key)
    stays = members[np.nan_to_num(whole.blocks.loads[members, 0]).argmin()]
    larger = tuple(whole.blocks.ids[members[members != stays]].tolist())
    carved = Carve(larger, name="College", category="school", code="X1")
    other = next(code for code in codes_of(session, first, former.level) if code != former.code)
    draft = drafted(session, first, carved, Recode({other: "X2"}))
    before = load_whole(session, draft)
    keep_codes(session, draft.id, at=NOON, author=PLANNER, version=None)
    after = load_whole(session, draft)
    codes = {before.nodes[key].code: node.code for key, node in after.nodes.items()}
    assert (codes["X1"], codes["X2"]) == (former.code, other)
    assert codes[former.code] not in {node.code for node in whole.nodes.values()} | {"X1", "X2"}
    changed = {"X1", "X2", former.code}
    assert all(code == kept for code, kept in codes.items() if code not in changed)


def test_comparison_gives_the_moved_land_with_its_households(session: Session, first: Plan) -> None:
    whole = load_whole(session, first)
    keys, counts = np.unique(whole.owner, return_counts=True)
    giver = int(keys[counts.argmax()])
    taker = next(node for key, node in sorted(whole.nodes.items()) if node.is_leaf and key != giver)
    block = int(whole.blocks.ids[whole.owner == giver][0])
    draft = drafted(session, first, MoveBlocks((block,), taker.code))
    frame = moved_frame(session, compare_plans(session, first, draft), first, draft)
    assert frame[["before", "after"]].to_numpy().tolist() == [[whole.nodes[giver].code, taker.code]]
    loads = np.nan_to_num(whole.blocks.loads[whole.blocks.ids == block][0]).tolist()
    assert frame[["households", "population", "buildings"]].iloc[0].tolist() == loads


def test_edition_with_a_level_more_tells_its_names_and_its_lineage(session: Session, first: Plan) -> None:
    draft = drafted(session, first, InsertLevel(3, "area", "片区"), Recode({"G0": "H0"}))
    copy = new_draft(session, draft, name="copy", made_by="Wang", at=NOON)
    second = published(session, copy, NOON + DAY)
    names = {info.level: info.level_name for info in compile_edition(session, second, at=NOON + DAY).grids.values()}
    assert names == {1: "district", 2: "community", 3: "area", 4: "grid"}
    former = {info.level_name for info in compile_edition(session, first, at=NOON).grids.values()}
    assert former == {"district", "community", "grid"}
    assert [heir.code for heir in successors(session, "G0", [first, second])] == ["H0"]


def test_draft_of_the_engine_is_in_the_band_as_far_as_can_be_and_keeps_dedicated_grids(
    session: Session, first: Plan
) -> None:
    before = load_whole(session, first)
    draft = new_draft(session, first, name="engine", made_by="Wang", at=NOON)
    redraw(session, draft, at=NOON, author=PLANNER, band=(100.0, 300.0))
    after = load_whole(session, draft)
    loads = [after.loads(key)[0] for key, node in after.nodes.items() if node.kind == "comprehensive"]
    assert np.mean([100 <= load <= 300 for load in loads]) > 0.8
    dedicated = {code: before.members(before.node(code).key).tolist() for code in kept_apart(before)}
    assert {code: after.members(after.node(code).key).tolist() for code in kept_apart(after)} == dedicated
    assert set(codes_of(session, draft)) & set(codes_of(session, first))
    assert all(problem.kind not in {"overlap", "not-derived"} for problem in verdict_on(session, draft).errors)


def kept_apart(draft: Draft) -> list[str]:
    return [node.code for node in draft.nodes.values() if node.kind == "dedicated"]


def test_cases_and_drafts_are_taken_while_a_publication_is_under_way(
    engine: Engine, session: Session, first: Plan
) -> None:
    draft = drafted(session, first, Merge(("G0", "G1"), keep="G1"))
    session.commit()
    published(session, draft, NOON + DAY)
    with unit_of_work(engine) as other:
        other.execute(text("set local lock_timeout = '5s'"))
        add_cases(other, first.jurisdiction_id, [NewCase("test", "meanwhile", NOON)])
        new_draft(other, other.get_one(Plan, first.id), name="meanwhile", made_by="Li", at=NOON)
    session.commit()


def test_of_two_publications_at_once_one_waits_and_is_refused(engine: Engine, session: Session, first: Plan) -> None:
    drafts = [drafted(session, first, Recode({"G0": f"H{n}"})) for n in (0, 1)]
    for each in drafts:
        approved(session, each)
    session.commit()

    def publish_it(plan_id: int) -> str:
        try:
            with unit_of_work(engine) as own:
                publish_plan(
                    own,
                    plan_id,
                    Publication(NOON + DAY, "Chen", accept_warnings="known", reason="a test", accept=BY_NAME),
                    version=None,
                )
        except ConflictError as error:
            return str(error)
        return "published"

    with ThreadPoolExecutor(2) as both:
        said = sorted(both.map(publish_it, [each.id for each in drafts]))
    assert said[1] == "published"
    assert "already starts at" in said[0]
