"""What each command needs, and who runs it.

Commands have the database's own address, so whoever runs one could do anything there: he acts as ``local:`` and his
name on this machine, with all rights. With a token in GEOGRID_TOKEN a command acts as the token's account.
"""

import functools
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import click

from geogrid.access import EVERYBODY, Action, Grant, Sight, reach_of, roles_for
from geogrid.errors import ForbiddenError, InvalidInputError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

TOKEN: Final = "GEOGRID_TOKEN"  # noqa: S105 - the name of the variable

_SERVER, _TOWN, _EDIT = Action.SERVER_MANAGE, Action.TOWNS_WRITE, Action.PLANS_EDIT
_READ, _ACCOUNTS, _AUDIT = Action.PLANS_READ, Action.ACCOUNTS_MANAGE, Action.AUDIT_READ
_PERSONS = Action.REPORTERS_MANAGE

COMMANDS: Final[Mapping[str, Action | None]] = MappingProxyType(
    {
        "account add": _ACCOUNTS,
        "account disable": _ACCOUNTS,
        "account enable": _ACCOUNTS,
        "account grant": _ACCOUNTS,
        "account link": _ACCOUNTS,
        "account list": _ACCOUNTS,
        "account password": _ACCOUNTS,
        "account revoke": _ACCOUNTS,
        "account sessions": _ACCOUNTS,
        "account token add": _ACCOUNTS,
        "account token list": _ACCOUNTS,
        "account token remove": _ACCOUNTS,
        "account unlink": _ACCOUNTS,
        "audit export": _AUDIT,
        "audit list": _AUDIT,
        "audit verify": _AUDIT,
        "casework set": _TOWN,
        "casework show": Action.BOUNDARIES_READ,
        "db rotate-keys": _SERVER,
        "db start": _SERVER,
        "db status": _SERVER,
        "db stop": _SERVER,
        "db upgrade": _SERVER,
        "db url": _SERVER,
        "demo": _SERVER,
        "evaluate": None,
        "export tiles": Action.BOUNDARIES_READ,
        "geocode": Action.BOUNDARIES_READ,
        "import addresses": _TOWN,
        "import cases": Action.CASES_IMPORT,
        "import grids": _TOWN,
        "import loads": _TOWN,
        "import town": _TOWN,
        "jobs list": _SERVER,
        "jobs retry": _SERVER,
        "jobs run": _SERVER,
        "locate": None,
        "map coverage": Action.DUTIES_READ,
        "map hotspots": Action.CASES_READ,
        "hotspots": Action.CASES_READ,
        "open311 key add": _SERVER,
        "open311 key list": _SERVER,
        "open311 key remove": _SERVER,
        "open311 services": _SERVER,
        "partition": None,
        "plan accept": _EDIT,
        "plan compare": _READ,
        "plan draw": _EDIT,
        "plan edit": _EDIT,
        "plan export": _READ,
        "plan keep-codes": _EDIT,
        "plan new": _EDIT,
        "plan publish": Action.PLANS_PUBLISH,
        "plan rebase": _EDIT,
        "plan redo": _EDIT,
        "plan review": Action.PLANS_REVIEW,
        "plan rollback": Action.PLANS_PUBLISH,
        "plan show": _READ,
        "plan undo": _EDIT,
        "plan validate": _READ,
        "privacy erase": _PERSONS,
        "privacy export": _PERSONS,
        "privacy retain": _PERSONS,
        "serve": _SERVER,
        "webhook add": _SERVER,
        "webhook list": _SERVER,
        "webhook remove": _SERVER,
        "webhook retry": _SERVER,
    }
)
"""What each command needs; None: it touches no database."""

_OF_NO_TOWN: Final = frozenset({_SERVER, _ACCOUNTS, _AUDIT})
"""Actions on what belongs to no jurisdiction: only a grant for all of them will do."""

_PLANS: Final = ("plan_id", "edition_id", "old_id", "new_id", "other_id", "first", "second")


@dataclass(frozen=True, slots=True)
class Runner:
    """Who runs a command; without a login somebody of this machine, with all rights."""

    name: str
    login: str = ""
    grants: tuple[Grant, ...] = ()

    def may(self, action: Action, jurisdiction: str | None) -> bool:
        """Return whether he may do something to all of a jurisdiction, in plain words: commands mask nothing."""
        if not self.login:
            return True
        return reach_of((*self.grants, EVERYBODY), action, jurisdiction, datetime.now(UTC)).whole is Sight.PLAIN


_RUNNER: ContextVar[Runner | None] = ContextVar("runner", default=None)


def governed(command: click.Command) -> click.Command:
    """Let a command, or those of a group, ask for what the table says before they run."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            governed(each)
    elif command.callback is not None and not hasattr(command.callback, "is_governed"):
        command.callback = _asking(command.callback)
    return command


def _asking(callback: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(callback)
    def asked(*args: Any, **kwargs: Any) -> Any:
        context = click.get_current_context()
        name = context.command_path.partition(" ")[2]
        action = COMMANDS[name]
        if action is None:
            return callback(*args, **kwargs)
        with _acting(name, action, context.params):
            return callback(*args, **kwargs)

    asked.is_governed = True  # type: ignore[attr-defined]
    return asked


@contextmanager
def _acting(name: str, action: Action, parameters: Mapping[str, Any]) -> Iterator[None]:
    from boundaries.audit.recording import Act, acting

    runner = _recognised(action, parameters) if os.environ.get(TOKEN) else Runner(f"local:{_user()}")
    reset = _RUNNER.set(runner)
    try:
        with acting(Act(runner.name, action.value, f"geogrid {name}", "command")):
            yield
    finally:
        _RUNNER.reset(reset)


def _recognised(action: Action, parameters: Mapping[str, Any]) -> Runner:
    """Return whose token GEOGRID_TOKEN is, if he may do something where a command does it.

    Raises
    ------
    ForbiddenError
        The token is worthless, or its account may not do this.
    """
    from api.cli.output.store_session import open_session
    from boundaries.accounts.tokens import recognise_token

    with open_session() as session:
        found = recognise_token(session, os.environ[TOKEN], at=datetime.now(UTC))
        if found is None:
            raise ForbiddenError(f"The token of {TOKEN} is worth nothing: it is over, was taken back, or never was.")
        runner = Runner(found.login, found.login, found.grants)
        for town in (None,) if action in _OF_NO_TOWN else _towns(session, parameters):
            if not runner.may(action, town):
                roles = ", ".join(role.value for role in roles_for(action))
                where = f" in {town}" if town else ""
                raise ForbiddenError(
                    f"{found.login} may not do this by the token: {action}{where} needs one of the roles {roles}."
                )
    return runner


def _towns(session: "Session", parameters: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Return the jurisdictions that a command is about, None for one that names none where there are several."""
    from boundaries.jurisdictions.reading import jurisdiction_codes
    from boundaries.plans.drafts import jurisdictions_of_plans

    plans = [value for name, value in parameters.items() if name in _PLANS and isinstance(value, int)]
    if plans:
        return jurisdictions_of_plans(session, plans) or (None,)
    named = parameters.get("jurisdiction")
    if named:
        return (str(named),)
    stored = jurisdiction_codes(session)
    return stored if len(stored) == 1 else (None,)


def author_name(typed: str) -> str:
    """Return who is to be named for a change: the token's account, else what was typed, else the user of the machine.

    Raises
    ------
    InvalidInputError
        The command acts as an account, and another name was typed.
    """
    runner = _RUNNER.get()
    if runner is None or not runner.login:
        return typed or _user()
    if typed and typed != runner.login:
        raise InvalidInputError.of(
            "by",
            f"--by is {typed!r}, and the command acts as {runner.login}.",
            f"Leave it out, or unset {TOKEN}.",
            subject="by",
        )
    return runner.login


def require_approver(session: "Session", plan_id: int) -> None:
    """Refuse to let an account approve a plan that it may not approve, or has had a hand in.

    Raises
    ------
    ForbiddenError
        The account may not; somebody of this machine, with all rights, may.
    """
    from boundaries.plans.drafts import editors_of, jurisdictions_of_plans

    runner = _RUNNER.get()
    if runner is None or not runner.login:
        return
    if not all(runner.may(Action.PLANS_APPROVE, town) for town in jurisdictions_of_plans(session, [plan_id])):
        raise ForbiddenError(f"{runner.login} may not approve plan {plan_id}: that needs the role approver.")
    if runner.login in editors_of(session, plan_id):
        raise ForbiddenError(f"{runner.login} has edited plan {plan_id} himself. Somebody else approves it.")


def _user() -> str:
    import getpass

    return getpass.getuser()
