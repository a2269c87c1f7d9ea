"""Reading at the cost of one way: the same answers, also after the connection was lost."""

import pytest
from sqlalchemy import Engine, text

from boundaries.store.engine import engine_for
from boundaries.store.reader import Connection, Reader
from geogrid.errors import UnavailableError


def number(connection: Connection) -> int:
    row = connection.execute("select pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])


def test_reader_reads_in_utc_and_commits_each_statement(engine: Engine) -> None:
    reader = Reader(engine)
    assert reader.read(lambda by: by.execute("show time zone").fetchone()) == ("UTC",)
    assert reader.read(lambda by: by.info.transaction_status.name) == "IDLE"
    assert reader.read(number) == reader.read(number)
    reader.close()


def test_statements_by_key_keep_their_plan_whatever_the_value(engine: Engine) -> None:
    reader = Reader(engine, plans_once=True)

    def plans(connection: Connection) -> tuple[int, int]:
        for code in range(12):
            connection.execute("select code from grids where plan_id = any(%s) and code = %s", ([1], str(code)))
        kept = "select sum(generic_plans), sum(custom_plans) from pg_prepared_statements where statement ~ 'grids'"
        row = connection.execute(kept).fetchone()
        assert row is not None
        return int(row[0]), int(row[1])

    once, anew = reader.read(plans)
    assert once > 0
    assert anew == 0
    reader.close()


def test_lost_connection_is_made_anew(engine: Engine) -> None:
    reader = Reader(engine)
    first = reader.read(number)
    with engine.begin() as connection:
        connection.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": first})
    assert reader.read(number) != first
    reader.close()


def test_reader_of_a_server_that_is_gone_says_so(engine: Engine) -> None:
    gone = engine_for(engine.url.set(port=1))
    reader = Reader(gone)
    with pytest.raises(UnavailableError, match="cannot be used"):
        reader.read(number)
    reader.close()
    gone.dispose()
