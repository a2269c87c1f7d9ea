# ruff: noqa: T201 - a program that prints its table
"""What accounts cost: a lookup and pages of one server with its gate, and of one without, in turns.

Run: python -m tests.benchmarks.accounts [--rounds 12]. Needs PostgreSQL. Both servers run in this process, on one
store; while one is asked, the other does nothing. The one without takes the gate out of the application: whoever asks
is nobody and may everything. Ratios and differences are of medians over all rounds. The figures go to the file
artifacts/accounts.json.
"""

import argparse
import http.client
import json
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from api.accounts.door import PLAIN_COOKIE
from api.accounts.gate import Gate
from api.app import create_app
from api.kit.identity import IDENTITY, Identity
from api.settings import ServerSettings
from boundaries.accounts.granting import give_role
from boundaries.accounts.storing import add_account
from boundaries.accounts.tokens import add_token
from boundaries.cases.reading import NewCase
from boundaries.store.engine import connect, unit_of_work
from boundaries.store.schema import upgrade
from boundaries.store.sight import EVERYTHING, seeing
from geogrid.access import Grant, Role
from tests.benchmarks.stores import private_store
from tests.http.conftest import store_cases, store_town
from tests.http.people import begin
from tests.serving import serving_app

MOST_SLOWER: Final = 0.10
MOST_MORE_MS: Final = 3.0
CASES: Final = 2_000
LOOKUPS: Final = 300
PAGES_A_ROUND: Final = 15
ARTIFACTS: Final = Path("artifacts")
LOOKUP: Final = "/locate?lon=10.5&lat=50.5"
PAGES: Final = ("/", "/search", "/search/1", "/area/D-a")


class WithoutGate:
    """In the place of the gate: nobody is asked for, and everybody may everything."""

    def __init__(self, app: ASGIApp, **_: object) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        scope[IDENTITY] = Identity(is_unlimited=True)
        with seeing(EVERYTHING):
            await self.app(scope, receive, send)


def without_gate(settings: ServerSettings) -> FastAPI:
    """Return the application with its gate taken out."""
    app = create_app(settings)
    taken = [each for each in app.user_middleware if each.cls is Gate]
    assert len(taken) == 1, "the gate is no middleware of the application any more"
    taken[0].cls = WithoutGate  # type: ignore[assignment]
    return app


def asked_ms(address: str, path: str, headers: Mapping[str, str], times: int) -> list[float]:
    """Return how long each of some requests on one connection took, in milliseconds."""
    took = []
    with closing(http.client.HTTPConnection(urlsplit(address).netloc)) as connection:
        for _ in range(times):
            began = time.perf_counter()
            connection.request("GET", path, headers=dict(headers))
            reply = connection.getresponse()
            reply.read()
            took.append((time.perf_counter() - began) * 1_000)
            assert reply.status == http.client.OK, f"{path}: {reply.status}"
    return took


@contextmanager
def served() -> Iterator[tuple[str, str, dict[str, dict[str, str]]]]:
    """Serve one store twice; yields the address with the gate, that without, and headers of who asks."""
    with private_store() as store, ExitStack() as stack:
        engine = connect(store)
        upgrade(engine)
        town = store_town(engine)
        at = datetime(2026, 2, 1, tzinfo=UTC)
        moments = [at + timedelta(minutes=number) for number in range(CASES)]
        cases = [NewCase("b", f"N{n}", each, text="lamp", lon=10.5, lat=50.5) for n, each in enumerate(moments)]
        store_cases(engine, town, *cases)
        with unit_of_work(engine) as session:
            account = add_account(session, "operator")
            give_role(session, "operator", Grant(Role.OPERATOR, "town"))
            secret = begin(session, account)
            now = datetime.now(UTC)
            token = add_token(session, "operator", name="t", role=Role.OPERATOR, jurisdiction="town", at=now, days=1)
        engine.dispose()
        settings = ServerSettings(database_url=store.database_url, home=store.home, open="no")
        gated = stack.enter_context(serving_app(create_app(settings)))
        plain = stack.enter_context(serving_app(without_gate(settings)))
        who = {
            "anonymous": {},
            "session": {"Cookie": f"{PLAIN_COOKIE}={secret}"},
            "token": {"Authorization": f"Bearer {token}"},
        }
        yield gated, plain, who


@dataclass(frozen=True, slots=True)
class Pair:
    """The two servers, and how often each is asked in turn."""

    gated: str
    plain: str
    rounds: int

    def medians_ms(self, path: str, headers: Mapping[str, str], times: int) -> tuple[float, float]:
        """Return the medians with the gate and without."""
        sent = {**headers, **({"Accept": "text/html"} if path != LOOKUP else {})}
        took: dict[str, list[float]] = {self.gated: [], self.plain: []}
        for address in took:
            asked_ms(address, path, sent, times)
        for number in range(self.rounds):
            for address in reversed(took) if number % 2 else took:
                took[address] += asked_ms(address, path, sent, times)
        return statistics.median(took[self.gated]), statistics.median(took[self.plain])


def main() -> int:
    """Measure, print the table, and say whether accounts cost more than they may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    rounds = parser.parse_args().rounds
    rows, is_good = {}, True
    with served() as (gated, plain, who):
        pair = Pair(gated, plain, rounds)
        for name, headers in who.items():
            with_ms, without_ms = pair.medians_ms(LOOKUP, headers, LOOKUPS)
            rows[f"GET /locate, {name}"] = (with_ms, without_ms)
            is_good &= with_ms <= without_ms * (1 + MOST_SLOWER)
        for path in PAGES:
            with_ms, without_ms = pair.medians_ms(path, who["session"], PAGES_A_ROUND)
            rows[f"page {path}"] = (with_ms, without_ms)
            is_good &= with_ms <= without_ms + MOST_MORE_MS
    for name, (with_ms, without_ms) in rows.items():
        print(f"{name:28} {with_ms:7.2f} ms with accounts, {without_ms:7.2f} without: "
              f"{with_ms / without_ms - 1:+.1%}, {with_ms - without_ms:+.2f} ms")  # fmt: skip
    ARTIFACTS.mkdir(exist_ok=True)
    (ARTIFACTS / "accounts.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    print("within its bounds" if is_good else f"above {MOST_SLOWER:.0%} of a lookup, or {MOST_MORE_MS:g} ms of a page")
    return int(not is_good)


if __name__ == "__main__":
    sys.exit(main())
