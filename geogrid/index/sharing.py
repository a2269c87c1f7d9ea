"""Share the work on many points among threads."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

_POINTS_PER_PART: Final = 65_536


def share_out(work: Callable[[slice], None], count: int, threads: int) -> None:
    """Do the work part by part, this thread and others each taking the next, so that none waits long for another."""
    begins = deque(range(0, count, _POINTS_PER_PART))

    def next_begin() -> int | None:
        try:
            return begins.popleft()
        except IndexError:
            return None

    def take_parts() -> None:
        for begin in iter(next_begin, None):
            work(slice(begin, begin + _POINTS_PER_PART))

    helpers = min(threads, len(begins)) - 1
    if helpers < 1:
        take_parts()
        return
    with ThreadPoolExecutor(helpers) as pool:
        others = [pool.submit(take_parts) for _ in range(helpers)]
        take_parts()
    for other in others:
        other.result()
