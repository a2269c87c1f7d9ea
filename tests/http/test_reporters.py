"""Reporters over HTTP: taken apart from cases, shown masked, in plain words only to who may and with a reason."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from boundaries.audit.reading import all_lines
from boundaries.store.engine import unit_of_work
from geogrid.access import Role
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.http.people import Crowd, Person, bearer, cookie, crowded

TELEPHONE = "13987650123"
NAME = "欧阳小明"
MAIL = "ouyang@example.org"
NUMBER = "11010519491231002X"
REPORTER = {"name": NAME, "telephone": TELEPHONE, "email": MAIL, "identity_number": NUMBER}
MASKED = {
    "name": "欧**",
    "telephone": "139****0123",
    "email": "o*****@example.org",
    "identity_number": "110*************2X",
}
WORDS = f"路灯不亮，请致电 {TELEPHONE}"
IN_A = {"lon": 10.5, "lat": 50.5}
TOWN = {"jurisdiction": "town"}
WHY = {"reason": "call back about the lamp"}


@pytest.fixture(scope="module")
def crowd(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("reporters")):
        with crowded(database) as made:
            yield made


def reported(crowd: Crowd, **members: Any) -> dict[str, Any]:
    body = {**IN_A, "text": WORDS, "reporter": REPORTER, **members}
    answer = crowd.client.post("/cases", params=TOWN, json=body)
    assert answer.status_code == 201, answer.text
    stored: dict[str, Any] = answer.json()
    return stored


def person(crowd: Crowd, role: Role) -> dict[str, str]:
    return bearer(crowd.people[role])


def test_report_is_answered_masked_and_read_masked_by_who_may_read_cases(crowd: Crowd) -> None:
    stored = reported(
        crowd, address=f"长江路8号 {TELEPHONE}", channel=f"tel {TELEPHONE}", attributes={"phone": 13987650123}
    )
    assert stored["properties"]["reporter"] == MASKED
    for path in (f"/cases/{stored['id']}", "/cases?jurisdiction=town", "/cases?jurisdiction=town&f=csv"):
        answer = crowd.client.get(path, headers=person(crowd, Role.OPERATOR))
        assert answer.status_code == 200
        for word in (TELEPHONE, NAME, MAIL, NUMBER):
            assert word not in answer.text, path
    seen = crowd.client.get(f"/cases/{stored['id']}", headers=person(crowd, Role.OPERATOR)).json()["properties"]
    assert seen["reporter"] == MASKED
    assert seen["text"] == "路灯不亮，请致电 139****0123"
    assert seen["address"] == "长江路8号 139****0123"
    assert seen["channel"] == "tel 139****0123"
    assert seen["attributes"] == {"phone": "139****0123"}


def test_analyst_sees_nothing_of_the_reporter(crowd: Crowd) -> None:
    number = reported(crowd)["id"]
    seen = crowd.client.get(f"/cases/{number}", headers=person(crowd, Role.ANALYST)).json()["properties"]
    assert seen["reporter"] is None


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.DISPATCHER, Role.CHIEF, Role.ADMIN])
def test_reporter_is_shown_in_plain_words_for_a_reason_that_the_audit_keeps(crowd: Crowd, role: Role) -> None:
    number = reported(crowd, attributes={"phone": 13987650123, "lamp": 7})["id"]
    reason = {"reason": f"call {TELEPHONE} back"}
    answer = crowd.client.post(f"/cases/{number}/reporter", json=reason, headers=person(crowd, role))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "case": number,
        "reporter": {**REPORTER, "other": {}},
        "words": {"text": WORDS, "attributes": {"phone": 13987650123, "lamp": 7}},
    }
    with unit_of_work(crowd.engine) as session:
        *_, last = all_lines(session)
    assert (last.account, last.action, last.object) == (role.value, "reporters.read", f"case {number}")
    assert last.after is not None
    assert "139****0123 back" in last.after
    assert "reporter.telephone" in last.after
    for word in (TELEPHONE, NAME, MAIL, NUMBER):
        assert word not in last.after


@pytest.mark.parametrize("role", [Role.GRIDDER, Role.DEPARTMENT, Role.LEADER, Role.ANALYST, Role.APPLICATION])
def test_reporter_is_refused_to_who_only_reads_cases(crowd: Crowd, role: Role) -> None:
    number = reported(crowd)["id"]
    refused = crowd.client.post(f"/cases/{number}/reporter", json=WHY, headers=person(crowd, role))
    assert refused.status_code == 403
    assert TELEPHONE not in refused.text
    assert "reporters.read" in refused.json()["detail"]


def test_chief_sees_reporters_of_his_own_grids_only(crowd: Crowd) -> None:
    number = reported(crowd, lon=11.5)["id"]
    refused = crowd.client.post(f"/cases/{number}/reporter", json=WHY, headers=person(crowd, Role.CHIEF))
    assert refused.status_code == 403


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "x" * 501}, {"reason": 1}])
def test_reason_is_needed_in_words(crowd: Crowd, body: dict[str, Any]) -> None:
    number = reported(crowd)["id"]
    refused = crowd.client.post(f"/cases/{number}/reporter", json=body, headers=person(crowd, Role.OPERATOR))
    assert refused.status_code == 400
    assert "a reason in words, of 1 to 500 characters" in refused.json()["detail"]


def test_case_without_anything_sealed_says_so(crowd: Crowd) -> None:
    number = reported(crowd, text="路灯不亮", reporter=None)["id"]
    nothing = crowd.client.post(f"/cases/{number}/reporter", json=WHY, headers=person(crowd, Role.OPERATOR))
    assert nothing.status_code == 404
    assert "nothing was given, or it has been removed" in nothing.json()["detail"]


@pytest.mark.parametrize(
    ("member", "value", "must"),
    [
        ("telephone", "call 张三 at noon, please", "a number of 5 to 30 digits or letters"),
        ("identity_number", "???", "a number of 5 to 30 digits or letters"),
        ("email", "张三 at home", "an address of mail"),
        ("name", "张三" * 101, "a text of at most 200 characters"),
        ("name", ["张三"], "a text of at most 200 characters"),
        ("phone", "张三", "no member of reporter; there are name, telephone, email, identity_number"),
    ],
)
def test_wrong_reporter_is_refused_without_being_repeated(crowd: Crowd, member: str, value: Any, must: str) -> None:
    body = {**IN_A, "text": "dark", "reporter": {**REPORTER, member: value}}
    refused = crowd.client.post("/cases", params=TOWN, json=body)
    assert refused.status_code == 400
    assert must in refused.json()["detail"]
    assert refused.json()["errors"][0]["name"] == f"reporter.{member}"
    for word in ("张三", NAME, TELEPHONE, MAIL, NUMBER):
        assert word not in refused.text


def test_all_that_is_wrong_with_a_reporter_is_said_at_once(crowd: Crowd) -> None:
    body = {**IN_A, "text": "dark", "reporter": {"telephone": "?", "email": "?", "identity_number": "?"}}
    refused = crowd.client.post("/cases", params=TOWN, json=body).json()
    names = [error["name"] for error in refused["errors"]]
    assert names == ["reporter.telephone", "reporter.email", "reporter.identity_number"]


def test_same_report_again_is_the_same_case_and_tells_no_more_of_its_reporter(crowd: Crowd) -> None:
    number = reported(crowd, external_id="A-1")["id"]
    body = {**IN_A, "text": WORDS, "external_id": "A-1"}
    again = crowd.client.post("/cases", params=TOWN, json=body)
    assert (again.status_code, again.json()["id"]) == (200, number)
    assert again.json()["properties"]["reporter"] is None
    guess = crowd.client.post("/cases", params=TOWN, json={**body, "text": WORDS.replace("8765", "0000")})
    assert guess.status_code == 200, "whether a guess is the sealed number must not be told"
    other = crowd.client.post("/cases", params=TOWN, json={**body, "reporter": {"name": "王五"}})
    assert other.status_code == 409
    assert "reporter" in other.json()["detail"]


@pytest.mark.parametrize(
    ("sent", "count"),
    [
        ({"telephone": "+86 150-0000-7771"}, 2),
        ({"telephone": "".join(chr(ord(digit) + 0xFEE0) for digit in "15000007771")}, 2),
        ({"identity_number": "110105194912310038"}, 1),
        ({"email": "SEVEN@example.org"}, 1),
        ({"telephone": "15000007772"}, 0),
    ],
)
def test_cases_are_found_by_a_number_in_any_spelling(crowd: Crowd, sent: dict[str, str], count: int) -> None:
    known = crowd.client.post(
        "/cases/by-number", params=TOWN, json={"telephone": "15000007771", **WHY}, headers=person(crowd, Role.ADMIN)
    ).json()["features"]
    if not known:
        own = {"telephone": "15000007771", "email": "seven@example.org", "identity_number": "110105194912310038"}
        reported(crowd, reporter=own, text="dark")
        reported(crowd, reporter={"name": "B"}, text="he is at 150 0000 7771", lon=11.5)
    answer = crowd.client.post(
        "/cases/by-number", params=TOWN, json={**sent, **WHY}, headers=person(crowd, Role.DISPATCHER)
    )
    assert answer.status_code == 200
    assert answer.json()["numberMatched"] == count
    assert "15000007771" not in answer.text
    chief = crowd.client.post("/cases/by-number", params=TOWN, json={**sent, **WHY}, headers=person(crowd, Role.CHIEF))
    assert chief.json()["numberMatched"] == min(count, 1), "his own grids only"
    with unit_of_work(crowd.engine) as session:
        *_, last = all_lines(session)
    assert (last.account, last.action) == ("chief", "reporters.read")


def test_one_number_is_asked_for_at_a_time(crowd: Crowd) -> None:
    for sent in ({}, {"telephone": "15000007771", "email": "seven@example.org"}):
        refused = crowd.client.post(
            "/cases/by-number", params=TOWN, json={**sent, **WHY}, headers=person(crowd, Role.ADMIN)
        )
        assert refused.status_code == 400
        assert "one of telephone, email and identity_number" in refused.json()["detail"].lower()


def test_searching_for_a_number_finds_what_looks_like_it_masked(crowd: Crowd) -> None:
    number = reported(crowd, text="fetch me at 15211112222 soon")["id"]
    found = crowd.client.get(
        "/cases", params={**TOWN, "text": "15211112222"}, headers=person(crowd, Role.OPERATOR)
    ).json()
    assert [feature["id"] for feature in found["features"]] == [number]


def page_of(crowd: Crowd, number: int, somebody: Person) -> str:
    answer = crowd.client.get(f"/search/{number}?lang=en", headers=cookie(somebody))
    assert answer.status_code == 200
    return answer.text


def test_page_shows_the_reporter_masked_and_offers_him_to_who_may(crowd: Crowd) -> None:
    number = reported(crowd)["id"]
    operator = crowd.people[Role.OPERATOR]
    page = page_of(crowd, number, operator)
    assert "欧**" in page
    assert "139****0123" in page
    assert f'action="/search/{number}/reporter?' in page
    for word in (TELEPHONE, NAME, MAIL, NUMBER):
        assert word not in page
    assert "/reporter" not in page_of(crowd, number, crowd.people[Role.LEADER])
    bare = reported(crowd, text="dark", reporter=None)["id"]
    assert "/reporter" not in page_of(crowd, bare, operator)


def revealed(client: TestClient, number: int, somebody: Person, **fields: str) -> Any:
    form = {"form": somebody.form, "reason": "call back", **fields}
    return client.post(f"/search/{number}/reporter?lang=en", data=form, headers=cookie(somebody))


def test_page_shows_the_reporter_once_for_a_reason(crowd: Crowd) -> None:
    number, operator = reported(crowd)["id"], crowd.people[Role.OPERATOR]
    shown = revealed(crowd.client, number, operator)
    assert shown.status_code == 200
    assert shown.headers["cache-control"] == "no-store"
    for word in (TELEPHONE, NAME, MAIL, NUMBER, WORDS):
        assert word in shown.text
    refused = revealed(crowd.client, number, operator, reason=" ")
    assert refused.status_code == 400
    assert "Say what for" in refused.text
    assert TELEPHONE not in refused.text
    assert revealed(crowd.client, number, operator, form="another").status_code == 403
    assert revealed(crowd.client, number, crowd.people[Role.LEADER]).status_code == 403


def test_lost_keys_are_a_sentence_and_all_else_works(crowd: Crowd) -> None:
    number, operator = reported(crowd)["id"], person(crowd, Role.OPERATOR)
    with unit_of_work(crowd.engine) as session:
        known = session.scalar(text("select id from sealing_keys"))
    file = next(iter([crowd.engine.get_execution_options()["geogrid_keys"].home / "keys"]))
    away = file.rename(file.with_name("away"))
    try:
        for path, body in ((f"/cases/{number}/reporter", WHY), ("/cases", {**IN_A, "text": WORDS})):
            answer = crowd.client.post(path, params={} if "reporter" in path else TOWN, json=body, headers=operator)
            assert answer.status_code == 503
            assert "cannot be sealed or opened" in answer.json()["detail"]
            assert str(file.parent) not in answer.text
            assert str(known) not in answer.text
        assert crowd.client.get(f"/cases/{number}", headers=operator).json()["properties"]["reporter"] == MASKED
        assert crowd.client.get(f"/search/{number}", headers=cookie(crowd.people[Role.OPERATOR])).status_code == 200
        plain = crowd.client.post("/cases", params=TOWN, json={**IN_A, "text": "dark"}, headers=operator)
        assert plain.status_code == 201
        assert not file.exists(), "no other key is made where one was in use"
    finally:
        away.rename(file)
    assert crowd.client.post(f"/cases/{number}/reporter", json=WHY, headers=operator).status_code == 200
