"""The private PostGIS: a PostgreSQL cluster that GeoGrid creates, starts and stops by itself.

In the home folder, ``postgres`` is the data folder, ``postgres.password`` and ``postgres.port`` say how to reach it,
and ``postgres.lock`` lets one command at a time create, start or stop it. A data folder appears by renaming a complete one,
so an interrupted creation leaves nothing that looks like a database.
"""

import fcntl
import os
import shlex
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from boundaries.initdb import ClusterTemplate
from boundaries.postgres import (
    Account,
    Programs,
    find_programs,
    owner_name,
    program_folders,
    require_reachable,
    server_account,
)
from boundaries.postmaster import Postmaster, discard_misleading_pid_file, find_postmaster
from geogrid.errors import UnavailableError

HOST = "127.0.0.1"
DATABASE = "geogrid"
_USER = "geogrid"
_FIRST_PORT = 15432
_PORTS_TRIED = 200
_SOCKET_PATH_LIMIT = 107
_PATIENCE_SECONDS = 300.0
_START_ATTEMPTS = 20
_LOG_LIMIT_BYTES = 10_000_000

_SETTINGS = {
    "listen_addresses": HOST,
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",  # compiling costs more than our short queries take
    "log_checkpoints": "off",
    "log_min_messages": "warning",
    "log_error_verbosity": "terse",  # neither rows nor statements in the log: complaints are private
    "log_min_error_statement": "panic",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


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
    def data(self) -> Path:
        """The data folder."""
        return self._at("postgres")

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.data / "server.log"

    @property
    def exists(self) -> bool:
        """Whether the cluster has been created."""
        return self.data.exists()

    def running(self) -> Postmaster | None:
        """Return the server if it runs; nothing is started or changed."""
        with self._folder_errors():
            if not self.exists:
                return None
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
            raise UnavailableError("The private database is stopped. Start it with: geogrid db start")
        return self._url(server.port)

    def ensure(self) -> str:
        """Create the cluster if it is missing, start it if it is stopped, and return its address.

        Returns
        -------
        str
            ``postgresql://`` address, password included.

        Raises
        ------
        UnavailableError
            PostgreSQL or PostGIS is not installed, the folder cannot be used, or the server does not start.
        """
        server = self.running()
        if server is None or server.condition != "ready":
            with self._folder_errors(), self._locked():
                server = self._settled() or self._start()
        return self._url(server.port)

    def stop(self) -> bool:
        """Stop the server; the data stay.

        Returns
        -------
        bool
            False when it did not run.
        """
        if self.running() is None:
            return False
        with self._folder_errors(), self._locked():
            server = self._settled()
            if server is None:
                return False
            os.kill(server.pid, signal.SIGINT)
            self._wait(lambda: self.running() is None, "stop")
            return True

    def _at(self, name: str) -> Path:
        return self.home.expanduser().absolute() / name

    def _account(self) -> Account:
        return server_account(self.data, self.data.parent)

    def _require_owner(self) -> None:
        owner = self.data.stat().st_uid
        if os.geteuid() not in {0, owner}:
            raise UnavailableError(
                f"The private database in {self.data} belongs to user {owner_name(owner)}. "
                "Run geogrid as that user, or choose another folder with GEOGRID_HOME."
            )

    def _url(self, port: int) -> str:
        password = self._at("postgres.password")
        try:
            return f"postgresql://{_USER}:{password.read_text(encoding='ascii').strip()}@{HOST}:{port}/{DATABASE}"
        except FileNotFoundError as error:
            raise UnavailableError(
                f"{password} is gone, and without it nobody can open {self.data}. Put it back from a backup, "
                "or move both away to begin with an empty database."
            ) from error

    @contextmanager
    def _folder_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UnavailableError(
                f"The private database cannot use {error.filename or self.data}: {error.strerror}. "
                "Put that right, or choose another folder with GEOGRID_HOME."
            ) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock of the home folder; the system releases it when the process dies."""
        home = self._at("postgres").parent
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._private_file("postgres.lock") as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _private_file(self, name: str) -> Iterator[int]:
        """Open a file of the home folder for the folder's owner alone."""
        descriptor = os.open(self._at(name), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            if os.geteuid() == 0:
                owner = self._at(name).parent.stat()
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
            yield descriptor
        finally:
            os.close(descriptor)

    def _write_private(self, name: str, text: str) -> None:
        """Replace a file whole, so that a reader sees the old text or the new."""
        with self._private_file(f"{name}.new") as descriptor:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, text.encode("ascii"))
            os.fsync(descriptor)
        self._at(f"{name}.new").replace(self._at(name))

    def _settled(self) -> Postmaster | None:
        """Wait while the server is between two conditions; return it, or None when it is down."""
        self._wait(lambda: (server := self.running()) is None or server.condition == "ready", "settle")
        return self.running()

    def _wait(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not done():
            if time.monotonic() > deadline:
                raise UnavailableError(
                    f"PostgreSQL does not {what} within {_PATIENCE_SECONDS:.0f} s. Its log is {self.log}"
                )
            time.sleep(0.02)

    def _start(self) -> Postmaster:
        """Start the server, creating the cluster first where there is none. The lock is held."""
        if not self.exists:
            self._create()
        self._require_owner()
        account = self._account()
        require_reachable(self.data.parent, account)
        major = int((self.data / "PG_VERSION").read_text(encoding="ascii"))
        programs = find_programs(program_folders(), major=major)
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        for _ in range(_START_ATTEMPTS):
            port = self._free_port()
            told = self._try_start(programs, account, port)
            if told is None:
                self._write_private("postgres.port", f"{port}\n")
                return Postmaster(0, port, "ready")
            # Another server may have taken the port meanwhile, or backends of a killed one are still leaving.
            if _is_free(port) and "shared memory block" not in told:
                break
            time.sleep(0.25)
        raise UnavailableError(f"PostgreSQL does not start: {told} Its log is {self.log}")

    def _try_start(self, programs: Programs, account: Account, port: int) -> str | None:
        """Start on a port; return None, or what the server gave as the reason."""
        discard_misleading_pid_file(self.data)
        log_before = self.log.stat().st_size if self.log.exists() else 0
        options = _SETTINGS | ({} if self.durable else _NOT_DURABLE) | self._socket_setting(port) | {"port": str(port)}
        arguments = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in options.items())
        pg_ctl: list[str | Path] = [
            programs.folder / "pg_ctl",
            "start",
            "-D",
            self.data,
            "-l",
            self.log,
            "-o",
            arguments,
        ]
        ended = account.run([*pg_ctl, "-s", "-w", "-t", f"{_PATIENCE_SECONDS:.0f}"])
        if ended.returncode == 0:
            return None
        with self.log.open("rb") as log:
            log.seek(log_before)
            lines = log.read().decode(errors="replace").splitlines()
        reasons = [line.partition("FATAL:")[2].strip() for line in lines if "FATAL:" in line]
        return f"{reasons[-1]}." if reasons else ended.stderr.strip()

    def _socket_setting(self, port: int) -> dict[str, str]:
        """Put the socket in the data folder, which only its owner may enter; go without where its path is too long."""
        path = os.fsencode(self.data / f".s.PGSQL.{port}")
        usable = len(path) <= _SOCKET_PATH_LIMIT and b"," not in path
        return {"unix_socket_directories": str(self.data) if usable else ""}

    def _free_port(self) -> int:
        """Return the port of last time if it is free, else the next free one."""
        stored = self._at("postgres.port")
        last: list[int] = [int(stored.read_text(encoding="ascii"))] if stored.exists() else []
        for port in [*last, *range(_FIRST_PORT, _FIRST_PORT + _PORTS_TRIED)]:
            if _is_free(port):
                return port
        raise UnavailableError(
            f"No port from {_FIRST_PORT} to {_FIRST_PORT + _PORTS_TRIED - 1} is free on {HOST}. "
            "Stop what listens there, or set GEOGRID_DATABASE_URL to a server that runs."
        )

    def _create(self) -> None:
        """Build a data folder aside and rename it. The lock is held."""
        home, account = self.data.parent, self._account()
        programs = find_programs(program_folders())
        if not account.is_self and home.stat().st_uid != account.uid:
            home.chmod(home.stat().st_mode | 0o011)  # the server passes through to its own folder, and reads nothing
        require_reachable(home, account)
        template = ClusterTemplate(database=DATABASE, owner=_USER, durable=self.durable)
        with template.built(home, programs, account) as (data, password):
            self._write_private("postgres.password", f"{password}\n")
            data.rename(self.data)


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As PostgreSQL does: a port whose last connections are still fading out counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
