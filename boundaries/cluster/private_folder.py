"""A folder with files that only its owner may read, and a lock that one process at a time holds."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PrivateFolder:
    """The folder; root works in it on behalf of its owner.

    Parameters
    ----------
    path : Path
        Absolute; made by the first `locked`.
    """

    path: Path

    @contextmanager
    def opened(self, name: str, flags: int = os.O_RDWR) -> Iterator[int]:
        """Open a file, made if it is missing, for the folder's owner alone.

        Parameters
        ----------
        name : str
            Its name in the folder.
        flags : int
            As of `os.open`.

        Yields
        ------
        int
            Descriptor, closed at the end.
        """
        descriptor = os.open(self.path / name, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            if os.geteuid() == 0:
                owner = self.path.stat()
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
            yield descriptor
        finally:
            os.close(descriptor)

    def read(self, name: str) -> str | None:
        """Return the text of a file without its line end; None when it is missing."""
        try:
            return (self.path / name).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None

    def write(self, name: str, text: str) -> None:
        """Replace a file whole: a reader sees the old text or the new, and so does the machine after a power cut."""
        with self.opened(f"{name}.new", os.O_RDWR | os.O_TRUNC) as descriptor:
            os.write(descriptor, f"{text}\n".encode())
            os.fsync(descriptor)
        (self.path / f"{name}.new").replace(self.path / name)

    def mark(self, name: str) -> None:
        """Make a file with nothing in it, for which a full disk has room, too."""
        with self.opened(name):
            pass

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Make the folder if it is missing and hold a lock; the system releases it when the process dies."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.opened(name) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
