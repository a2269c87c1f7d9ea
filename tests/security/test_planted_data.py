"""What is known of a person, sent in by every way there is, is nowhere to be found afterwards."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import psycopg
import pytest
from sqlalchemy import make_url

from boundaries.accounts.granting import give_role
from boundaries.accounts.storing import add_account
from boundaries.accounts.tokens import add_token
from boundaries.cluster.programs import find_programs, program_folders
from boundaries.store.engine import open_engine, unit_of_work
from geogrid.access import Grant, Role
from tests.db.imports import run
from tests.fixtures_db import TEMPLATE, Database, Server, copied
from tests.http.conftest import store_town
from tests.http.open311_town import V2, offer
from tests.serving import running

NAME = "司马相如"
PLANTED = {
    "telephone": "13700998877",
    "landline": "0571-88990011",
    "identity number": "330102199003074212",
    "mail": "sima.xiangru@planted.example",
    "name": NAME,
    "password": "planted-password-71",
    "wrong password": "planted-password-72",
}
TELEPHONE, LANDLINE, IDENTITY = PLANTED["telephone"], PLANTED["landline"], PLANTED["identity number"]
NUMBERS = f"{TELEPHONE}，{LANDLINE}，{IDENTITY}，{PLANTED['mail']}"
WORDS = f"路灯不亮，请致电 {NUMBERS}"
PERSON = {"name": NAME, "telephone": TELEPHONE, "email": PLANTED["mail"], "identity_number": IDENTITY}
IN_A = {"lon": 10.5, "lat": 50.5}
WHY = f"call {TELEPHONE} back"


@dataclass(slots=True)
class Sent:
    """What became of all that was sent."""

    client: httpx2.Client
    answers: list[tuple[str, int, str]] = field(default_factory=list)

    def __call__(self, method: str, path: str, **more: Any) -> httpx2.Response:
        answer = self.client.request(method, path, **more)
        self.answers.append((f"{method} {path[:60]} {str(more)[:200]}", answer.status_code, answer.text))
        return answer


@dataclass(frozen=True, slots=True)
class Afterwards:
    """The database, what was answered, and what the server said."""

    database: Database
    sent: Sent
    said: str
    revealed: str
    limit: str


def report(sent: Sent) -> int:
    """Send reports over the interface of JSON, a good one and bad ones."""
    whole = {**IN_A, "text": WORDS, "address": WORDS, "channel": TELEPHONE, "category": f"灯 {TELEPHONE}"}
    whole |= {"reporter": PERSON, "attributes": {"电话": TELEPHONE, TELEPHONE: [13700998877, {"x": 13700998877.0}]}}
    stored = sent("POST", "/cases", json=whole)
    assert stored.status_code == 201, stored.text
    assert sent("POST", "/cases", json={"text": WORDS, "reporter": PERSON}).status_code == 201
    assert sent("POST", "/cases", json={"address": f"长江路8号 {TELEPHONE}", "text": WORDS}).status_code == 201
    for wrong in (
        {**whole, "lon": 999},
        {**whole, "lon": None},
        {**whole, "phone": TELEPHONE, "who": NAME},
        {**whole, "text": [WORDS, NAME]},
        {**whole, "text": f"{NAME} {WORDS}" * 3000},
        {**whole, "address": {"at": NAME, "tel": TELEPHONE}},
        {**whole, "address": "\x00" + NAME},
        {**whole, "reporter": [NAME, TELEPHONE]},
        {**whole, "reporter": f"{NAME} {TELEPHONE}"},
        {**whole, "reporter": {**PERSON, "telephone": NAME, "email": NAME, "identity_number": f"{NAME}{IDENTITY}"}},
        {**whole, "reporter": {**PERSON, NAME: TELEPHONE}},
        {**whole, "reporter": {**PERSON, "name": f"\x00{NAME}"}},
        {**whole, "attributes": f"{NAME} {TELEPHONE}"},
        {**whole, "attributes": {NAME: "\x00"}},
        {**whole, "reported_at": TELEPHONE},
        {**whole, "coord_type": IDENTITY},
    ):
        assert sent("POST", "/cases", json=wrong).status_code in {400, 404}, list(wrong.values())[-1]
    broken = json.dumps(whole, ensure_ascii=False)[:-30].encode()
    assert sent("POST", "/cases", content=broken, headers={"content-type": "application/json"}).status_code == 400
    assert sent("POST", "/cases", content=WORDS.encode(), headers={"content-type": "text/plain"}).status_code == 415
    return int(stored.json()["id"])


def apply(sent: Sent, key: str) -> None:
    """Send requests over Open311, a good one and bad ones."""
    person = {
        "first_name": "相如",
        "last_name": "司马",
        "phone": TELEPHONE,
        "email": PLANTED["mail"],
        "device_id": TELEPHONE,
    }
    form = {"api_key": key, "service_code": "LAMP", "lat": "50.5", "long": "10.5", "description": WORDS, **person}
    form |= {"attribute[POLE]": TELEPHONE, "attribute[FREE]": IDENTITY, "media_url": f"https://example.org/{TELEPHONE}"}
    assert sent("POST", f"{V2}/requests.json", data=form).status_code == 201
    for wrong in (
        {"lat": TELEPHONE},
        {"long": IDENTITY, "service_code": f"{TELEPHONE}"},
        {"attribute[HEIGHT]": f"{NAME} {TELEPHONE}"},
        {"attribute[STATE]": NAME},
        {"attribute[POLE]": f"{NAME}\n{TELEPHONE}"},
        {"attribute[external_id]": f"no {TELEPHONE}"},
        {"first_name": NAME * 100, "phone": TELEPHONE * 100},
        {"description": f"{NAME}\x00"},
        {"api_key": TELEPHONE},
        {"jurisdiction_id": TELEPHONE},
    ):
        assert sent("POST", f"{V2}/requests.xml", data={**form, **wrong}).status_code in {400, 403, 404}, wrong


def look_up(sent: Sent, case: int) -> None:
    """Put the numbers into addresses, where they do not belong."""
    for path in (
        f"/cases?text={TELEPHONE}",
        f"/cases?text={quote(NUMBERS)}&limit=0",
        f"/cases?text=%31%33%37%30%30%39%39%38%38%37%37&phone={IDENTITY}",
        f"/cases?external_id={TELEPHONE}",
        f"/cases?grid={TELEPHONE}",
        f"/cases?cursor={quote(NUMBERS)}",
        f"/cases/{TELEPHONE}",
        f"/cases/{quote(NUMBERS)}",
        f"/search?text={quote(WORDS)}",
        f"/search/{TELEPHONE}",
        f"/maps/hotspots?text={TELEPHONE}&grid={TELEPHONE}",
        f"/geocode?address={quote(WORDS)}",
        f"/suggest?q={quote(WORDS)}",
        f"/locate?lon={TELEPHONE}&lat={IDENTITY}",
        f"/collections/cases/items?filter={quote(f'text = {TELEPHONE!r}')}",
        f"{V2}/requests/{TELEPHONE}.json",
        f"/nothing/{quote(NUMBERS)}",
    ):
        sent("GET", path)
        sent("GET", path, headers={"accept": "text/html"})
    sent("POST", "/geocode", json={"addresses": [WORDS]})
    sent("POST", "/geocode", json={"addresses": WORDS, "x": NAME})
    sent("POST", f"/cases/{case}/reporter", json={"reason": [NAME, TELEPHONE]})
    sent("POST", "/cases/by-number", json={"telephone": NAME, "email": TELEPHONE, "reason": NAME})
    sent("POST", "/cases/by-number", json={"telephone": TELEPHONE, "email": PLANTED["mail"], "reason": WHY})
    assert sent("POST", "/cases/by-number", json={"telephone": TELEPHONE, "reason": WHY}).json()["numberMatched"] > 0


def sign_in(sent: Sent) -> None:
    """Sign in rightly and wrongly, with what is secret in the wrong places, too."""
    origin = {"Origin": str(sent.client.base_url).rstrip("/"), "Authorization": ""}
    for login, password, status in (
        ("sima", PLANTED["password"], 303),
        ("sima", PLANTED["wrong password"], 401),
        (TELEPHONE, PLANTED["wrong password"], 401),
        (PLANTED["wrong password"], "x", 401),
    ):
        form = {"login": login, "password": password}
        answer = sent.client.post("/login", data=form, headers=origin)
        assert answer.status_code == status
    sent("GET", "/account", headers={"Authorization": f"Bearer {PLANTED['wrong password']}"})


def bring_in(database: Database, folder: Path) -> None:
    """Import a table with good rows and bad ones."""
    file = folder / "hotline.csv"
    row = f"2026-02-01 08:00,10.5,50.5,{WORDS},{NAME},{TELEPHONE},{PLANTED['mail']},{IDENTITY},{LANDLINE}"
    bad = f"{TELEPHONE},x{IDENTITY},50.5,{WORDS},{NAME},1.37E+10,{PLANTED['mail']},{IDENTITY},{LANDLINE}"
    file.write_text(f"when,lon,lat,what,who,phone,mail,card,other\n{row}\n{bad}\n", encoding="utf-8")
    columns = ("--time", "when", "--lon", "lon", "--lat", "lat", "--text", "what", "--reporter-name", "who")
    persons = ("--reporter-telephone", "phone", "--reporter-email", "mail", "--reporter-identity-number", "card")
    done = run(
        *(database, "import", "cases", file, *columns, *persons, "--keep", "other"),
        *("--rejects", folder / "rejects.csv", "--report", folder / "report.json"),
    )
    assert done.exit_code == 3, done.output
    assert not found_in((done.output + (folder / "report.json").read_text()).encode(), but=("name",))


@pytest.fixture(scope="module")
def afterwards(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Afterwards]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("planted")):
        engine = open_engine(database.settings)
        key = offer(engine, store_town(engine))
        with unit_of_work(engine) as session:
            add_account(session, "sima", name="Sima", password=PLANTED["password"])
            give_role(session, "sima", Grant(Role.OPERATOR, "town"))
            now = datetime.now(UTC)
            token = add_token(session, "sima", name="t", role=Role.OPERATOR, jurisdiction="town", at=now, days=1)
        engine.dispose()
        bring_in(database, tmp_path_factory.mktemp("table"))
        with running(database) as (process, base):
            client = httpx2.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=120)
            sent = Sent(client)
            case = report(sent)
            apply(sent, key)
            look_up(sent, case)
            sign_in(sent)
            revealed = client.post(f"/cases/{case}/reporter", json={"reason": WHY}).text
            client.close()
            limit = Path(f"/proc/{process.pid}/limits").read_text(encoding="utf-8")
            process.terminate()
            out, err = process.communicate(timeout=60)
        yield Afterwards(database, sent, out + err, revealed, limit)


def found_in(content: bytes, *, but: tuple[str, ...] = ()) -> list[str]:
    """Return what was planted and is there: as it was sent, or in the hexadecimal digits of a dump."""
    spellings = {name: (value.encode(), value.encode().hex().encode()) for name, value in PLANTED.items()}
    return [name for name, each in spellings.items() if name not in but and any(one in content for one in each)]


def around(body: str, value: str) -> str:
    """Return what stands around a value."""
    place = max(body.find(value), 0)
    return body[max(place - 60, 0) : place + 60]


def program(afterwards: Afterwards, name: str, *options: str) -> bytes:
    url = make_url(afterwards.database.url)
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    done = subprocess.run(
        [find_programs(program_folders()).folder / name, *options, address], capture_output=True, check=True
    )
    return done.stdout


def test_what_was_sent_is_there_for_who_may(afterwards: Afterwards) -> None:
    for word in (NAME, TELEPHONE, LANDLINE, IDENTITY, PLANTED["mail"]):
        assert word in afterwards.revealed


def test_dump_holds_nothing_of_it(afterwards: Afterwards) -> None:
    dump = program(afterwards, "pg_dump")
    assert "路灯不亮".encode() in dump
    assert b"137****8877" in dump
    assert found_in(dump) == []


def test_files_of_the_database_and_its_log_hold_nothing_of_it(afterwards: Afterwards) -> None:
    with psycopg.connect(afterwards.database.url, autocommit=True) as connection:
        connection.execute("checkpoint")
        asked = "select current_setting('data_directory'), oid from pg_database where datname = current_database()"
        folder, number = connection.execute(asked).fetchone() or ("", 0)
    files = [*Path(folder, "base", str(number)).iterdir(), *Path(folder, "pg_wal").glob("0*")]
    files += list(Path(folder).parent.glob("postgres.log*"))
    assert any(file.name == "postgres.log" for file in files)
    assert len(files) > 100
    assert {file.name: found for file in files if (found := found_in(file.read_bytes()))} == {}


def test_server_says_nothing_of_it(afterwards: Afterwards) -> None:
    assert found_in(afterwards.said.encode()) == []
    assert "Traceback" not in afterwards.said


def test_errors_repeat_nothing_of_it(afterwards: Afterwards) -> None:
    refused = [answer for answer in afterwards.sent.answers if answer[1] >= 400]
    assert len(refused) > 50
    told = [
        (asked, found, around(body, PLANTED[found[0]]))
        for asked, _, body in refused
        if (found := found_in(body.encode()))
    ]
    assert not told, "\n".join(map(str, told))
    assert [asked for asked, status, _ in refused if status >= 500] == []


def test_server_leaves_no_core_file(afterwards: Afterwards) -> None:
    (line,) = [line for line in afterwards.limit.splitlines() if line.startswith("Max core file size")]
    assert line.split()[4:6] == ["0", "0"]


def test_needle_is_found_where_there_is_one() -> None:
    for name, value in PLANTED.items():
        assert found_in(f"x{value}x".encode()) == [name]
        assert found_in(f"\\x00{value.encode().hex()}".encode()) == [name]
