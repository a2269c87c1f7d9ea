"""What an attacker tries on accounts: fixation, forged forms, other people's numbers, more rights, time, addresses."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from api.accounts.door import PLAIN_COOKIE
from api.accounts.forms import own_path
from boundaries.accounts import passwords
from boundaries.accounts.granting import give_role
from boundaries.accounts.signing_in import FREE_TRIES, Candidate, sign_in
from boundaries.accounts.storing import add_account, set_password
from boundaries.audit.reading import all_lines
from boundaries.store.engine import unit_of_work
from geogrid.access import Grant, Role
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.http.people import HOME, Crowd, bearer, begin, cookie, crowded

GOOD = "four lamps sing at dusk"
FROM_HERE = {"Origin": HOME}
OUTSIDE = [
    "https://evil.example",
    "http://testserver.evil.example",
    "http://testserver:81",
    "https://testserver",
    "null",
]


@pytest.fixture(scope="module")
def crowd(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("crowd")):
        with crowded(database) as made:
            with unit_of_work(made.engine) as session:
                add_account(session, "wang", name="王芳", password=GOOD)
                set_password(session, "verifier", "some other good phrase")
            yield made


def log_in(crowd: Crowd, *, password: str = GOOD, login: str = "wang", **more: Any) -> Any:
    crowd.client.cookies.clear()
    form = {"login": login, "password": password, **more.pop("form", {})}
    headers = {**FROM_HERE, **more.pop("headers", {})}
    answer = crowd.client.post("/login", data=form, headers=headers, follow_redirects=False)
    crowd.client.cookies.clear()
    return answer


def cookie_of(answer: Any) -> str:
    name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
    assert name == PLAIN_COOKIE
    return str(value)


def test_signing_in_gives_a_new_cookie_out_of_reach_of_scripts_and_other_sites(crowd: Crowd) -> None:
    planted = log_in(crowd, headers={"Cookie": f"{PLAIN_COOKIE}=planted-by-somebody-else"})
    assert planted.status_code == 303
    assert cookie_of(planted) != "planted-by-somebody-else"
    sent = planted.headers["set-cookie"].lower()
    assert "httponly" in sent
    assert "samesite=lax" in sent
    assert "path=/" in sent
    assert "domain" not in sent
    headers = {"Cookie": f"{PLAIN_COOKIE}=planted-by-somebody-else"}
    assert crowd.client.get("/account", headers=headers).status_code == 401


def test_session_of_before_is_over_after_signing_in_anew(crowd: Crowd) -> None:
    first = cookie_of(log_in(crowd))
    second = cookie_of(log_in(crowd, headers={"Cookie": f"{PLAIN_COOKIE}={first}"}))
    assert crowd.client.get("/account", headers={"Cookie": f"{PLAIN_COOKIE}={first}"}).status_code == 401
    assert crowd.client.get("/account", headers={"Cookie": f"{PLAIN_COOKIE}={second}"}).status_code == 200


def test_signing_out_ends_the_session_on_the_server(crowd: Crowd) -> None:
    person = crowd.sign_in(Role.LEADER)
    done = crowd.client.post("/logout", data={"form": person.form}, headers=cookie(person), follow_redirects=False)
    assert done.status_code == 303
    assert crowd.client.get("/account", headers=cookie(person)).status_code == 401


@pytest.mark.parametrize("origin", OUTSIDE)
@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/plans?jurisdiction=town", {"json": {"name": "forged"}}),
        ("/account/password", {"data": {"old": "x", "new": "y"}}),
        ("/accounts", {"data": {"login": "evil"}}),
        ("/logout", {"data": {}}),
    ],
)
def test_request_of_another_site_with_our_cookie_is_refused(
    crowd: Crowd, origin: str, path: str, sent: dict[str, Any]
) -> None:
    person = crowd.people[Role.ADMIN if path.startswith("/acc") else Role.PLANNER]
    headers = {**cookie(person), "Origin": origin}
    sent = {**sent, "data": {**sent["data"], "form": person.form}} if "data" in sent else sent
    assert crowd.client.post(path, headers=headers, follow_redirects=False, **sent).status_code == 403
    crossing = {"Cookie": headers["Cookie"], "Sec-Fetch-Site": "cross-site"}
    assert crowd.client.post(path, headers=crossing, follow_redirects=False, **sent).status_code == 403
    silent = {"Cookie": headers["Cookie"]}
    assert crowd.client.post(path, headers=silent, follow_redirects=False, **sent).status_code == 403


@pytest.mark.parametrize("form", ["", "0" * 64, "other"])
def test_form_without_the_token_of_its_session_is_refused(crowd: Crowd, form: str) -> None:
    person = crowd.people[Role.ADMIN]
    sent = crowd.people[Role.PLANNER].form if form == "other" else form
    answer = crowd.client.post("/accounts", data={"login": "evil", "form": sent}, headers=cookie(person))
    assert answer.status_code == 403
    assert "not of the session" in answer.text


def test_signing_in_from_a_form_of_another_site_is_refused(crowd: Crowd) -> None:
    assert log_in(crowd, headers={"Origin": "https://evil.example"}).status_code == 403


def test_session_of_somebody_else_is_not_ended_by_its_number(crowd: Crowd) -> None:
    mine, other = crowd.people[Role.LEADER], crowd.people[Role.OPERATOR]
    with unit_of_work(crowd.engine) as session:
        numbers = session.execute(text("select id from sign_in_sessions order by id")).scalars().all()
    for number in numbers:
        sent = {"session": str(number), "form": mine.form}
        if number != numbers[list(crowd.people).index(Role.LEADER)]:
            crowd.client.post("/account/sessions", data=sent, headers=cookie(mine), follow_redirects=False)
    assert crowd.client.get("/account", headers=cookie(other)).status_code == 200


@pytest.mark.parametrize("number", ["0", "-1", "1e3", "9" * 40, "1;drop table accounts", "", "１"])  # noqa: RUF001
def test_number_of_no_session_is_a_sentence(crowd: Crowd, number: str) -> None:
    mine = crowd.people[Role.DISPATCHER]
    sent = {"session": number, "form": mine.form}
    assert crowd.client.post("/account/sessions", data=sent, headers=cookie(mine)).status_code == 404


def test_drafts_and_cases_of_others_are_refused_by_their_number(crowd: Crowd) -> None:
    gridder, planner = bearer(crowd.people[Role.GRIDDER]), bearer(crowd.people[Role.PLANNER])
    seen = {number: crowd.client.get(f"/cases/{number}", headers=gridder).status_code for number in crowd.cases}
    assert seen == dict(zip(crowd.cases, [200, 403, 403], strict=True))
    pages = {number: crowd.client.get(f"/search/{number}", headers=gridder).status_code for number in crowd.cases}
    assert pages == seen
    for path in ("", "/edits", "/validation", "/evaluation", "/grids", "/blocks", "/tiles/grids/0/0/0"):
        assert crowd.client.get(f"/plans/2{path}", headers=planner).status_code == 403, path
    copied_draft = crowd.client.post("/plans?jurisdiction=town", json={"name": "x", "based_on": 2}, headers=planner)
    assert copied_draft.status_code == 403
    for step in ("edits", "undo", "redo", "acceptances", "rebase", "review", "publish"):
        answer = crowd.client.post(f"/plans/2/{step}", json={}, headers={**planner, "If-Match": "*"})
        assert answer.status_code == 403, step


@pytest.mark.parametrize(
    "more", [{"role": "admin"}, {"is_admin": "true"}, {"as": "admin"}, {"login": "admin"}, {"account_id": "12"}]
)
def test_parameter_gives_no_rights(crowd: Crowd, more: dict[str, str]) -> None:
    headers = bearer(crowd.people[Role.GRIDDER])
    assert crowd.client.get("/accounts", params=more, headers=headers).status_code == 403
    assert crowd.client.get("/audit", params=more, headers={**headers, "X-Role": "admin"}).status_code == 403
    assert crowd.client.get("/cases?jurisdiction=other", headers={**headers, "X-User": "admin"}).status_code == 403


def test_fields_that_a_form_does_not_have_change_nothing(crowd: Crowd) -> None:
    admin = crowd.people[Role.ADMIN]
    sent = {"login": "plain", "form": admin.form, "role": "admin", "state": "disabled", "password_hash": "$argon2id$x"}
    made = crowd.client.post("/accounts", data=sent, headers=cookie(admin), follow_redirects=False)
    assert made.status_code == 303
    page = crowd.client.get("/accounts/plain", headers=cookie(admin)).text
    assert "No role" in page
    assert "No password is set" in page
    for extra in ({"made_by": "x"}, {"state": "published"}, {"account": "admin"}):
        answer = crowd.client.post(
            "/plans?jurisdiction=town", json={"name": "x", **extra}, headers=bearer(crowd.people[Role.PLANNER])
        )
        assert answer.status_code == 400


def test_administrator_of_one_town_looks_after_no_accounts(crowd: Crowd) -> None:
    with unit_of_work(crowd.engine) as session:
        account = add_account(session, "town-admin")
        give_role(session, "town-admin", Grant(Role.ADMIN, "town"))
        secret = begin(session, account)
    headers = {"Cookie": f"{PLAIN_COOKIE}={secret}"}
    assert crowd.client.get("/accounts", headers=headers).status_code == 403
    assert crowd.client.get("/audit", headers=headers).status_code == 403
    assert crowd.client.get("/cases?jurisdiction=town", headers=headers).status_code == 200


def test_refusals_of_signing_in_are_alike_whatever_is_wrong(crowd: Crowd) -> None:
    answers = [log_in(crowd, login=login, password="wrong phrase here") for login in ("wang", "nobody", "verifier")]
    assert {answer.status_code for answer in answers} == {401}
    texts = {
        answer.text.replace(login, "_") for answer, login in zip(answers, ("wang", "nobody", "verifier"), strict=True)
    }
    assert len(texts) == 1


def test_as_much_is_calculated_for_a_login_that_nobody_has(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    verified = []
    hasher = passwords._hasher()

    class Counting:
        def verify(self, stored: str, password: str) -> bool:
            verified.append(stored.rpartition("$")[0].rpartition("$")[0])
            return hasher.verify(stored, password)

    nobodys = passwords._nobodys_hash()
    monkeypatch.setattr(passwords, "_hasher", Counting)
    monkeypatch.setattr(passwords, "_nobodys_hash", lambda: nobodys)
    with unit_of_work(crowd.engine) as session:
        for login in ("wang", "nobody"):
            assert sign_in(session, Candidate(login, "wrong phrase here"), at=datetime.now(UTC)) is None
    assert len(verified) == 2
    assert verified[0] == verified[1]


def test_guessing_is_slowed_and_told_by_429(crowd: Crowd) -> None:
    statuses = [
        log_in(crowd, login="guessed", password=f"guess {n} of many").status_code for n in range(FREE_TRIES + 2)
    ]
    assert statuses == [401] * FREE_TRIES + [429] * 2


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "///evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/%0d%0aSet-Cookie:x=1\r\nX: y",
        "http:evil.example",
        "",
        "evil.example",
        " //evil.example",
    ],
)
def test_way_back_after_signing_in_never_leads_elsewhere(crowd: Crowd, target: str) -> None:
    assert own_path(target) == "/"
    answer = log_in(crowd, form={"next": target})
    assert answer.status_code == 303
    assert answer.headers["location"] in {"/", "/?lang=en"}


def test_way_back_to_a_page_of_ours_is_kept(crowd: Crowd) -> None:
    assert log_in(crowd, form={"next": "/search?text=a%20b"}).headers["location"] == "/search?text=a%20b"


def test_one_time_address_is_used_up_by_its_button_and_not_by_looking(crowd: Crowd) -> None:
    admin = crowd.people[Role.ADMIN]
    made = crowd.client.post("/accounts/leader", data={"do": "address", "form": admin.form}, headers=cookie(admin))
    path = made.text.partition(f'value="{HOME}')[2].partition('"')[0]
    assert path.startswith("/login/once/")
    crowd.client.cookies.clear()
    assert crowd.client.head(path).status_code == 200
    assert crowd.client.get(path).status_code == 200
    assert crowd.client.post(path, headers={"Origin": "https://evil.example"}).status_code == 403
    used = crowd.client.post(path, headers=FROM_HERE, follow_redirects=False)
    assert used.status_code == 303
    crowd.client.cookies.clear()
    assert crowd.client.post(path, headers=FROM_HERE).status_code == 404
    assert crowd.client.get(path).status_code == 404


def test_nothing_secret_is_in_the_audit_or_in_pages(crowd: Crowd) -> None:
    log_in(crowd, password="mistyped secret phrase")
    with unit_of_work(crowd.engine) as session:
        kept = " ".join(f"{line.object} {line.before} {line.after}" for line in all_lines(session))
    secrets = [GOOD, "mistyped secret phrase", *(person.secret for person in crowd.people.values())]
    secrets += [person.token for person in crowd.people.values()]
    assert [secret for secret in secrets if secret in kept] == []
    page = crowd.client.get("/account", headers=cookie(crowd.people[Role.OPERATOR])).text
    assert [secret for secret in secrets if secret in page] == []


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "'; drop"]
)
def test_hostile_text_stays_text_on_the_pages(crowd: Crowd, hostile: str) -> None:
    answer = log_in(crowd, login=hostile, password="whatever it is")
    assert hostile not in answer.text or hostile in {"{{7*7}}", "'; drop"}
    page = crowd.client.get("/audit", params={"words": hostile}, headers=cookie(crowd.people[Role.AUDITOR]))
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "onerror=alert(1)>" not in page.text


def test_surrogates_and_nul_in_a_sign_in_are_refused_in_words(crowd: Crowd) -> None:
    crowd.client.cookies.clear()
    raw = b"login=%ED%A0%80wang%00&password=%00%ED%BF%BF&code=%00"
    headers = {**FROM_HERE, "Content-Type": "application/x-www-form-urlencoded"}
    assert crowd.client.post("/login", content=raw, headers=headers).status_code == 401
