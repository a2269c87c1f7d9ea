"""Who does long work: the server itself in a thread, or processes of its own, a few, each a piece at a time."""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Annotated, Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from api.heavy.desk import Desk
from api.heavy.process import GoneError, HeavyProcess, Start, Task
from api.kit.identity import client_of
from boundaries.store.sight import present_sight
from geogrid.errors import UnavailableError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

LONGEST_SECONDS: Final = 60.0
"""Of one piece of long work, as of one statement of the database."""

MOST_WAITING: Final = 16
"""Pieces of long work that wait for each process; more are told to come back."""

MOST_OF_ONE: Final = 8
"""Of these, those of one client: the others find room, whatever one asks for."""


class HeavyWork(Protocol):
    """Does long work beside the answering of requests."""

    async def do(
        self,
        request: Request,
        work: Callable[Concatenate[Desk, Arguments], Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """Return what comes of a function of a module, given the desk and plain values; raises what it raises."""

    def close(self) -> None:
        """End what is being done."""


class InServer:
    """Long work in threads of the server itself.

    Parameters
    ----------
    desk : Desk
        Of the server.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def do(
        self,
        _request: Request,
        work: Callable[Concatenate[Desk, Arguments], Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """Return what comes of the work; see `HeavyWork`."""
        return await run_in_threadpool(work, self._desk, *arguments, **named)

    def close(self) -> None:
        """Do nothing: threads end by themselves."""


class InProcesses:
    """Long work in processes, started when there is something to do, again where one has ended.

    Parameters
    ----------
    start : Start
        What they are to know.
    count : int
        Processes at most.
    """

    def __init__(self, start: Start, *, count: int = 1) -> None:
        self._start = start
        self._count = count
        self._idle: SimpleQueue[HeavyProcess] = SimpleQueue()
        self._all: set[HeavyProcess] = set()
        self._lock = Lock()
        self._is_closed = False
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="heavy")
        self._turn = asyncio.Semaphore(count)
        self._waiting = Counter[str]()

    async def do(
        self,
        request: Request,
        work: Callable[Concatenate[Desk, Arguments], Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """Return what comes of the work; see `HeavyWork`.

        Raises
        ------
        UnavailableError
            Too much is waiting already, it takes too long, or the process was ended from outside.
        """
        if named:
            raise TypeError("Work of another process is given its arguments by position.")
        client, waiting = client_of(request), self._waiting.total()
        for count, most, whose in (
            (waiting, MOST_WAITING * self._count, ""),
            (self._waiting[client], MOST_OF_ONE * self._count, " of yours"),
        ):
            if count >= most:
                raise UnavailableError(
                    f"{count} maps and long requests{whose} are waiting already. Try again in a few seconds."
                )
        self._waiting[client] += 1
        try:
            async with self._turn:
                if await request.is_disconnected():
                    raise UnavailableError("Nobody waits for this any more.")
                task = Task(work, arguments, present_sight())
                done: Result = await asyncio.get_running_loop().run_in_executor(self._threads, self._done, task)
                return done
        finally:
            self._waiting[client] -= 1
            self._waiting += Counter()  # without those of whom nothing waits any more

    def close(self) -> None:
        """End the processes, whatever they do."""
        with self._lock:
            self._is_closed = True
            running, self._all = self._all, set()
        for process in running:
            process.end()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _done(self, task: Task) -> Any:
        try:
            return self._tried(task)
        except GoneError:
            return self._tried(task)

    def _tried(self, task: Task) -> Any:
        process = self._usable()
        try:
            return process.do(task, seconds=LONGEST_SECONDS)
        finally:
            if process.is_usable:
                self._idle.put(process)
            else:
                with self._lock:
                    self._all.discard(process)

    def _usable(self) -> HeavyProcess:
        """Return a process that has nothing to do, a new one where there is none."""
        while True:
            try:
                process = self._idle.get_nowait()
            except Empty:
                break
            if process.is_alive():
                return process
            process.end()
        process = HeavyProcess(self._start)
        with self._lock:
            self._all.add(process)
            is_closed = self._is_closed
        if is_closed:
            process.end()
            raise UnavailableError("The server is being stopped.")
        return process


async def get_heavy_work(request: Request) -> HeavyWork:
    """Return who does long work for this server."""
    heavy: HeavyWork = request.app.state.heavy
    return heavy


OpenHeavyWork = Annotated[HeavyWork, Depends(get_heavy_work)]
