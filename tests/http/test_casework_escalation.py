"""Cases go up the drawn tree by the clock: to whom, when, once; limits of a category; another calendar."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from boundaries.casework.beginning import begin_work
from boundaries.casework.clocks import CLOCKS, find_clocks, recount_clocks, tell_clocks
from boundaries.casework.escalation_rules import escalation_document, read_escalation
from boundaries.casework.rules import read_rules, rules_document, store_rules
from boundaries.jobs.records import Kind
from boundaries.jobs.running import find_jobs, run_next
from boundaries.store.engine import unit_of_work
from geogrid.access import Role
from geogrid.casework import MOST_LEVELS, MOST_SHARE, OPEN_STATES, Clock, Escalation, Limit, TimeUnit, WorkCalendar
from geogrid.errors import InvalidInputError
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.http.people import Crowd, cookie, crowded

LIMITS = {"received": {"amount": 4, "unit": "urgent_hours"}, "handling": {"amount": 2, "unit": "urgent_hours"}}
CLOCK_KINDS = {CLOCKS: Kind(tell_clocks, find=find_clocks)}
UP = {"share": 1, "levels": 1, "effect": "transfer"}


@pytest.fixture
def crowd(server: Server, tmp_path: Any) -> Iterator[Crowd]:
    for database in copied(server, TEMPLATE, tmp_path):
        with crowded(database) as made:
            yield made


def use(crowd: Crowd, **rules: Any) -> None:
    with unit_of_work(crowd.engine) as session:
        store_rules(session, crowd.town.id, read_rules({"limits": LIMITS, **rules}, zone="Asia/Shanghai"))
        begin_work(session, crowd.town.id)


def run(crowd: Crowd, hours: float) -> None:
    sessions, at = partial(unit_of_work, crowd.engine), datetime.now(UTC) + timedelta(hours=hours)
    for _ in range(2):
        find_jobs(sessions, CLOCK_KINDS, clock=lambda _: at)
        report = run_next(sessions, CLOCK_KINDS, rng=np.random.default_rng(1), clock=lambda _: at)
        assert report is None or report.error == ""


def ups(crowd: Crowd, case: int) -> list[dict[str, Any]]:
    events = crowd.client.get(f"/cases/{case}", headers=cookie(crowd.people[Role.OPERATOR])).json()["events"]
    return [event["detail"] for event in events if event["kind"] == "escalated"]


def standing(crowd: Crowd, case: int) -> Any:
    return crowd.client.get(f"/cases/{case}/actions", headers=cookie(crowd.people[Role.OPERATOR]))


def test_a_case_goes_to_who_is_on_duty_above_its_grid_when_its_time_is_up_and_once(crowd: Crowd) -> None:
    use(crowd, escalation=[UP])
    case, _, nowhere = crowd.cases
    read = standing(crowd, case)
    run(crowd, 3.9)
    assert ups(crowd, case) == []
    run(crowd, 4.1)
    told = ups(crowd, case)
    assert [(up["to"], up["holder"], up["grid"], up["skipped"]) for up in told] == [(["Li"], "Li", "D", [])]
    assert standing(crowd, case).json()["holder"] == "Li"
    run(crowd, 100)
    assert len(ups(crowd, case)) == 1
    # Without a grid there is nobody above: it stays where it is, and its history says so.
    assert [(up["to"], up["grid"], up["skipped"]) for up in ups(crowd, nowhere)] == [([], "", [])]
    assert standing(crowd, nowhere).json()["holder"] == ""
    late = crowd.client.post(
        f"/cases/{case}/actions",
        json={"action": "accept", "client_id": "1"},
        headers=cookie(crowd.people[Role.OPERATOR]) | {"If-Match": read.headers["ETag"]},
    )
    assert late.status_code == 412, late.text


def test_the_page_tells_who_it_went_to_and_masked_sight_does_not(crowd: Crowd) -> None:
    use(crowd, escalation=[UP])
    run(crowd, 5)
    case = crowd.cases[0]

    def page(role: Role, lang: str) -> str:
        headers = cookie(crowd.people[role]) | {"Accept": "text/html"}
        return crowd.client.get(f"/search/{case}", params={"lang": lang}, headers=headers).text

    assert "handed up by the clock" in page(Role.OPERATOR, "en")
    assert "to Li" in page(Role.OPERATOR, "en")
    assert "上报至：Li" in page(Role.OPERATOR, "zh")
    assert "上报至" not in page(Role.ANALYST, "zh")
    events = crowd.client.get(f"/cases/{case}", headers=cookie(crowd.people[Role.ANALYST])).json()["events"]
    (detail,) = [event["detail"] for event in events if event["kind"] == "escalated"]
    assert ("to" in detail, "holder" in detail, detail["grid"]) == (False, False, "D")


def test_who_is_told_reads_on_and_the_case_stays(crowd: Crowd) -> None:
    use(crowd, escalation=[{"share": 0.5, "levels": 1}])
    case = crowd.cases[0]
    run(crowd, 2.1)
    assert [(up["to"], up["effect"], up["holder"]) for up in ups(crowd, case)] == [(["Li"], "tell", "")]
    with unit_of_work(crowd.engine) as session:
        seen = session.execute(text("select seen_by from case_works where case_id = :id"), {"id": case}).scalar_one()
    assert seen == ["Li"]


def test_levels_above_a_limit_that_is_over_twice_are_reached_when_it_is(crowd: Crowd) -> None:
    use(crowd, escalation=[{"share": 1.0, "levels": 1}, {"share": 2.0, "levels": 5, "effect": "transfer"}])
    case = crowd.cases[0]
    run(crowd, 7.9)
    assert [up["levels"] for up in ups(crowd, case)] == [1]
    run(crowd, 8.1)
    # Five levels up is the top where the tree has two.
    assert [(up["levels"], up["holder"]) for up in ups(crowd, case)] == [(1, ""), (5, "Li")]


@pytest.mark.parametrize(
    ("change", "role", "to", "skipped"),
    [
        ("delete from duties where holder = 'Li'", "", [], ["D"]),
        ("update duties set validity = '[,2020-01-01)' where holder = 'Li'", "", [], ["D"]),
        ("select 1", "secretary", [], ["D"]),
        ("select 1", "chief", ["Li"], []),
        ("insert into duties (grid_id, role, holder) select grid_id, 'deputy', 'Wu' from duties where holder = 'Li'",
         "", ["Li", "Wu"], []),
        ("insert into duties (grid_id, role, holder) select grid_id, 'deputy', 'Wu' from duties where holder = 'Li'",
         "deputy", ["Wu"], []),
    ],
)  # fmt: skip
def test_where_nobody_is_on_duty_it_is_said_and_the_role_decides(
    crowd: Crowd, change: str, role: str, to: list[str], skipped: list[str]
) -> None:
    with unit_of_work(crowd.engine) as session:
        session.execute(text(change))
    use(crowd, escalation=[{"share": 1, "levels": 1, "role": role}])
    run(crowd, 5)
    assert [(up["to"], up["skipped"]) for up in ups(crowd, crowd.cases[0])] == [(to, skipped)]


def test_lines_count_in_the_states_that_they_name(crowd: Crowd) -> None:
    use(crowd, escalation=[UP | {"states": ["handling"]}])
    case = crowd.cases[0]
    run(crowd, 5)
    assert ups(crowd, case) == []
    body = {"action": "accept", "client_id": "a"}
    headers = cookie(crowd.people[Role.OPERATOR])
    assert crowd.client.post(f"/cases/{case}/actions", json=body, headers=headers).status_code == 200
    run(crowd, 3)
    assert [(up["state"], up["holder"]) for up in ups(crowd, case)] == [("handling", "Li")]


def test_servers_that_run_jobs_at_once_hand_up_once(crowd: Crowd) -> None:
    use(crowd, escalation=[UP, {"share": 2, "levels": 1}])
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(run, crowd, hours) for hours in (5, 5, 5, 9, 9, 9)]:
            done.result()
    run(crowd, 9)
    assert [[up["share"] for up in ups(crowd, case)] for case in crowd.cases] == [[1, 2]] * 3


def test_a_category_has_limits_and_ways_up_of_its_own(crowd: Crowd) -> None:
    own = {"limits": {"received": {"amount": 1, "unit": "urgent_hours"}}, "escalation": [UP]}
    first, second, _ = crowd.cases
    with unit_of_work(crowd.engine) as session:
        session.execute(text("update cases set category = 'gas' where id = :id"), {"id": first})
    filed = {"total": {"amount": 3, "unit": "urgent_hours"}}
    use(crowd, profile="full", by_category={"gas": own, "lamps": filed})
    run(crowd, 1.1)
    assert [len(ups(crowd, case)) for case in (first, second)] == [1, 0]
    assert standing(crowd, second).json()["stage"]["amount"] == 4
    body = {"action": "file", "client_id": "a", "category": "lamps"}
    answer = crowd.client.post(
        f"/cases/{second}/actions", json=body, headers=cookie(crowd.people[Role.OPERATOR])
    ).json()
    assert answer["total"]["amount"] == 3


def test_a_case_that_comes_in_has_the_limit_of_its_category(crowd: Crowd) -> None:
    gas = {"limits": {"received": {"amount": 1, "unit": "urgent_hours"}}}
    use(crowd, by_category={"gas": gas, "lamps": {"limits": {}}})

    def taken_in(category: str) -> float:
        body = {"text": "broken", "lon": 10.5, "lat": 50.5, "category": category}
        answer = crowd.client.post("/cases?jurisdiction=town", json=body, headers=cookie(crowd.people[Role.OPERATOR]))
        assert answer.status_code == 201, answer.text
        amount: float = standing(crowd, answer.json()["id"]).json()["stage"]["amount"]
        return amount

    assert [taken_in(category) for category in ("gas", "lamps", "other", "")] == [1, 4, 4, 4]


def test_another_calendar_moves_what_is_due_and_the_history_says_so(crowd: Crowd) -> None:
    days = {"received": {"amount": 2, "unit": "natural_days"}}
    use(crowd, limits=days)
    case = crowd.cases[0]
    before = standing(crowd, case).json()["stage"]["due_at"]
    day = datetime.fromisoformat(before)
    off = [(day + timedelta(hours=number * 24 - 12)).date().isoformat() for number in range(7)]
    rules = {"limits": days, "calendar": {"zone": "Asia/Shanghai", "days_off": off}}
    with unit_of_work(crowd.engine) as session:
        store_rules(session, crowd.town.id, read_rules(rules))
        assert recount_clocks(session, crowd.town.id, datetime.now(UTC)) == 3
        assert recount_clocks(session, crowd.town.id, datetime.now(UTC)) == 0
    after = standing(crowd, case).json()["stage"]["due_at"]
    assert after > before
    events = crowd.client.get(f"/cases/{case}", headers=cookie(crowd.people[Role.OPERATOR])).json()["events"]
    said = next(event["detail"] for event in events if event["kind"] == "due_changed")
    assert [datetime.fromisoformat(said[name]) for name in ("due_was", "due_at")] == [
        day,
        datetime.fromisoformat(after),
    ]
    with unit_of_work(crowd.engine) as session:
        stored = session.execute(text("select due_at from case_works where case_id = :id"), {"id": case}).scalar_one()
    assert stored == datetime.fromisoformat(after)


LINES = st.builds(
    Escalation,
    st.sampled_from(["stage", "total"]),
    st.floats(0.01, MOST_SHARE),
    st.integers(1, MOST_LEVELS),
    st.sampled_from(["tell", "transfer"]),
    st.text(max_size=20),
    st.frozensets(st.sampled_from(OPEN_STATES)),
)


@settings(max_examples=100)
@given(st.lists(LINES, max_size=5, unique=True))
def test_lines_are_read_as_they_were_written(lines: list[Escalation]) -> None:
    problems: list[Any] = []
    possible = tuple(state.value for state in OPEN_STATES)
    assert read_escalation(escalation_document(lines), "escalation", possible, problems) == tuple(lines)
    assert problems == []


def test_rules_with_ways_up_are_read_as_they_were_written() -> None:
    own = {"limits": LIMITS, "total": {"amount": 1, "unit": "natural_days"}, "escalation": [UP]}
    rules = read_rules({"limits": LIMITS, "escalation": [UP], "by_category": {"gas": own, "lamps": {"escalation": []}}})
    assert read_rules(rules_document(rules)) == rules
    assert rules.of_category("lamps").escalations == ()
    assert rules.of_category("other").escalations == rules.escalations != ()


@pytest.mark.parametrize(
    ("line", "subject"),
    [
        ({"share": 0}, "escalation[0].share"),
        ({}, "escalation[0].share"),
        ({"share": True}, "escalation[0].share"),
        ({"share": 11}, "escalation[0].share"),
        ({"share": float("nan")}, "escalation[0].share"),
        ({"share": 1, "levels": 0}, "escalation[0].levels"),
        ({"share": 1, "levels": 1.5}, "escalation[0].levels"),
        ({"share": 1, "levels": "1"}, "escalation[0].levels"),
        ({"share": 1, "effect": "both"}, "escalation[0].effect"),
        ({"share": 1, "effect": ["tell"]}, "escalation[0].effect"),
        ({"share": 1, "clock": None}, "escalation[0].clock"),
        ({"share": 1, "role": 5}, "escalation[0].role"),
        ({"share": 1, "states": ["closed"]}, "escalation[0].states"),
        ({"share": 1, "states": "handling"}, "escalation[0].states"),
        ({"share": 1, "level": 1}, "escalation[0]"),
        ("up", "escalation[0]"),
    ],
)
def test_a_line_that_is_none_is_named(line: object, subject: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_rules({"escalation": [line]})
    assert subject in [problem.subject for problem in refused.value.problems]


def test_lines_are_not_given_twice_nor_as_something_else() -> None:
    for given_, told in (([UP, UP], "the same line twice"), ({}, "not a list"), ([UP] * 51, "at most 50")):
        with pytest.raises(InvalidInputError, match=told):
            read_rules({"escalation": given_})


@given(st.integers(1, 366), st.sampled_from(TimeUnit), st.floats(0, 10), st.floats(0, 10), st.integers(0, 400))
def test_more_of_a_limit_is_reached_later_and_never_beyond_time(
    amount: int, unit: TimeUnit, share: float, other: float, used: int
) -> None:
    began = datetime(2026, 2, 1, tzinfo=UTC)
    clock = Clock(Limit(amount, unit), began, began, used)
    first, last = (clock.reached(each, WorkCalendar()) for each in sorted((share, other)))
    assert first is not None
    assert last is not None
    assert began <= first <= last
