"""The wall under the filters: what the server's role sees of cases, and what it may not do."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from boundaries.audit.recording import Act, add_line
from boundaries.cases.filtering import CaseFilter
from boundaries.cases.reading import NewCase, add_cases, case_facets, count_cases, find_cases
from boundaries.cases.reviews import add_review
from boundaries.store.engine import engine_for, unit_of_work
from boundaries.store.rights import TABLE_RIGHTS
from boundaries.store.server_role import is_bound, missing_rights
from boundaries.store.sight import EVERYTHING, NOTHING, RowSight, looking, see_case, seeing, sight_of_towns
from geogrid.errors import UnavailableError
from tests.fixtures_db import TEMPLATE, Database, Server, copied
from tests.http.conftest import Town, store_cases, store_town

AT = datetime(2026, 2, 1, tzinfo=UTC)
BEHIND_POLICIES = ("cases", "case_events", "geocode_reviews", "reporters", "reporter_marks")


@dataclass(frozen=True, slots=True)
class Towns:
    """Two towns with cases: the first in grids a and b and nowhere, the second in its grid a."""

    database: Database
    owner: Engine
    server: Engine
    first: Town
    second: Town

    def seen(self, sight: RowSight, table: str = "cases", column: str = "source_key") -> set[Any]:
        """What a statement without any filter gives."""
        with seeing(sight), unit_of_work(self.server) as session:
            return set(session.scalars(text(f"select {column} from {table}")))  # noqa: S608 - names of this file


def stored(database: Database) -> Iterator[Towns]:
    owner, server = engine_for(database.url), engine_for(database.server_url)
    first, second = store_town(owner, "first"), store_town(owner, "second", west=30.0)
    numbers = store_cases(
        owner,
        first,
        NewCase("file", "a", AT, text="lamp in a", address="Long Street 1", lon=10.5, lat=50.5),
        NewCase("file", "b", AT, text="lamp in b", lon=11.5, lat=50.5),
        NewCase("api", "nowhere", AT, text="lamp", attributes={"media_url": "https://e.example/1.jpg"}),
    )
    numbers += store_cases(owner, second, NewCase("file", "far", AT, text="lamp far", lon=30.5, lat=50.5))
    with unit_of_work(owner) as session:
        add_review(session, first.id, "first?", (), case_id=numbers[2])
        add_review(session, second.id, "second?", ())
        session.execute(text("insert into sealing_keys (id) values ('key')"))
        for case in numbers:
            values = {"case": case, "sealed": b"sealed", "mark": b"mark"}
            session.execute(
                text(
                    "insert into reporters (case_id, part, key_id, sealed) values (:case, 'reporter', 'key', :sealed)"
                ),
                values,
            )
            session.execute(text("insert into reporter_marks values (:case, 'reporter', :mark)"), values)
    yield Towns(database, owner, server, first, second)
    owner.dispose()
    server.dispose()


@pytest.fixture(scope="module")
def towns(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Towns]:
    """Only read from, and what is tried is refused."""
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("towns")):
        yield from stored(database)


@pytest.fixture
def own_towns(database: Database) -> Iterator[Towns]:
    yield from stored(database)


def test_with_nothing_said_nothing_of_cases_is_seen_or_changed(towns: Towns) -> None:
    with psycopg.connect(towns.database.server_url) as connection:
        for table in (*BEHIND_POLICIES, "public_cases"):
            count = connection.execute(f"select count(*) from {table}".encode())  # noqa: S608 - names of this file
            assert count.fetchone() == (0,), table
        assert connection.execute("update cases set grid_id = null").rowcount == 0
        assert connection.execute("select count(*) from grids").fetchone() != (0,)


@pytest.mark.parametrize(
    ("sight", "cases"),
    [
        (NOTHING, set()),
        (EVERYTHING, {"a", "b", "nowhere", "far"}),
        (RowSight(towns=frozenset({1})), {"a", "b", "nowhere"}),
        (RowSight(towns=frozenset({1, 2})), {"a", "b", "nowhere", "far"}),
        (RowSight(towns=frozenset({3})), set()),
        (RowSight(grids=frozenset({(1, "D-a")})), {"a"}),
        (RowSight(grids=frozenset({(1, "D")})), {"a", "b"}),
        (RowSight(grids=frozenset({(2, "D-a")})), {"far"}),
        (RowSight(grids=frozenset({(1, "D-b"), (2, "D-a")})), {"b", "far"}),
        (RowSight(grids=frozenset({(1, "' or true --")})), set()),
        (RowSight(towns=frozenset({2}), grids=frozenset({(1, "D-b")})), {"b", "far"}),
        (RowSight(key=(1, "api", "nowhere")), {"nowhere"}),
        (RowSight(key=(2, "api", "nowhere")), set()),
        (RowSight(key=(1, "file", "nowhere")), set()),
        (RowSight(feeds=frozenset({1, 2})), set()),
    ],
)
def test_a_forgotten_filter_shows_what_the_sight_allows(towns: Towns, sight: RowSight, cases: set[str]) -> None:
    assert (towns.first.id, towns.second.id) == (1, 2)
    assert towns.seen(sight) == cases


def test_events_and_questions_follow_their_cases(towns: Towns) -> None:
    numbers = dict(enumerate(("a", "b", "nowhere", "far"), start=1))

    def events(sight: RowSight) -> set[str]:
        return {numbers[int(number)] for number in towns.seen(sight, "case_events", "case_id")}

    def questions(sight: RowSight) -> set[str]:
        return towns.seen(sight, "geocode_reviews", "question")

    assert (events(NOTHING), questions(NOTHING)) == (set(), set())
    assert (events(EVERYTHING), questions(EVERYTHING)) == ({"a", "b", "nowhere", "far"}, {"first?", "second?"})
    town = sight_of_towns([towns.first.id])
    assert (events(town), questions(town)) == ({"a", "b", "nowhere"}, {"first?"})
    grid = RowSight(grids=frozenset({(1, "D-b")}))
    assert (events(grid), questions(grid)) == ({"b"}, set())
    key = RowSight(key=(1, "api", "nowhere"))
    assert (events(key), questions(key)) == ({"nowhere"}, {"first?"})
    feed = RowSight(feeds=frozenset({2}))
    assert (events(feed), questions(feed)) == ({"far"}, set())


@pytest.mark.parametrize("table", ["reporters", "reporter_marks"])
def test_reporters_go_with_their_cases(towns: Towns, table: str) -> None:
    assert towns.seen(NOTHING, table, "case_id") == set()
    assert towns.seen(EVERYTHING, table, "case_id") == {1, 2, 3, 4}
    assert towns.seen(sight_of_towns([towns.second.id]), table, "case_id") == {4}
    assert towns.seen(RowSight(grids=frozenset({(1, "D-b")})), table, "case_id") == {2}
    assert towns.seen(RowSight(feeds=frozenset({2})), table, "case_id") == set()


def test_a_sight_ends_with_its_transaction(towns: Towns) -> None:
    one = engine_for(towns.database.server_url)
    with seeing(EVERYTHING), unit_of_work(one) as session:
        assert session.scalar(text("select count(*) from cases")) == 4
        connection = session.scalar(text("select pg_backend_pid()"))
    with unit_of_work(one) as session:
        assert session.scalar(text("select pg_backend_pid()")) == connection
        assert session.scalar(text("select count(*) from cases")) == 0
    one.dispose()


def test_a_wider_look_ends_with_its_block(towns: Towns) -> None:
    count = text("select count(*) from cases")
    with seeing(RowSight(grids=frozenset({(1, "D-a")}))), unit_of_work(towns.server) as session:
        with looking(session, EVERYTHING):
            assert session.scalar(count) == 4
        assert session.scalar(count) == 1
        see_case(session, 1, "api", "nowhere")
        with pytest.raises(ValueError, match="in between"), looking(session, sight_of_towns([2])):
            raise ValueError("in between")
        assert session.scalar(count) == 2


def test_what_fails_within_a_wider_look_is_what_is_told(towns: Towns) -> None:
    with pytest.raises(UnavailableError, match="permission denied for table cases"):  # noqa: SIM117
        with unit_of_work(towns.server) as session, looking(session, EVERYTHING):
            session.execute(text("delete from cases"))


def test_the_public_view_shows_what_people_wrote_only_where_that_is_public(towns: Towns) -> None:
    written = text("select text, address, source, external_id, address_id, media_url from public_cases order by id")
    with unit_of_work(towns.server) as session:
        assert {tuple(row) for row in session.execute(written)} == {(None,) * 6}
        assert case_facets(session, towns.first.id).total == 3
    telling = engine_for(towns.database.server_url, public_fields=("text", "status"))
    with unit_of_work(telling) as session:
        rows = [tuple(row) for row in session.execute(written)]
    telling.dispose()
    assert rows[0] == ("lamp in a", None, None, None, None, None)
    assert rows[2] == ("lamp", None, None, None, None, "https://e.example/1.jpg")


def test_a_case_can_be_stored_only_where_the_sight_lets_it_be_seen(own_towns: Towns) -> None:
    case = NewCase("api", "new", AT)
    with unit_of_work(own_towns.server) as session:
        see_case(session, 1, "api", "new")
        assert add_cases(session, 1, [case])[0].is_new
    with unit_of_work(own_towns.server) as session:
        see_case(session, 1, "api", "new")
        assert not add_cases(session, 1, [case])[0].is_new
    assert own_towns.seen(RowSight(key=(1, "api", "new"))) == {"new"}
    for sight in (NOTHING, sight_of_towns([2]), RowSight(key=(1, "api", "other"))):
        with pytest.raises(UnavailableError, match="row-level security policy"):  # noqa: SIM117 - told at its end
            with seeing(sight), unit_of_work(own_towns.server) as session:
                add_cases(session, 1, [NewCase("api", "newer", AT)])


REFUSED = (
    "alter table cases disable row level security",
    "alter table cases no force row level security",
    "drop policy cases_in_sight on cases",
    "create policy mine on cases using (true)",
    "alter table cases owner to geogrid_server",
    "create table mine (id int)",
    "create function mine() returns int language sql as 'select 1'",
    "create or replace function sees_all_cases() returns boolean language sql as 'select true'",
    "create or replace view public_cases as select * from cases",
    "delete from cases",
    "truncate cases",
    "update cases set reported_at = now()",
    "update case_events set kind = 'made'",
    "delete from case_events",
    "delete from audit",
    "update audit set account = 'nobody'",
    "truncate audit",
    "alter table audit disable trigger all",
    "drop trigger audit_never_changes on audit",
    "update changes set made_by = 'nobody'",
    "update geogrid_revision set version_num = '9999'",
    "insert into api_keys (name, hash) values ('mine', '')",
    "delete from accounts",
    "select * from accounts",
    "select password_hash from accounts",
    "select count(*) from accounts where totp_secret is not null",
    "insert into access_tokens (account_id, name) values (1, 'mine')",
    "insert into jurisdictions (code) values ('mine')",
    "select * from pg_authid",
    "select * from pg_shadow",
    "select pg_read_file('postgresql.conf')",
    "copy cases to program 'cat'",
    "copy cases from '/etc/passwd'",
    "set role geogrid",
    "set session authorization geogrid",
    "set session_replication_role = replica",
    "create role mine",
    "alter role geogrid_server bypassrls",
    "alter role geogrid_server superuser",
    "grant select on cases to public",
    "alter function textcat(text, text) leakproof",
    "create extension dblink",
    "select analyze_tiles() from pg_read_server_files",
)


@pytest.mark.parametrize("statement", REFUSED)
def test_the_role_may_not(towns: Towns, statement: str) -> None:
    with psycopg.connect(towns.database.server_url) as connection:
        try:
            connection.execute(statement.encode())
        except (errors.InsufficientPrivilege, errors.UndefinedTable):
            return
        # PostgreSQL takes a grant of what one has not for nothing, with a warning.
        granted = connection.execute("select relacl::text like '%,=r%' from pg_class where relname = 'cases'")
        assert statement.startswith("grant"), statement
        assert granted.fetchone() == (False,)


def test_switching_row_security_off_shows_an_error_and_no_row(towns: Towns) -> None:
    with psycopg.connect(towns.database.server_url) as connection:
        connection.execute("set row_security = off")
        with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
            connection.execute("select * from cases")


def test_the_role_is_of_no_kind_that_policies_do_not_bind(towns: Towns) -> None:
    assert (is_bound(towns.server), is_bound(towns.owner)) == (True, False)
    with towns.owner.connect() as connection:
        row = connection.execute(
            text(
                "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, "
                "exists (select from pg_auth_members where member = pg_roles.oid) "
                "from pg_roles where rolname = 'geogrid_server'"
            )
        ).one()
    assert tuple(row) == (False,) * 6


def test_the_list_of_rights_names_every_table_and_the_role_has_no_more(towns: Towns) -> None:
    relations = text("""
        select relname, relacl::text from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'v')
            and not exists (select from pg_depend where objid = pg_class.oid and deptype = 'e')
    """)
    with towns.owner.connect() as connection:
        found = {row.relname: row.relacl or "" for row in connection.execute(relations)}
    assert set(found) == set(TABLE_RIGHTS), "a new table is reached by the server only when the list says how"
    letters = {"select": "r", "insert": "a", "update": "w", "delete": "d"}
    for name, rights in TABLE_RIGHTS.items():
        whole = re.sub(r"\w+ \([^)]*\)", "", rights).split(",")
        wanted = {letters[word.strip()] for word in whole if word.strip()}
        assert set(found[name].partition("geogrid_server=")[2].partition("/")[0]) == wanted, name
    assert missing_rights(towns.owner, "geogrid_server") == []


def test_what_the_role_adds_to_the_audit_is_sealed(own_towns: Towns) -> None:
    with unit_of_work(own_towns.server) as session:
        add_line(session, Act("somebody", "cases.read", "GET /cases"))
    with own_towns.owner.connect() as connection:
        assert connection.execute(text("select number, length(hash) from audit")).all() == [(1, 32)]


def test_searches_by_place_and_words_use_their_indexes_behind_the_policies(towns: Towns) -> None:
    searches = {
        "ix_cases_geom": "select id from cases where ST_Intersects(geom, ST_MakeEnvelope(10, 50, 10.1, 50.1, 4326))",
        "ix_cases_words": "select id from cases where (cases.text || ' ' || cases.address) ilike '%lamp%'",
        "ix_cases_reported_at": "select id from cases where jurisdiction_id = 1 and reported_at > '2026-01-01' "
        "order by reported_at desc, id desc limit 10",
    }
    with seeing(sight_of_towns([1])), unit_of_work(towns.server) as session:
        session.execute(text("set local enable_seqscan = off"))
        for index, search in searches.items():
            plan = "\n".join(session.scalars(text(f"explain {search}")))
            assert index in plan, plan


def test_lists_and_counts_of_the_role_are_those_of_the_sight(towns: Towns) -> None:
    with seeing(RowSight(grids=frozenset({(1, "D-b")}))), unit_of_work(towns.server) as session:
        page = find_cases(session, 1, CaseFilter(text="lamp", bbox=(10.0, 50.0, 12.0, 51.0)), limit=10)
        assert [case.grid for case in page.cases] == ["D-b"]
        assert count_cases(session, 1, CaseFilter()) == 1
        both = CaseFilter(grid="D", within=frozenset({"D-b"}))
        assert count_cases(session, 1, both) == 1


def test_lists_are_planned_for_their_values_each_time_and_what_follows_is_not(towns: Towns) -> None:
    mode = text("select current_setting('plan_cache_mode')")
    for search in (lambda session: find_cases(session, 1, CaseFilter(), limit=1), count_all):
        with unit_of_work(towns.server) as session:
            search(session)
            assert session.scalar(mode) == "force_custom_plan"
    with unit_of_work(towns.server) as session:
        assert session.scalar(mode) == "auto"


def count_all(session: Session) -> int:
    return count_cases(session, 1, CaseFilter())


def test_a_statement_of_the_driver_about_rights_names_no_row(towns: Towns) -> None:
    with pytest.raises(UnavailableError) as refused, unit_of_work(towns.server) as session:
        session.execute(text("delete from cases where text = 'secret 13812345678'"))
    assert "permission denied for table cases" in str(refused.value)
    assert "13812345678" not in str(refused.value)
