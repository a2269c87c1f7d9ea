"""Numbers of the feed at commit, of a table whose statistics say that it is empty."""

import time
from pathlib import Path

from sqlalchemy import Engine, text

from tests.db.imports import import_town
from tests.fixtures_db import Database

EVENTS = 10_000


def test_ten_thousand_events_are_numbered_in_seconds(database: Database, engine: Engine, tmp_path: Path) -> None:
    assert import_town(database, tmp_path).exit_code == 0
    with engine.begin() as connection:
        connection.execute(text("delete from changes"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze changes"))
    began = time.process_time()
    with engine.begin() as connection:
        connection.execute(text("set local statement_timeout = '60s'"))
        connection.execute(
            text("""
                insert into cases (jurisdiction_id, source, source_key, reported_at)
                select j.id, 'test', n::text, now() from jurisdictions j, generate_series(1, :count) n
            """),
            {"count": EVENTS},
        )
        connection.execute(text("insert into case_events (case_id, kind) select id, 'reported' from cases"))
        connection.execute(text("set constraints all immediate"))
    assert time.process_time() - began < 60.0
    with engine.connect() as connection:
        found = connection.execute(
            text("""
                select count(*), count(number), max(number) - min(number) + 1, bool_and(is_next)
                from (select number, number > coalesce(lag(number) over (order by id), 0) as is_next from changes) f
            """)
        ).one()
    assert tuple(found) == (EVENTS, EVENTS, EVENTS, True)
