"""Running the application: a free port, a usable store, then the server until it is stopped."""

import errno
import gc
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import ip_address
from multiprocessing import parent_process
from threading import Thread
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.types import StatelessLifespan
from uvicorn.supervisors import Multiprocess

from api.app import create_app
from api.heads import GuardedProtocol
from api.heavy.memory import give_memory_back
from api.heavy.process import Start
from api.heavy.work import InProcesses
from api.settings import ServerSettings
from api.warmup import warm_up
from boundaries.accounts.reading import has_accounts
from boundaries.store.engine import unit_of_work
from boundaries.store.server_engine import open_server_engine
from boundaries.store.server_role import AS_OWNER, is_bound
from boundaries.store.settings import StoreSettings
from geogrid.errors import UnavailableError

logger = logging.getLogger(__name__)

_BACKLOG = 2048
_STOP_SECONDS = 5
# A worker says that it lives once it has loaded everything; one taken for dead before would be started for ever.
_START_SECONDS = 120
# A short answer waits for the interpreter once for each of its steps; beside long work 5 ms, the default, each time.
_SWITCH_S = 0.0005


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
    _refuse_open_network(settings)
    # The memory of a server holds what people wrote a moment ago, and a core file would hold it for ever.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    listening = listen(settings.host, settings.port)
    _refuse_without_accounts(settings)
    # Here, so that several workers do not compile the same loops side by side.
    warm_up()
    _tell(settings, listening.getsockname()[1])
    config = uvicorn.Config(
        partial(_responsive_app, settings),
        factory=True,
        workers=workers,
        http=GuardedProtocol,
        log_level="warning",
        timeout_graceful_shutdown=_STOP_SECONDS,
        timeout_worker_healthcheck=_START_SECONDS,
    )
    if workers == 1:
        uvicorn.Server(config).run([listening])
    else:
        Multiprocess(config, [listening]).run()


def _refuse_open_network(settings: ServerSettings) -> None:
    if settings.open != "no" and not settings.open_anywhere and not _is_loopback(settings.host):
        raise UnavailableError(
            f"GEOGRID_OPEN={settings.open} lets anybody in, and {settings.host} is reached from other machines: make "
            "accounts and unset it, or set GEOGRID_OPEN_ANYWHERE=yes where everybody in the network may do this."
        )


def _refuse_without_accounts(settings: ServerSettings) -> None:
    """Open the store, and refuse to serve other machines before anybody can sign in."""
    engine = open_server_engine(settings)
    try:
        if not is_bound(engine):
            logger.warning("%s", AS_OWNER)
        if settings.open == "no" and not _is_loopback(settings.host):
            with unit_of_work(engine) as session:
                is_ready = has_accounts(session)
            if not is_ready:
                raise UnavailableError(
                    f"{settings.host} is reached from other machines, and there is no account yet that could sign in: "
                    "make one first with: geogrid account add LOGIN --role admin"
                )
    finally:
        engine.dispose()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


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


def _responsive_app(settings: ServerSettings) -> FastAPI:
    """Return the application of a process that lets short answers pass long ones."""
    _end_with_parent()
    sys.setswitchinterval(_SWITCH_S)
    give_memory_back()
    own = StoreSettings(**settings.model_dump(include=set(StoreSettings.model_fields)))
    start = Start(own, memory_mb=settings.memory_mb, kept_frames=settings.kept_editions)
    app = create_app(settings, heavy=InProcesses(start))
    app.router.lifespan_context = settled(app.router.lifespan_context)
    return app


def _end_with_parent() -> None:
    """End this process, where it is one of several, with the one that began it: killed, that tells nobody."""
    parent = parent_process()
    if parent is None:
        return

    def follow() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=follow, name="parent", daemon=True).start()


def settled(lifespan: Any) -> StatelessLifespan[FastAPI]:
    """Return a lifespan at whose beginning everything that is loaded is taken out of the collection of garbage.

    It stays until the end, and looking through all of it for garbage holds every thread for 0.2 s, whenever an answer
    with many rows is made.
    """

    @asynccontextmanager
    async def answering(app: FastAPI) -> AsyncIterator[None]:
        async with lifespan(app):
            gc.collect()
            gc.freeze()
            yield

    return answering


def _tell(settings: ServerSettings, port: int) -> None:
    host = settings.host
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - shown
    base = f"http://{shown}:{port}"
    lines = [
        f"GeoGrid is at {base}/",
        f"  coverage map  {base}/maps/coverage",
        f"  hotspot map   {base}/maps/hotspots",
        f"  case search   {base}/search",
        f"  interface     {base}/docs",
        *([] if settings.open == "all" else [f"  sign in       {base}/login"]),
        "Ctrl-C stops it.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
