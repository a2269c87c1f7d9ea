"""An output file that appears when it is complete, whatever interrupts the writing."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geogrid.errors import GeogridError

# A folder is locked at once after it is made; one that is younger may just not have come to it.
_LEFT_BEHIND_AFTER_S = 60.0


@contextmanager
def complete(target: Path) -> Iterator[Path]:
    """Give a path to write to, which becomes the target when all went well, and leaves nothing when not.

    What a killed process left behind is removed by the next that writes the same target.

    Raises
    ------
    GeogridError
        The folder or the file cannot be written.
    """
    _remove_left_behind(target)
    try:
        folder = Path(tempfile.mkdtemp(prefix=_prefix(target), dir=target.parent))
    except OSError as error:
        raise GeogridError(f"Nothing can be written to {target.parent}: {error.strerror}.") from error
    lock = os.open(folder, os.O_RDONLY)
    try:
        _try_lock(lock)
        yield folder / target.name
        (folder / target.name).replace(target)
    except OSError as error:
        raise GeogridError(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _prefix(target: Path) -> str:
    return f".{target.name}.part-"


def _remove_left_behind(target: Path) -> None:
    for folder in target.parent.glob(f"{_prefix(target)}*"):
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:  # gone meanwhile, or not ours
            continue
        try:
            age = time.time() - os.fstat(descriptor).st_mtime
            if age > _LEFT_BEHIND_AFTER_S and _try_lock(descriptor):
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    """Take the lock, which ends with the process; return whether it was free. Some file systems have none."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
