"""Creating a data folder: built whole in a folder aside, for the caller to rename into its place."""

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from boundaries.cluster.programs import Programs, SystemUser
from geogrid.errors import UnavailableError

_BUILDING = "postgres.new-"
_ORPHAN_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ClusterTemplate:
    """What a new cluster holds.

    Parameters
    ----------
    database : str
        Name of its one database, a plain word.
    owner : str
        Name of its superuser.
    durable : bool
        Whether it is written through to the disk, with checksums.
    """

    database: str
    owner: str
    durable: bool

    @contextmanager
    def built(self, home: Path, programs: Programs, account: SystemUser) -> Iterator[tuple[Path, str]]:
        """Build a data folder beside its final place; what is not renamed away is removed afterwards.

        Parameters
        ----------
        home : Path
            Folder to build in; what an interrupted creation left there is cleared away.
        programs : Programs
            PostgreSQL.
        account : SystemUser
            Who will own the data folder.

        Yields
        ------
        data : Path
            The data folder.
        password : str
            Of the superuser.
        """
        for abandoned in home.glob(f"{_BUILDING}*"):
            _clear_away(abandoned)
        building = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=home))
        try:
            if not account.is_self:
                os.chown(building, account.uid, account.gid)
            password = secrets.token_hex(24)
            self._initialise(building, password, programs, account)
            yield building / "data", password
        finally:
            shutil.rmtree(building, ignore_errors=True)

    def _initialise(self, building: Path, password: str, programs: Programs, account: SystemUser) -> None:
        password_file, data = building / "password", building / "data"
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(password)
            if not account.is_self:
                os.fchown(descriptor, account.uid, account.gid)
        initdb: list[str | Path] = [programs.folder / "initdb", "-D", data, "-U", self.owner, "--pwfile", password_file]
        durability = ["--data-checksums"] if self.durable else ["--no-sync"]
        # C.UTF-8 sorts by code point, the same everywhere, and knows that Chinese characters are letters.
        locale = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]
        _require_success(account.run([*initdb, *durability, *locale]))
        single: list[str | Path] = [programs.folder / "postgres", "--single", "-D", data, "-c", "exit_on_error=true"]
        sync = [] if self.durable else ["-c", "fsync=off"]
        _require_success(account.run([*single, *sync, "postgres"], stdin=f"create database {self.database}\n"))


def _clear_away(abandoned: Path) -> None:
    """Remove a folder whose command was killed, though its orphaned programs may still write there."""
    deadline = time.monotonic() + _ORPHAN_PATIENCE_SECONDS
    while abandoned.exists() and time.monotonic() < deadline:
        shutil.rmtree(abandoned, ignore_errors=True)
        time.sleep(0.05)


def _require_success(ended: subprocess.CompletedProcess[str]) -> None:
    if ended.returncode != 0:
        raise UnavailableError(f"PostgreSQL cannot create its data folder: {' '.join(ended.stderr.split())}")
