"""Long work in a process of its own: what comes of it, and that the process ends with its server and is replaced."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine
from starlette.datastructures import Address

from api.heavy import work as heavy_work
from api.heavy.process import HeavyProcess, Start, Task
from api.heavy.work import InProcesses
from boundaries.cases.reading import NewCase
from boundaries.store.settings import StoreSettings
from boundaries.store.sight import EVERYTHING, NOTHING, RowSight, seeing
from geogrid.errors import InvalidInputError, StaleError, UnavailableError
from tests import heavy_tasks
from tests.fixtures_db import Database, Server
from tests.http.conftest import Town, store_cases
from tests.serving import children_of, is_there, running

ROOT = Path(__file__).parents[2]
LINE = b'{"lon":10.5,"lat":50.5}\n'
ANSWER = '{"grid":"D-a"}\n' * 20_000


class Waiting:
    """A request whose client waits for the answer, or does not any more."""

    def __init__(self, *, is_there: bool = True, client: str = "192.0.2.1") -> None:
        self.is_there = is_there
        self.client = Address(client, 1)

    async def is_disconnected(self) -> bool:
        return not self.is_there


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return Start(StoreSettings(database_url="postgresql://nobody@127.0.0.1:1/none", home=tmp_path), 200.0, 2)


@pytest.fixture
def process(start: Start) -> Iterator[HeavyProcess]:
    opened = HeavyProcess(start)
    yield opened
    opened.end()


def test_work_gives_way_to_lookups_and_may_print(process: HeavyProcess) -> None:
    assert process.do(Task(heavy_tasks.own_process, ()), seconds=30) == (process.pid, os.nice(0) + 5)
    assert process.do(Task(heavy_tasks.say, ("格\n" * 5,)), seconds=30) == "格\n" * 5
    assert int(Path(f"/proc/{process.pid}/oom_score_adj").read_text()) == 500


def test_errors_come_back_with_all_that_they_say(process: HeavyProcess) -> None:
    with pytest.raises(InvalidInputError) as refused:
        process.do(Task(heavy_tasks.refuse, ()), seconds=30)
    assert [problem.kind for problem in refused.value.problems] == ["a", "b"]
    assert str(refused.value) == "One. Mend it.\nWarning: Two."
    with pytest.raises(StaleError, match=r"^Changed\.$") as stale:
        process.do(Task(heavy_tasks.be_stale, ()), seconds=30)
    assert (stale.value.version, stale.value.changes) == (7, ({"kind": "edit"},))
    assert process.is_usable
    with pytest.raises(RuntimeError, match="KeyError"):
        process.do(Task(heavy_tasks.fail, ()), seconds=30)
    assert not process.is_usable


def test_work_that_takes_too_long_is_ended(process: HeavyProcess) -> None:
    with pytest.raises(UnavailableError, match=r"^This took longer than 0\.5 seconds"):
        process.do(Task(heavy_tasks.sleep, (60.0,)), seconds=0.5)
    assert not is_there(process.pid)


def test_work_that_takes_too_much_memory_fails_alone(process: HeavyProcess) -> None:
    assert process.do(Task(heavy_tasks.fill, (150,)), seconds=30) == 150
    with pytest.raises(UnavailableError, match="^This took more than 200 MB of memory and was ended"):
        process.do(Task(heavy_tasks.fill, (900,)), seconds=30)


def test_process_ends_with_whoever_started_it(process: HeavyProcess) -> None:
    def work() -> None:
        with pytest.raises(UnavailableError):
            process.do(Task(heavy_tasks.sleep, (60.0,)), seconds=60)

    busy = threading.Thread(target=work)
    busy.start()
    time.sleep(0.3)
    pipe = process._process.stdin
    assert pipe is not None
    pipe.close()
    busy.join(20)
    wait_for(lambda: not is_there(process.pid))


def in_processes(start: Start, use: Callable[[InProcesses], Coroutine[Any, Any, None]]) -> None:
    async def used() -> None:
        heavy = InProcesses(start)
        try:
            await use(heavy)
        finally:
            heavy.close()

    # In a thread of its own: a browser that another test opened leaves a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, used()).result()


def test_work_sees_of_cases_what_its_request_sees(
    database: Database, engine: Engine, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime(2026, 2, 1, tzinfo=UTC)
    in_a, in_b = (NewCase("test", key, at, lon=lon, lat=50.5) for key, lon in (("a", 10.5), ("b", 11.5)))
    store_cases(engine, town, in_a, in_b)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    grid = RowSight(grids=frozenset({(town.id, "D-b")}))

    async def use(heavy: InProcesses) -> None:
        for sight, cases in ((EVERYTHING, ["a", "b"]), (NOTHING, []), (grid, ["b"])):
            with seeing(sight):
                assert await heavy.do(Waiting(), heavy_tasks.seen_cases) == cases

    in_processes(Start(database.settings, 200.0, 2), use)


def test_killed_process_is_replaced(start: Start) -> None:
    async def use(heavy: InProcesses) -> None:
        first, _ = await heavy.do(Waiting(), heavy_tasks.own_process)
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: not is_there(first))
        second, _ = await heavy.do(Waiting(), heavy_tasks.own_process)
        killing = asyncio.get_running_loop().call_later(0.3, os.kill, second, signal.SIGKILL)
        with pytest.raises(UnavailableError) as told:
            await heavy.do(Waiting(), heavy_tasks.sleep, 60.0)
        assert "could not finish this" in told.value.public
        assert killing.when()
        third, _ = await heavy.do(Waiting(), heavy_tasks.own_process)
        assert len({first, second, third}) == 3

    in_processes(start, use)


def test_no_more_wait_than_there_is_room_for(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heavy_work, "MOST_WAITING", 3)

    async def use(heavy: InProcesses) -> None:
        asked = [heavy.do(Waiting(), heavy_tasks.sleep, 0.2) for _ in range(5)]
        came = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(each) for each in came] == [type(None)] * 3 + [UnavailableError] * 2
        assert await heavy.do(Waiting(), heavy_tasks.say, "again") == "again"

    in_processes(start, use)


def test_one_client_leaves_room_for_others(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heavy_work, "MOST_OF_ONE", 2)

    async def use(heavy: InProcesses) -> None:
        asked = [heavy.do(Waiting(), heavy_tasks.sleep, 0.2) for _ in range(3)]
        asked += [heavy.do(Waiting(client="192.0.2.2"), heavy_tasks.sleep, 0.2) for _ in range(2)]
        came = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(each) for each in came] == [type(None)] * 2 + [UnavailableError] + [type(None)] * 2
        assert "2 maps and long requests of yours are waiting already" in str(came[2])
        assert await heavy.do(Waiting(), heavy_tasks.say, "again") == "again"

    in_processes(start, use)


def test_nothing_is_done_for_who_has_gone(start: Start) -> None:
    async def use(heavy: InProcesses) -> None:
        with pytest.raises(UnavailableError, match="Nobody waits"):
            await heavy.do(Waiting(is_there=False), heavy_tasks.sleep, 60.0)

    in_processes(start, use)


def drawn(base: str) -> httpx2.Response:
    return httpx2.get(f"{base}/maps/hotspots", timeout=60)


def located(base: str) -> str:
    headers = {"content-type": "application/x-ndjson"}
    return httpx2.post(f"{base}/locate", content=LINE * 20_000, headers=headers, timeout=60).text


def is_ready(base: str) -> bool:
    try:
        return httpx2.get(f"{base}/health/ready", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_served_maps_come_from_another_process_that_ends_with_the_server(
    database: Database, town: Town, sign: signal.Signals
) -> None:
    del town
    with running(database) as (server, base):
        wait_for(lambda: is_ready(base))
        assert children_of(server.pid) == []
        reply = drawn(base)
        assert (reply.status_code, "</html>" in reply.text) == (200, True)
        (child,) = children_of(server.pid)
        assert located(base) == ANSWER
        os.kill(child, signal.SIGKILL)
        wait_for(lambda: not is_there(child))
        assert drawn(base).status_code == 200
        (child,) = children_of(server.pid)
        server.send_signal(sign)
        _, told = server.communicate(timeout=60)
        wait_for(lambda: not is_there(child))
        assert "Traceback" not in told


def test_many_points_are_located_while_the_database_is_away(database: Database, town: Town, server: Server) -> None:
    del town
    with running(database) as (_, base):
        wait_for(lambda: is_ready(base))
        name = database.url.rpartition("/")[2]
        server.execute(f"alter database {name} allow_connections false")
        server.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", name)
        assert drawn(base).status_code == 503
        assert located(base) == ANSWER
