"""``/accounts`` and ``/audit``: for those who look after accounts, and those who look at what was done."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from api.accounts.door import Doorkeeper
from api.accounts.forms import onward, sentences
from api.kit.forms import Fields, OwnFields
from api.kit.identity import identity_of
from api.kit.links import address
from api.state.dependencies import Editions, OpenStore
from api.state.editions import EditionBook
from api.state.store import Store
from api.web.rendering import page, view_of
from boundaries.accounts.granting import give_role, take_role
from boundaries.accounts.identities import unlink_identity
from boundaries.accounts.reading import get_account, list_accounts
from boundaries.accounts.sessions import end_sessions, sessions_of
from boundaries.accounts.signing_in import make_address
from boundaries.accounts.storing import add_account, disable_account
from boundaries.accounts.tokens import list_tokens
from boundaries.audit.reading import LineFilter, newest_lines
from geogrid.access import Grant, Role
from geogrid.errors import ConflictError, InvalidInputError, NotFoundError

router = APIRouter(include_in_schema=False)

_ADDRESS_HOLDS: Final = timedelta(hours=24)
_PAGE: Final = 50
_DIGITS: Final = 18
_ON_PAGE: Final = (InvalidInputError, ConflictError)


@router.get("/accounts")
def accounts(request: Request, store: OpenStore) -> Response:
    """List the accounts, with the form for another."""
    return _list_page(request, store)


@router.post("/accounts")
def new_account(request: Request, fields: OwnFields, store: OpenStore) -> Response:
    """Make an account; it is opened by a one-time address that its page gives out."""
    try:
        with store.unit_of_work() as session:
            account_id = add_account(session, fields.get("login", ""), name=fields.get("name", ""))
            login = next(each.login for each in list_accounts(session) if each.id == account_id)
    except _ON_PAGE as error:
        return _list_page(request, store, problems=sentences(error), fields=fields)
    return onward(request, f"/accounts/{login}")


@router.get("/accounts/{login}")
def one_account(request: Request, login: str, store: OpenStore, editions: Editions) -> Response:
    """Show an account: its roles, sessions and tokens, with the forms to change them."""
    return _one_page(request, login, store, editions)


@router.post("/accounts/{login}")
def change_account(request: Request, login: str, fields: OwnFields, store: OpenStore, editions: Editions) -> Response:
    """Give or take a role, disable or enable, end the sessions, or give out a one-time address."""
    made = ""
    try:
        with store.unit_of_work() as session:
            made = _change(request, session, login, fields)
    except _ON_PAGE as error:
        return _one_page(request, login, store, editions, problems=sentences(error), fields=fields)
    _door(request).forget()
    if made:
        return _one_page(request, login, store, editions, once=address(request, f"/login/once/{made}"))
    return onward(request, f"/accounts/{login}")


def _change(request: Request, session: Any, login: str, fields: Fields) -> str:
    """Do what a form asks for; return the secret of a one-time address, if that was asked for."""
    account, own = get_account(session, login), identity_of(request)
    what, now = fields.get("do", ""), datetime.now(UTC)
    if what in {"disable", "revoke"} and account.login == own.login:
        raise ConflictError("Nobody takes rights from himself: another administrator does.")
    if what == "grant":
        give_role(session, account.login, _grant(request, fields), by=own.login)
    elif what == "revoke":
        take_role(session, _number(fields.get("grant", "")), login=account.login)
    elif what in {"disable", "enable"}:
        disable_account(session, account.login, is_disabled=what == "disable")
    elif what == "unlink":
        number = _number(fields.get("identity", ""))
        linked = next((each for each in account.identities if each.id == number), None)
        if linked is None:
            raise NotFoundError(f"{account.login} has no such link any more. Open the page again.")
        unlink_identity(session, account.login, issuer=linked.issuer, subject=linked.subject)
    elif what == "sessions":
        end_sessions(session, account.id)
    elif what == "address":
        return make_address(session, account.login, at=now, holds=_ADDRESS_HOLDS)
    else:
        raise InvalidInputError.of("do", "The form does not say what to do.", "Open the page again.")
    return ""


def _grant(request: Request, fields: Fields) -> Grant:
    role = fields.get("role", "")
    if role not in set(Role):
        raise InvalidInputError.of("role", f"There is no role {role[:40]!r}.", f"There are: {', '.join(Role)}.")
    view = view_of(request)
    until = _midnight(fields.get("until", ""), view.say("bad_date", value=fields.get("until", "")[:40]), days=1)
    return Grant(Role(role), fields.get("jurisdiction") or None, fields.get("grid", "").strip() or None, valid_to=until)


@router.get("/audit")
def audit(request: Request, store: OpenStore) -> Response:
    """Show what was done, the newest first."""
    view, asked = view_of(request), request.query_params
    fields = {name: asked.get(name, "").strip()[:200] for name in ("account", "action", "words", "since", "until")}
    problems: list[str] = []
    moments: dict[str, datetime | None] = {}
    for name, days in (("since", 0), ("until", 1)):
        try:
            moments[name] = _midnight(fields[name], view.say("bad_date", value=fields[name]), days=days)
        except InvalidInputError as error:
            problems += sentences(error)
    lines: tuple[Any, ...] = ()
    before = asked.get("before", "")
    if not problems:
        wanted = LineFilter(fields["account"] or None, fields["action"] or None, fields["words"], **moments)
        with store.unit_of_work() as session:
            lines = newest_lines(session, wanted, limit=_PAGE + 1, before=_number(before) if before else None)
    more = view.url("/audit", fields, before=lines[_PAGE - 1].number) if len(lines) > _PAGE else ""
    values = {"fields": fields, "lines": lines[:_PAGE], "more": more, "problems": problems}
    return page(request, "accounts/audit.html", view, values=values, status=400 if problems else 200)


def _list_page(
    request: Request, store: Store, *, problems: list[str] | None = None, fields: Mapping[str, str] | None = None
) -> Response:
    with store.unit_of_work() as session:
        found = list_accounts(session)
    now = datetime.now(UTC)
    rows = [(each, [one.grant for one in each.grants if one.grant.is_valid(now)]) for each in found]
    values = {"rows": rows, "problems": problems or [], "fields": fields or {}}
    status = HTTPStatus.BAD_REQUEST if problems else HTTPStatus.OK
    return page(request, "accounts/accounts.html", view_of(request), values=values, status=status)


def _one_page(  # noqa: PLR0913 - what came of the form before
    request: Request,
    login: str,
    store: Store,
    editions: EditionBook,
    *,
    problems: list[str] | None = None,
    fields: Mapping[str, str] | None = None,
    once: str = "",
) -> Response:
    with store.unit_of_work() as session:
        account = get_account(session, login)
        now = datetime.now(UTC)
        values = {
            "account": account,
            "grants": account.grants,
            "sessions": sessions_of(session, account.id, at=now, limits=_door(request).limits),
            "tokens": list_tokens(session, account.login),
        }
    values |= {
        "roles": [role.value for role in Role if role is not Role.PUBLIC],
        "towns": list(editions.calendars),
        "problems": problems or [],
        "fields": fields or {},
        "once": once,
    }
    status = HTTPStatus.BAD_REQUEST if problems else HTTPStatus.OK
    return page(request, "accounts/one.html", view_of(request), values=values, status=status)


def _midnight(text: str, refusal: str, *, days: int) -> datetime | None:
    """Return the beginning of a day in UTC, or of one some days later; None for no text."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("UTC"))
    except (ValueError, OverflowError) as error:
        raise InvalidInputError.of("day", refusal) from error


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > _DIGITS:
        raise NotFoundError(f"{text[:40]!r} is no number of anything here.")
    return int(text)


def _door(request: Request) -> Doorkeeper:
    door: Doorkeeper = request.app.state.door
    return door
