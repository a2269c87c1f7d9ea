"""The version of the tables."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from boundaries.store import schema
from boundaries.store.base import all_tables
from boundaries.store.engine import connect
from geogrid.errors import ConflictError
from tests.fixtures_db import Database


def test_two_upgrades_at_once_make_the_tables_once(bare_database: Database) -> None:
    engine = connect(bare_database.settings)
    with ThreadPoolExecutor(2) as both:
        changed = list(both.map(schema.upgrade, [engine, engine]))
    assert sorted(changed) == [False, True]
    assert schema.current_revision(engine) == schema.head_revision()
    engine.dispose()


def test_interrupted_upgrade_leaves_nothing(bare_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = connect(bare_database.settings)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("alembic.runtime.migration.HeadMaintainer.update_to_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        schema.upgrade(engine)
    with engine.connect() as connection:
        left = set(connection.scalars(text("select tablename from pg_tables where schemaname = 'public'")))
    engine.dispose()
    assert left == {"spatial_ref_sys"}


def test_tables_of_a_newer_geogrid_are_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("update geogrid_revision set version_num = '9999'"))
    for use in (schema.require_current, schema.upgrade):
        with pytest.raises(ConflictError) as refused:
            use(engine)
        assert str(refused.value) == (
            "The store has tables of revision 9999, made by a newer GeoGrid; "
            f"this one knows up to {schema.head_revision()}. Use the newer GeoGrid."
        )


def test_tables_of_an_older_geogrid_ask_for_the_upgrade(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    found = schema.head_revision()
    monkeypatch.setattr(schema, "head_revision", lambda: "9999")
    with pytest.raises(ConflictError) as refused:
        schema.require_current(engine)
    assert str(refused.value) == (
        f"The store has tables of revision {found}; this GeoGrid needs 9999. Run: geogrid db upgrade"
    )


CATALOGUE = """
select 'index', indexname::text, indexdef from pg_indexes where schemaname = 'public'
union all
select 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) from pg_constraint
where connamespace = 'public'::regnamespace and contype <> 't'
union all
select 'column', attrelid::regclass || '.' || attname,
    concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, attidentity, pg_get_expr(adbin, adrelid))
from pg_attribute
join pg_class on pg_class.oid = attrelid and relkind = 'r' and relnamespace = 'public'::regnamespace
left join pg_attrdef on adrelid = attrelid and adnum = attnum
where attnum > 0 and not attisdropped
union all
select 'comment', objoid::regclass || '.' || objsubid, description from pg_description
join pg_class on pg_class.oid = objoid and relkind = 'r' and relnamespace = 'public'::regnamespace
where classoid = 'pg_class'::regclass
"""


def catalogue(engine: Engine) -> set[tuple[str, ...]]:
    with engine.connect() as connection:
        rows = {tuple(row) for row in connection.execute(text(CATALOGUE))}
    return {row for row in rows if schema.VERSION_TABLE not in "".join(row)}


def test_migrations_make_the_tables_that_the_code_describes(engine: Engine, bare_database: Database) -> None:
    described = connect(bare_database.settings)
    all_tables().create_all(described)
    expected = catalogue(described)
    described.dispose()
    assert len(expected) > 100
    assert catalogue(engine) == expected
