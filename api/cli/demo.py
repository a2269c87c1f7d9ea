"""``geogrid demo``: the whole main job on real input, and a look at it."""

import time

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve at.")
@click.option("--port", default=8000, show_default=True, help="Port to serve at.")
@click.option("--serve/--no-serve", default=True, show_default=True, help="Serve the result, or stop after storing it.")
def command(host: str, port: int, serve: bool) -> None:
    """Run the whole main job on real streets of central Helsinki, and serve it.

    Streets and buildings become grids, published as an edition; 2,000 invented complaints at real addresses are
    found, given their grid and stored. What is stored already is kept.
    """
    from api.warmup import warm_up
    from boundaries.demo import has_demo, run_demo
    from boundaries.store.engine import open_engine, unit_of_work
    from boundaries.store.settings import StoreSettings

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
    finally:
        engine.dispose()
    if serve:
        from api.cli.serve import serve_at

        serve_at(host, port)
