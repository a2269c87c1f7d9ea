"""People of every role in a town, with browsers and tokens, before a server that is not open."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.accounts.door import PLAIN_COOKIE, form_token
from api.app import create_app
from api.settings import ServerSettings
from boundaries.accounts.granting import give_role
from boundaries.accounts.sessions import SessionLimits, begin_session
from boundaries.accounts.storing import add_account
from boundaries.accounts.tokens import add_token
from boundaries.cases.reading import NewCase
from boundaries.plans.drafts import get_plan, new_draft
from boundaries.store.engine import open_engine, unit_of_work
from geogrid.access import Grant, Role
from geogrid.access.matrix import settable
from tests.fixtures_db import Database
from tests.http.conftest import Town, store_cases, store_town

HOME = "http://testserver"
LIMITS = SessionLimits(timedelta(hours=2), timedelta(hours=12))
OWN_GRID = "D-a"
TEXT = "路灯不亮，请致电 13812345678"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with one role, his browser's secret and his token."""

    login: str
    secret: str
    token: str

    @property
    def form(self) -> str:
        return form_token(self.secret)


@dataclass(frozen=True, slots=True)
class Crowd:
    """The town, the people in it, and a client of its server."""

    engine: Engine
    client: TestClient
    town: Town
    people: dict[Role, Person]
    cases: list[int]
    draft: int

    def sign_in(self, role: Role) -> Person:
        """Give one more browser to somebody."""
        with unit_of_work(self.engine) as session:
            return Person(role.value, begin(session, self.account(role)), self.people[role].token)

    def account(self, role: Role) -> int:
        return list(self.people).index(role) + 1


def begin(session: Session, account_id: int) -> str:
    return begin_session(session, account_id, at=datetime.now(UTC), limits=LIMITS, address="testclient")


def grant_of(role: Role, town: str = "town") -> Grant:
    """The grant that a role has in the tests: everywhere for who looks after the server, else in the town."""
    if role in {Role.ADMIN, Role.AUDITOR}:
        return Grant(role)
    grid = OWN_GRID if role in {Role.GRIDDER, Role.CHIEF} else None
    return Grant(role, town, grid, actions=frozenset(settable(role)) if role is Role.APPLICATION else frozenset())


@contextmanager
def crowded(database: Database, **settings: object) -> Iterator[Crowd]:
    """A town with cases in two grids, a draft, and one account a role; `settings` are the server's."""
    engine = open_engine(database.settings)
    town = store_town(engine)
    store_town(engine, "other", west=30.0)
    at = datetime(2026, 2, 1, tzinfo=UTC)
    cases = store_cases(
        engine,
        town,
        NewCase("test", "in a", at, text=TEXT, lon=10.5, lat=50.5),
        NewCase("test", "in b", at, text=TEXT, lon=11.5, lat=50.5),
        NewCase("test", "nowhere", at, text=TEXT),
    )
    people = {}
    with unit_of_work(engine) as session:
        draft = new_draft(session, get_plan(session, 1), name="draft", made_by="planner", at=at).id
        for role in Role:
            account = add_account(session, role.value)
            give_role(session, role.value, grant_of(role))
            where = grant_of(role).jurisdiction
            now = datetime.now(UTC)
            token = add_token(session, role.value, name="t", role=role, jurisdiction=where, at=now, days=1)
            people[role] = Person(role.value, begin(session, account), token)
    given = {"open": "no", "public_duties": False, **settings}
    with TestClient(create_app(ServerSettings(**{**database.settings.model_dump(), **given}))) as client:
        yield Crowd(engine, client, town, people, cases, draft)
    engine.dispose()


def cookie(person: Person) -> dict[str, str]:
    """Headers as a browser sends them from a page of the server."""
    return {"Cookie": f"{PLAIN_COOKIE}={person.secret}", "Origin": HOME}


def bearer(person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.token}"}
