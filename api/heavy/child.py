"""The process that does long work: ``python -m api.heavy.child``, started by `HeavyProcess` and ended with its server.

It reads messages from its standard input and answers on its standard output. It gives way to lookups, is the first to
go where memory runs out, and ends as soon as nobody holds the other end of the pipe, also in the middle of its work.
"""

import contextlib
import logging
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO, Final

from api.heavy.desk import Desk
from api.heavy.memory import give_memory_back
from api.heavy.process import Failed, Start, Taken, Task, TaskDone
from api.heavy.wire import receive, send
from api.state.frames import GridFrames
from api.state.store import Store
from boundaries.store.engine import Patience
from boundaries.store.sight import seeing
from geogrid.errors import GeogridError, UnavailableError

_NICENESS: Final = 5
_FIRST_TO_GO: Final = "500"

logger = logging.getLogger(__name__)


def main() -> None:
    """Work until the server has ended."""
    tasks, answers = _private_streams()
    # Ctrl-C goes to all processes of a terminal; the server says when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)
    give_memory_back()
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, encoding="ascii")
    start: Start = receive(tasks)
    store = Store(start.settings, patience=Patience())
    desk = Desk(store, GridFrames(store, kept=start.kept_frames), memory_mb=start.memory_mb)
    waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(tasks, waiting), daemon=True).start()
    send(answers, TaskDone(None, is_last=False))
    while True:
        task = waiting.get()
        send(answers, Taken())
        answer = _answer(desk, task)
        send(answers, answer)
        if answer.is_last:
            store.close()
            # Not by the usual way out, which waits for the thread that listens.
            os._exit(0)


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes for messages: what work prints goes to the log of the server."""
    tasks, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return tasks, answers


def _listen(tasks: BinaryIO, waiting: "queue.SimpleQueue[Task]") -> None:
    with contextlib.suppress(EOFError, OSError):
        while True:
            waiting.put(receive(tasks))
    os._exit(0)


def _answer(desk: Desk, task: Task) -> TaskDone | Failed:
    try:
        with seeing(task.sight):
            result: Any = task.work(desk, *task.arguments)
    except UnavailableError as error:
        # Perhaps the database is elsewhere by now: a new process looks for it anew.
        return Failed(error, is_last=True)
    except GeogridError as error:
        return Failed(error, is_last=False)
    except Exception as error:
        logger.exception("Long work failed.")
        return Failed(RuntimeError(f"Long work failed: {error!r:.500}"), is_last=True)
    return TaskDone(result, is_last=False)


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    main()
