"""``geogrid serve``."""

import click


@click.command("serve")
@click.option("--host", help="Address to listen at; 0.0.0.0 for every network. Default: 127.0.0.1 (GEOGRID_HOST).")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port; 0 for any free one. Default: 8000 (GEOGRID_PORT).")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that answer.")
def command(host: str | None, port: int | None, workers: int) -> None:
    """Serve the maps, the case search and the HTTP interface. Ctrl-C stops it."""
    serve_at(host, port, workers=workers)


def serve_at(host: str | None, port: int | None, *, workers: int = 1) -> None:
    """Serve with the settings of the environment; what is given here goes before them."""
    from api.serving import serve
    from api.settings import ServerSettings

    given = {"host": host, "port": port}
    settings = ServerSettings().model_copy(update={name: value for name, value in given.items() if value is not None})
    serve(settings, workers=workers)
