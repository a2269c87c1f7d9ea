"""Whatever people write beside cases is shown afterwards: plans and their reviews, reporters, accounts, webhooks."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as settings_of_test
from hypothesis import strategies as st

from boundaries.accounts.granting import give_role
from boundaries.accounts.tokens import add_token
from boundaries.changes.webhooks import NewWebhook, add_webhook, list_webhooks
from boundaries.jurisdictions.reading import get_jurisdiction
from boundaries.store.engine import unit_of_work
from geogrid.access import Grant, Role
from geogrid.errors import GeogridError
from tests.db.imports import run
from tests.fixtures_db import TEMPLATE, Database, Server, copied
from tests.http.people import Crowd, bearer, cookie, crowded
from tests.http.stored_values import encoded, texts
from tests.http.test_stored_is_shown import is_csv, is_json, is_page

QUICK = settings_of_test(
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    max_examples=4,
)
ANY = {"If-Match": "*", "Content-Type": "application/json"}
TAKEN = {200, 201}
REFUSED = {400, 404, 409, 412}


@dataclass(slots=True)
class Office:
    """A town with people, and what of their work was taken."""

    crowd: Crowd
    database: Database
    taken: dict[str, int] = field(default_factory=dict)

    def post(self, role: Role, path: str, body: dict[str, Any]) -> Any:
        headers = {**bearer(self.crowd.people[role]), **ANY}
        reply = self.crowd.client.post(path, content=encoded(body), headers=headers)
        assert reply.status_code in TAKEN | REFUSED, f"{path}: {reply.status_code} {reply.text[:300]}"
        what = path.rstrip("0123456789").rpartition("/")[2] or path
        self.taken[what] = self.taken.get(what, 0) + (reply.status_code in TAKEN)
        return reply.json() if reply.status_code in TAKEN else None

    def check(self, views: dict[str, Callable[[bytes], None]], headers: dict[str, str]) -> None:
        for view, reads in views.items():
            accept = {"Accept": "text/html"} if reads is is_page else {}
            reply = self.crowd.client.get(view, headers={**headers, **accept})
            assert reply.status_code == 200, f"{view}: {reply.status_code} {reply.text[:300]}"
            reads(reply.content)


@pytest.fixture(scope="module")
def office(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("office")):
        with crowded(database) as crowd:
            yield Office(crowd, database)


@QUICK
@given(texts(), texts(), texts(), texts(), st.lists(texts(), min_size=2, max_size=2))
def test_work_on_plans_is_shown(  # noqa: PLR0913, PLR0917 - one text a place
    office: Office, name: str, reason: str, kind: str, subject: str, grids: list[str]
) -> None:
    made = office.post(Role.PLANNER, "/plans?jurisdiction=town", {"name": name or "draft", "reason": reason})
    plan = office.crowd.draft if made is None else made["id"]
    at = f"/plans/{plan}"
    rename = {"kind": "rename", "names": dict(zip(("D-a", "D-b"), grids, strict=True))}
    office.post(Role.PLANNER, f"{at}/edits", {"operations": [rename], "reason": reason})
    office.post(Role.PLANNER, f"{at}/edits", {"operations": [{"kind": "recode", "codes": {"D-a": subject}}]})
    acceptance = {"kind": kind or "band", "subject": subject, "reason": reason or "x"}
    office.post(Role.PLANNER, f"{at}/acceptances", acceptance)
    office.post(Role.PLANNER, f"{at}/undo", {"reason": reason})
    office.post(Role.PLANNER, f"{at}/redo", {"reason": reason})
    for role, state in ((Role.PLANNER, "in_review"), (Role.APPROVER, "approved"), (Role.APPROVER, "draft")):
        office.post(role, f"{at}/review", {"state": state, "reason": reason})
    parts = ("", "/edits", "/validation", "/evaluation", "/grids", "/blocks", "/compare/1")
    views = dict.fromkeys(("/plans?jurisdiction=town", *(f"{at}{part}" for part in parts)), is_json)
    office.check(views, bearer(office.crowd.people[Role.PLANNER]))
    office.check({"/changes?jurisdiction=town&limit=1000": is_json}, bearer(office.crowd.people[Role.LEADER]))
    office.check({"/audit?lang=zh": is_page, "/audit": is_page}, cookie(office.crowd.people[Role.ADMIN]))
    office.check({"/": is_page, "/embed/map?jurisdiction=town": is_page}, {})
    for command in (("plan", "show"), ("plan", "show", str(plan)), ("audit", "export", "-")):
        done = run(office.database, *command)
        assert "Traceback" not in done.output, done.output[-500:]


@QUICK
@given(st.fixed_dictionaries({name: texts() for name in ("name", "telephone", "email", "identity_number")}), texts())
def test_reporters_are_shown(office: Office, reporter: dict[str, str], reason: str) -> None:
    kept = {name: value for name, value in reporter.items() if value}
    operator = Role.OPERATOR
    body = {"lon": 10.5, "lat": 50.5, "text": "lamp", "reporter": kept}
    case = office.post(operator, "/cases?jurisdiction=town", body) or office.post(
        operator, "/cases?jurisdiction=town", {**body, "reporter": {"name": reporter["name"] or "x"}}
    )
    if case is None:
        return
    shown = office.post(operator, f"/cases/{case['id']}/reporter", {"reason": reason.strip() or "x"})
    assert shown is None or shown["case"] == case["id"]
    views = {f"/cases/{case['id']}": is_json, "/cases?jurisdiction=town": is_json}
    office.check({**views, "/cases?jurisdiction=town&f=csv": is_csv}, bearer(office.crowd.people[operator]))
    pages = {f"/search/{case['id']}": is_page, "/search?jurisdiction=town": is_page}
    office.check(pages, cookie(office.crowd.people[operator]))


@QUICK
@given(st.integers(0, 10**9), texts(), texts(), texts())
def test_people_and_their_tokens_are_shown(office: Office, number: int, name: str, token: str, login: str) -> None:
    admin = cookie(office.crowd.people[Role.ADMIN])
    form = {"form": office.crowd.people[Role.ADMIN].form, "login": f"p{number}", "name": name}
    for sent in (form, {**form, "login": login}):
        reply = office.crowd.client.post("/accounts", data=sent, headers=admin, follow_redirects=False)
        assert reply.status_code < 500, reply.text
    engine, now = office.crowd.engine, datetime.now(UTC)
    with suppress(GeogridError), unit_of_work(engine) as session:
        give_role(session, f"p{number}", Grant(Role.OPERATOR, "town"))
    with suppress(GeogridError), unit_of_work(engine) as session:
        add_token(session, "operator", name=token, role=Role.OPERATOR, jurisdiction="town", at=now, days=1)
    office.check(dict.fromkeys(("/accounts", "/accounts?lang=zh", "/accounts/operator", "/audit"), is_page), admin)
    reply = office.crowd.client.get(f"/accounts/p{number}", headers={**admin, "Accept": "text/html"})
    assert reply.status_code in {200, 404}
    for command in (("account", "list"), ("account", "token", "list", "operator")):
        assert "Traceback" not in run(office.database, *command).output


@QUICK
@given(texts(), st.lists(texts(), max_size=2))
def test_webhooks_are_shown(office: Office, path: str, types: list[str]) -> None:
    with suppress(GeogridError), unit_of_work(office.crowd.engine) as session:
        new = NewWebhook(f"https://hook.example/{path}", b"k" * 32, tuple(types), None)
        add_webhook(session, get_jurisdiction(session, "town"), new)
    with unit_of_work(office.crowd.engine) as session:
        assert list_webhooks(session) is not None
    done = run(office.database, "webhook", "list", "--json")
    assert done.exit_code == 0, done.output
    for line in done.output.splitlines():
        json.loads(line)
    assert run(office.database, "webhook", "list").exit_code == 0


def test_most_of_the_work_was_taken(office: Office) -> None:
    if not office.taken:
        pytest.skip("nothing was made in this process")
    for what in ("edits", "undo", "review"):
        assert office.taken.get(what, 0) > 0, office.taken
