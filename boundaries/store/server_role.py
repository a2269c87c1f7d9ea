"""The role that the server logs in as: no owner, so that the policies of the tables bind it, with no right too many.

It is made, and brought to `boundaries.store.rights`, by whoever looks after the tables: automatically in a private
cluster, by ``geogrid db upgrade`` elsewhere.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine, exc, text

from boundaries.store.driver_errors import translate_errors
from boundaries.store.rights import FUNCTIONS, SEQUENCE_RIGHTS, TABLE_RIGHTS
from geogrid.errors import UnavailableError

SERVER_ROLE: Final = "geogrid_server"
"""Its name in a private cluster, and elsewhere unless the server's address names another."""

AS_OWNER: Final = (
    "The server logs in as the owner of the tables, so nothing in the database keeps what its statements ask for in "
    "bounds. Set GEOGRID_SERVER_DATABASE_URL to the address of a role of its own, and run: geogrid db upgrade"
)

_LOCK: Final = 7_340_211_005
_EXISTS: Final = text("select exists (select from pg_roles where rolname = :role)")
_RIGHT: Final = re.compile(r"(\w+)(?: \(([^)]*)\))?")
"""A right as the list writes it, with its columns where it is of some only: ``update (grid_id, geom)``."""
_IS_ABOVE: Final = text("""
    select rolsuper or rolbypassrls
        or pg_has_role(oid, (select relowner from pg_class where oid = to_regclass('cases')), 'member')
    from pg_roles where rolname = :role
""")
_IS_BOUND: Final = text("select to_regclass('cases') is not null and row_security_active('cases')")
_MISSING: Final = text("""
    select wanted.name || ': ' || wanted.privilege
    from unnest(cast(:names as text[]), cast(:privileges as text[]), cast(:columns as text[]))
        as wanted (name, privilege, col)
    where not case
        when to_regclass(wanted.name) is null then false
        when wanted.col <> '' then has_column_privilege(:role, wanted.name, wanted.col, wanted.privilege)
        when wanted.privilege = 'usage' then has_sequence_privilege(:role, wanted.name, wanted.privilege)
        else has_table_privilege(:role, wanted.name, wanted.privilege)
    end
    order by 1
""")
LEAKPROOF: Final = ("st_intersects(geometry, geometry)", "texticlike(text, text)", "textcat(text, text)")
"""Functions of searches by place and words. Behind policies the database uses an index for what tells nothing of rows
that are not seen; of these that is so, and only an administrator can say it."""
_UNMARKED: Final = text("""
    select name from unnest(cast(:names as text[])) as wanted (name)
    where not (select proleakproof from pg_proc where oid = to_regprocedure(wanted.name)) order by 1
""")
_IS_OPEN: Final = text("""
    select has_database_privilege(:role, current_database(), 'temporary')
        or not has_database_privilege(:role, current_database(), 'connect')
""")
_ATTRIBUTES: Final = "login nosuperuser nocreatedb nocreaterole noreplication nobypassrls"


def is_bound(engine: Engine) -> bool:
    """Return whether who logs in with an engine is bound by the policies of the tables: no owner, no superuser."""
    with translate_errors(engine), engine.connect() as connection:
        return bool(connection.scalar(_IS_BOUND))


def is_above(engine: Engine, role: str) -> bool:
    """Return whether no policy binds a role: a superuser, one that passes them by, or one with the owner's rights."""
    with translate_errors(engine), engine.connect() as connection:
        return bool(connection.scalar(_IS_ABOVE, {"role": role}))


def make_role(engine: Engine, role: str, password: str | None, *, renew: bool = False) -> bool:
    """Make a role for the server where the cluster has none.

    Parameters
    ----------
    engine : Engine
        Of who may make roles.
    role : str
        Its name.
    password : str, optional
        Hashed here: the server's log could not show it.
    renew : bool
        Whether a role that is there already is given the password.

    Returns
    -------
    bool
        Whether it is there now; False where its maker may not make roles.
    """
    with translate_errors(engine), engine.connect() as connection:
        _lock(connection)
        is_there = bool(connection.scalar(_EXISTS, {"role": role}))
        if is_there and not renew:
            return True
        statement = sql.SQL("{} role {} " + _ATTRIBUTES).format(
            sql.SQL("alter" if is_there else "create"), sql.Identifier(role)
        )
        if password is not None:
            statement += sql.SQL(" password {}").format(sql.Literal(_hashed(connection, role, password)))
        try:
            connection.exec_driver_sql(_as_text(connection, statement))
        except exc.DBAPIError as error:
            if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
                return False
            raise
        connection.commit()
        return True


def making_statement(role: str) -> str:
    """Return the statement with which an administrator makes the role; its password is for him to set."""
    return f"create role {_quoted(role)} {_ATTRIBUTES};"


def give_rights(engine: Engine, role: str) -> None:
    """Give a role what `boundaries.store.rights` lists, and take from it what is not listed; whole or not at all."""
    with translate_errors(engine), engine.begin() as connection:
        _lock(connection)
        schema = sql.Identifier(str(connection.scalar(text("select current_schema()"))))
        name = sql.Identifier(role)
        statements = [
            sql.SQL("grant usage on schema {} to {}").format(schema, name),
            sql.SQL("revoke all on all tables in schema {} from {}").format(schema, name),
            sql.SQL("revoke all on all sequences in schema {} from {}").format(schema, name),
        ]
        statements += [
            sql.SQL("grant {} on {} to {}").format(sql.SQL(rights), sql.Identifier(table), name)
            for table, rights in TABLE_RIGHTS.items()
        ]
        statements += [
            sql.SQL("grant {} on sequence {} to {}").format(sql.SQL(rights), sql.Identifier(sequence), name)
            for sequence, rights in SEQUENCE_RIGHTS.items()
        ]
        statements += [
            sql.SQL("grant execute on function {} to {}").format(sql.SQL(function), name) for function in FUNCTIONS
        ]
        for statement in statements:
            connection.exec_driver_sql(_as_text(connection, statement))


def unmarked_functions(engine: Engine) -> list[str]:
    """Return the functions of `LEAKPROOF` that the database does not take for such."""
    with translate_errors(engine), engine.connect() as connection:
        return list(connection.scalars(_UNMARKED, {"names": list(LEAKPROOF)}))


def marking_statement(functions: Iterable[str]) -> str:
    """Return the statement with which an administrator lets searches behind policies use their indexes."""
    return " ".join(f"alter function {function} leakproof;" for function in functions)


def mark_functions(engine: Engine) -> None:
    """Let searches behind policies use their indexes; an administrator may do this."""
    functions = unmarked_functions(engine)
    if functions:
        with translate_errors(engine), engine.begin() as connection:
            _lock(connection)
            connection.exec_driver_sql(marking_statement(functions))


def prepare_role(engine: Engine, role: str, password: str, *, renew: bool = False) -> None:
    """Do all that the server's role needs, as an administrator; parameters as `make_role`."""
    make_role(engine, role, password, renew=renew)
    if missing_rights(engine, role):
        give_rights(engine, role)
    mark_functions(engine)
    _close_database(engine, role)


def _close_database(engine: Engine, role: str) -> None:
    """Take from everybody what a database gives to all, such as temporary tables; the role may connect."""
    with translate_errors(engine), engine.begin() as connection:
        if connection.scalar(_IS_OPEN, {"role": role}):
            _lock(connection)
            database = sql.Identifier(str(connection.scalar(text("select current_database()"))))
            for statement in (
                sql.SQL("revoke all on database {} from public").format(database),
                sql.SQL("grant connect on database {} to {}").format(database, sql.Identifier(role)),
            ):
                connection.exec_driver_sql(_as_text(connection, statement))


def missing_rights(engine: Engine, role: str) -> list[str]:
    """Return what a role lacks of `boundaries.store.rights`, e.g. ``audit: insert``."""
    rows = [row for rights in (TABLE_RIGHTS, SEQUENCE_RIGHTS) for row in _single_rights(rights)]
    names, privileges, columns = (list(each) for each in zip(*rows, strict=True))
    asked = {"role": role, "names": names, "privileges": privileges, "columns": columns}
    with translate_errors(engine), engine.connect() as connection:
        return list(connection.scalars(_MISSING, asked))


def require_rights(engine: Engine) -> None:
    """Refuse an engine whose role lacks rights.

    Raises
    ------
    UnavailableError
        The message says which, and what gives them.
    """
    with translate_errors(engine), engine.connect() as connection:
        role = str(connection.scalar(text("select current_user")))
    missing = missing_rights(engine, role)
    if missing:
        shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")  # noqa: PLR2004
        raise UnavailableError(
            f"The role {role} of the server lacks rights ({shown}). Where GEOGRID_DATABASE_URL is the address of the "
            "owner of the tables and GEOGRID_SERVER_DATABASE_URL that of the server, run: geogrid db upgrade"
        )


def _single_rights(rights: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return name, right and column, the column empty for the whole."""
    return [
        (name, found[1], column.strip())
        for name, words in rights.items()
        for found in _RIGHT.finditer(words)
        for column in (found[2] or "").split(",")
    ]


def _lock(connection: Connection) -> None:
    # Two at once would change the same rows of the catalogue, and one would fail.
    connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _hashed(connection: Connection, role: str, password: str) -> str:
    driver: psycopg.Connection[object] = connection.connection.driver_connection  # type: ignore[assignment]
    hashed = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    return hashed.decode("ascii")


def _as_text(connection: Connection, statement: sql.Composable) -> str:
    driver: psycopg.Connection[object] = connection.connection.driver_connection  # type: ignore[assignment]
    # SQLAlchemy passes it on to the driver, which reads a percent sign as the beginning of a parameter.
    return statement.as_string(driver).replace("%", "%%")


def _quoted(role: str) -> str:
    return role if role.isascii() and role.isidentifier() and role.islower() else sql.Identifier(role).as_string(None)
