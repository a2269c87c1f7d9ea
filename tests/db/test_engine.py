"""Opening a store, units of work, and what the driver's errors become."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text

from boundaries.cluster.private_cluster import PrivateCluster
from boundaries.store.driver_errors import StatementError, translate_errors
from boundaries.store.engine import connect, engine_for, open_engine, reading_engine, retire, unit_of_work
from boundaries.store.settings import StoreSettings
from geogrid.errors import ConflictError, InvalidInputError, UnavailableError
from tests.fixtures_db import Database, Server


def schemes(engine: Engine) -> int:
    with engine.connect() as connection:
        counted: int = connection.scalar(text("select count(*) from level_schemes"))
    return counted


def add_schemes(engine: Engine, *names: str | None) -> None:
    with unit_of_work(engine) as session:
        for name in names:
            session.execute(text("insert into level_schemes (name) values (:name)"), {"name": name})


def test_unit_of_work_commits_at_its_end(engine: Engine) -> None:
    add_schemes(engine, "kept")
    assert schemes(engine) == 1


@pytest.mark.parametrize("reading", [False, True])
def test_connection_given_back_after_the_engine_was_disposed_of_is_closed(database: Database, *, reading: bool) -> None:
    engine = engine_for(database.url)
    if reading:
        engine = reading_engine(engine)
    held = engine.raw_connection()
    connection = held.driver_connection
    engine.dispose()
    held.close()
    assert isinstance(connection, psycopg.Connection)
    assert connection.closed


@pytest.mark.parametrize("reading", [False, True])
def test_connection_that_was_being_made_while_the_engine_was_disposed_of_is_closed(
    database: Database, monkeypatch: pytest.MonkeyPatch, *, reading: bool
) -> None:
    engine = engine_for(database.url)
    if reading:
        engine = reading_engine(engine)
    connect_to = psycopg.Connection.connect

    def slowly(*arguments: object, **options: object) -> object:
        engine.dispose()
        return connect_to(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(psycopg, "connect", slowly)
    monkeypatch.setattr(psycopg.Connection, "connect", slowly)
    held = engine.raw_connection()
    connection = held.driver_connection
    held.close()
    assert isinstance(connection, psycopg.Connection)
    assert connection.closed


@pytest.mark.parametrize("reading", [False, True])
def test_connection_taken_of_an_engine_that_is_given_up_is_closed_when_given_back(
    database: Database, *, reading: bool
) -> None:
    engine = engine_for(database.url)
    if reading:
        engine = reading_engine(engine)
    retire(engine)
    held = engine.raw_connection()
    connection = held.driver_connection
    held.close()
    assert isinstance(connection, psycopg.Connection)
    assert connection.closed


def test_unit_of_work_is_rolled_back_whole_by_an_error(engine: Engine) -> None:
    with pytest.raises(ConflictError):
        add_schemes(engine, "gone", None)
    assert schemes(engine) == 0


def test_broken_rule_is_a_conflict_that_names_it(engine: Engine) -> None:
    with pytest.raises(ConflictError) as refused:
        add_schemes(engine, "twice", "twice")
    assert str(refused.value) == (
        "The rule uq_level_schemes_name forbids this: duplicate key value violates unique constraint "
        '"uq_level_schemes_name". Key (name)=(twice) already exists.'
    )


def test_missing_value_is_a_conflict_that_names_its_column(engine: Engine) -> None:
    with pytest.raises(ConflictError, match=r"^The rule not null level_schemes\.name forbids this: "):
        add_schemes(engine, None)


def test_error_of_the_bare_driver_is_translated_too(engine: Engine) -> None:
    with engine.connect() as connection:
        bare = connection.connection.cursor()
        with pytest.raises(ConflictError, match="uq_level_schemes_name"), translate_errors(engine):
            bare.execute("insert into level_schemes (name) values ('twice'), ('twice')")


def test_fault_in_our_own_sql_is_not_disguised(engine: Engine) -> None:
    with pytest.raises(StatementError, match="nothing_such"), unit_of_work(engine) as session:
        session.execute(text("select nothing_such"))


def test_loser_of_a_race_is_asked_to_try_again(engine: Engine) -> None:
    rival = engine.execution_options(isolation_level="SERIALIZABLE")
    add_schemes(engine, "raced")

    def race() -> None:
        with unit_of_work(rival) as loser:
            loser.execute(text("select * from level_schemes"))
            with unit_of_work(engine) as winner:
                winner.execute(text("update level_schemes set name = 'won'"))
            loser.execute(text("update level_schemes set name = 'lost'"))

    with pytest.raises(ConflictError, match=r"nothing was saved\. Try again\.$"):
        race()


def test_pool_survives_the_loss_of_its_connections(engine: Engine, server: Server, database: Database) -> None:
    assert schemes(engine) == 0
    name = database.url.rpartition("/")[2]
    server.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", name)
    assert schemes(engine) == 0


def test_times_come_in_utc(database: Database, server: Server) -> None:
    name = database.url.rpartition("/")[2]
    server.execute(f"alter database {name} set timezone = 'Asia/Shanghai'")
    engine = engine_for(database.url)
    with engine.connect() as connection:
        assert connection.scalar(text("show timezone")) == "UTC"
    engine.dispose()


def test_refused_connection_names_address_and_remedy_without_the_password() -> None:
    with pytest.raises(UnavailableError) as refused:
        open_engine(StoreSettings(database_url="postgres://ann:s3cret@127.0.0.1:1/town"))
    assert str(refused.value) == (
        "The database postgresql://ann:***@127.0.0.1:1/town cannot be used: "
        'connection to server at "127.0.0.1", port 1 failed: Connection refused. '
        "Look with: geogrid db status. GEOGRID_DATABASE_URL says which database is used."
    )


def test_wrong_password_is_told_without_repeating_it(database: Database) -> None:
    wrong = engine_for(database.url).url.set(password="s3cret")
    with pytest.raises(UnavailableError, match="password authentication failed") as refused:
        connect(StoreSettings(database_url=wrong.render_as_string(hide_password=False)))
    assert "s3cret" not in str(refused.value)


def test_missing_database_is_told(server: Server) -> None:
    with pytest.raises(UnavailableError, match='database "nowhere" does not exist'):
        connect(StoreSettings(database_url=server.url_of("nowhere")))


def test_store_without_tables_is_refused_with_the_remedy(bare_database: Database) -> None:
    with pytest.raises(ConflictError, match=r"^The store has no tables yet; .* Run: geogrid db upgrade$"):
        open_engine(bare_database.settings)


def test_private_store_gets_its_tables_by_itself(cluster: PrivateCluster) -> None:
    engine = open_engine(StoreSettings(database_url=None, home=cluster.home))
    assert schemes(engine) == 0
    engine.dispose()


def test_extensions_are_created_where_they_are_missing(bare_database: Database) -> None:
    connect(bare_database.settings).dispose()
    engine = connect(bare_database.settings)
    with engine.connect() as connection:
        found = set(connection.scalars(text("select extname from pg_extension")))
    engine.dispose()
    assert found >= {"postgis", "btree_gist", "pg_trgm"}


@pytest.fixture
def guest(server: Server, bare_database: Database) -> Iterator[StoreSettings]:
    """Settings of a user who may not create extensions."""
    server.execute("create role guest login password 'guest'")
    url = engine_for(bare_database.url).url.set(username="guest", password="guest")
    yield StoreSettings(database_url=url.render_as_string(hide_password=False))
    server.execute("drop role guest")


def test_extension_that_may_not_be_created_is_asked_of_the_administrator(guest: StoreSettings) -> None:
    with pytest.raises(UnavailableError) as refused:
        connect(guest)
    assert str(refused.value).endswith(
        "lacks the extension postgis, which its user guest may not create. "
        "Ask its administrator for: create extension postgis;"
    )


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2", "postgresql+asyncpg"])
def test_any_postgresql_address_is_taken(database: Database, scheme: str) -> None:
    engine = open_engine(StoreSettings(database_url=f"{scheme}://{database.url.partition('://')[2]}"))
    assert schemes(engine) == 0
    engine.dispose()


def test_address_of_another_database_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"^GEOGRID_DATABASE_URL begins with mysql://, and GeoGrid keeps"):
        open_engine(StoreSettings(database_url="mysql://ann:s3cret@host/town"))


@pytest.mark.parametrize("address", ["ann:s3cret@host", "postgres://ann:s3cret@host:port/town"])
def test_what_is_not_an_address_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(InvalidInputError, match=r"^GEOGRID_DATABASE_URL is not an address\.") as refused:
        open_engine(StoreSettings(database_url=address))
    assert "s3cret" not in str(refused.value)


def test_empty_variables_count_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOGRID_DATABASE_URL", "")
    monkeypatch.setenv("GEOGRID_HOME", "")
    settings = StoreSettings()
    assert settings.database_url is None
    assert settings.home != Path()


@contextmanager
def impostor() -> Iterator[tuple[int, list[bytes]]]:
    """Listen in the place of a stopped server, ask for the password in the clear, and note what is said."""
    heard: list[bytes] = []
    ask_in_the_clear = b"R" + (8).to_bytes(4) + (3).to_bytes(4)
    refuse_encryption = b"N"

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            while said := connection.recv(4096):
                heard.append(said)
                is_encryption_request = len(said) == 8
                connection.sendall(refuse_encryption if is_encryption_request else ask_in_the_clear)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], heard
        thread.join(timeout=30)


def test_password_is_not_told_to_whoever_listens_in_the_place_of_the_private_server() -> None:
    with impostor() as (port, heard):
        engine = engine_for(f"postgresql://geogrid:s3cret@127.0.0.1:{port}/geogrid", only_scram=True)
        with pytest.raises(UnavailableError, match="requested a cleartext password"), translate_errors(engine):  # noqa: SIM117
            with engine.connect():
                pass
    assert b"geogrid" in b"".join(heard)
    assert b"s3cret" not in b"".join(heard)
