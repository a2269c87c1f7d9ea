"""The feed of changes: no entry is missed, whoever commits first, and cases are in it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from boundaries.cases.reading import NewCase, add_cases
from boundaries.changes.feed import changes_after, last_number
from boundaries.grids.tables import Plan
from boundaries.plans.drafts import new_draft
from boundaries.store.engine import session_factory, unit_of_work
from tests.db.test_edits import store
from tests.property.town_drafts import random_town

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def stored(engine: Engine) -> Plan:
    with unit_of_work(engine) as session:
        return store(session, random_town(7))


def drafted(session: Session, base: Plan, name: str) -> int:
    return new_draft(session, session.get_one(Plan, base.id), name=name, made_by="Wang", at=NOON).id


def test_entry_of_a_slow_transaction_comes_after_what_was_read_before_it_ended(engine: Engine) -> None:
    base = stored(engine)
    with session_factory(engine)() as slow, session_factory(engine)() as reader:
        first = drafted(slow, base, "slow")
        with unit_of_work(engine) as fast:
            second = drafted(fast, base, "fast")
        seen = changes_after(reader, base.jurisdiction_id, 0)
        assert [entry.plan_id for entry in seen] == [second]
        slow.commit()
        assert [each.plan_id for each in changes_after(reader, base.jurisdiction_id, seen[-1].number)] == [first]


def test_readers_that_follow_many_writers_miss_nothing(engine: Engine) -> None:
    base = stored(engine)

    def write(number: int) -> int:
        with unit_of_work(engine) as session:
            plan = drafted(session, base, f"draft {number}")
            session.execute(text("select pg_sleep(:s)"), {"s": 0.02 * (number % 4)})
            return plan

    seen: list[int] = []
    with ThreadPoolExecutor(4) as writers, session_factory(engine)() as reader:
        running = [writers.submit(write, number) for number in range(24)]
        since = 0
        while True:
            is_over = all(each.done() for each in running)
            for entry in changes_after(reader, base.jurisdiction_id, since, limit=3):
                since = entry.number
                seen.append(entry.plan_id or 0)
            reader.rollback()
            if is_over and last_number(reader, base.jurisdiction_id) == since:
                break
        assert sorted(seen) == sorted(each.result() for each in running)


def test_events_of_cases_are_in_the_feed_with_what_happened(engine: Engine) -> None:
    base = stored(engine)
    with unit_of_work(engine) as session:
        cases = [NewCase("test", key, NOON) for key in ("a", "b")]
        added = [case.id for case in add_cases(session, base.jurisdiction_id, cases)]
        session.execute(
            text("insert into case_events (case_id, kind, detail) values (:case, 'reassigned', cast(:d as jsonb))"),
            {"case": added[1], "d": '{"from": "A", "to": "B"}'},
        )
    with unit_of_work(engine) as session:
        found = changes_after(session, base.jurisdiction_id, 0, kinds=("case",))
        told = {(each.case_id, each.detail["event"]) for each in found}
        assert {(case, "received") for case in added} <= told
        assert found[-1].detail == {"event": "reassigned", "from": "A", "to": "B"}
        assert (found[-1].case_id, found[-1].plan_id) == (added[1], None)
        assert changes_after(session, base.jurisdiction_id + 1, 0) == ()


def test_undone_transaction_leaves_no_entry(engine: Engine) -> None:
    base = stored(engine)
    with session_factory(engine)() as session:
        drafted(session, base, "given up")
        session.rollback()
        drafted(session, base, "kept")
        session.commit()
        assert len(changes_after(session, base.jurisdiction_id, 0)) == 1
