"""The server process of a data folder, as its pid file tells, with the stale ones recognised."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from boundaries.cluster.programs import SystemUser

Condition = Literal["starting", "ready", "stopping"]

_PID, _PORT, _CONDITION = 0, 3, 7
"""Lines of postmaster.pid that are used, see src/include/utils/pidfile.h of PostgreSQL."""


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A living server.

    Parameters
    ----------
    pid : int
        Its process.
    port : int
        Its port on the loopback; 0 while it has not yet written it.
    condition : {"starting", "ready", "stopping"}
        Whether it takes connections.
    """

    pid: int
    port: int
    condition: Condition


def pid_file(data: Path) -> Path:
    """Return the file in which the server of a data folder writes its process number."""
    return data / "postmaster.pid"


def find_postmaster(data: Path, account: SystemUser) -> Postmaster | None:
    """Return the living server of a data folder, or None.

    Parameters
    ----------
    data : Path
        Data folder.
    account : SystemUser
        Who the server runs as.

    Returns
    -------
    Postmaster or None
        None without a pid file, and when the number in it is of a process that is dead or is not this server.
    """
    try:
        lines = pid_file(data).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return None
    pid = _number(lines, _PID)
    if pid <= 0 or not _is_server_of(data, pid, account):
        return None
    return Postmaster(pid, _number(lines, _PORT), _condition(lines))


def discard_misleading_locks(data: Path) -> None:
    """Remove what a killed server left, where its process number now belongs to another process.

    PostgreSQL clears its locks by itself when no process has the number that they hold; it refuses to start when one
    has it, be it somebody else's or a dead one that nobody waited for. A server that does live in the data folder is
    still recognised by its shared memory.

    Parameters
    ----------
    data : Path
        Data folder without a living server, sockets included.
    """
    for lock in [pid_file(data), *data.glob(".s.PGSQL.*.lock")]:
        pid = _number(lock.read_text(encoding="utf-8", errors="replace").splitlines(), _PID) if lock.exists() else 0
        if pid <= 0 or _is_alive(pid):
            lock.unlink(missing_ok=True)


def _number(lines: list[str], line: int) -> int:
    text = lines[line].strip() if line < len(lines) else ""
    return int(text) if text.isdecimal() else 0


def _condition(lines: list[str]) -> Condition:
    word = lines[_CONDITION].strip() if len(lines) > _CONDITION else "starting"
    if word in {"ready", "standby"}:
        return "ready"
    return "stopping" if word == "stopping" else "starting"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_server_of(data: Path, pid: int, account: SystemUser) -> bool:
    """Tell by the folder that the process works in: the server enters its data folder and stays there."""
    if not Path("/proc/self").exists():
        return _is_alive(pid)
    try:
        folder = str(Path(f"/proc/{pid}/cwd").readlink())
    except FileNotFoundError:
        return False
    except PermissionError:
        # Root in a container without SYS_PTRACE may not look; the user of the server may, unless it is another's.
        folder = account.run(["readlink", f"/proc/{pid}/cwd"]).stdout.strip()
    return folder == os.path.realpath(data)
