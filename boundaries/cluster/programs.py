"""PostgreSQL's own programs: where they are installed, and the user that runs them."""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from geogrid.errors import UnavailableError

_INSTALLED = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin")
_DEBIAN_12_MAJOR = 15
_UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class SystemUser:
    """The user that the server runs as.

    Parameters
    ----------
    name : str
        Login name.
    uid, gid : int
        Its numbers.
    """

    name: str
    uid: int
    gid: int

    @property
    def is_self(self) -> bool:
        """Whether this process already runs as that user."""
        return self.uid == os.geteuid()

    def run(
        self,
        command: Sequence[str | Path],
        *,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
        output: int = subprocess.PIPE,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, away from our terminal, our folder and our database variables.

        Parameters
        ----------
        command : sequence of str or Path
            Program and arguments; no shell.
        stdin : str
            What it reads.
        environment : mapping, optional
            Variables for it, besides those that are no concern of the database's.
        output : int
            Descriptor that takes all it says. A server that goes on running holds it open, so it cannot be a pipe then.

        Returns
        -------
        subprocess.CompletedProcess
            Exit status and, without `output`, what it printed.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
        return subprocess.run(  # noqa: S603 - the program comes from find_programs, its arguments from us
            [str(part) for part in command],
            check=False,
            cwd="/",
            env={**kept, "LC_ALL": "C", **(environment or {})},
            input=stdin,
            stdout=output,
            stderr=output,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            user=None if self.is_self else self.uid,
            group=None if self.is_self else self.gid,
            extra_groups=None if self.is_self else [],
        )


@dataclass(frozen=True, slots=True)
class Programs:
    """One installed PostgreSQL.

    Parameters
    ----------
    folder : Path
        Where ``initdb``, ``pg_ctl`` and ``postgres`` are.
    major : int
        Its version, e.g. 15.
    """

    folder: Path
    major: int

    @property
    def lacks_postgis(self) -> bool:
        """Whether its PostGIS files are missing; unknown counts as present, `create extension` then tells."""
        pg_config = self.folder / "pg_config"
        if not pg_config.exists():
            return False
        asked = subprocess.run(  # noqa: S603 - a program beside the server's
            [pg_config, "--sharedir", "--pkglibdir"], check=True, capture_output=True, encoding="utf-8"
        )
        share, libraries = (Path(line) for line in asked.stdout.splitlines())
        return not ((share / "extension" / "postgis.control").exists() and any(libraries.glob("postgis-3.*")))


def packages_sentence(major: int = _DEBIAN_12_MAJOR) -> str:
    """Return the command that installs a PostgreSQL with PostGIS on Debian."""
    return (
        f"Install it with: apt-get install postgresql-{major} postgresql-{major}-postgis-3 "
        f"postgresql-{major}-postgis-3-scripts"
    )


def program_folders(root: Path = Path("/")) -> list[Path]:
    """Return the folders that may hold PostgreSQL's programs: the packages', then those of the search path."""
    found = [folder for pattern in _INSTALLED for folder in root.glob(pattern)]
    found += [Path(program).resolve().parent for program in [shutil.which("postgres")] if program]
    return found


def find_programs(folders: Iterable[Path], *, major: int | None = None) -> Programs:
    """Choose the newest PostgreSQL that has PostGIS.

    Parameters
    ----------
    folders : iterable of Path
        Where to look, see `program_folders`.
    major : int, optional
        The only version that will do, because a data folder was made by it.

    Returns
    -------
    Programs
        The chosen installation.

    Raises
    ------
    UnavailableError
        None is installed, or none with PostGIS; the message names the packages.
    """
    complete = (folder for folder in folders if all((folder / name).exists() for name in ("initdb", "pg_ctl")))
    installed = [Programs(folder, _major_version(folder / "postgres")) for folder in complete]
    fitting = sorted((one for one in installed if major in {None, one.major}), key=lambda one: -one.major)
    if not fitting and major is not None:
        raise UnavailableError(
            f"The data were written by PostgreSQL {major}, which is not installed. {packages_sentence(major)}"
        )
    if not fitting:
        raise UnavailableError(f"PostgreSQL is not installed. {packages_sentence()}")
    with_postgis = [one for one in fitting if not one.lacks_postgis]
    if not with_postgis:
        newest = fitting[0].major
        raise UnavailableError(f"PostgreSQL {newest} is here, but not its PostGIS. {packages_sentence(newest)}")
    return with_postgis[0]


def _major_version(postgres: Path) -> int:
    printed = subprocess.run(  # noqa: S603 - found beside initdb
        [postgres, "--version"], check=True, capture_output=True, encoding="utf-8"
    ).stdout
    version = re.search(r"(\d+)", printed)
    if version is None:
        raise UnavailableError(f"{postgres} --version printed {printed!r}, which names no version.")
    return int(version[1])


def server_account(*folders: Path) -> SystemUser:
    """Choose who the server runs as: PostgreSQL refuses root.

    Parameters
    ----------
    *folders : Path
        Data folder and its parent. For root, the first one that exists and is not root's own decides, so that a
        database stays with its owner.

    Returns
    -------
    SystemUser
        This user; for root, the owner of the folders, or `postgres`, or `nobody`.
    """
    if os.geteuid() != 0:
        return SystemUser(owner_name(os.geteuid()), os.geteuid(), os.getegid())
    for folder in folders:
        if folder.exists() and (owner := folder.stat()).st_uid != 0:
            return SystemUser(owner_name(owner.st_uid), owner.st_uid, owner.st_gid)
    for name in _UNPRIVILEGED:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return SystemUser(name, entry.pw_uid, entry.pw_gid)
    raise UnavailableError(
        "PostgreSQL refuses to run as root, and there is no user postgres to run it as. "
        "Add one with: useradd --system postgres"
    )


def owner_name(uid: int) -> str:
    """Return the login name of a user number, or the number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def require_reachable(folder: Path, account: SystemUser) -> None:
    """Refuse a folder that the server's user cannot enter.

    Parameters
    ----------
    folder : Path
        Folder that will hold the data folder.
    account : SystemUser
        Who the server runs as.

    Raises
    ------
    UnavailableError
        A folder on the way is closed to the user; the message names it.
    """
    if account.is_self or _can_enter(folder, account):
        return
    closed = next(step for step in [*reversed(folder.parents), folder] if not _can_enter(step, account))
    raise UnavailableError(
        f"PostgreSQL refuses to run as root, and user {account.name}, which runs it instead, cannot enter {closed}. "
        f"Set GEOGRID_HOME to a folder outside it, e.g. GEOGRID_HOME=/var/lib/geogrid"
    )


def _can_enter(folder: Path, account: SystemUser) -> bool:
    return account.run(["/usr/bin/env", "test", "-x", folder]).returncode == 0
