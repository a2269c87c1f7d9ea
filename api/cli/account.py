"""``geogrid account``: who may sign in, and what each may do."""

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from api.cli.account_links import link, unlink
from api.cli.output.store_session import open_session
from geogrid.access import Action, Grant, Role
from geogrid.access.matrix import settable
from geogrid.errors import InvalidInputError

if TYPE_CHECKING:
    from boundaries.accounts.records import AccountRecord

_ROLES: Final = tuple(role.value for role in Role)
_SETTABLE: Final = tuple(action.value for action in settable(Role.APPLICATION))
_PASSWORD: Final = "GEOGRID_PASSWORD"  # noqa: S105 - the name of the variable
_ADDRESS_HOLDS: Final = timedelta(hours=24)

Function = TypeVar("Function", bound=Callable[..., Any])


def _where(function: Function) -> Function:
    town = click.option("--jurisdiction", help="Code of the jurisdiction that the role is for; all, if left out.")
    grid = click.option("--grid", help="Code of a grid: the role is for it and those below it.")
    return town(grid(function))


def _secretly(function: Function) -> Function:
    file = click.option(
        "--password-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="File whose first line is the password. Else GEOGRID_PASSWORD, else it is asked for.",
    )
    once = click.option(
        "--one-time", is_flag=True, help="No password: print an address that signs in once, within a day."
    )
    return file(once(function))


@click.group()
def command() -> None:
    """Make accounts, give them roles, and give out passwords, one-time addresses and tokens.

    What each role may do is in docs/access.md. Passwords are never arguments, which others on the machine can read.
    """


@command.command(short_help="Make an account.")
@click.argument("login")
@click.option("--name", default="", help="Name of the person or the application.")
@click.option("--role", "roles", multiple=True, type=click.Choice(_ROLES), help="A role to give; repeat it.")
@_where
@_secretly
def add(  # noqa: PLR0917 - click names them
    login: str,
    name: str,
    roles: tuple[str, ...],
    jurisdiction: str | None,
    grid: str | None,
    password_file: Path | None,
    one_time: bool,
) -> None:
    """Make the account LOGIN, with roles if they are named."""
    from boundaries.accounts.granting import give_role
    from boundaries.accounts.signing_in import make_address
    from boundaries.accounts.storing import add_account

    password = None if one_time else _password(password_file)
    with open_session() as session:
        add_account(session, login, name=name, password=password)
        for role in roles:
            give_role(session, login, Grant(Role(role), jurisdiction, grid), by=_runner())
        secret = make_address(session, login, at=datetime.now(UTC), holds=_ADDRESS_HOLDS) if one_time else ""
    click.echo(f"{login} can sign in, {'as ' + ', '.join(roles) if roles else 'with no role yet'}.")
    if secret:
        click.echo(f"Once, within a day, at: {_base()}/login/once/{secret}")


@command.command("list", short_help="Show the accounts and their roles.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
def show(as_json: bool) -> None:
    """Show every account, its state, when it was last seen, and its grants with their numbers."""
    from boundaries.accounts.reading import list_accounts

    with open_session() as session:
        for account in list_accounts(session):
            click.echo(json.dumps(_as_json(account), ensure_ascii=False) if as_json else _as_text(account))


@command.command(short_help="Give an account a role.")
@click.argument("login")
@click.argument("role", type=click.Choice(_ROLES))
@_where
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="First day, UTC. Default: now.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day, UTC. Default: no end.")
@click.option(
    "--allow",
    "actions",
    multiple=True,
    type=click.Choice(_SETTABLE),
    help="Of an application: what it may read; repeat it.",
)
def grant(  # noqa: PLR0917 - click names them
    login: str,
    role: str,
    jurisdiction: str | None,
    grid: str | None,
    since: datetime | None,
    until: datetime | None,
    actions: tuple[str, ...],
) -> None:
    """Give the account LOGIN the role ROLE, somewhere, for a time."""
    from boundaries.accounts.granting import give_role, words_of

    given = Grant(
        Role(role),
        jurisdiction,
        grid,
        None if since is None else since.replace(tzinfo=UTC),
        None if until is None else until.replace(tzinfo=UTC) + timedelta(days=1),
        frozenset(Action(each) for each in actions),
    )
    with open_session() as session:
        number = give_role(session, login, given, by=_runner())
    click.echo(f"Grant {number}: {login} is {words_of(given)}.")


@command.command(short_help="Take a role back.")
@click.argument("login")
@click.argument("number", type=int)
def revoke(login: str, number: int) -> None:
    """Take the grant NUMBER back from the account LOGIN, at once; `geogrid account list` shows the numbers."""
    from boundaries.accounts.granting import take_role, words_of
    from boundaries.accounts.rules import normal_login

    with open_session() as session:
        taken = take_role(session, number, login=normal_login(login))
    click.echo(f"{login} is no longer {words_of(taken.grant)}.")


@command.command(short_help="Keep an account out.")
@click.argument("login")
def disable(login: str) -> None:
    """Disable the account LOGIN: its sessions are over, its tokens worthless, what it did stays in the audit."""
    from boundaries.accounts.storing import disable_account

    with open_session() as session:
        disable_account(session, login)
    click.echo(f"{login} is disabled.")


@command.command(short_help="Let a disabled account in again.")
@click.argument("login")
def enable(login: str) -> None:
    """Enable the account LOGIN again."""
    from boundaries.accounts.storing import disable_account

    with open_session() as session:
        disable_account(session, login, is_disabled=False)
    click.echo(f"{login} is enabled.")


@command.command("password", short_help="Set a password, or print a one-time address.")
@click.argument("login")
@_secretly
def set_password_(login: str, password_file: Path | None, one_time: bool) -> None:
    """Set the password of the account LOGIN, or print an address that signs it in once; its sessions are over."""
    from boundaries.accounts.signing_in import make_address
    from boundaries.accounts.storing import set_password

    if one_time:
        with open_session() as session:
            secret = make_address(session, login, at=datetime.now(UTC), holds=_ADDRESS_HOLDS)
        click.echo(f"Once, within a day, at: {_base()}/login/once/{secret}")
        return
    password = _password(password_file)
    with open_session() as session:
        set_password(session, login, password)
    click.echo(f"{login} has a new password; every session is over.")


@command.command(short_help="Show or end sessions.")
@click.argument("login")
@click.option("--end", is_flag=True, help="End all of them.")
def sessions(login: str, end: bool) -> None:
    """Show where the account LOGIN is signed in, or sign it out everywhere."""
    from api.state.settings import CommonSettings
    from boundaries.accounts.reading import get_account
    from boundaries.accounts.sessions import SessionLimits, end_sessions, sessions_of

    settings = CommonSettings()
    limits = SessionLimits(timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours))
    with open_session() as session:
        account = get_account(session, login)
        if end:
            click.echo(f"{end_sessions(session, account.id)} sessions of {login} are over.")
            return
        for each in sessions_of(session, account.id, at=datetime.now(UTC), limits=limits):
            click.echo(f"{each.last_used_at:%Y-%m-%d %H:%M} UTC  {each.address}  {each.agent}")


command.add_command(link)
command.add_command(unlink)


@command.group()
def token() -> None:
    """Give tokens to applications; with one in the header Authorization they act as the account, in one role."""


@token.command("add", short_help="Make a token.")
@click.argument("login")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(_ROLES), help="The role of the account that it is for.")
@click.option("--jurisdiction", help="Code of the jurisdiction that it is for; all of the role's, if left out.")
@click.option("--days", type=int, default=90, show_default=True, help="How long it holds, 366 at most.")
def add_token_(login: str, name: str, role: str, jurisdiction: str | None, days: int) -> None:
    """Make the token NAME for the account LOGIN and print it: it is not shown again."""
    from boundaries.accounts.tokens import add_token

    with open_session() as session:
        made = add_token(
            session, login, name=name, role=Role(role), jurisdiction=jurisdiction, at=datetime.now(UTC), days=days
        )
    click.echo(made)


@token.command("list", short_help="Show the tokens.")
def list_tokens_() -> None:
    """Show whose tokens there are, until when they hold and when they were last used; the tokens are not shown."""
    from boundaries.accounts.tokens import list_tokens

    with open_session() as session:
        for each in list_tokens(session):
            used = f"last used {each.last_used_at:%Y-%m-%d %H:%M} UTC" if each.last_used_at else "never used"
            where = each.jurisdiction or "everywhere"
            click.echo(f"{each.account}  {each.name}  {each.role} {where}  until {each.expires_at:%Y-%m-%d}  {used}")


@token.command("remove", short_help="Make a token worthless.")
@click.argument("login")
@click.argument("name")
def remove_token_(login: str, name: str) -> None:
    """Make the token NAME of the account LOGIN worthless, at once."""
    from boundaries.accounts.tokens import remove_token

    with open_session() as session:
        remove_token(session, login, name)
    click.echo(f"{name} of {login} is worth nothing any more.")


def _password(file: Path | None) -> str:
    """Return a password from a file, the environment or a prompt; from pipes too, but never from an argument."""
    if file is not None:
        try:
            return file.read_text("utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, ValueError) as error:
            raise InvalidInputError.of("password-file", f"{file} cannot be read: {error}.") from error
    if _PASSWORD in os.environ:
        return os.environ[_PASSWORD]
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        message = "No password is given."
        remedy = f"Use --password-file, {_PASSWORD}, a terminal or a pipe; or --one-time for an address that signs in."
        raise InvalidInputError.of("no-password", message, remedy)
    return line


def _base() -> str:
    from api.state.settings import CommonSettings

    settings = CommonSettings()
    return settings.public_url or f"http://{settings.host}:{settings.port}"


def _runner() -> str:
    from api.cli.rights import author_name

    return author_name("")


def _as_json(account: "AccountRecord") -> dict[str, Any]:
    from boundaries.accounts.granting import words_of

    return {
        "login": account.login,
        "name": account.name,
        "state": account.state,
        "has_password": account.has_password,
        "has_second_factor": account.has_totp,
        "last_seen_at": None if account.last_seen_at is None else account.last_seen_at.isoformat(),
        "identities": [{"issuer": each.issuer, "subject": each.subject} for each in account.identities],
        "grants": [{"number": each.id, "grant": words_of(each.grant), "by": each.given_by} for each in account.grants],
    }


def _as_text(account: "AccountRecord") -> str:
    from boundaries.accounts.granting import words_of

    seen = f"last seen {account.last_seen_at:%Y-%m-%d %H:%M} UTC" if account.last_seen_at else "never seen"
    lines = [f"{account.login}  {account.name}  {account.state}, {seen}"]
    lines += [f"  linked to {each.subject} of {each.issuer}" for each in account.identities]
    lines += [f"  {each.id}  {words_of(each.grant)}" for each in account.grants]
    return "\n".join(lines)
