"""kill -9 at random moments of whatever is there: cases come in, are imported, plans are edited, published and told.

How many, in all: TESTS_KILLS, up to six at once. After each time, everything that was answered is
there, once, and nothing is there by half.
"""

import os
import signal
import subprocess
import threading
import time
from collections import Counter, defaultdict
from contextlib import suppress
from itertools import count
from pathlib import Path

import httpx2
import numpy as np
import psycopg
import pytest

from tests.db.imports import MAPPING, cases_file, good_rows
from tests.db.programs import GEOGRID, run_geogrid
from tests.db.test_publication_crashes import PLACES, Site, check_whole, site, try_to_publish
from tests.http.receivers import Receiver, eventually, receiving

__all__ = ["site"]  # a fixture

KILLS = int(os.environ.get("TESTS_KILLS", "1000"))
VICTIMS = {"database": 0.15, "backend": 0.3, "server": 0.1, "import": 0.2, "jobs": 0.25}
"""And how often each; a server takes longest to be there again."""

PAUSE_S, MOST_AT_ONCE = 0.6, 6
_EDITS_A_DRAFT = 30
IMPORTED = 2_000
HALF = {
    "a case has no history": """
        select count(*) from cases c where not exists (select from case_events e where e.case_id = c.id)""",
    "a case is there twice": """
        select count(*) - count(distinct (jurisdiction_id, external_id)) from cases where external_id is not null""",
    "a version of a plan is not in the feed, or twice": """
        select count(*) from plans p join lateral (
            select count(*) n, min(version) low, max(version) high from changes c where c.plan_id = p.id) c on true
        where p.name like 'draft-%' and (c.n <> c.high - c.low + 1 or c.high <> p.version)""",
    "an edit is there without its entry in the feed": """
        select count(*) from edits e where not exists (select from changes c where c.plan_id = e.plan_id)""",
    "an import is there by half": "select count(*) % 2000 from cases where external_id like 'N%'",
}


class Work:
    """What goes on while something is killed, and what was answered of it."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site = site
        self.taken: set[str] = set()
        self.published: set[str] = set()
        self.edited: dict[int, int] = {}
        self.importing: subprocess.Popen[bytes] | None = None
        self.jobs: subprocess.Popen[bytes] | None = None
        self.folder = folder
        self.first = 0
        self.number = 0
        self.imports = 0

    def post_cases(self, over: threading.Event) -> None:
        while not over.is_set():
            self.number += 1
            name = f"web-{self.number}"
            lon, lat = PLACES[self.number % len(PLACES)]
            body = {"external_id": name, "text": "lamp", "lon": lon, "lat": lat}
            with suppress(httpx2.TransportError):
                if httpx2.post(f"{self.site.base}/cases", json=body, timeout=20).status_code == httpx2.codes.CREATED:
                    self.taken.add(name)
            # Leave the processor to those who are to be killed.
            over.wait(0.1)

    def publish(self, over: threading.Event) -> None:
        for number in count():
            if over.is_set():
                return
            if try_to_publish(self.site, f"e{number}"):
                self.published.add(f"e{number}")
            over.wait(0.5)

    def edit_drafts(self, over: threading.Event) -> None:
        while not over.is_set():
            with suppress(httpx2.TransportError, KeyError, IndexError, ValueError):
                self._edit_a_draft(over)
            over.wait(0.2)

    def _edit_a_draft(self, over: threading.Event) -> None:
        """Rename a grid of a draft, and take it back, again and again; remember the last version that was answered."""
        with httpx2.Client(base_url=self.site.base, timeout=20, headers={"If-Match": "*"}) as client:
            plan = int(client.post("/plans", json={"name": f"draft-{self.number}"}).json()["id"])
            grids = client.get(f"/plans/{plan}/grids").json()["features"]
            code = grids[-1]["properties"]["code"]
            for number in range(_EDITS_A_DRAFT):
                if over.is_set():
                    return
                if number % 3 == 2:
                    reply = client.post(f"/plans/{plan}/undo", json={})
                else:
                    rename = {"kind": "rename", "names": {code: f"name {number}"}}
                    reply = client.post(f"/plans/{plan}/edits", json={"operations": [rename]})
                if reply.status_code == httpx2.codes.OK:
                    self.edited[plan] = int(reply.json()["version"])
                time.sleep(0.05)

    def do_jobs(self) -> None:
        """Do jobs beside the server, webhooks among them, as a process of its own."""
        if self.jobs is None or self.jobs.poll() is not None:
            self.jobs = subprocess.Popen(
                [GEOGRID, "jobs", "run", "--watch"],
                env={**os.environ, "GEOGRID_HOME": str(self.site.home)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def import_cases(self, over: threading.Event, code: str) -> None:
        while not over.wait(1.0):
            self._import_once(code)

    def _import_once(self, code: str) -> None:
        self.imports += 1
        rows = [f"N{self.imports}-{row}" for row in good_rows(IMPORTED)]
        file, mapping = cases_file(self.folder, rows), ("--jurisdiction", code, *MAPPING[2:])
        self.importing = subprocess.Popen(
            [GEOGRID, "import", "cases", file, *mapping, "--rejects", file.with_name("rejects.csv")],
            env={**os.environ, "GEOGRID_HOME": str(self.site.home)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.importing.wait()


def kill(work: Work, victim: str, rng: np.random.Generator) -> bool:
    """Kill one of a kind; return whether there was one."""
    if victim in {"database", "server"}:
        process = work.site.process
        is_there = (
            work.site.cluster.running() is not None
            if victim == "database"
            else process is not None and process.poll() is None
        )
        work.site.kill(victim)
        return is_there
    if victim == "import":
        is_there = work.importing is not None and work.importing.poll() is None
        if work.importing is not None:
            work.importing.kill()
        return is_there
    if victim == "jobs":
        is_there = work.jobs is not None and work.jobs.poll() is None
        if work.jobs is not None:
            work.jobs.kill()
            work.jobs.wait()
        return is_there
    cluster = work.site.cluster.running()
    try:
        children = (
            [] if cluster is None else Path(f"/proc/{cluster.pid}/task/{cluster.pid}/children").read_text().split()
        )
        os.kill(int(rng.choice(children)), signal.SIGKILL)
    except (OSError, ValueError):
        return False
    return True


def check(work: Work) -> None:
    """Look while the work goes on: what was answered before is there, and no moment shows anything by half."""
    taken, edited = set(work.taken), dict(work.edited)
    check_whole(work.site, set(work.published))
    with psycopg.connect(work.site.cluster.ensure()) as connection:
        for fault, query in HALF.items():
            assert connection.execute(query.encode()).fetchone() == (0,), fault
        rows = connection.execute("select external_id from cases where external_id like 'web-%'").fetchall()
        versions = dict(connection.execute("select id, version from plans").fetchall())
    lost = taken - {name for (name,) in rows}
    assert lost == set()
    assert {plan for plan, version in edited.items() if versions.get(plan, 0) < version} == set()


def check_told(work: Work, receiver: Receiver) -> None:
    """Whoever is told of plans has been told of every change of one."""
    with psycopg.connect(work.site.cluster.ensure()) as connection:
        rows = connection.execute("select number from changes where plan_id is not null and id > %s", [work.first])
        numbers = {number for (number,) in rows.fetchall()}
    assert numbers
    assert eventually(lambda: numbers <= set(receiver.numbers), seconds=180), numbers - set(receiver.numbers)


def kill_at_random(work: Work, kills: int, seed: int) -> Counter[str]:
    rng, took = np.random.default_rng(seed), defaultdict[str, float](float)
    site, counts = work.site, Counter[str]()
    site.revive()
    with psycopg.connect(site.cluster.ensure()) as connection:
        (code,) = connection.execute("select code from jurisdictions").fetchone() or ("",)
        (work.first,) = connection.execute("select max(id) from changes").fetchone() or (0,)
    over = threading.Event()
    doing = (work.post_cases, work.publish, work.edit_drafts, lambda over: work.import_cases(over, code))
    threads = [threading.Thread(target=each, args=(over,)) for each in doing]
    for thread in threads:
        thread.start()
    try:
        while counts.total() < kills:
            work.do_jobs()
            begun = time.monotonic()
            for _ in range(int(rng.integers(1, MOST_AT_ONCE + 1))):
                time.sleep(float(rng.uniform(0.0, PAUSE_S)))
                victim = str(rng.choice(list(VICTIMS), p=list(VICTIMS.values())))
                counts[victim] += kill(work, victim, rng)
            killed = time.monotonic()
            site.revive()
            revived = time.monotonic()
            check(work)
            for what, since, until in (("killed", begun, killed), ("revived", killed, revived)):
                took[what] += until - since
            took["checked"] += time.monotonic() - revived
    finally:
        # Also of a run that is cut off; -s shows it.
        print(dict(counts), {name: round(seconds) for name, seconds in took.items()}, flush=True)  # noqa: T201 - so long a run is told
        over.set()
        for thread in threads:
            thread.join()
    check(work)
    assert work.published
    assert work.taken
    assert work.edited
    return counts


@pytest.mark.long
@pytest.mark.timeout(max(30 * KILLS, 600))
def test_random_kills_lose_nothing_and_leave_nothing_by_half(
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # For the server and for the process that does jobs: the receiver is on this machine, and is told soon.
    monkeypatch.setenv("GEOGRID_WEBHOOK_NETWORKS", "127.0.0.1")
    monkeypatch.setenv("GEOGRID_WEBHOOK_RETRIES", "0.5,1,1,2,2,5,5,5,5,5,5,5")
    site.end()
    work = Work(site, tmp_path)
    with receiving() as receiver:
        arguments = ("webhook", "add", receiver.url, "--on", "plan.*", "--on", "edition.*")
        done = run_geogrid(*arguments, home=site.home, GEOGRID_WEBHOOK_NETWORKS="127.0.0.1")
        assert done.returncode == 0, done.stderr
        try:
            counts = kill_at_random(work, KILLS, seed=int(os.environ.get("TESTS_SEED", "1")))
            check_told(work, receiver)
        finally:
            if work.jobs is not None:
                work.jobs.kill()
                work.jobs.wait()
    assert counts.total() >= KILLS
