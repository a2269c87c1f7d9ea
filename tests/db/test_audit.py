"""The audit: append only, chained, checked apart from the database."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from boundaries.accounts.reading import get_account
from boundaries.accounts.storing import add_account
from boundaries.audit.chain import check_chain, hash_of
from boundaries.audit.reading import LineFilter, all_lines, newest_lines
from boundaries.audit.recording import Act, acting, add_line, note
from boundaries.audit.records import SealedLine
from boundaries.store.engine import unit_of_work
from geogrid.errors import NotFoundError


def fill(engine: Engine, count: int = 4) -> list[SealedLine]:
    for number in range(count):
        with unit_of_work(engine) as session:
            after = {"路灯": [number, None, 1.5, 'a"b']} if number % 2 else None
            add_line(session, Act("王芳", "cases.read", f"GET /cases/{number}?text=一|二", "::1", after=after))
    return lines(engine)


def lines(engine: Engine) -> list[SealedLine]:
    with unit_of_work(engine) as session:
        return list(all_lines(session))


def test_chain_calculated_apart_is_that_of_the_database(engine: Engine) -> None:
    sealed = fill(engine)
    assert [line.number for line in sealed] == [1, 2, 3, 4]
    assert sealed[0].previous == b""
    assert all(hash_of(line) == line.hash for line in sealed)
    report = check_chain(sealed)
    assert (report.lines, report.head, report.faults) == (4, sealed[-1].hash.hex(), ())


def test_every_damage_to_the_chain_is_found(engine: Engine) -> None:
    sealed = fill(engine)
    head = sealed[-1].hash.hex()
    changed = [*sealed[:1], replace(sealed[1], account="李四"), *sealed[2:]]
    assert check_chain(changed).faults == ("Line 2 was changed after it was sealed.",)
    assert "Line 2 is missing" in check_chain([sealed[0], *sealed[2:]]).faults[0]
    assert check_chain([sealed[0], sealed[2], sealed[1], sealed[3]]).faults
    assert check_chain(sealed[:3]).faults == ()
    assert "No line has the hash" in check_chain(sealed[:3], head=head).faults[0]
    forged = replace(sealed[1], after=None, account="x")
    assert check_chain([sealed[0], replace(forged, hash=hash_of(forged)), *sealed[2:]]).faults == (
        "Line 3 is not sealed with the line before it.",
    )


@pytest.mark.parametrize(
    "statement",
    [
        "update audit set account = 'nobody'",
        "update audit set number = number + 10",
        "update audit set hash = null, number = null",
        "delete from audit",
        "delete from audit where number = 2",
        "truncate audit",
    ],
)
def test_lines_never_change(engine: Engine, statement: str) -> None:
    before = fill(engine)
    with engine.connect() as connection, pytest.raises(IntegrityError, match="lines of the audit never change"):
        connection.execute(text(statement))
    assert lines(engine) == before


def test_line_is_numbered_by_nobody_but_the_commit(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(IntegrityError, match="numbered at commit"):
        connection.execute(text("insert into audit (account, action, number) values ('a', 'b', 7)"))


def test_writers_at_once_make_one_chain_without_gaps(engine: Engine) -> None:
    def write(worker: int) -> None:
        for number in range(10):
            with unit_of_work(engine) as session:
                for part in range(2):
                    add_line(session, Act(f"w{worker}", "x", f"{number}.{part}"))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    sealed = lines(engine)
    assert len(sealed) == 120
    assert check_chain(sealed).faults == ()


def test_readers_do_not_wait_for_a_writer(engine: Engine) -> None:
    before = fill(engine)
    with unit_of_work(engine) as session:
        add_line(session, Act("a", "b"))
        session.execute(text("set constraints all immediate"))
        assert lines(engine) == before


def test_change_that_is_undone_leaves_no_line(engine: Engine) -> None:
    with pytest.raises(NotFoundError), unit_of_work(engine) as session:  # noqa: PT012 - it is the commit that must not come
        add_line(session, Act("a", "b"))
        get_account(session, "nobody")
    assert lines(engine) == []


def test_act_is_kept_with_what_it_stored_and_not_without(engine: Engine) -> None:
    with acting(Act("admin", "accounts.manage", "POST /accounts", "127.0.0.1")):
        with unit_of_work(engine) as session:
            session.execute(text("select 1"))
        with unit_of_work(engine) as session:
            add_account(session, "li")
        with pytest.raises(NotFoundError), unit_of_work(engine) as session:  # noqa: PT012 - it is the commit that must not come
            add_account(session, "zhao")
            get_account(session, "nobody")
    with unit_of_work(engine) as session:
        add_account(session, "sun")
    [line] = lines(engine)
    assert (line.account, line.action, line.object, line.address) == (
        "admin",
        "accounts.manage",
        "account li",
        "127.0.0.1",
    )
    assert line.after == '{"name": "", "login": "li", "state": "active"}'


def test_note_outside_of_an_act_is_nothing(session: Session) -> None:
    note(object="x")
    add_account(session, "li")
    session.commit()
    assert list(all_lines(session)) == []


def test_lines_are_found_by_who_what_and_words(engine: Engine) -> None:
    fill(engine)
    with unit_of_work(engine) as session:
        add_line(session, Act("李四", "plans.edit", "POST /plans/5/edits"))
    with unit_of_work(engine) as session:
        assert [line.number for line in newest_lines(session, LineFilter(), limit=2)] == [5, 4]
        assert [line.number for line in newest_lines(session, LineFilter(), limit=2, before=4)] == [3, 2]
        assert [line.number for line in newest_lines(session, LineFilter(account="李四"), limit=9)] == [5]
        assert [line.number for line in newest_lines(session, LineFilter(action="plans.edit"), limit=9)] == [5]
        assert [line.number for line in newest_lines(session, LineFilter(words="PLANS/5"), limit=9)] == [5]
        assert [line.number for line in newest_lines(session, LineFilter(words="100%_"), limit=9)] == []
