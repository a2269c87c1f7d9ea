"""The role that the server logs in as: made where it may be, asked for where not, and looked after."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from boundaries.cluster.private_cluster import PrivateCluster
from boundaries.store.engine import connect, open_engine
from boundaries.store.server_engine import open_server_engine
from boundaries.store.server_role import AS_OWNER, LEAKPROOF, SERVER_ROLE, is_bound, unmarked_functions
from boundaries.store.settings import StoreSettings
from geogrid.errors import InvalidInputError, UnavailableError
from tests.db.programs import called_geogrid
from tests.fixtures_db import Database, Server

OWNER, TOWN_SERVER = "town_owner", "town_server"


@pytest.fixture
def foreign(server: Server, bare_database: Database) -> Iterator[dict[str, str]]:
    """A database of somebody else's, whose owner may neither make roles nor extensions; yields its variables."""
    url = make_url(bare_database.url)
    admin = connect(StoreSettings(database_url=bare_database.url))
    server.execute(f"create role {OWNER} login password 'owner' nocreaterole")
    server.execute(f"alter database {url.database} owner to {OWNER}")
    with admin.begin() as connection:
        connection.execute(text(f"alter schema public owner to {OWNER}"))
    yield {
        "GEOGRID_DATABASE_URL": url.set(username=OWNER, password="owner").render_as_string(hide_password=False),
        "GEOGRID_SERVER_DATABASE_URL": url.set(username=TOWN_SERVER, password="own").render_as_string(
            hide_password=False
        ),
    }
    with admin.begin() as connection:
        for role in (TOWN_SERVER, OWNER):
            if connection.scalar(text("select to_regrole(:role)"), {"role": role}):
                connection.execute(text(f"drop owned by {role} cascade"))
    admin.dispose()
    server.execute(f"alter database {url.database} owner to geogrid")
    for role in (TOWN_SERVER, OWNER):
        server.execute(f"drop role if exists {role}")


def test_elsewhere_the_upgrade_says_what_an_administrator_does_and_then_does_the_rest(
    server: Server, foreign: dict[str, str], tmp_path: Path
) -> None:
    first = called_geogrid("db", "upgrade", **foreign)
    assert first.returncode == 0, first.stderr
    assert first.stderr.strip() == (
        f"There is no role {TOWN_SERVER} yet, and {OWNER} may not make it. Ask an administrator for: "
        f"create role {TOWN_SERVER} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls; "
        "Then set its password, and run geogrid db upgrade again."
    )
    server.execute(f"create role {TOWN_SERVER} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls;")
    server.execute(f"alter role {TOWN_SERVER} password 'own'")
    early = json.loads(called_geogrid("db", "status", "--json", **foreign).stdout)["server"]
    assert "It cannot log in: " in early
    second = called_geogrid("db", "upgrade", **foreign)
    told = "; ".join(f"alter function {function} leakproof" for function in sorted(LEAKPROOF))
    assert second.stderr.strip() == (
        "Searches of cases by place and words are slow in a large store until an administrator of the cluster has run, "
        f"in this database: {told};"
    )
    assert json.loads(called_geogrid("db", "status", "--json", **foreign).stdout)["server"] == TOWN_SERVER
    only_server = {"server_database_url": foreign["GEOGRID_SERVER_DATABASE_URL"]}
    engine = open_server_engine(StoreSettings(**only_server))
    assert is_bound(engine)
    engine.dispose()
    with pytest.raises(UnavailableError, match="Set GEOGRID_DATABASE_URL to the address of the owner"):
        open_engine(StoreSettings(**only_server))
    secret = tmp_path / "secret"
    secret.write_text("own\n")
    without = only_server["server_database_url"].replace(":own@", "@")
    open_server_engine(StoreSettings(server_database_url=without, server_password_file=secret)).dispose()
    with pytest.raises(UnavailableError, match=r"GEOGRID_SERVER_PASSWORD_FILE, .*gone, cannot be read: No such file"):
        open_server_engine(StoreSettings(server_database_url=without, server_password_file=tmp_path / "gone"))


def test_the_owner_is_not_taken_for_the_role_of_the_server(database: Database) -> None:
    said = called_geogrid("db", "upgrade", GEOGRID_DATABASE_URL=database.url, GEOGRID_SERVER_DATABASE_URL=database.url)
    assert "is the owner of the tables, or above him, so that no policy binds it." in said.stderr
    engine = open_engine(database.settings)
    with engine.connect() as connection:
        assert connection.scalar(text("select has_table_privilege('cases', 'delete')")) is True
    engine.dispose()
    found = called_geogrid("db", "status", GEOGRID_DATABASE_URL=database.url)
    assert AS_OWNER in found.stdout


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("geogrid", "GEOGRID_SERVER_DATABASE_URL is not an address."),
        ("mysql://ann:s3cret@host/town", "GEOGRID_SERVER_DATABASE_URL begins with mysql://"),
        ("postgresql://host/town", "GEOGRID_SERVER_DATABASE_URL names no role."),
    ],
)
def test_an_address_that_is_none_of_a_role_is_refused_in_words(address: str, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=re.escape(sentence)) as refused:
        open_server_engine(StoreSettings(server_database_url=address))
    assert "s3cret" not in str(refused.value)


def test_a_role_that_lacks_rights_is_refused_by_name_and_mended_by_the_upgrade(database: Database) -> None:
    engine = open_engine(database.settings)
    with engine.begin() as connection:
        connection.execute(text(f"revoke insert on audit, changes from {SERVER_ROLE}"))
    with pytest.raises(UnavailableError) as refused:
        open_server_engine(database.settings)
    assert str(refused.value) == (
        f"The role {SERVER_ROLE} of the server lacks rights (audit: insert, changes: insert). Where "
        "GEOGRID_DATABASE_URL is the address of the owner of the tables and GEOGRID_SERVER_DATABASE_URL that of the "
        "server, run: geogrid db upgrade"
    )
    with engine.begin() as connection:
        connection.execute(text(f"grant delete on audit to {SERVER_ROLE}"))
    variables = {"GEOGRID_DATABASE_URL": database.url, "GEOGRID_SERVER_DATABASE_URL": database.server_url}
    assert called_geogrid("db", "upgrade", **variables).returncode == 0
    open_server_engine(database.settings).dispose()
    with engine.connect() as connection:
        assert connection.scalar(text(f"select has_table_privilege('{SERVER_ROLE}', 'audit', 'delete')")) is False
    engine.dispose()


def test_in_a_private_cluster_the_role_is_made_kept_and_renewed(cluster: PrivateCluster) -> None:
    settings = StoreSettings(home=cluster.folder.path)
    secret = cluster.folder.path / "postgres.server-password"
    seen = []
    for step in ("made", "kept", "renewed"):
        if step == "renewed":
            secret.unlink()
        engine = open_server_engine(settings)
        assert engine.url.username == SERVER_ROLE
        assert is_bound(engine)
        assert unmarked_functions(engine) == []
        with engine.connect() as connection, pytest.raises(Exception, match="permission denied to create temporary"):
            connection.execute(text("create temporary table mine (id int)"))
        engine.dispose()
        seen.append(secret.read_text())
    assert seen[0] == seen[1] != seen[2]
    assert secret.stat().st_mode & 0o777 == 0o600


def test_a_private_store_of_an_earlier_version_needs_no_further_step(cluster: PrivateCluster) -> None:
    settings = StoreSettings(home=cluster.folder.path)
    owner = open_engine(settings)
    with owner.begin() as connection:
        if connection.scalar(text("select to_regrole(:role)"), {"role": SERVER_ROLE}):
            connection.execute(text(f"drop owned by {SERVER_ROLE}"))
        connection.execute(text(f"drop role if exists {SERVER_ROLE}"))
    owner.dispose()
    (cluster.folder.path / "postgres.server-password").unlink(missing_ok=True)
    engine = open_server_engine(settings)
    assert is_bound(engine)
    engine.dispose()
