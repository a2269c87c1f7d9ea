"""Accounts in the store: passwords, pauses, sessions, tokens, grants, one-time addresses."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from boundaries.accounts.granting import give_role, take_role
from boundaries.accounts.passwords import check_password, hash_password, is_password
from boundaries.accounts.reading import get_account, list_accounts
from boundaries.accounts.rules import normal_login
from boundaries.accounts.sessions import (
    SessionLimits,
    begin_session,
    end_session,
    end_sessions,
    recognise_session,
    sessions_of,
    use_session,
)
from boundaries.accounts.signing_in import (
    FREE_TRIES,
    LONGEST_PAUSE_S,
    Candidate,
    login_of_address,
    make_address,
    may_try,
    sign_in,
    use_address,
)
from boundaries.accounts.storing import add_account, change_password, confirm_totp, disable_account, set_password
from boundaries.accounts.tokens import add_token, list_tokens, recognise_token, remove_token
from boundaries.store.engine import unit_of_work
from geogrid.access import Action, Grant, Role
from geogrid.errors import ConflictError, InvalidInputError, NotFoundError
from tests.http.conftest import store_town

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
LIMITS = SessionLimits(idle=timedelta(hours=2), whole=timedelta(hours=12))
GOOD = "四只 green lamps sing"


def wide(text: str) -> str:
    """The same characters in full width."""
    return "".join(chr(ord(char) + 0xFEE0) for char in text)


@pytest.fixture
def wang(session: Session) -> int:
    return add_account(session, "Wang.Fang", name="王芳", password=GOOD)


def test_login_is_compared_in_one_form(session: Session, wang: int) -> None:
    assert normal_login(f"  {wide('WANG')}.Fang ") == "wang.fang"
    assert sign_in(session, Candidate(wide("WANG.FANG"), GOOD), at=NOW) == wang
    with pytest.raises(ConflictError, match="an account wang.fang already"):
        add_account(session, "WANG.fang")


@pytest.mark.parametrize("login", ["", " ", "a b", "a/b", "x" * 65, "local:root", "a\x00b", "..\n"])
def test_login_of_other_characters_is_refused(session: Session, login: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot be a login"):
        add_account(session, login)


@pytest.mark.parametrize(
    ("password", "kinds"),
    [
        ("short", ["password-length"]),
        ("password", ["password-common"]),
        ("P@ssw0rd123!", ["password-common"]),
        ("QWERTYUIOP", ["password-common"]),
        ("12345678", ["password-common"]),
        ("aaaaaaaaaaaa", ["password-common"]),
        ("abcdefghijkl", ["password-common"]),
        ("wang.fang-is-me", ["password-telling"]),
        (wide("admin123"), ["password-common"]),
        ("x" * 1025, ["password-length", "password-common"]),
        ("tab\tinside it", ["password-control"]),
    ],
)
def test_password_that_is_guessed_first_is_refused_with_each_reason(password: str, kinds: list[str]) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_password(password, login="wang.fang", name="王芳")
    assert [problem.kind for problem in refused.value.problems] == kinds
    assert repr(password) not in str(refused.value)


@pytest.mark.parametrize(
    "password", ["correct horse battery", "路灯第三盏不亮了呀", "zq8#Lw2v", "x y z 7 u q r t" * 20]
)
def test_password_of_any_characters_and_no_composition_will_do(password: str) -> None:
    check_password(password, login="wang.fang", name="王芳")
    assert is_password(hash_password(password), password)
    assert not is_password(hash_password(password), password + " ")


def test_password_is_compared_whole_and_in_one_form() -> None:
    stored = hash_password("a" * 200 + "é")
    assert stored.startswith("$argon2id$")
    assert is_password(stored, "a" * 200 + "e\u0301")
    assert not is_password(stored, "a" * 200)
    assert not is_password(None, "nobody's")


def test_disabled_account_and_one_without_password_stay_shut(session: Session, wang: int) -> None:
    add_account(session, "nopass")
    assert sign_in(session, Candidate("nopass", ""), at=NOW) is None
    secret = begin_session(session, wang, at=NOW, limits=LIMITS)
    disable_account(session, "wang.fang")
    assert sign_in(session, Candidate("wang.fang", GOOD), at=NOW) is None
    assert recognise_session(session, secret, at=NOW, limits=LIMITS) is None


def tries(engine: Engine, address: str, at: datetime, login: str = "wang.fang") -> bool:
    with unit_of_work(engine) as session:
        return may_try(session, Candidate(login, "x", address=address), at=at)


def test_pause_grows_for_one_address_and_the_owner_comes_in_from_another(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        add_account(session, "wang.fang", password=GOOD)
    assert all(tries(engine, "10.0.0.9", NOW) for _ in range(FREE_TRIES))
    assert not tries(engine, "10.0.0.9", NOW)
    assert not tries(engine, "10.0.0.9", NOW + timedelta(seconds=0.9))
    assert tries(engine, "10.0.0.9", NOW + timedelta(seconds=1))
    assert not tries(engine, "10.0.0.9", NOW + timedelta(seconds=2.9))
    assert tries(engine, "10.0.0.9", NOW + timedelta(seconds=3))
    assert tries(engine, "10.0.0.1", NOW)
    at = NOW
    for _ in range(20):
        at += timedelta(seconds=LONGEST_PAUSE_S)
        assert tries(engine, "10.0.0.9", at)
    assert not tries(engine, "10.0.0.9", at + timedelta(seconds=LONGEST_PAUSE_S - 1))
    assert tries(engine, "10.0.0.9", at + timedelta(hours=2))


def test_login_that_nobody_has_is_slowed_alike(engine: Engine) -> None:
    assert [tries(engine, "10.0.0.9", NOW, login="nobody") for _ in range(FREE_TRIES + 1)] == [True] * 5 + [False]


def test_many_tries_at_once_are_no_more_than_their_number(engine: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        passed = list(pool.map(lambda _: tries(engine, "10.0.0.9", NOW), range(24)))
    assert sum(passed) == FREE_TRIES


def test_signing_in_lets_the_count_begin_anew(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        add_account(session, "wang.fang", password=GOOD)
    for _ in range(FREE_TRIES):
        tries(engine, "10.0.0.9", NOW)
    with unit_of_work(engine) as session:
        assert sign_in(session, Candidate("wang.fang", GOOD, address="10.0.0.9"), at=NOW) is not None
    assert tries(engine, "10.0.0.9", NOW)


def test_session_ends_by_idleness_by_age_and_by_hand(session: Session, wang: int) -> None:
    secret = begin_session(session, wang, at=NOW, limits=LIMITS, address="10.0.0.1", agent="Firefox\x07")
    seen = recognise_session(session, secret, at=NOW + timedelta(minutes=119), limits=LIMITS)
    assert seen is not None
    assert seen.login == "wang.fang"
    assert recognise_session(session, secret, at=NOW + timedelta(minutes=120), limits=LIMITS) is None
    assert seen.session_id is not None
    for hours in range(1, 12):
        use_session(session, seen.session_id, wang, NOW + timedelta(hours=hours))
    assert recognise_session(session, secret, at=NOW + timedelta(hours=11.9), limits=LIMITS) is not None
    assert recognise_session(session, secret, at=NOW + timedelta(hours=12), limits=LIMITS) is None
    other = begin_session(session, wang, at=NOW, limits=LIMITS)
    with pytest.raises(NotFoundError):
        end_session(session, wang + 1, seen.session_id)
    end_session(session, wang, seen.session_id)
    assert recognise_session(session, secret, at=NOW + timedelta(hours=1), limits=LIMITS) is None
    assert recognise_session(session, other, at=NOW, limits=LIMITS) is not None
    assert [each.agent for each in sessions_of(session, wang, at=NOW, limits=LIMITS)] == [""]


def test_cookie_is_not_in_the_store(session: Session, wang: int) -> None:
    secret = begin_session(session, wang, at=NOW, limits=LIMITS)
    stored = session.execute(text("select sign_in_sessions::text from sign_in_sessions")).scalar_one()
    assert secret not in stored
    assert secret.encode().hex() not in stored


def test_new_password_ends_every_session_and_one_time_address(session: Session, wang: int) -> None:
    secret = begin_session(session, wang, at=NOW, limits=LIMITS)
    once = make_address(session, "wang.fang", at=NOW, holds=timedelta(hours=1))
    with pytest.raises(InvalidInputError, match="present password is another"):
        change_password(session, "wang.fang", "wrong one here", "another good phrase")
    change_password(session, "wang.fang", GOOD, "another good phrase")
    assert recognise_session(session, secret, at=NOW, limits=LIMITS) is None
    assert use_address(session, once, at=NOW) is None
    assert sign_in(session, Candidate("wang.fang", GOOD), at=NOW) is None
    assert sign_in(session, Candidate("wang.fang", "another good phrase"), at=NOW) == wang


def test_one_time_address_works_once_and_until_its_end(session: Session, wang: int) -> None:
    late = make_address(session, "wang.fang", at=NOW, holds=timedelta(minutes=15))
    assert use_address(session, late, at=NOW + timedelta(minutes=15)) is None
    once = make_address(session, "wang.fang", at=NOW, holds=timedelta(minutes=15))
    assert login_of_address(session, once, at=NOW) == "wang.fang"
    assert use_address(session, once, at=NOW) == wang
    assert use_address(session, once, at=NOW) is None


def test_code_is_asked_for_and_taken_once(session: Session, wang: int) -> None:
    secret = pyotp.random_base32()
    totp = pyotp.TOTP(secret)
    with pytest.raises(InvalidInputError, match="does not belong"):
        confirm_totp(session, "wang.fang", secret, "000000" if totp.at(NOW) != "000000" else "000001", at=NOW)
    confirm_totp(session, "wang.fang", secret, totp.at(NOW), at=NOW)
    later = NOW + timedelta(seconds=60)
    assert sign_in(session, Candidate("wang.fang", GOOD), at=later) is None
    assert sign_in(session, Candidate("wang.fang", GOOD, totp.at(NOW)), at=NOW) is None
    assert sign_in(session, Candidate("wang.fang", "wrong password", totp.at(later)), at=later) is None
    assert sign_in(session, Candidate("wang.fang", GOOD, totp.at(later)), at=later) == wang
    assert sign_in(session, Candidate("wang.fang", GOOD, totp.at(later)), at=later) is None
    assert get_account(session, "wang.fang").has_totp


def test_grants_are_checked_with_every_problem_at_once(engine: Engine) -> None:
    store_town(engine)
    with unit_of_work(engine) as session:
        add_account(session, "li")
        with pytest.raises(InvalidInputError) as refused:
            give_role(session, "li", Grant(Role.GRIDDER, "nowhere", actions=frozenset({Action.CASES_READ})))
        assert [problem.subject for problem in refused.value.problems] == ["jurisdiction", "grid", "action"]
        with pytest.raises(InvalidInputError, match="has a grid 'D-zz'"):
            give_role(session, "li", Grant(Role.GRIDDER, "town", "D-zz"))
        number = give_role(session, "li", Grant(Role.GRIDDER, "town", "D-a"), by="root")
        [stored] = get_account(session, "li").grants
        assert (stored.id, stored.grant.role, stored.grant.grid, stored.given_by) == (number, "gridder", "D-a", "root")
        add_account(session, "zhao")
        with pytest.raises(NotFoundError):
            take_role(session, number, login="zhao")
        take_role(session, number, login="li")
        assert get_account(session, "li").grants == ()


def test_database_itself_refuses_a_gridder_without_a_grid(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        number = add_account(session, "li")
    with engine.connect() as connection, pytest.raises(IntegrityError, match="ck_grants_role_on_grid"):
        connection.execute(text("insert into grants (account_id, role) values (:of, 'gridder')"), {"of": number})


def test_token_has_no_more_than_the_grants_of_its_account(engine: Engine) -> None:
    store_town(engine)
    with unit_of_work(engine) as session:
        add_account(session, "app")
        number = give_role(session, "app", Grant(Role.OPERATOR, "town", valid_from=NOW))
        give_role(session, "app", Grant(Role.PLANNER, "town", valid_from=NOW))
        with pytest.raises(InvalidInputError) as refused:
            add_token(session, "app", name="", role=Role.ADMIN, jurisdiction="town", at=NOW, days=1000)
        assert [problem.subject for problem in refused.value.problems] == ["name", "role", "days"]
        token = add_token(session, "app", name="hotline", role=Role.OPERATOR, jurisdiction="town", at=NOW, days=30)
        found = recognise_token(session, token, at=NOW)
        assert found is not None
        assert [grant.role for grant in found.grants] == [Role.OPERATOR]
        assert recognise_token(session, token, at=NOW + timedelta(days=30)) is None
        assert recognise_token(session, token[:-1], at=NOW) is None
        take_role(session, number)
        shrunk = recognise_token(session, token, at=NOW)
        assert shrunk is not None
        assert shrunk.grants == ()
        assert [(each.account, each.name) for each in list_tokens(session)] == [("app", "hotline")]
        remove_token(session, "app", "hotline")
        assert recognise_token(session, token, at=NOW) is None


def test_accounts_are_listed_without_anything_secret(session: Session, wang: int) -> None:
    del wang
    [record] = list_accounts(session)
    assert "argon2" not in repr(record)
    assert (record.login, record.name, record.has_password, record.state) == ("wang.fang", "王芳", True, "active")


def test_sessions_of_an_account_end_everywhere_but_here(session: Session, wang: int) -> None:
    here, there = (begin_session(session, wang, at=NOW, limits=LIMITS) for _ in range(2))
    own = recognise_session(session, here, at=NOW, limits=LIMITS)
    assert own is not None
    assert end_sessions(session, wang, but=own.session_id) == 1
    assert recognise_session(session, there, at=NOW, limits=LIMITS) is None
    assert recognise_session(session, here, at=NOW, limits=LIMITS) is not None


def test_password_set_by_an_administrator_ends_sessions(session: Session, wang: int) -> None:
    secret = begin_session(session, wang, at=NOW, limits=LIMITS)
    set_password(session, "wang.fang", "quite another phrase")
    assert recognise_session(session, secret, at=NOW, limits=LIMITS) is None
