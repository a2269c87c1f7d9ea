"""A cache makes each value once, keeps what fits, and holds nothing that failed."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.kit.cache import Cache


def test_value_longest_unused_goes_first() -> None:
    cache: Cache[str, int] = Cache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.peek("a") == 1
    cache.put("c", 3)
    assert (cache.peek("a"), cache.peek("b"), cache.peek("c")) == (1, None, 3)


def test_sizes_are_summed_and_what_is_too_large_is_not_kept() -> None:
    cache: Cache[str, bytes] = Cache(10, size_of=len)
    cache.put("a", b"123456")
    cache.put("b", b"12345")
    assert (cache.peek("a"), cache.peek("b")) == (None, b"12345")
    assert cache.get("c", lambda: b"12345678901") == b"12345678901"
    assert (cache.peek("c"), cache.peek("b")) == (None, b"12345")


def test_many_threads_make_a_value_once() -> None:
    cache: Cache[str, int] = Cache(2)
    made: list[int] = []

    def make() -> int:
        time.sleep(0.05)
        made.append(1)
        return 7

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: cache.get("a", make), range(16))) == {7}
    assert len(made) == 1


def test_failure_is_raised_and_the_next_try_makes_the_value() -> None:
    cache: Cache[str, int] = Cache(2)
    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: 1 // 0)
    assert cache.get("a", lambda: 3) == 3
