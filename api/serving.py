"""Running the application: a free port, a usable store, then the server until it is stopped."""

import errno
import socket
import sys
from functools import partial

import uvicorn
from uvicorn.supervisors import Multiprocess

from api.app import create_app
from api.settings import ServerSettings
from api.warmup import warm_up
from boundaries.store.engine import open_engine
from geogrid.errors import UnavailableError

_BACKLOG = 2048
_STOP_SECONDS = 5
# A worker says that it lives once it has loaded everything; one taken for dead before would be started for ever.
_START_SECONDS = 120


def serve(settings: ServerSettings, *, workers: int = 1) -> None:
    """Serve until stopped.

    Parameters
    ----------
    settings : ServerSettings
        Where, and which store.
    workers : int
        Processes that answer.

    Raises
    ------
    UnavailableError
        The port is taken, or the store cannot be used.
    ConflictError
        The tables of the store are of another version.
    """
    listening = listen(settings.host, settings.port)
    open_engine(settings).dispose()
    # Here, so that several workers do not compile the same loops side by side.
    warm_up()
    _tell(settings.host, listening.getsockname()[1])
    config = uvicorn.Config(
        partial(create_app, settings),
        factory=True,
        workers=workers,
        log_level="warning",
        timeout_graceful_shutdown=_STOP_SECONDS,
        timeout_worker_healthcheck=_START_SECONDS,
    )
    if workers == 1:
        uvicorn.Server(config).run([listening])
    else:
        Multiprocess(config, [listening]).run()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens, so that a taken port is noticed before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise UnavailableError(_refusal(host, port, error)) from error
    listening.set_inheritable(True)
    return listening


def _refusal(host: str, port: int, error: OSError) -> str:
    reasons = {
        errno.EADDRINUSE: f"Port {port} of {host} is taken. Stop what uses it, or choose another with --port.",
        errno.EACCES: f"Port {port} may only be opened by the administrator. Choose one above 1023 with --port.",
        errno.EADDRNOTAVAIL: f"{host} is not an address of this machine. Use 127.0.0.1, or 0.0.0.0 for every network.",
    }
    return reasons.get(error.errno or 0, f"Cannot listen at {host}, port {port}: {error.strerror or error}.")


def _tell(host: str, port: int) -> None:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - shown
    base = f"http://{shown}:{port}"
    lines = [
        f"GeoGrid is at {base}/",
        f"  coverage map  {base}/maps/coverage",
        f"  hotspot map   {base}/maps/hotspots",
        f"  case search   {base}/search",
        f"  interface     {base}/docs",
        "Ctrl-C stops it.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
