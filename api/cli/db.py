"""``geogrid db``: look after the database."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from geogrid.errors import ConflictError

if TYPE_CHECKING:
    from boundaries.cluster.private_cluster import PrivateCluster
    from boundaries.store.settings import StoreSettings
    from boundaries.store.status import StoreStatus

EXIT_NOT_RUNNING = 3
EXIT_OTHER_TABLES = 4
_PARTS_AT_ONCE = 1_000

_REMEDIES = {
    "missing": "geogrid db start creates it",
    "stopped": "geogrid db start starts it",
}


@click.group()
def command() -> None:
    """Start, stop and look after the database.

    Without GEOGRID_DATABASE_URL, GeoGrid keeps its own PostGIS in the folder GEOGRID_HOME (by default the user's data
    folder; for root /var/lib/geogrid) and starts it whenever a command needs it. With GEOGRID_DATABASE_URL, e.g.
    postgresql://user:password@host:5432/database, that server is used, and starting and stopping it is not GeoGrid's.
    """


@command.command(short_help="Start the private database.")
def start() -> None:
    """Start the private database; create it and its tables the first time.

    Safe to repeat, and from two places at once. The server goes on when the command ends.
    """
    from boundaries.store.engine import open_engine

    cluster = _private_cluster("started")
    if not cluster.exists:
        click.echo(f"Creating the database in {cluster.data}", err=True)
    engine = open_engine(_settings())
    engine.dispose()
    click.echo(f"The database runs on port {engine.url.port}; its data are in {cluster.data}")


@command.command(short_help="Stop it; the data stay.")
def stop() -> None:
    """Stop the private database; the data stay.

    Commands and servers of GeoGrid that are using it lose their connection, and what they had not committed.
    """
    cluster = _private_cluster("stopped")
    stopped = cluster.stop()
    said = f"The database is stopped; its data stay in {cluster.data}" if stopped else "The database was not running."
    click.echo(said)


@command.command(short_help="Show whether it runs, and where.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Show whether the database runs, where, and with which versions; change nothing.

    \b
    Exit status: 0  it runs, with the tables that this GeoGrid needs
                 3  it does not run, or cannot be reached
                 4  it runs, but its tables are missing or of another version
    """
    from boundaries.store.status import store_status

    found = store_status(_settings())
    click.echo(json.dumps(_as_json(found), indent=2) if as_json else _as_text(found))
    if found.state != "running":
        ctx.exit(EXIT_NOT_RUNNING)
    if not found.is_usable:
        ctx.exit(EXIT_OTHER_TABLES)


@command.command(short_help="Print the address, password included.")
def url() -> None:
    """Print the address of the database, password included, e.g. for: psql "$(geogrid db url)".

    The private database is started if it is not running, so that the address works.
    """
    from boundaries.cluster.private_cluster import PrivateCluster
    from boundaries.store.engine import normalised

    settings = _settings()
    address = settings.database_url or PrivateCluster(settings.home).ensure()
    click.echo(normalised(address).set(drivername="postgresql").render_as_string(hide_password=False))


@command.command(short_help="Bring the tables to this version.")
def upgrade() -> None:
    """Create the tables, or bring those of an older GeoGrid to this version; data are kept.

    One transaction: it happens whole or not at all. Safe to repeat. The role that the server logs in as is made as
    well, and given its rights: of the private database always, elsewhere that of GEOGRID_SERVER_DATABASE_URL.
    """
    from boundaries.store import schema
    from boundaries.store.engine import connect
    from boundaries.store.server_engine import look_after_role

    settings = _settings()
    engine = connect(settings)
    try:
        before = schema.current_revision(engine) or "none"
        changed = schema.upgrade(engine)
        head = schema.head_revision()
        click.echo(f"Upgraded from {before} to {head}." if changed else f"Nothing to do: the tables are at {head}.")
        if left := look_after_role(settings, engine):
            click.echo(left, err=True)
    finally:
        engine.dispose()


@command.command("rotate-keys", short_help="Seal what is known of persons with a new key.")
@click.option("--forget-old", is_flag=True, help="Take keys that nothing needs any more out of the file.")
def rotate_keys(forget_old: bool) -> None:
    """Make a new key and seal anew with it what is known of reporters; servers may go on meanwhile.

    The key goes in front of the others in the file of keys: `keys` in GEOGRID_HOME, or that of GEOGRID_KEYS_FILE. Keys
    of GEOGRID_KEYS are yours: put a new one in front of them first. Old keys stay, since backups of the database need
    them; --forget-old takes out what the database itself does not.
    """
    from boundaries.cases.reporters import forget_keys, reseal
    from boundaries.store.engine import open_engine, unit_of_work
    from boundaries.store.keys import KeySource

    settings = _settings()
    source = KeySource.of(settings)
    engine = open_engine(settings)
    try:
        key = source.add() if source.can_add else None
        count = 0
        while True:
            with unit_of_work(engine) as session:
                done = reseal(session, limit=_PARTS_AT_ONCE)
            if not done:
                break
            count += done
        click.echo(f"{count:,} parts of cases are sealed anew{'' if key is None else f' with the new key {key.id}'}.")
        if forget_old and source.can_add:
            with unit_of_work(engine) as session:
                needed = forget_keys(session)
            source.keep(needed)
    finally:
        engine.dispose()
    click.echo(f"The keys are in {source.told}. Keep a copy of it elsewhere: without, what is sealed stays so.")


def _settings() -> "StoreSettings":
    from boundaries.store.settings import StoreSettings

    return StoreSettings()


def _private_cluster(done: str) -> "PrivateCluster":
    """Return the private cluster; `done` says in the refusal what cannot be done to another server."""
    from boundaries.cluster.private_cluster import PrivateCluster

    settings = _settings()
    if settings.database_url:
        raise ConflictError(
            f"GEOGRID_DATABASE_URL names a server that is not GeoGrid's own, so it cannot be {done} here. "
            "Unset it to use the private database."
        )
    return PrivateCluster(settings.home)


def _as_json(found: "StoreStatus") -> dict[str, object]:
    folder = None if found.data_folder is None else str(found.data_folder)
    return asdict(found) | {"data_folder": folder, "is_usable": found.is_usable}


def _as_text(found: "StoreStatus") -> str:
    kind = "private" if found.is_private else "named by GEOGRID_DATABASE_URL"
    rows = {
        "database": f"{found.state} ({kind})",
        "address": found.address,
        "port": found.port,
        "data folder": found.data_folder,
        "PostgreSQL": found.postgresql,
        "PostGIS": found.postgis,
        "tables": _tables(found) if found.state == "running" else None,
        "server role": found.server,
        "problem": found.problem,
        "remedy": _REMEDIES.get(found.state),
    }
    return "\n".join(f"{name:<12} {value}" for name, value in rows.items() if value is not None)


def _tables(found: "StoreStatus") -> str:
    if found.is_usable:
        return f"{found.schema_found} (current)"
    return f"{found.schema_found or 'none'} (this GeoGrid needs {found.schema_needed}; run: geogrid db upgrade)"
