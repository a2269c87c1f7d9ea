"""Starting the server of a data folder, with our settings."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from boundaries.cluster.postmaster import discard_misleading_locks
from boundaries.cluster.private_folder import PrivateFolder
from boundaries.cluster.programs import Programs, SystemUser

_LOG = "postgres.log"
_LOG_LIMIT_BYTES = 10_000_000
_SOCKET_PATH_LIMIT = 107

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",  # compiling costs more than our short queries take
    "log_checkpoints": "off",
    "log_min_messages": "warning",
    "log_error_verbosity": "terse",  # neither rows nor statements in the log: complaints are private
    "log_min_error_statement": "panic",
}
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start one cluster. The caller holds the lock of the home folder.

    Parameters
    ----------
    home : PrivateFolder
        Takes the log.
    data : Path
        Data folder, without a living server.
    programs : Programs
        PostgreSQL.
    account : SystemUser
        Who the server runs as.
    durable : bool
        Whether commits survive a power cut.
    """

    home: PrivateFolder
    data: Path
    programs: Programs
    account: SystemUser
    durable: bool

    def attempt(self, port: int, *, patience_seconds: float) -> str | None:
        """Start once, in a session of its own, so that the server outlives the command and its terminal.

        Parameters
        ----------
        port : int
            Where to listen on the loopback.
        patience_seconds : float
            How long to wait for readiness; after a crash the server first replays its log.

        Returns
        -------
        str or None
            None when the server is ready, else the reason that it gives.
        """
        discard_misleading_locks(self.data)
        log = self._log_file()
        before = log.stat().st_size if log.exists() else 0
        start: list[str | Path] = [
            self.programs.folder / "pg_ctl",
            "start",
            "-s",
            "-w",
            "-t",
            f"{patience_seconds:.0f}",
        ]
        with self.home.opened(_LOG, os.O_WRONLY | os.O_APPEND) as descriptor:
            # pg_ctl writes its folder into a shell command; by the environment any name arrives as it is.
            ended = self.account.run(
                [*start, "-o", self._options(port)], environment={"PGDATA": str(self.data)}, output=descriptor
            )
        if ended.returncode == 0:
            return None
        said = log.read_bytes()[before:].decode(errors="replace").splitlines()
        # Backends of a killed server, on their way out, still write to the same log.
        own = [line for line in said if "terminating connection" not in line]
        fatal = [line.partition("FATAL:")[2].strip() for line in own if "FATAL:" in line]
        return fatal[-1] if fatal else " ".join(own) or f"pg_ctl ends with {ended.returncode}"

    def _log_file(self) -> Path:
        log = self.home.path / _LOG
        if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".log.1"))
        return log

    def _options(self, port: int) -> str:
        settings = _SETTINGS | (_DURABLE if self.durable else _FAST)
        settings |= {"port": str(port), "unix_socket_directories": self._socket_folder(port)}
        return " ".join(f"-c {name}={shlex.quote(value)}" for name, value in settings.items())

    def _socket_folder(self, port: int) -> str:
        """Return the data folder, which only its owner may enter; nothing where a socket's path would be too long."""
        path = os.fsencode(self.data / f".s.PGSQL.{port}")
        is_list_item = not any(mark in path for mark in (b",", b'"'))
        return str(self.data) if is_list_item and len(path) <= _SOCKET_PATH_LIMIT else ""
