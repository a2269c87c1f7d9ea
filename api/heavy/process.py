"""A process for long work, as the server sees it: started, given one task at a time, ended."""

import contextlib
import logging
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

from api.heavy.wire import receive, send
from boundaries.store.settings import StoreSettings
from boundaries.store.sight import NOTHING, RowSight
from geogrid.errors import UnavailableError

_LIBRARY_BYTES: Final = 300_000_000
"""What libraries hold, which are loaded as they are needed."""

_PAGE_BYTES: Final = resource.getpagesize()
_LOOK_SECONDS: Final = 0.1
_START_SECONDS: Final = 60.0
_END_SECONDS: Final = 5.0
_PUBLIC: Final = "The server could not finish this. Try again in a few seconds, or ask for less at once."
_COMMAND: Final = (sys.executable, "-P", "-m", "api.heavy.child")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Start:
    """The first message to a process.

    Parameters
    ----------
    settings : StoreSettings
        Which store.
    memory_mb : float
        What its work may hold.
    kept_frames : int
        Tables of grids that it holds.
    """

    settings: StoreSettings
    memory_mb: float
    kept_frames: int


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work: a function of a module, given the desk of the process and plain values; what it may see."""

    work: Callable[..., Any]
    arguments: tuple[Any, ...]
    sight: RowSight = NOTHING


@dataclass(frozen=True, slots=True)
class Taken:
    """A task has arrived and is being done."""


class GoneError(UnavailableError):
    """The process had ended before it took the task: another one can do it."""


@dataclass(frozen=True, slots=True)
class TaskDone:
    """What came of a task; after the last one the process ends by itself."""

    result: Any
    is_last: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """Why nothing came of a task."""

    error: Exception
    is_last: bool


class HeavyProcess:
    """A process that works for this one.

    Parameters
    ----------
    start : Start
        What it is to know.

    Raises
    ------
    UnavailableError
        It cannot be started.
    """

    def __init__(self, start: Start) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603 - fixed words
                _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        except OSError as error:
            raise UnavailableError(
                f"No process can be started for long work: {error.strerror}.", public=_PUBLIC
            ) from error
        self.is_usable = True
        self._most_bytes = int(start.memory_mb * 1e6) + _LIBRARY_BYTES
        try:
            self.do(start, seconds=_START_SECONDS)
        except UnavailableError:
            self.end()
            raise

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Tell whether the process is still there."""
        return self._process.poll() is None

    def do(self, task: Task | Start, *, seconds: float) -> Any:
        """Return what comes of a task.

        Parameters
        ----------
        task : Task
            What is to be done.
        seconds : float
            The process is ended if it takes longer.

        Raises
        ------
        GeogridError
            Of the task.
        GoneError
            The process had ended before, unnoticed.
        UnavailableError
            It took too long or too much memory, or the process was ended by somebody else, e.g. because memory ran out.
        """
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for; narrows a type
        watch = _Watch(self._process, seconds, self._most_bytes)
        watch.start()
        try:
            self._give(task)
            answer: TaskDone | Failed = receive(self._process.stdout)
        except (OSError, EOFError) as error:
            self.end()
            if watch.reason:
                raise UnavailableError(watch.reason) from error
            told = f"The process for long work ended with {self._process.returncode} in the middle of it."
            logger.warning("%s", told)
            raise UnavailableError(told, public=_PUBLIC) from error
        finally:
            watch.is_over.set()
        # What grew is better replaced: memory is not always given back.
        if answer.is_last or _private_bytes(self.pid) > (self._most_bytes + _LIBRARY_BYTES) / 2:
            self.end()
        if isinstance(answer, Failed):
            raise answer.error
        return answer.result

    def _give(self, task: Task | Start) -> None:
        assert self._process.stdin is not None  # noqa: S101 - pipes were asked for; narrows a type
        assert self._process.stdout is not None  # noqa: S101 - same
        try:
            send(self._process.stdin, task)
            if isinstance(task, Task):
                receive(self._process.stdout)
        except (OSError, EOFError) as error:
            self.end()
            raise GoneError("The process for long work had ended.", public=_PUBLIC) from error

    def end(self) -> None:
        """End the process, whatever it does."""
        self.is_usable = False
        with contextlib.suppress(OSError):
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)


class _Watch(Thread):
    """Ends a process that takes too long or too much memory, and keeps the reason."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float, most_bytes: int) -> None:
        super().__init__(name="heavy-watch", daemon=True)
        self._process = process
        self._seconds = seconds
        self._most_bytes = most_bytes
        self.is_over = Event()
        self.reason = ""

    def run(self) -> None:
        """Look until the work is over."""
        ends = time.monotonic() + self._seconds
        while not self.is_over.wait(_LOOK_SECONDS):
            if _private_bytes(self._process.pid) > self._most_bytes:
                self.reason = (
                    f"This took more than {(self._most_bytes - _LIBRARY_BYTES) / 1e6:,.0f} MB of memory and was ended; "
                    "GEOGRID_MEMORY_MB sets the limit. Ask for less at once."
                )
            elif time.monotonic() > ends:
                self.reason = f"This took longer than {self._seconds:g} seconds and was ended. Ask for less at once."
            if self.reason:
                self._process.kill()
                return


def _private_bytes(pid: int) -> int:
    """Return what a process holds for itself alone, 0 where the system does not tell."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
        return (int(resident) - int(shared)) * _PAGE_BYTES
    return 0
