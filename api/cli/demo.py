"""``geogrid demo``: the whole main job on real input, and a look at it."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime

import click


@click.command()
@click.option("--host", help="Address to serve at. Default: 127.0.0.1 (GEOGRID_HOST).")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port to serve at. Default: 8000 (GEOGRID_PORT).")
@click.option("--serve/--no-serve", default=True, show_default=True, help="Serve the result, or stop after storing it.")
def command(host: str | None, port: int | None, serve: bool) -> None:
    """Run the whole main job on real streets of central Helsinki, and serve it.

    Streets and buildings become grids, published as an edition; 2,000 invented complaints at real addresses are
    found, given their grid and stored. What is stored already is kept.
    """
    from api.warmup import warm_up
    from boundaries.accounts.demo import people_of_demo
    from boundaries.demo import JURISDICTION, has_demo, run_demo
    from boundaries.store.engine import open_engine, unit_of_work
    from boundaries.store.settings import StoreSettings

    if serve:
        _require_free(*_place(host, port))
    warm_up()
    start = time.monotonic()
    settings = StoreSettings()
    engine = open_engine(settings)
    try:
        with unit_of_work(engine) as session:
            if has_demo(session):
                click.echo("The demo is stored already.")
            else:
                done = run_demo(session, click.echo)
                click.echo(
                    f"{done.comprehensive} comprehensive grids ({done.in_band} within the band) and "
                    f"{done.dedicated} dedicated ones, in {time.monotonic() - start:.1f} s."
                )
            made = people_of_demo(session, JURISDICTION, at=datetime.now(UTC))
    finally:
        engine.dispose()
    if serve:
        from api.cli.serve import serve_at

        name, number = _place(host, port)
        _tell_people(f"http://{name}:{number}", made)
        serve_at(host, port)


def _place(host: str | None, port: int | None) -> tuple[str, int]:
    """Return where to serve: as it is given, else as the environment says."""
    from api.settings import ServerSettings

    settings = ServerSettings()
    return host or settings.host, settings.port if port is None else port


def _require_free(host: str, port: int) -> None:
    """Refuse a taken port before the work rather than after it."""
    from api.serving import listen

    listen(host, port).close()


def _tell_people(base: str, secrets: Mapping[str, str]) -> None:
    """Say how to look at the demo as each role: each address signs a browser in, once."""
    admin, *others = secrets.items()
    click.echo(f"Open once, to be signed in as {admin[0]}: {base}/login/once/{admin[1]}")
    click.echo("The view of each other role, once:")
    for login, secret in others:
        click.echo(f"  {login:<17} {base}/login/once/{secret}")
