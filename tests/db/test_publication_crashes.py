"""kill -9 of server and database at random moments of publishing: an edition is there whole or not at all."""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import psycopg
import pytest

from boundaries.cluster.private_cluster import PrivateCluster
from boundaries.publishing.publish import publish
from boundaries.store.engine import open_engine, unit_of_work
from boundaries.store.settings import StoreSettings
from geogrid.errors import UnavailableError
from tests.db.programs import GEOGRID
from tests.db.test_edits import NOON, store
from tests.fixtures_db import start_or_skip
from tests.property.town_drafts import CELL, ORIGIN, random_town

VICTIMS = ("database", "server")
PLACES = [ORIGIN + CELL * place for place in (0.5, 1.5, 2.5, 3.5)]

WHOLE = {
    "editions overlap": """
        select count(*) from plans p join plans q on q.id > p.id and q.validity && p.validity""",
    "an edition is not the only one in force": """
        select count(*) - 1 from plans where validity @> now()""",
    "an edition lacks a block or a grid": """
        select count(*) from plans p where validity is not null and
            ((select count(*) from assignments where plan_id = p.id) <> 30
            or (select count(*) from grids where plan_id = p.id) <> 9)""",
    "an edition mixes codes of two": """
        select count(*) from plans p join grids g on g.plan_id = p.id
        where p.validity is not null and p.name like 'e%' and g.code not like '%-' || p.name""",
    "an edition has no lineage to the one before": """
        select count(*) from plans p where validity is not null and p.based_on is not null and
            (select count(distinct l.after_id) from lineage l join grids g on g.id = l.after_id
             where g.plan_id = p.id) <> 9""",
    "an edition has no index": """
        select count(*) from plans p where validity is not null
            and not exists (select from edition_indexes i where i.plan_id = p.id and length(i.content) = i.size)""",
    "an index has no edition": """
        select count(*) from edition_indexes i join plans p on p.id = i.plan_id where p.validity is null""",
    "a change has no number in the feed": """
        select count(*) from changes where number is null""",
    "an edition is not in the feed": """
        select count(*) from plans p where validity is not null
            and not exists (select from changes c where c.plan_id = p.id and c.kind = 'published')""",
}


@dataclass
class Site:
    """A home with its database and its server, both of which may be killed."""

    home: Path
    port: int = 0
    process: subprocess.Popen[str] | None = None
    address: str = ""
    answers: list[tuple[str, str]] = field(default_factory=list)
    is_over: bool = False

    @property
    def cluster(self) -> PrivateCluster:
        return PrivateCluster(self.home)

    def serve(self) -> None:
        """Start the server on any free port: somebody else may have the former one by now."""
        with (self.home / "server.log").open("w") as log:
            self.process = subprocess.Popen(
                [GEOGRID, "serve", "--port", "0"],
                env={**os.environ, "GEOGRID_HOME": str(self.home), "GEOGRID_REFRESH_SECONDS": "0.2"},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        if not first:
            raise UnavailableError((self.home / "server.log").read_text())
        self.port = int(first.rsplit(":", 1)[1].strip().rstrip("/"))

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self, what: str) -> None:
        if what == "server":
            self.end()
        else:
            found = self.cluster.running()
            if found is not None:
                os.kill(found.pid, signal.SIGKILL)

    def revive(self) -> None:
        """Start again what was killed, until the server is ready."""
        deadline = time.monotonic() + 240  # others may have the processors
        told = "no answer"
        while time.monotonic() < deadline:
            try:
                # Again and again: a database that is just being killed may still look alive.
                address = self.cluster.ensure()
                # Another cluster of this machine may have taken its port: then the server looks in vain.
                if self.process is None or self.process.poll() is not None or address != self.address:
                    self.end()
                    self.serve()
                    self.address = address
                reply = httpx2.get(f"{self.base}/health/ready", timeout=5)
            except (httpx2.TransportError, UnavailableError) as error:
                told = str(error)
            else:
                if reply.status_code == 200:
                    return
                told = reply.text
            time.sleep(0.05)
        pytest.fail(f"the server does not become ready again: {told}")

    def look_up(self) -> None:
        """Ask where some places are, again and again; remember which edition and which codes answered."""
        with httpx2.Client(timeout=5) as client:
            while not self.is_over:
                for lon, lat in PLACES:
                    try:
                        found = client.get(f"{self.base}/locate", params={"lon": lon, "lat": lat}).json()
                    except httpx2.TransportError:
                        time.sleep(0.02)
                        continue
                    for grid in found.get("chain") or ():
                        self.answers.append((found["edition"]["name"], grid["code"]))
                # Leave the processor to those who are to be killed.
                time.sleep(0.02)

    def end(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.communicate()

    def close(self) -> None:
        self.end()
        self.cluster.stop()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site(Path(tempfile.mkdtemp(prefix="geogrid-crash-")))
    try:
        start_or_skip(site.cluster)
        engine = open_engine(StoreSettings(home=site.home))
        with unit_of_work(engine) as session:
            publish(session, store(session, random_town(7)), valid_from=NOON)
        engine.dispose()
        site.serve()
        yield site
    finally:
        site.close()
        shutil.rmtree(site.home)


def try_to_publish(site: Site, name: str) -> bool:
    """Draft, recode, review and publish by HTTP; return whether the server said that it is published."""
    with httpx2.Client(base_url=site.base, timeout=20, headers={"If-Match": "*"}) as client:
        try:
            plan = _checked(client.post("/plans", json={"name": name}))
            grids = _checked(client.get(f"/plans/{plan['id']}/grids"))["features"]
            codes = [each["properties"]["code"] for each in grids]
            recode = {"kind": "recode", "codes": {code: f"{code.partition('-')[0]}-{name}" for code in codes}}
            path = f"/plans/{plan['id']}"
            _checked(client.post(f"{path}/edits", json={"operations": [recode]}))
            for state in ("in_review", "approved"):
                _checked(client.post(f"{path}/review", json={"state": state}))
            body = {"valid_from": datetime.now(UTC).isoformat(), "accept_warnings": "test"}
            _checked(client.post(f"{path}/publish", json=body))
        except (httpx2.TransportError, _RefusedError):
            return False
        return True


class _RefusedError(Exception):
    """The server answered, but not with what was asked for."""


def _checked(reply: httpx2.Response) -> Any:
    if reply.status_code >= 400:
        raise _RefusedError(reply.text)
    return reply.json()


def check_whole(site: Site, said: set[str]) -> set[str]:
    """Check every edition, and that what the server said it published is there; return what is there."""
    with psycopg.connect(site.cluster.ensure()) as connection:
        for fault, query in WHOLE.items():
            assert connection.execute(query.encode()).fetchone() == (0,), fault
        rows = connection.execute("select name from plans where validity is not null").fetchall()
    there = {name for (name,) in rows}
    assert said <= there
    return there


def crash_while_publishing(site: Site, rounds: int, seed: int) -> tuple[int, int]:
    """Return how many rounds published, and how many were cut short before."""
    rng = np.random.default_rng(seed)
    said: set[str] = set()
    site.revive()
    watcher = threading.Thread(target=site.look_up)
    watcher.start()
    try:
        for number in range(rounds):
            name = f"e{number}"
            moment = threading.Timer(float(rng.uniform(0.0, 0.7)), site.kill, [VICTIMS[number % 2]])
            moment.start()
            if try_to_publish(site, name):
                said.add(name)
            moment.join()
            site.revive()
            there = check_whole(site, said)
    finally:
        site.is_over = True
        watcher.join()
    torn = [(edition, code) for edition, code in site.answers if "-" in code and not code.endswith(f"-{edition}")]
    assert torn == []
    assert len(site.answers) > 10 * rounds
    return len(there) - 1, rounds - (len(there) - 1)


def test_killed_publications_are_there_whole_or_not_at_all(site: Site) -> None:
    published, cut_short = crash_while_publishing(site, 2, seed=3)
    assert published + cut_short == 2


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_hundred_killed_publications_are_there_whole_or_not_at_all(site: Site) -> None:
    published, cut_short = crash_while_publishing(site, 100, seed=1)
    assert min(published, cut_short) > 10
