"""One thread looks at the store, and listeners hear of other editions, and of nothing else."""

from threading import Event
from typing import Any

import pytest

from api.state.watcher import StoreWatcher


class _Editions:
    """Editions in memory that a test sets."""

    def __init__(self) -> None:
        self.numbers: set[int] = set()
        self.looks = 0
        self.fails = False
        self.problem: str | None = None

    def refresh(self) -> None:
        self.looks += 1
        if self.fails:
            self.fails = False
            raise RuntimeError("the store is away")

    def in_force(self) -> set[int]:
        return self.numbers


def _watcher(editions: Any) -> StoreWatcher:
    return StoreWatcher(editions, refresh_seconds=0.01)


def test_listeners_hear_of_every_change_once() -> None:
    editions, heard, late = _Editions(), list[frozenset[int]](), list[frozenset[int]]()
    watcher = _watcher(editions)
    watcher.subscribe(heard.append)
    watcher.look()
    editions.numbers = {1}
    watcher.look()
    watcher.look()
    watcher.subscribe(late.append)
    editions.numbers = {1, 2}
    watcher.look()
    assert heard == [{1}, {1, 2}]
    assert late == heard


def test_failed_look_is_followed_by_another() -> None:
    editions = _Editions()
    watcher = _watcher(editions)
    watcher.start()
    editions.fails = True
    begun = editions.looks
    while editions.looks < begun + 3:
        pass
    watcher.stop()
    stopped = editions.looks
    watcher.stop()
    assert editions.looks == stopped


def test_look_that_never_ends_does_not_hold_up_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.state.watcher._STOP_S", 0.05)
    editions, thaw, frozen = _Editions(), Event(), Event()
    watcher = _watcher(editions)
    watcher.start()

    def refresh() -> None:
        frozen.set()
        thaw.wait()

    monkeypatch.setattr(editions, "refresh", refresh)
    frozen.wait()
    watcher.stop()
    assert frozen.is_set()
    thaw.set()
