"""Cases worked on over HTTP: by whom, in which order, once, by the clock, and told."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from boundaries.casework.beginning import begin_work
from boundaries.casework.clocks import CLOCKS, find_clocks, tell_clocks
from boundaries.casework.rules import read_rules, store_rules
from boundaries.jobs.records import Kind
from boundaries.jobs.running import find_jobs, run_next
from boundaries.store.engine import unit_of_work
from geogrid.access import Role
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.http.people import Crowd, cookie, crowded

LIMITS = {"received": {"amount": 4, "unit": "urgent_hours"}, "handling": {"amount": 2, "unit": "urgent_hours"}}
FULL = {"profile": "full", "limits": LIMITS, "total": {"amount": 48, "unit": "urgent_hours"}}


@pytest.fixture
def crowd(server: Server, tmp_path: Any) -> Iterator[Crowd]:
    for database in copied(server, TEMPLATE, tmp_path):
        with crowded(database) as made:
            yield made


def use(crowd: Crowd, rules: dict[str, Any]) -> int:
    with unit_of_work(crowd.engine) as session:
        store_rules(session, crowd.town.id, read_rules(rules, zone="Asia/Shanghai"))
        return begin_work(session, crowd.town.id)


def asked(crowd: Crowd, role: Role, case: int) -> Any:
    return crowd.client.get(f"/cases/{case}/actions", headers=cookie(crowd.people[role]))


def do(crowd: Crowd, role: Role, case: int, action: str, **said: Any) -> Any:
    headers = cookie(crowd.people[role]) | said.pop("headers", {})
    body = {"action": action, "client_id": said.pop("client_id", f"{action}-{role}-{datetime.now(UTC)}"), **said}
    return crowd.client.post(f"/cases/{case}/actions", json=body, headers=headers)


def done(crowd: Crowd, role: Role, case: int, action: str, **said: Any) -> dict[str, Any]:
    answer = do(crowd, role, case, action, **said)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def kinds(crowd: Crowd, case: int) -> list[str]:
    events = crowd.client.get(f"/cases/{case}", headers=cookie(crowd.people[Role.OPERATOR])).json()["events"]
    return [event["kind"] for event in events]


def test_a_case_is_closed_in_a_town_that_has_said_nothing(crowd: Crowd) -> None:
    case = crowd.cases[0]
    before = asked(crowd, Role.GRIDDER, case).json()
    assert (before["state"], before["version"], before["stage"]) == ("received", 0, None)
    assert [action["action"] for action in before["actions"]] == ["accept", "close"]
    taken = done(crowd, Role.GRIDDER, case, "accept")
    assert (taken["state"], taken["holder"]) == ("handling", "gridder")
    closed = done(crowd, Role.GRIDDER, case, "close")
    assert (closed["state"], closed["actions"]) == ("closed", [])
    shown = crowd.client.get(f"/cases/{case}", headers=cookie(crowd.people[Role.OPERATOR])).json()
    assert shown["properties"]["status"] == "closed"
    assert shown["properties"]["closed_at"] == closed["ended_at"]
    assert kinds(crowd, case)[-2:] == ["accept", "close"]
    again = done(crowd, Role.OPERATOR, case, "reopen", reason="It is dark again")
    assert again["state"] == "handling"
    shown = crowd.client.get(f"/cases/{case}", headers=cookie(crowd.people[Role.OPERATOR])).json()
    assert (shown["properties"]["status"], shown["properties"]["closed_at"]) == ("in_progress", None)


def test_the_seven_steps_pass_from_hand_to_hand(crowd: Crowd) -> None:
    assert use(crowd, FULL) == 3
    case = crowd.cases[1]
    assert asked(crowd, Role.DEPARTMENT, case).status_code == 403
    done(crowd, Role.OPERATOR, case, "file", category="lamps")
    sent = done(crowd, Role.DISPATCHER, case, "dispatch", holder="department")
    assert (sent["state"], sent["holder"], sent["actions"]) == ("dispatched", "department", [])
    assert sent["total"]["amount"] == 48
    # Who has it sees it now, in his list as well, and may sign for it.
    listed = crowd.client.get(
        "/cases", params={"jurisdiction": "town"}, headers=cookie(crowd.people[Role.DEPARTMENT])
    ).json()
    assert [feature["id"] for feature in listed["features"]] == [case]
    assert (
        crowd.client.get("/cases", params={"jurisdiction": "town"}, headers=cookie(crowd.people[Role.VERIFIER])).json()[
            "features"
        ]
        == []
    )
    mine = asked(crowd, Role.DEPARTMENT, case).json()
    assert [action["action"] for action in mine["actions"]] == ["sign", "return", "escalate"]
    assert done(crowd, Role.DEPARTMENT, case, "sign")["stage"]["amount"] == 2
    done(crowd, Role.DEPARTMENT, case, "escalate", holder="verifier", reason="Look yourself")
    assert do(crowd, Role.DEPARTMENT, case, "done").status_code == 403  # another has it now
    assert asked(crowd, Role.DEPARTMENT, case).json()["actions"] == []  # who had it still reads
    done(crowd, Role.LEADER, case, "escalate", holder="department", reason="Finish it")
    checking = done(crowd, Role.DEPARTMENT, case, "done")
    assert (checking["state"], checking["handler"]) == ("checking", "department")
    assert do(crowd, Role.VERIFIER, case, "pass").status_code == 403
    done(crowd, Role.LEADER, case, "escalate", holder="verifier", reason="Check it")
    back = done(crowd, Role.VERIFIER, case, "fail", reason="Still dark")
    assert (back["state"], back["rework"]) == ("handling", 1)
    listed = crowd.client.get(
        "/cases", params={"jurisdiction": "town"}, headers=cookie(crowd.people[Role.OPERATOR])
    ).json()["features"]
    feature = next(each for each in listed if each["id"] == case)
    assert (feature["properties"]["category"], feature["properties"]["status"]) == ("lamps", "in_progress")


def test_a_step_sent_twice_is_done_once(crowd: Crowd) -> None:
    case = crowd.cases[0]
    first = done(crowd, Role.GRIDDER, case, "accept", client_id="phone-1")
    assert done(crowd, Role.GRIDDER, case, "accept", client_id="phone-1") == first
    other = do(crowd, Role.GRIDDER, case, "close", client_id="phone-1")
    assert (other.status_code, "used for another command" in other.text) == (409, True)
    assert kinds(crowd, case).count("accept") == 1


def test_who_gave_a_case_back_and_sends_that_again_gets_it_as_it_stands(crowd: Crowd) -> None:
    use(crowd, FULL)
    case = crowd.cases[0]
    done(crowd, Role.OPERATOR, case, "file", category="lamps")
    done(crowd, Role.DISPATCHER, case, "dispatch", holder="department")
    back = {"reason": "not ours", "client_id": "back"}
    assert done(crowd, Role.DEPARTMENT, case, "return", **back)["holder"] == ""
    # His no more, yet the phone that did not hear the answer asks again.
    assert done(crowd, Role.DEPARTMENT, case, "return", **back)["state"] == "filed"
    again = do(crowd, Role.DEPARTMENT, case, "return", reason="not ours", client_id="another")
    assert again.status_code == 403, again.text


def test_a_case_that_went_on_is_not_changed_by_who_read_it_before(crowd: Crowd) -> None:
    case = crowd.cases[0]
    tag = asked(crowd, Role.GRIDDER, case).headers["ETag"]
    done(crowd, Role.OPERATOR, case, "accept", headers={"If-Match": tag})
    late = do(crowd, Role.GRIDDER, case, "close", headers={"If-Match": tag})
    assert (late.status_code, "at version 1 and handling, not at 0" in late.text) == (412, True)
    assert do(crowd, Role.GRIDDER, case, "close", headers={"If-Match": "now"}).status_code == 400
    assert done(crowd, Role.GRIDDER, case, "close", headers={"If-Match": "*"})["state"] == "closed"


@pytest.mark.parametrize(
    ("said", "status", "told"),
    [
        ({"action": "fly"}, 400, "no step 'fly'"),
        ({"action": "reopen", "reason": "x"}, 400, "cannot 'reopen'. Possible now: accept, close"),
        ({"action": "refuse"}, 400, "asks for 'reason'"),
        ({"action": "merge_into", "into": 10_000}, 404, "no case 10000"),
        ({"action": "accept", "client_id": ""}, 400, "client_id"),
        ({"action": "accept", "unknown": 1}, 400, "unknown"),
    ],
)
def test_what_cannot_be_done_says_why_and_leaves_nothing(
    crowd: Crowd, said: dict[str, Any], status: int, told: str
) -> None:
    case = crowd.cases[0]
    answer = do(crowd, Role.OPERATOR, case, **said)
    assert (answer.status_code, told in answer.text) == (status, True), answer.text
    assert asked(crowd, Role.OPERATOR, case).json()["version"] == 0
    with unit_of_work(crowd.engine) as session:
        assert session.execute(text("select count(*) from case_commands")).scalar_one() == 0


def test_a_case_is_merged_once_and_not_into_itself_or_a_duplicate(crowd: Crowd) -> None:
    first, second, third = crowd.cases
    assert "merged into itself" in do(crowd, Role.OPERATOR, first, "merge_into", into=first).text
    merged = done(crowd, Role.OPERATOR, first, "merge_into", into=second)
    assert merged["state"] == "duplicate"
    assert "duplicate itself" in do(crowd, Role.OPERATOR, third, "merge_into", into=first).text


def test_what_is_said_with_a_step_is_masked(crowd: Crowd) -> None:
    case = crowd.cases[0]
    done(crowd, Role.OPERATOR, case, "refuse", reason="Called 13812345678: no lamp there")
    shown = crowd.client.get(f"/cases/{case}", headers=cookie(crowd.people[Role.OPERATOR])).text
    assert "no lamp there" in shown
    assert "13812345678" not in shown


def test_clocks_are_told_once_and_again_for_another_state(crowd: Crowd) -> None:
    use(crowd, FULL)
    case = crowd.cases[0]
    now = datetime.now(UTC)

    def run(hours: float) -> list[str]:
        sessions, clocks = partial(unit_of_work, crowd.engine), {CLOCKS: Kind(tell_clocks, find=find_clocks)}
        at = now + timedelta(hours=hours)
        for _ in range(2):
            find_jobs(sessions, clocks, clock=lambda _: at)
            report = run_next(sessions, clocks, rng=np.random.default_rng(1), clock=lambda _: at)
            assert report is None or report.error == ""
        return kinds(crowd, case)[2:]

    assert run(1.0) == []
    assert run(3.5) == ["due_soon"]
    assert run(5.0) == ["due_soon", "overdue"]
    assert run(200.0) == ["due_soon", "overdue"]
    done(crowd, Role.OPERATOR, case, "file", category="lamps")
    done(crowd, Role.DISPATCHER, case, "dispatch", holder="li")
    assert run(47.0) == ["file", "dispatch", "due_soon", "overdue", "total_due_soon"]


def test_a_case_that_a_file_closes_has_come_to_its_end(crowd: Crowd) -> None:
    use(crowd, FULL)
    case = crowd.cases[0]
    done(crowd, Role.OPERATOR, case, "file", category="lamps")
    with unit_of_work(crowd.engine) as session:
        session.execute(text("update cases set status = 'closed', closed_at = now() where id = :id"), {"id": case})
    stands = asked(crowd, Role.OPERATOR, case).json()
    assert (stands["state"], stands["stage"], stands["total"]) == ("closed", None, None)
    assert [action["action"] for action in stands["actions"]] == ["call_back", "reopen"]
    assert done(crowd, Role.OPERATOR, case, "reopen", reason="Again")["state"] == "filed"


def page(crowd: Crowd, role: Role, case: int, lang: str = "en") -> str:
    answer = crowd.client.get(f"/search/{case}/work", params={"lang": lang}, headers=cookie(crowd.people[role]))
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def sent(crowd: Crowd, role: Role, case: int, **fields: str) -> Any:
    person = crowd.people[role]
    data = {"form": person.form, "client_id": "page-1", **fields}
    where = f"/search/{case}/work?lang=zh"
    return crowd.client.post(where, data=data, headers=cookie(person), follow_redirects=False)


def test_the_page_of_the_work_offers_what_can_be_done_and_does_it(crowd: Crowd) -> None:
    use(crowd, FULL)
    case = crowd.cases[0]
    assert re.findall(r'name="action" value="(\w+)"', page(crowd, Role.OPERATOR, case)) == [
        *("file", "solve_here", "verify_ask", "refuse", "merge_into", "urge")
    ]
    assert "可执行操作" in page(crowd, Role.OPERATOR, case, "zh")
    assert "按您的角色" in page(crowd, Role.ADMIN, case, "zh")
    done_so = sent(crowd, Role.OPERATOR, case, action="file", category="路灯", version="0")
    onward = f"/search/{case}/work?lang=zh&jurisdiction=town"
    assert (done_so.status_code, done_so.headers["Location"]) == (303, onward)
    assert "已立案" in page(crowd, Role.DISPATCHER, case, "zh")
    shown = crowd.client.get(f"/search/{case}", params={"lang": "zh"}, headers=cookie(crowd.people[Role.OPERATOR])).text
    assert "立案" in shown
    assert f'href="/search/{case}/work?lang=zh' in shown


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"action": "refuse"}, 400, "请填写“理由”。"),
        ({"action": "close"}, 400, "当前环节不能执行该操作。"),
        ({"action": "merge_into", "into": "x1"}, 400, "no number"),
        ({"action": "merge_into", "into": "7000"}, 400, "no case 7000"),
        ({"action": "refuse", "reason": "no", "version": "9"}, 412, "该诉求已被他人办理"),
        ({"action": "refuse", "reason": "no", "form": "stolen"}, 403, ""),
        ({"action": "dispatch", "holder": "li"}, 403, ""),
    ],
)
def test_the_page_says_why_a_step_is_refused(crowd: Crowd, fields: dict[str, str], status: int, told: str) -> None:
    use(crowd, FULL)
    case = crowd.cases[0]
    answer = sent(crowd, Role.OPERATOR, case, **fields)
    assert (answer.status_code, told in answer.text) == (status, True), answer.text
    assert asked(crowd, Role.OPERATOR, case).json()["version"] == 0


def test_cases_are_listed_by_holder_and_by_being_overdue(crowd: Crowd) -> None:
    use(crowd, FULL)
    first, second, third = crowd.cases

    def listed(**wanted: str) -> set[int]:
        answer = crowd.client.get(
            "/cases", params={**wanted, "jurisdiction": "town"}, headers=cookie(crowd.people[Role.OPERATOR])
        )
        assert answer.status_code == 200, answer.text
        return {feature["id"] for feature in answer.json()["features"]}

    done(crowd, Role.OPERATOR, first, "file", category="lamps")
    done(crowd, Role.DISPATCHER, first, "dispatch", holder="环卫所")
    with unit_of_work(crowd.engine) as session:
        session.execute(
            text("update case_works set due_at = now() - interval '1 hour' where case_id = :id"), {"id": third}
        )
    assert listed(holder="环卫所") == {first}
    assert listed(holder="nobody") == set()
    assert listed(overdue="true") == {third}
    assert listed(overdue="false") == {first, second}


def test_the_rules_of_a_town_are_told_and_wrong_ones_refused_whole(crowd: Crowd) -> None:
    assert crowd.client.get("/casework", params={"jurisdiction": "town"}).json()["version"] == 0
    use(crowd, FULL)
    told = crowd.client.get("/casework", params={"jurisdiction": "town"}).json()
    assert (told["version"], told["rules"]["limits"]) == (1, LIMITS)
    assert {"action": "file", "to": "filed"}.items() <= next(s for s in told["steps"] if s["action"] == "file").items()
    assert read_rules(told["rules"]) == read_rules({**FULL, "calendar": {"zone": "Asia/Shanghai"}})
    with pytest.raises(Exception) as refused:  # noqa: PT011 - each problem is looked at
        read_rules(
            {
                "profile": "own",
                "limits": {"handling": {"amount": -1, "unit": "working_hours"}, "asleep": {"amount": 1, "unit": "x"}},
                "total": 4,
                "calendar": {"hours": [["9", "17"]]},
                "more": 1,
            }
        )
    subjects = [problem.subject for problem in refused.value.problems]  # type: ignore[attr-defined]
    assert subjects == ["the rules", "profile", "limits", "limits.handling", "limits.asleep", "total", "calendar"]
