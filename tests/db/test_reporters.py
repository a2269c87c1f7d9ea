"""Reporters in the store: sealed with keys outside it, rotated, kept no longer than said, given out and erased."""

import base64
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from api.jobs.kinds import job_kinds
from api.settings import ServerSettings
from api.state.store import Store
from boundaries.audit.reading import all_lines
from boundaries.cases.persons import erase_person, export_person
from boundaries.cases.reading import NewCase, add_cases, events_of, get_case
from boundaries.cases.reporters import SetApart, forget_keys, has_apart, open_apart, parts_with, reseal
from boundaries.cases.retention import SEAL_CASES
from boundaries.jobs.records import NewJob
from boundaries.jobs.running import run_next
from boundaries.jobs.storing import ask_for
from boundaries.store.engine import open_engine, unit_of_work
from boundaries.store.keys import BrokenSealError, Key, KeySource
from geogrid.access import NumberKind, Reporter, plain_number
from geogrid.errors import InvalidInputError, UnavailableError
from tests.db.imports import HEADER as COLUMNS
from tests.db.imports import import_cases, import_town, run
from tests.fixtures_db import Database
from tests.http.conftest import Town, store_town

AT = datetime(2020, 3, 1, tzinfo=UTC)
TELEPHONE = "13987650123"
OTHERS = "15011112222"
LI = Reporter("李雷", TELEPHONE, "li@example.org", "11010519491231002X", {"device_id": "d-1"})
WORDS = f"路灯不亮，请致电 {TELEPHONE} 或 {OTHERS}"
MASKED = "路灯不亮，请致电 139****0123 或 150****2222"


@pytest.fixture
def town(engine: Engine) -> Town:
    return store_town(engine)


def stored(engine: Engine, town: Town, *cases: NewCase) -> list[int]:
    with unit_of_work(engine) as session:
        return [added.id for added in add_cases(session, town.id, cases)]


def case(key: str, **members: Any) -> NewCase:
    return NewCase(**{"source": "test", "source_key": key, "reported_at": AT, **members})


def opened(engine: Engine, number: int) -> SetApart:
    with unit_of_work(engine) as session:
        return open_apart(session, [number]).get(number, SetApart())


def telephone(number: str = TELEPHONE) -> Any:
    return plain_number(NumberKind.TELEPHONE, number)


def key_source(database: Database) -> KeySource:
    return KeySource(database.settings.home)


def test_case_keeps_masked_words_and_the_rest_is_sealed(engine: Engine, town: Town) -> None:
    given = {"phone": 13987650123, "lamp": 7}
    number, other = stored(
        engine, town, case("a", text=WORDS, reporter=LI, attributes=given), case("b", text="路灯不亮")
    )
    with unit_of_work(engine) as session:
        kept = get_case(session, number)
        assert not has_apart(session, other)
    assert kept.text == MASKED
    assert kept.attributes == {"phone": "139****0123", "lamp": 7}
    assert kept.reporter is not None
    assert kept.reporter["name"] == "李**"
    assert opened(engine, number) == SetApart(LI, {"text": WORDS, "attributes": given})


def test_keys_are_made_once_for_their_owner_alone(engine: Engine, town: Town, database: Database) -> None:
    file = database.settings.home / "keys"
    stored(engine, town, case("a", text="dark"))
    assert not file.exists()
    stored(engine, town, case("b", reporter=LI))
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    stored(engine, town, case("c", reporter=LI))
    assert file.read_bytes() == before


def test_sealed_rows_cannot_be_brought_to_another_case_nor_changed(engine: Engine, town: Town) -> None:
    first, second = stored(engine, town, case("a", reporter=LI), case("b", reporter=replace(LI, name="韩梅梅")))
    swap = """
        update reporters set sealed = (select sealed from reporters where case_id = :other) where case_id = :one
    """
    with engine.begin() as connection:
        connection.execute(text(swap), {"one": first, "other": second})
        connection.execute(text("update reporters set sealed = sealed || 'x' where case_id = :one"), {"one": second})
    for number in (first, second):
        with pytest.raises(BrokenSealError, match=f"reporter of case {number} was changed"):
            opened(engine, number)


def test_same_contents_are_sealed_differently_and_marked_alike(engine: Engine, town: Town) -> None:
    stored(engine, town, case("a", reporter=LI), case("b", reporter=LI))
    with engine.connect() as connection:
        assert connection.scalar(text("select count(distinct sealed) from reporters")) == 2
        assert connection.scalar(text("select count(distinct mark) from reporter_marks")) == 3


@pytest.mark.parametrize("given", ["env", "file"])
def test_keys_may_be_given(database: Database, tmp_path: Path, given: str) -> None:
    words = f"# ours\n{_key_text(1)}\n{_key_text(2)}"
    file = tmp_path / "sealed-elsewhere"
    file.write_text(words)
    keys = {"keys": SecretStr(words)} if given == "env" else {"keys_file": file}
    engine = open_engine(database.settings.model_copy(update=keys))
    number = stored(engine, store_town(engine), case("a", reporter=LI))[0]
    assert opened(engine, number).reporter == LI
    with engine.connect() as connection:
        assert connection.scalar(text("select id from sealing_keys")) == Key(bytes([1]) * 32).id
    engine.dispose()
    assert not (database.settings.home / "keys").exists()


def _key_text(byte: int) -> str:
    return base64.b64encode(bytes([byte]) * 32).decode()


@pytest.mark.parametrize(
    ("text_of_file", "told"),
    [("", "holds no key"), ("# nothing\n", "holds no key"), ("abc", "Key 1 of"), (_key_text(1)[:-8], "Key 1 of")],
)
def test_file_that_holds_no_key_is_told_with_its_place(tmp_path: Path, text_of_file: str, told: str) -> None:
    (tmp_path / "keys").write_text(text_of_file)
    with pytest.raises(UnavailableError, match=told) as refused:
        KeySource(tmp_path).ring()
    assert "44 characters" in str(refused.value)
    assert str(tmp_path) not in refused.value.public


def test_other_keys_than_those_of_the_database_are_refused(engine: Engine, town: Town, database: Database) -> None:
    number = stored(engine, town, case("a", reporter=LI))[0]
    file = database.settings.home / "keys"
    file.write_text(_key_text(9))
    for use in (lambda: opened(engine, number), lambda: stored(engine, town, case("b", reporter=LI))):
        with pytest.raises(UnavailableError, match="has none of them. Bring the file of keys back"):
            use()
    with unit_of_work(engine) as session, pytest.raises(UnavailableError, match="Bring the file"):
        parts_with(session, telephone())
    assert stored(engine, town, case("c", text="dark"))
    file.unlink()
    with pytest.raises(UnavailableError, match="Bring the file"):
        stored(engine, town, case("b", reporter=LI))
    assert not file.exists()


def test_keys_are_rotated_while_cases_come_in(engine: Engine, town: Town, database: Database) -> None:
    numbers = stored(engine, town, *(case(key, text=WORDS, reporter=LI) for key in "abc"))
    file = database.settings.home / "keys"
    old = file.read_text().splitlines()[-1]
    done = run(database, "db", "rotate-keys")
    assert done.exit_code == 0, done.output
    assert "6 parts of cases are sealed anew" in done.output
    assert file.read_text().splitlines()[-1] == old
    assert file.stat().st_mode & 0o777 == 0o600
    with engine.connect() as connection:
        assert connection.scalar(text("select count(distinct key_id) from reporters")) == 1
    for number in numbers:
        assert opened(engine, number) == SetApart(LI, {"text": WORDS})
    assert run(database, "db", "rotate-keys", "--forget-old").exit_code == 0
    assert old not in file.read_text()
    numbers += stored(engine, town, case("d", reporter=LI))
    with unit_of_work(engine) as session:
        assert list(parts_with(session, telephone())) == numbers
    assert old not in run(database, "db", "rotate-keys").output


def test_key_that_was_forgotten_seals_nothing_any_more(engine: Engine, town: Town, database: Database) -> None:
    number = stored(engine, town, case("a", reporter=LI))[0]
    old = key_source(database).ring()
    assert old is not None
    key_source(database).add()
    with unit_of_work(engine) as session:
        while reseal(session, limit=1):
            pass
    with unit_of_work(engine) as session:
        assert forget_keys(session) != (old.first.id,)
    late = text("update reporters set key_id = :key where case_id = :case")
    with engine.connect() as connection, pytest.raises(IntegrityError, match="fk_reporters_key_id_sealing_keys"):
        connection.execute(late, {"key": old.first.id, "case": number})


def test_keys_of_the_environment_are_not_written_anywhere(
    engine: Engine, town: Town, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    del engine, town
    with pytest.raises(InvalidInputError, match="Put a new one in front"):
        KeySource(database.settings.home, given=SecretStr(_key_text(1))).add()
    monkeypatch.setenv("GEOGRID_KEYS", f"{_key_text(1)},{_key_text(2)}")
    done = run(database, "db", "rotate-keys")
    assert done.exit_code == 0
    assert "The keys are in GEOGRID_KEYS." in done.output
    assert not (database.settings.home / "keys").exists()


def closed(key: str, year: int, **members: Any) -> NewCase:
    at = datetime(year, 3, 1, tzinfo=UTC)
    return case(key, status="closed", closed_at=at, reported_at=at, text=WORDS, reporter=LI, **members)


def work(database: Database) -> list[str]:
    """Do what is due, and return what was said of it."""
    settings = ServerSettings(**database.settings.model_dump())
    store, said = Store(settings), []
    while report := run_next(store.unit_of_work, job_kinds(store, settings), rng=np.random.default_rng(1)):
        assert not report.error
        said += filter(None, [report.done.told])
    store.close()
    return said


def test_reporters_go_some_years_after_closing_and_counts_stay(engine: Engine, town: Town, database: Database) -> None:
    this_year = datetime.now(UTC).year
    old, fresh, unclosed = stored(
        engine, town, closed("old", this_year - 4), closed("new", this_year - 1), case("c", reporter=LI)
    )
    dry = run(database, "privacy", "retain", "--years", "3", "--dry-run")
    assert dry.output == (
        "town: reporters would be kept 3 years after closing.\n1 case has its reporter longer than that.\n"
    )
    assert run(database, "privacy", "retain").output == "town: reporters are kept for ever.\n"
    assert run(database, "privacy", "retain", "--years", "3").exit_code == 0
    assert work(database) == ["Reporters of 1 case closed more than 3 years ago in town are gone."]
    assert opened(engine, old) == SetApart()
    assert opened(engine, fresh).reporter == opened(engine, unclosed).reporter == LI
    with unit_of_work(engine) as session:
        kept = get_case(session, old)
        assert (kept.text, kept.reporter) == (MASKED, None)
        assert events_of(session, old)[-1].kind == "reporter_removed"
        assert list(parts_with(session, telephone())) == [fresh, unclosed]
        *_, last = all_lines(session)
    assert (last.account, last.action, last.after) == ("jobs", "reporters.manage", '{"cases": 1, "years": 3}')
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from cases")) == 3
        due = connection.scalar(text("select due_at - now() > interval '23 hours' from jobs where kind = 'retain'"))
    assert due, "it is looked again tomorrow"
    assert run(database, "privacy", "retain", "--forever").output == "town: reporters are kept for ever.\n"
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from jobs where kind = 'retain'")) == 0


@pytest.fixture
def typed(database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs a command with a number in its pipe."""
    from click.testing import CliRunner

    from api.cli import main

    monkeypatch.setenv("GEOGRID_DATABASE_URL", database.url)
    monkeypatch.setenv("GEOGRID_HOME", str(database.settings.home))

    def called(*arguments: str, number: str) -> Any:
        return CliRunner().invoke(main, ["privacy", *arguments], input=f"{number}\n")

    return called


def test_person_gets_all_that_is_known_of_him(
    engine: Engine, town: Town, tmp_path: Path, typed: Callable[..., Any]
) -> None:
    own, mentioned, _ = stored(
        engine,
        town,
        case("a", text=WORDS, reporter=LI, address="长江路8号"),
        case("b", text=f"call {TELEPHONE}", reporter=Reporter("韩梅梅", OTHERS)),
        case("c", reporter=Reporter("韩梅梅", OTHERS)),
    )
    file = tmp_path / "li.json"
    done = typed("export", str(file), number="+86 139-8765-0123")
    assert done.exit_code == 0, done.output
    assert "1 case, and a mention in 1 of others written." in done.output
    assert file.stat().st_mode & 0o777 == 0o600
    found = json.loads(file.read_text())
    (one,) = found["reported"]
    assert (one["case"], one["text"], one["address"]) == (own, WORDS, "长江路8号")
    assert one["reporter"] == LI.values()
    assert found["mentioned"] == [{"case": mentioned, "in": ["text"]}]
    assert "韩梅梅" not in file.read_text()
    with unit_of_work(engine) as session:
        *_, last = all_lines(session)
    assert (last.action, last.object) == ("reporters.manage", "geogrid privacy export")
    assert last.after == f'{{"by": "telephone", "cases": [{own}, {mentioned}]}}'


def test_person_is_erased_when_he_asks_and_counts_stay(engine: Engine, town: Town, typed: Callable[..., Any]) -> None:
    own, mentioned, other = stored(
        engine,
        town,
        case("a", text=WORDS, reporter=LI),
        case("b", text=f"call {TELEPHONE}", reporter=Reporter("韩梅梅", OTHERS)),
        case("c", reporter=Reporter("韩梅梅", OTHERS)),
    )
    dry = typed("erase", "--dry-run", number=TELEPHONE)
    assert dry.output == "1 case, and a mention in 1 of others would be erased.\n"
    assert opened(engine, own).reporter == LI
    done = typed("erase", "--by", "telephone", number=TELEPHONE)
    assert done.output == "1 case, and a mention in 1 of others erased.\n"
    assert opened(engine, own) == SetApart()
    assert opened(engine, mentioned) == SetApart(Reporter("韩梅梅", OTHERS))
    assert opened(engine, other).reporter.name == "韩梅梅"
    assert typed("erase", number=TELEPHONE).output == "0 cases erased.\n"
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from cases")) == 3
        assert connection.scalar(text("select text from cases where id = :id"), {"id": own}) == MASKED


@pytest.mark.parametrize("by", ["email", "identity-number"])
def test_person_is_found_by_other_numbers(engine: Engine, town: Town, typed: Callable[..., Any], by: str) -> None:
    stored(engine, town, case("a", reporter=LI))
    number = {"email": "LI@example.org", "identity-number": "11010519491231002x"}[by]
    assert typed("erase", "--by", by, "--jurisdiction", "town", number=number).output == "1 case erased.\n"


def test_no_number_is_a_sentence(engine: Engine, town: Town, typed: Callable[..., Any]) -> None:
    del engine, town
    done = typed("erase", number="")
    assert done.exit_code == 1
    assert "No telephone is given." in done.output


def test_cases_of_before_are_sealed_by_a_job(engine: Engine, town: Town, database: Database) -> None:
    number = stored(engine, town, case("a", text="dark"))[0]
    plain = {"application": "fms", "reporter": {"first_name": "Lei", "last_name": "Li", "phone": TELEPHONE}}
    with engine.begin() as connection:
        connection.execute(
            text("update cases set text = :words, attributes = cast(:plain as jsonb)"),
            {"words": WORDS, "plain": json.dumps(plain)},
        )
        connection.execute(
            text("update case_events set detail = jsonb_build_object('reason', cast(:words as text))"), {"words": WORDS}
        )
    with unit_of_work(engine) as session:
        ask_for(session, [NewJob(SEAL_CASES, "all")])
    assert work(database) == ["The numbers of persons in 1 case are sealed."]
    with unit_of_work(engine) as session:
        kept, events = get_case(session, number), events_of(session, number)
    assert (kept.text, dict(kept.attributes)) == (MASKED, {"application": "fms"})
    assert {event.detail["reason"] for event in events} == {MASKED}
    apart = opened(engine, number)
    assert apart.reporter == Reporter("Lei Li", TELEPHONE)
    assert apart.words["text"] == WORDS
    assert apart.words.get("attributes", {}) == {}


def test_reporters_of_a_table_are_sealed(database: Database, engine: Engine, tmp_path: Path) -> None:
    assert import_town(database, tmp_path).exit_code == 0
    file = tmp_path / "cases.csv"
    file.write_text(
        f"{COLUMNS},who,mail,card\n"
        f"N1,2024-03-01 08:00,,open,118.805,31.905,,{WORDS},{TELEPHONE},李雷,li@example.org,11010519491231002X\n"
        "N2,2024-03-01 08:00,,open,118.805,31.905,,路灯不亮,,,,\n"
        "N3,2024-03-01 08:00,,open,118.805,31.905,,路灯不亮,1.39E+10,,,\n",
        encoding="utf-8",
    )
    columns = ("--reporter-name", "who", "--reporter-telephone", "phone", "--map", "reporter_email=mail")
    done = import_cases(database, file, *columns, "--reporter-identity-number", "card")
    assert done.exit_code == 3, done.output
    assert "3 rows: 2 added, 1 rejected" in done.output
    assert "shortened" in (tmp_path / "rejects.csv").read_text()
    first, second = 1, 2
    assert opened(engine, first) == SetApart(replace(LI, other={}), {"text": WORDS})
    assert opened(engine, second) == SetApart()
    again = import_cases(database, file, *columns, "--reporter-identity-number", "card")
    assert "0 added, 2 stored before" in again.output
    missing = import_cases(database, file, "--reporter-name", "nobody")
    assert "--reporter-name" in missing.output


def test_digest_of_a_row_without_a_number_tells_nothing_of_its_reporter(
    database: Database, engine: Engine, tmp_path: Path
) -> None:
    assert import_town(database, tmp_path).exit_code == 0
    mapping = ("--time", "when", "--lon", "lon", "--lat", "lat", "--text", "what", "--reporter-telephone", "phone")
    keys = set()
    for name, number in (("first", TELEPHONE), ("second", TELEPHONE.replace("8765", "0000"))):
        file = tmp_path / f"{name}.csv"
        row = f",2024-03-01 08:00,,open,118.805,31.905,,tel {number},{number}"
        file.write_text(f"{COLUMNS}\n{row}\n", encoding="utf-8")
        assert import_cases(database, file, mapping=mapping).exit_code == 0
        with engine.connect() as connection:
            keys.add(connection.scalar(text("select max(source_key) from cases")))
    assert len(keys) == 1


def test_root_made_keys_belong_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root makes files for others")
    os.chown(tmp_path, 65534, 65534)
    KeySource(tmp_path).add_first()
    assert (tmp_path / "keys").stat().st_uid == 65534


def test_export_opens_only_what_is_asked_for(engine: Engine, town: Town) -> None:
    stored(engine, town, case("a", reporter=LI))
    with unit_of_work(engine) as session:
        assert export_person(session, telephone(OTHERS)) == {"by": "telephone", "reported": [], "mentioned": []}
        assert erase_person(session, telephone(OTHERS)).reported == ()
