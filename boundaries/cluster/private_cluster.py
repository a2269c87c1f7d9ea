"""The private PostGIS: a PostgreSQL cluster that GeoGrid creates, starts and stops by itself.

In the home folder, ``postgres`` is the data folder, ``postgres.password`` and ``postgres.port`` say how to reach it,
``postgres.server-password`` is that of the role that the server of GeoGrid logs in as,
``postgres.log`` is what the server says, ``postgres.stopped`` says that it was stopped on purpose, and
``postgres.lock`` lets one command at a time create, start or stop it. The data folder appears by renaming a complete
one: an interrupted creation leaves nothing that looks like a database.
"""

import os
import secrets
import signal
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from boundaries.cluster.initdb import ClusterTemplate
from boundaries.cluster.launch import Launch
from boundaries.cluster.postmaster import Postmaster, find_postmaster
from boundaries.cluster.private_folder import PrivateFolder
from boundaries.cluster.programs import (
    SystemUser,
    find_programs,
    owner_name,
    program_folders,
    require_reachable,
    server_account,
)
from geogrid.errors import UnavailableError

HOST = "127.0.0.1"
DATABASE = "geogrid"
_USER = "geogrid"
_STOPPED = "postgres.stopped"
_SERVER_PASSWORD = "postgres.server-password"  # noqa: S105 - the name of a file
_IS_STOPPED = "The private database is stopped. Start it with: geogrid db start"
_PORTS = range(15432, 15632)
_PATIENCE_SECONDS = 300.0
_START_PATIENCE_SECONDS = 30.0
_PASSING_FAILURES = "shared memory block", "could not create any TCP/IP sockets"


@dataclass(frozen=True, slots=True)
class PrivateCluster:
    """The cluster of one home folder.

    Parameters
    ----------
    home : Path
        Folder of the cluster; made when it is missing.
    durable : bool
        False gives up safety against power loss for speed: for clusters that live as long as a test run.
    """

    home: Path
    durable: bool = True

    @property
    def folder(self) -> PrivateFolder:
        """The home folder."""
        return PrivateFolder(self.home.expanduser().absolute())

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder.path / "postgres"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder.path / "postgres.log"

    @property
    def exists(self) -> bool:
        """Whether the cluster has been created."""
        with self._folder_errors():
            return self.data.exists()

    @property
    def is_stopped_on_purpose(self) -> bool:
        """Whether `stop` stopped it last."""
        with self._folder_errors():
            return (self.folder.path / _STOPPED).exists()

    def running(self) -> Postmaster | None:
        """Return the server if it runs; nothing is started or changed."""
        if not self.exists:
            return None
        with self._folder_errors():
            self._require_owner()
            return find_postmaster(self.data, self._account())

    def url(self) -> str:
        """Return the address of the running server, password included.

        Raises
        ------
        UnavailableError
            It does not run.
        """
        server = self.running()
        if server is None:
            raise UnavailableError(_IS_STOPPED)
        with self._folder_errors():
            return f"postgresql://{_USER}:{self._password()}@{HOST}:{server.port}/{DATABASE}"

    def server_password(self) -> tuple[str, bool]:
        """Return the password of the role that the server logs in as, and whether it was made just now."""
        with self._folder_errors():
            password = self.folder.read(_SERVER_PASSWORD)
            if password:
                return password, False
            with self.folder.locked("postgres.lock"):
                password = self.folder.read(_SERVER_PASSWORD)
                if password:
                    return password, False
                password = secrets.token_hex(24)
                self.folder.write(_SERVER_PASSWORD, password)
                return password, True

    def ensure(self, *, even_if_stopped: bool = True) -> str:
        """Create the cluster if it is missing, start it if it does not run, and return its address.

        Parameters
        ----------
        even_if_stopped : bool
            Whether to start what somebody stopped: a server that only lost its database must not.

        Returns
        -------
        str
            ``postgresql://`` address, password included.

        Raises
        ------
        UnavailableError
            PostgreSQL or PostGIS is not installed, the folder cannot be used, the server does not start, or it was
            stopped on purpose.
        """
        server = self.running()
        if server is None or server.condition != "ready":
            with self._folder_errors():
                self._require_reachable()
                with self.folder.locked("postgres.lock"):
                    if self.is_stopped_on_purpose and not even_if_stopped:
                        raise UnavailableError(_IS_STOPPED)
                    (self.folder.path / _STOPPED).unlink(missing_ok=True)
                    if self._settled() is None:
                        self._let_server_through()
                        self._create_if_missing()
                        self._start()
        return self.url()

    def stop(self) -> bool:
        """Stop the server; the data stay.

        Returns
        -------
        bool
            False when it did not run.
        """
        if self.running() is None:
            return False
        with self._folder_errors(), self.folder.locked("postgres.lock"):
            server = self._settled()
            if server is None:
                return False
            # First: a server that watches it must not take it for dead.
            self.folder.mark(_STOPPED)
            os.kill(server.pid, signal.SIGINT)
            self._wait(lambda: self.running() is None, "stop")
            return True

    @contextmanager
    def _folder_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UnavailableError(
                f"The private database cannot use {error.filename or self.data}: {error.strerror}. "
                "Put that right, or choose another folder with GEOGRID_HOME."
            ) from error

    def _account(self) -> SystemUser:
        return server_account(self.data, self.folder.path)

    def _require_owner(self) -> None:
        owner = self.data.stat().st_uid
        if os.geteuid() not in {0, owner}:
            raise UnavailableError(
                f"The private database in {self.data} belongs to user {owner_name(owner)}. "
                "Run geogrid as that user, or choose another folder with GEOGRID_HOME."
            )

    def _require_reachable(self) -> None:
        """Refuse a home that the server's user could not enter, before anything is made there."""
        require_reachable(next(step for step in self.folder.path.parents if step.exists()), self._account())

    def _let_server_through(self) -> None:
        """Open the home so far that the server's user passes to its own folder, and reads nothing on the way."""
        home = self.folder.path.stat()
        if home.st_uid == os.geteuid() and not self._account().is_self:
            self.folder.path.chmod(stat.S_IMODE(home.st_mode) | 0o011)

    def _password(self) -> str:
        password = self.folder.read("postgres.password")
        if password is None:
            raise UnavailableError(
                f"{self.folder.path / 'postgres.password'} is gone, and without it nobody can open {self.data}. "
                "Put it back from a backup, or move both away to begin with an empty database."
            )
        return password

    def _create_if_missing(self) -> None:
        """Build a data folder aside and rename it. The lock is held."""
        if self.exists:
            return
        programs = find_programs(program_folders())
        template = ClusterTemplate(database=DATABASE, owner=_USER, durable=self.durable)
        with template.built(self.folder.path, programs, self._account()) as (data, password):
            self.folder.write("postgres.password", password)
            data.rename(self.data)

    def _start(self) -> None:
        """Start the server of an existing data folder. The lock is held."""
        major = int((self.data / "PG_VERSION").read_text(encoding="ascii"))
        programs = find_programs(program_folders(), major=major)
        launch = Launch(self.folder, self.data, programs, self._account(), durable=self.durable)
        deadline = time.monotonic() + _START_PATIENCE_SECONDS
        port = self._free_port()
        while (failure := launch.attempt(port, patience_seconds=_PATIENCE_SECONDS)) is not None:
            # Another server may have taken the port meanwhile, or backends of a killed one are still leaving.
            may_pass = not _is_free(port) or any(sign in failure for sign in _PASSING_FAILURES)
            if not may_pass or time.monotonic() > deadline:
                raise UnavailableError(f"PostgreSQL does not start: {failure.rstrip('.')}. Its log is {self.log}")
            time.sleep(0.25)
            port = self._free_port()
        self.folder.write("postgres.port", str(port))

    def _settled(self) -> Postmaster | None:
        """Wait while the server is starting or stopping; return it, or None when it is down."""
        self._wait(lambda: (server := self.running()) is None or server.condition == "ready", "start or stop")
        return self.running()

    def _wait(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not done():
            if time.monotonic() > deadline:
                raise UnavailableError(
                    f"PostgreSQL does not {what} within {_PATIENCE_SECONDS:.0f} s. Its log is {self.log}"
                )
            time.sleep(0.02)

    def _free_port(self) -> int:
        """Return the port of last time if it is free, else the next free one."""
        last = self.folder.read("postgres.port") or ""
        first = [int(last)] if last.isdecimal() else []
        for port in chain(first, _PORTS):
            if _is_free(port):
                return port
        raise UnavailableError(
            f"No port from {_PORTS[0]} to {_PORTS[-1]} is free on {HOST}. "
            "Stop what listens there, or set GEOGRID_DATABASE_URL to a server that runs."
        )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As PostgreSQL does: a port whose last connections are still fading out counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
