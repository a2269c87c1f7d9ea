"""`geogrid account` and `geogrid audit` as people type them, and commands that run by a token."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from api.cli import main
from api.cli.rights import COMMANDS
from boundaries.accounts.sessions import begin_session
from boundaries.audit.reading import all_lines
from boundaries.store.engine import unit_of_work
from geogrid.access import MATRIX, Role, Scope
from geogrid.errors import ForbiddenError
from tests.fixtures_db import Database
from tests.http.conftest import store_town
from tests.http.people import LIMITS

GOOD = "four lamps sing at dusk"


@pytest.fixture(autouse=True)
def own_store(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("GEOGRID_DATABASE_URL", database.url)
    monkeypatch.setenv("GEOGRID_HOME", str(database.settings.home))
    monkeypatch.delenv("GEOGRID_TOKEN", raising=False)
    return


def run(*arguments: str, status: int = 0, **more: Any) -> Result:
    done = CliRunner().invoke(main, arguments, **more)
    assert done.exit_code == status, done.output
    return done


def lines(engine: Engine) -> list[tuple[str, str, str]]:
    with unit_of_work(engine) as session:
        return [(line.account, line.action, line.object) for line in all_lines(session)]


def leaves(command: click.Command, name: str = "") -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield name
        return
    context = click.Context(command)
    for child in command.list_commands(context):
        found = command.get_command(context, child)
        assert found is not None
        yield from leaves(found, f"{name} {child}".strip())


def test_table_names_every_command_and_no_other() -> None:
    assert set(leaves(main)) == set(COMMANDS)


def test_account_is_made_given_roles_and_listed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    store_town(engine)
    monkeypatch.setenv("GEOGRID_PASSWORD", GOOD)
    run("account", "add", "Wang", "--name", "王芳", "--role", "operator", "--jurisdiction", "town")
    run("account", "grant", "wang", "gridder", "--jurisdiction", "town", "--grid", "D-a", "--until", "2030-12-31")
    listed = json.loads(run("account", "list", "--json").output)
    assert (listed["login"], listed["name"], listed["has_password"]) == ("wang", "王芳", True)
    assert [each["grant"].partition(" from ")[0] for each in listed["grants"]] == [
        "operator in town",
        "gridder in town grid D-a",
    ]
    assert "until 2031-01-01" in listed["grants"][1]["grant"]
    run("account", "revoke", "wang", str(listed["grants"][0]["number"]))
    assert "operator" not in run("account", "list").output
    run("account", "disable", "wang")
    assert "disabled" in run("account", "list").output
    who = {account for account, _, _ in lines(engine)}
    assert len(who) == 1
    assert who.pop().startswith("local:")
    assert GOOD not in str(lines(engine))


def test_password_comes_from_a_file_or_a_pipe_and_bad_ones_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{GOOD}\nsecond line", encoding="utf-8")
    run("account", "add", "li", "--password-file", str(file))
    run("account", "password", "li", input="another good phrase\n")
    short = run("account", "password", "li", input="short\n", status=1)
    assert "8 to 1024" in short.output
    assert "Traceback" not in short.output
    assert "--one-time" in run("account", "add", "sun", input="", status=1).output
    assert "an account li already" in run("account", "add", "li", "--one-time", status=1).output


def test_one_time_address_is_printed_and_its_secret_is_not_in_the_audit(engine: Engine) -> None:
    printed = run("account", "add", "li", "--one-time").output
    secret = printed.rpartition("/login/once/")[2].strip()
    assert len(secret) > 40
    assert secret not in str(lines(engine))


def test_token_is_printed_once_and_removed(engine: Engine) -> None:
    store_town(engine)
    run("account", "add", "app", "--one-time", "--role", "planner", "--jurisdiction", "town")
    refused = run("account", "token", "add", "app", "t", "--role", "admin", status=1)
    assert "no grant of the role admin" in refused.output
    made = run("account", "token", "add", "app", "t", "--role", "planner", "--jurisdiction", "town").output.strip()
    assert made.startswith("geogrid_")
    assert made not in run("account", "token", "list").output
    run("account", "token", "remove", "app", "t")
    assert run("account", "token", "list").output == ""


ISSUER = "https://id.town.example/realms/staff"


def test_account_is_linked_to_a_provider_listed_and_unlinked(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    run("account", "add", "wang", "--one-time")
    run("account", "add", "li", "--one-time")
    assert "No provider is named" in run("account", "link", "wang", "--subject", "f3c1", status=1).output
    run("account", "link", "Wang", "--issuer", ISSUER, "--subject", "f3c1")
    assert lines(engine)[-1][1:] == ("accounts.manage", "account wang")
    monkeypatch.setenv("GEOGRID_OIDC_ISSUER", ISSUER)
    monkeypatch.setenv("GEOGRID_OIDC_CLIENT_ID", "geogrid")
    assert "linked to wang already" in run("account", "link", "li", "--subject", "f3c1", status=1).output
    run("account", "link", "li", "--subject", "F3C1")
    listed = [json.loads(line) for line in run("account", "list", "--json").output.splitlines()]
    assert {each["login"]: each["identities"] for each in listed} == {
        "li": [{"issuer": ISSUER, "subject": "F3C1"}],
        "wang": [{"issuer": ISSUER, "subject": "f3c1"}],
    }
    assert f"linked to f3c1 of {ISSUER}" in run("account", "list").output
    assert "is not linked to li" in run("account", "unlink", "li", "--subject", "f3c1", status=1).output
    with unit_of_work(engine) as session:
        begin_session(session, 1, at=datetime.now(UTC), limits=LIMITS)
    run("account", "unlink", "wang", "--subject", "f3c1")
    assert "f3c1" not in run("account", "list").output
    assert run("account", "sessions", "wang").output == ""


def test_link_that_cannot_be_is_refused_with_everything_in_it(engine: Engine) -> None:
    del engine
    run("account", "add", "wang", "--one-time")
    both = run("account", "link", "wang", "--issuer", "http://id.example", "--subject", " x", status=1).output
    assert "does not begin with https://" in both
    assert "without blanks around it" in both
    assert "There is no account" in run("account", "link", "no", "--issuer", ISSUER, "--subject", "x", status=1).output
    reserved = run("account", "add", "Anonymous", "--one-time", status=1).output
    assert "Choose another login" in reserved


def test_wrong_settings_are_sentences_and_what_is_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOGRID_PORT", "eighty")
    monkeypatch.setenv("GEOGRID_OPEN", "perhaps")
    monkeypatch.setenv("GEOGRID_OIDC_CLIENT_SECRET", "very secret")
    monkeypatch.setenv("GEOGRID_TRUSTED_PROXIES", "10.0.0.1, proxy")
    told = run("serve", status=1).output
    for name in ("GEOGRID_PORT=eighty", "GEOGRID_OPEN=perhaps", "GEOGRID_TRUSTED_PROXIES=10.0.0.1, proxy"):
        assert f"{name} cannot be used: " in told
    for name in ("GEOGRID_PORT", "GEOGRID_OPEN", "GEOGRID_TRUSTED_PROXIES"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("GEOGRID_OIDC_ISSUER", ISSUER)
    together = run("serve", status=1).output
    assert "GEOGRID_OIDC_CLIENT_ID is not" in together
    assert "very secret" not in told + together


def token_of(role: str, engine: Engine) -> str:
    where = () if role in {"admin", "auditor"} else ("--jurisdiction", "town")
    grid = ("--grid", "D-a") if role in {"gridder", "chief"} else ()
    run("account", "add", role, "--one-time", "--role", role, *where, *grid)
    del engine
    return run("account", "token", "add", role, "t", "--role", role, *where).output.strip()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
def test_each_command_by_a_token_is_checked_against_the_matrix(
    engine: Engine, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.cli.rights import _recognised

    store_town(engine)
    monkeypatch.setenv("GEOGRID_TOKEN", token_of(role.value, engine))
    differences = []
    for name, action in COMMANDS.items():
        if action is None:
            continue
        scope = MATRIX[action][role]
        everybody = MATRIX[action][Role.PUBLIC] is Scope.EVERYTHING
        # Commands work on whole jurisdictions: own grids are not enough; an application's actions were not set.
        # What they write is not masked.
        is_allowed = everybody or scope in {Scope.EVERYTHING, Scope.TOWN}
        try:
            _recognised(action, {"jurisdiction": "town"})
            was = True
        except ForbiddenError:
            was = False
        if was != is_allowed:
            differences.append((name, was))
    assert differences == []


def test_command_by_a_token_acts_as_its_account(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    store_town(engine)
    monkeypatch.setenv("GEOGRID_TOKEN", token_of("planner", engine))
    run("plan", "new", "draft", "--from", "1")
    assert lines(engine)[-1][:2] == ("planner", "plans.edit")
    with engine.connect() as connection:
        by = connection.execute(text("select made_by from changes where kind = 'created'")).scalar_one()
    assert by == "planner"
    assert "acts as planner" in run("plan", "review", "2", "in_review", "--by", "镇长", status=1).output
    run("plan", "review", "2", "in_review")
    assert "may not approve" in run("plan", "review", "2", "approved", status=1).output
    assert "account.list" not in run("account", "list", status=1).output
    assert "accounts.manage needs one of the roles admin" in run("account", "list", status=1).output
    monkeypatch.setenv("GEOGRID_TOKEN", "geogrid_nothing")
    assert "worth nothing" in run("plan", "show", status=1).output


def test_audit_is_listed_exported_and_verified(engine: Engine, tmp_path: Path) -> None:
    run("account", "add", "li", "--one-time")
    whole = run("audit", "verify").output
    assert whole.startswith("1 lines, whole. Head: ")
    head = whole.rpartition(" ")[2].strip()
    run("account", "add", "sun", "--one-time")
    run("audit", "verify", "--head", head)
    assert "No line has the hash" in run("audit", "verify", "--head", "00" * 32, status=5).output
    run("audit", "export", str(tmp_path / "audit.jsonl"))
    exported = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text("utf-8").splitlines()]
    assert [line["number"] for line in exported] == [1, 2]
    assert exported[0]["hash"] == head
    assert "account sun" in run("audit", "list", "--limit", "1").output
    with engine.begin() as connection:
        connection.execute(text("alter table audit disable trigger user"))
        connection.execute(text("update audit set account = 'nobody' where number = 1"))
    broken = run("audit", "verify", status=5)
    assert "Line 1 was changed after it was sealed." in broken.output
