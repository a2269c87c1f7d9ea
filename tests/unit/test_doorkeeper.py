"""What is kept of who asks may run out at any moment, also between two readings of the clock."""

from itertools import count
from typing import Any, cast

import pytest
from cachetools import TTLCache

from api.accounts.door import Credentials, Doorkeeper
from api.state.settings import CommonSettings
from api.state.store import Store
from boundaries.accounts.sessions import hash_of

SECRET = Credentials("token", "a")


@pytest.mark.parametrize("readings", range(2, 9))
def test_who_asks_is_known_or_not_however_the_clock_falls(readings: int) -> None:
    keeper = Doorkeeper(cast(Store, None), CommonSettings())
    clock = count()
    kept: TTLCache[Any, Any] = TTLCache(10, readings, timer=lambda: next(clock))
    kept[SECRET.kind, hash_of(SECRET.secret)] = keeper.anonymous
    keeper._held = kept
    told = [keeper.held(SECRET) for _ in range(10)]
    assert told[-1] == (False, None)
    assert all(one in ((True, keeper.anonymous), (False, None)) for one in told)
