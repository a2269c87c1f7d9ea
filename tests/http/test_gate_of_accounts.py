"""Who is let through, what each sees, and what is kept of it."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from sqlalchemy import text

from api import app
from api.accounts.door import PLAIN_COOKIE
from api.accounts.gate import RuleBook
from api.accounts.rules import RULES, check_complete
from api.app import create_app
from api.settings import ServerSettings
from boundaries.accounts.granting import give_role
from boundaries.accounts.storing import add_account
from boundaries.audit.reading import all_lines
from boundaries.store.engine import unit_of_work
from geogrid.access import Grant, Role
from geogrid.errors import UnavailableError
from tests.fixtures_db import TEMPLATE, Database, Server, copied, lost
from tests.http.people import HOME, Crowd, bearer, begin, cookie, crowded

MASKED = "路灯不亮，请致电 138****5678"
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def crowd(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("crowd")):
        with crowded(database) as made:
            yield made


def get(crowd: Crowd, path: str, role: Role | None = None, **more: Any) -> Any:
    headers = {} if role is None else bearer(crowd.people[role])
    return crowd.client.get(path, headers={**headers, **more.pop("headers", {})}, **more)


def audit(crowd: Crowd) -> list[tuple[str, str, str]]:
    with unit_of_work(crowd.engine) as session:
        return [(line.account, line.action, line.object) for line in all_lines(session)]


def test_application_does_not_start_with_a_route_that_no_rule_names() -> None:
    router = APIRouter()
    router.add_api_route("/forgotten", lambda: None)
    with pytest.raises(RuntimeError, match="no rule says who may use GET /forgotten"):
        check_complete(router.routes)


def test_gate_finds_the_rule_of_the_route_that_answers() -> None:
    book = RuleBook(_routes())
    for name, rule in RULES.items():
        method, _, path = name.partition(" ")
        sample = re.sub(r"\{\w+(:path)?\}", "1", path)
        found = book.find(method, sample)
        assert found is not None, name
        literal = f"{method} {sample}"
        assert found[0] == RULES.get(literal, rule), name
    assert book.find("DELETE", "/plans/1") is None
    assert book.find("GET", "/nothing/here") is None


def _routes() -> list[Any]:
    return [route for room in app._ROOMS for route in room.router.routes]


def test_interface_names_the_refusals_of_each_route_that_needs_something_and_of_no_other(crowd: Crowd) -> None:
    described = {
        f"{method.upper()} {path}": set(operation["responses"]) & {"401", "403"}
        for path, operations in crowd.client.get("/api").json()["paths"].items()
        for method, operation in operations.items()
        if method in {"get", "post"}
    }
    rules = {re.sub(r":\w+}", "}", name): rule for name, rule in RULES.items()}
    refusing = {name for name in described if not rules.get(name, rules["GET /"]).is_for_everybody}
    assert {"GET /plans", "POST /plans/{plan_id}/publish", "GET /cases/{case_id}"} <= refusing
    assert {name for name, refusals in described.items() if refusals == {"401", "403"}} == refusing
    # Open311 refuses a request without a key, in its own words.
    assert {name for name in set(described) - refusing if described[name]} == {"POST /open311/v2/requests.{extension}"}
    words = crowd.client.get("/api").json()["paths"]["/plans/{plan_id}/publish"]["post"]["responses"]
    assert "plans.publish (roles approver)" in words["403"]["description"]


def test_anonymous_is_told_where_to_sign_in(crowd: Crowd) -> None:
    refused = get(crowd, "/cases?text=a&jurisdiction=town")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")
    body = refused.json()
    assert body["sign_in"] == "/login?next=%2Fcases%3Ftext%3Da%26jurisdiction%3Dtown"
    assert "operator" in body["detail"]
    page = get(crowd, "/search", headers=PAGE)
    assert page.status_code == 401
    assert 'href="/login?next=%2Fsearch"' in page.text


def test_role_that_may_not_is_told_which_may(crowd: Crowd) -> None:
    refused = get(crowd, "/plans?jurisdiction=town", Role.OPERATOR)
    assert refused.status_code == 403
    assert "plans.read" in refused.json()["detail"]
    assert "planner" in refused.json()["detail"]


def test_anonymous_reads_boundaries_and_reports_and_nothing_of_persons(crowd: Crowd) -> None:
    located = get(crowd, "/locate?lon=10.5&lat=50.5&jurisdiction=town")
    assert located.status_code == 200
    assert located.json()["grid"]["code"] == "D-a"
    assert located.json()["duties"] == []
    assert "王芳" not in get(crowd, "/area/D-a?jurisdiction=town").text
    assert "王芳" not in get(crowd, "/area/D-a?jurisdiction=town", headers=PAGE).text
    assert "王芳" not in get(crowd, "/?q=10.5,50.5&jurisdiction=town", headers=PAGE).text
    items = get(crowd, "/collections/grids/items?jurisdiction=town")
    assert items.status_code == 200
    assert "王芳" not in items.text
    assert "duty" not in items.json()["features"][0]["properties"]
    assert "王芳" not in get(crowd, "/maps/coverage?jurisdiction=town").text
    # An edition that is not in force is compiled for the request: its duties are kept back all the same.
    assert get(crowd, "/locate?lon=10.5&lat=50.5&at=2026-01-02T00:00:00Z&jurisdiction=town").json()["duties"] == []
    reported = crowd.client.post("/cases?jurisdiction=town", json={"lon": 10.5, "lat": 50.5, "text": "dark"})
    assert reported.status_code == 201
    assert reported.json()["place"]["duties"] == []


def test_who_may_see_duties_sees_them_everywhere_and_a_gridder_his_own(crowd: Crowd) -> None:
    for path in (
        "/area/D-a?jurisdiction=town",
        "/collections/grids/items?jurisdiction=town",
        "/maps/coverage?jurisdiction=town",
    ):
        assert "王芳" in get(crowd, path, Role.OPERATOR).text, path
    at = "/locate?lon={}&lat=50.5&jurisdiction=town"
    assert {duty["holder"] for duty in get(crowd, at.format(10.5), Role.OPERATOR).json()["duties"]} >= {"王芳", "Li"}
    assert {duty["grid"] for duty in get(crowd, at.format(10.5), Role.GRIDDER).json()["duties"]} == {"D-a"}
    assert get(crowd, at.format(11.5), Role.GRIDDER).json()["duties"] == []
    assert get(crowd, "/locate?lon=30.5&lat=50.5&jurisdiction=other", Role.OPERATOR).json()["duties"] == []


def test_answer_with_duties_is_not_called_unchanged_for_who_may_not_see_them(crowd: Crowd) -> None:
    path = "/collections/grids/items?jurisdiction=town"
    etag = get(crowd, path, Role.OPERATOR).headers["etag"]
    assert get(crowd, path, Role.OPERATOR, headers={"If-None-Match": etag}).status_code == 304
    assert get(crowd, path, headers={"If-None-Match": etag}).status_code == 200


def test_comparison_tells_duties_only_to_who_may_see_them(crowd: Crowd) -> None:
    assert get(crowd, "/editions/1/diff/1").json()["duties"] == []


def test_public_duties_are_public_by_setting(database: Database) -> None:
    with crowded(database, public_duties=True) as crowd:
        located = get(crowd, "/locate?lon=10.5&lat=50.5&jurisdiction=town").json()
        assert {duty["holder"] for duty in located["duties"]} >= {"王芳", "Li"}
        assert get(crowd, "/cases?jurisdiction=town").status_code == 401


def texts(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return sorted({feature["properties"]["text"] for feature in answer.json()["features"]} - {"dark"})


def test_cases_are_seen_whole_masked_or_of_own_grids(crowd: Crowd) -> None:
    path = "/cases?jurisdiction=town"
    assert texts(get(crowd, path, Role.OPERATOR)) == [MASKED], "whoever may more asks for it with a reason"
    assert get(crowd, path, Role.OPERATOR).json()["numberMatched"] >= 3
    assert texts(get(crowd, path, Role.ANALYST)) == [MASKED]
    own = get(crowd, path, Role.GRIDDER).json()
    assert {feature["properties"]["grid"] for feature in own["features"]} == {"D-a"}
    assert get(crowd, path, Role.DEPARTMENT).json()["features"] == []
    csv = get(crowd, f"{path}&f=csv", Role.ANALYST).text
    assert "138****5678" in csv
    assert "13812345678" not in csv
    assert "D-b" not in get(crowd, f"{path}&f=csv", Role.CHIEF).text
    assert "13812345678" not in get(crowd, "/search?jurisdiction=town", Role.ANALYST).text
    assert "13812345678" not in get(crowd, f"/search/{crowd.cases[0]}", Role.ANALYST).text
    assert "13812345678" not in get(crowd, "/maps/hotspots?jurisdiction=town", Role.ANALYST).text
    assert get(crowd, f"/cases/{crowd.cases[0]}", Role.ANALYST).json()["properties"]["text"] == MASKED


def test_mask_is_not_looked_behind_by_searching(crowd: Crowd) -> None:
    for query in ("text=1381", "text=13812345678", "external_id=in a"):
        answer = get(crowd, f"/cases?jurisdiction=town&{query}", Role.ANALYST)
        assert answer.status_code == 400
        assert "masked" in answer.json()["detail"]


def test_account_of_another_town_is_refused_here(crowd: Crowd) -> None:
    refused = get(crowd, "/cases?jurisdiction=other", Role.OPERATOR)
    assert refused.status_code == 403
    assert "other" in refused.json()["detail"]
    assert get(crowd, "/plans/2", Role.PLANNER).status_code == 403
    assert get(crowd, "/plans/1/compare/2", Role.PLANNER).status_code == 403
    assert get(crowd, "/plans/1", Role.PLANNER).status_code == 200
    assert get(crowd, "/plans/999", Role.PLANNER).status_code == 404


def test_worthless_token_is_refused_even_where_nobody_need_be_known(crowd: Crowd) -> None:
    answer = crowd.client.get("/locate?lon=10.5&lat=50.5&jurisdiction=town", headers={"Authorization": "Bearer no"})
    assert answer.status_code == 401
    old = crowd.client.get("/locate?lon=10.5&lat=50.5&jurisdiction=town", headers={"Cookie": "geogrid_session=no"})
    assert old.status_code == 200


def test_cookie_is_no_token_and_a_token_no_cookie_also_right_after_use(crowd: Crowd) -> None:
    leader = crowd.people[Role.LEADER]
    exchanged = replace(leader, secret=leader.token, token=leader.secret)
    for right, wrong in ((cookie(leader), bearer(exchanged)), (bearer(leader), cookie(exchanged))):
        assert crowd.client.get("/cases?jurisdiction=town", headers=right).status_code == 200
        assert crowd.client.get("/cases?jurisdiction=town", headers=wrong).status_code == 401


def test_reads_of_cases_by_accounts_are_lines_of_the_audit(crowd: Crowd) -> None:
    get(crowd, f"/cases/{crowd.cases[1]}", Role.OPERATOR)
    get(crowd, "/locate?lon=10.5&lat=50.5&jurisdiction=town", Role.OPERATOR)
    assert audit(crowd)[-1] == ("operator", "cases.read", f"GET /cases/{crowd.cases[1]}")


def test_nothing_is_sent_of_a_case_whose_reading_the_audit_cannot_keep(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        time.sleep(0.2)  # the case has been read by then
        raise UnavailableError("The disk is full.")

    monkeypatch.setattr("api.accounts.gate.add_line", full)
    for path in (f"/cases/{crowd.cases[1]}", "/cases?jurisdiction=town", "/cases/999999"):
        refused = crowd.client.get(path, headers=bearer(crowd.people[Role.OPERATOR]))
        assert refused.status_code == 503, path
        assert "features" not in refused.text
        assert "lamp" not in refused.text


def draft(crowd: Crowd) -> tuple[int, str]:
    made = crowd.client.post(
        "/plans?jurisdiction=town", json={"name": "own"}, headers=bearer(crowd.people[Role.PLANNER])
    )
    assert made.status_code == 201, made.text
    return made.json()["id"], made.headers["etag"]


def test_change_is_signed_with_the_account_and_kept(crowd: Crowd) -> None:
    number, tag = draft(crowd)
    headers = {**bearer(crowd.people[Role.PLANNER]), "If-Match": tag}
    forged = crowd.client.post(f"/plans/{number}/review", json={"state": "in_review", "by": "镇长"}, headers=headers)
    assert forged.status_code == 400
    assert "Leave it out" in forged.json()["detail"]
    sent = crowd.client.post(f"/plans/{number}/review", json={"state": "in_review"}, headers=headers)
    assert sent.status_code == 200
    changes = get(crowd, "/changes?jurisdiction=town&kind=state", Role.LEADER).json()["changes"]
    assert changes[-1]["by"] == "planner"
    assert audit(crowd)[-1] == ("planner", "plans.review", f"plan {number}")


def test_plan_is_approved_by_an_approver_who_had_no_hand_in_it(crowd: Crowd) -> None:
    number, _ = draft(crowd)
    any_version = {"If-Match": "*"}

    def review(role: Role, state: str) -> Any:
        headers = {**bearer(crowd.people[role]), **any_version}
        return crowd.client.post(f"/plans/{number}/review", json={"state": state}, headers=headers)

    assert review(Role.PLANNER, "in_review").status_code == 200
    assert review(Role.PLANNER, "approved").status_code == 403
    with unit_of_work(crowd.engine) as session:
        session.execute(
            text("update changes set made_by = 'approver' where plan_id = :plan and kind = 'created'"), {"plan": number}
        )
    own = review(Role.APPROVER, "approved")
    assert own.status_code == 403
    assert "himself" in own.json()["detail"]
    with unit_of_work(crowd.engine) as session:
        session.execute(
            text("update changes set made_by = 'planner' where plan_id = :plan and kind = 'created'"), {"plan": number}
        )
    assert review(Role.APPROVER, "approved").status_code == 200


def test_work_that_a_plan_has_from_another_is_approved_by_none_of_its_editors(crowd: Crowd) -> None:
    (first, _), (carried, _) = draft(crowd), draft(crowd)
    headers = bearer(crowd.people[Role.PLANNER])
    made = crowd.client.post("/plans?jurisdiction=town", json={"name": "above", "based_on": first}, headers=headers)
    with unit_of_work(crowd.engine) as session:
        session.execute(
            text("update changes set made_by = 'approver' where plan_id = :plan and kind = 'created'"), {"plan": first}
        )
        session.execute(
            text(
                "update changes set detail = jsonb_build_object('kind', 'rebase', 'plan', cast(:first as int)) "
                "where plan_id = :plan and kind = 'created'"
            ),
            {"plan": carried, "first": first},
        )
    for number in (carried, made.json()["id"]):
        for role, state, status in ((Role.PLANNER, "in_review", 200), (Role.APPROVER, "approved", 403)):
            headers = {**bearer(crowd.people[role]), "If-Match": "*"}
            reply = crowd.client.post(f"/plans/{number}/review", json={"state": state}, headers=headers)
            assert reply.status_code == status, reply.text
        assert "himself" in reply.json()["detail"]


def test_page_that_names_no_town_is_that_of_the_first_where_one_may_read(crowd: Crowd) -> None:
    with unit_of_work(crowd.engine) as session:
        secret = begin(session, add_account(session, "elsewhere"))
        give_role(session, "elsewhere", Grant(Role.OPERATOR, "town"))
        give_role(session, "elsewhere", Grant(Role.PLANNER, "other"))
    headers = {"Cookie": f"{PLAIN_COOKIE}={secret}"}
    assert next(iter(crowd.client.app.state.editions.calendars)) == "other"  # type: ignore[attr-defined]
    for query, status in (("", 200), ("?jurisdiction=town", 200), ("?jurisdiction=other", 403)):
        assert crowd.client.get(f"/search{query}", headers=headers).status_code == status


def test_open_for_reading_shows_what_an_analyst_sees_and_takes_no_changes(database: Database) -> None:
    with crowded(database, open="read") as crowd:
        assert texts(get(crowd, "/cases?jurisdiction=town")) == [MASKED]
        assert get(crowd, "/plans?jurisdiction=town").status_code == 200
        assert get(crowd, "/locate?lon=10.5&lat=50.5&jurisdiction=town").json()["duties"] == []
        assert crowd.client.post("/plans?jurisdiction=town", json={"name": "x"}).status_code == 401
        assert get(crowd, "/accounts").status_code == 401


def test_open_for_everything_is_as_without_accounts(database: Database) -> None:
    with crowded(database, open="all") as crowd:
        assert texts(get(crowd, "/cases?jurisdiction=town")) == [MASKED]
        made = crowd.client.post("/plans?jurisdiction=town", json={"name": "x", "by": "镇长"})
        assert made.status_code == 201
        assert audit(crowd)[-1][:2] == ("anonymous", "plans.edit")


def test_lookups_go_on_for_the_signed_in_without_a_database(database: Database) -> None:
    with crowded(database) as crowd:
        crowd.engine.dispose()
        headers = cookie(crowd.people[Role.OPERATOR])
        crowd.client.app.state.store.close()  # type: ignore[attr-defined]
        settings = crowd.client.app.state.store._settings  # type: ignore[attr-defined]
        crowd.client.app.state.store._settings = lost(settings)  # type: ignore[attr-defined]
        answer = crowd.client.get("/locate?lon=10.5&lat=50.5&jurisdiction=town", headers=headers)
        assert answer.status_code == 200
        assert crowd.client.get("/cases?jurisdiction=town", headers=headers).status_code == 503


def test_expired_grant_counts_no_more(crowd: Crowd) -> None:
    with unit_of_work(crowd.engine) as session:
        account = add_account(session, f"late{datetime.now(UTC):%H%M%S}")
        session.execute(
            text(
                "insert into grants (account_id, role, valid_from, valid_to) "
                "values (:account, 'operator', now() - interval '2 days', now() - interval '1 day')"
            ),
            {"account": account},
        )
        secret = begin(session, account)
    headers = {"Cookie": f"geogrid_session={secret}", "Origin": HOME}
    assert crowd.client.get("/cases?jurisdiction=town", headers=headers).status_code == 403


def test_browser_without_javascript_gets_a_page_in_chinese(crowd: Crowd) -> None:
    page = crowd.client.get("/login?lang=zh&next=/search")
    assert page.status_code == 200
    assert "登录" in page.text
    assert 'name="next" value="/search"' in page.text


def test_no_client_is_made_without_a_rule_book() -> None:
    with TestClient(create_app(ServerSettings(open="no")), base_url="http://localhost") as client:
        assert client.get("/health/live").status_code == 200
