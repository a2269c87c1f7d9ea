"""``/login``, ``/logout``, ``/account``: signing in and out, and what one's own account is made of."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from api.accounts.door import take_cookie
from api.accounts.entering import door_of, login_page, signed_in
from api.accounts.forms import onward, own_path, sentences
from api.kit.forms import AnyFields, OwnFields
from api.kit.identity import Identity, asked_from, client_of, identity_of
from api.kit.origin import require_same_origin
from api.state.dependencies import OpenStore
from api.state.store import Store
from api.web.rendering import page, view_of
from api.web.words import LANGS
from boundaries.accounts.reading import get_account
from boundaries.accounts.records import AccountRecord
from boundaries.accounts.sessions import end_session, end_sessions, sessions_of
from boundaries.accounts.signing_in import Candidate, known_login, login_of_address, may_try, sign_in, use_address
from boundaries.accounts.storing import begin_totp, change_password, confirm_totp, remove_totp
from boundaries.accounts.tokens import list_tokens
from boundaries.audit.recording import Act, add_line
from geogrid.errors import InvalidInputError, NotFoundError

router = APIRouter(include_in_schema=False)

_TOO_MANY: Final = HTTPStatus.TOO_MANY_REQUESTS


@router.get("/login")
def login_form(request: Request) -> Response:
    """Show the form that signs in."""
    back = own_path(request.query_params.get("next", "/"))
    is_out = "out" in request.query_params and request.app.state.sign_on is not None
    return login_page(request, back=back, out_at="/logout/openid" if is_out else "")


@router.post("/login")
def log_in(request: Request, fields: AnyFields, store: OpenStore) -> Response:
    """Sign in by login, password and code; wrong ones are told alike, whatever of them is wrong."""
    require_same_origin(request)
    door, back = door_of(request), own_path(fields.get("next", "/"))
    candidate = Candidate(
        fields.get("login", ""), fields.get("password", ""), fields.get("code", ""), client_of(request)
    )
    now = datetime.now(UTC)
    with store.unit_of_work() as session:
        is_free = may_try(session, candidate, at=now)
    if not is_free:
        return login_page(request, back=back, login=candidate.login, problem="too_many_tries", status=_TOO_MANY)
    with store.unit_of_work() as session:
        account_id = door.hashing(lambda: sign_in(session, candidate, at=now))
        if account_id is not None:
            return signed_in(request, session, account_id, back=back, action="account.sign-in")
        shown = known_login(session, candidate.login)
        add_line(session, Act(shown or "anonymous", "account.sign-in-failed", "", asked_from(request)))
    return login_page(request, back=back, login=candidate.login, problem="wrong_login", status=HTTPStatus.UNAUTHORIZED)


@router.get("/login/once/{secret}")
def once_form(request: Request, secret: str, store: OpenStore) -> Response:
    """Show whom a one-time address signs in; it is used up by the button only, not by whoever looks at links."""
    with store.unit_of_work() as session:
        login = login_of_address(session, secret, at=datetime.now(UTC))
    if login is None:
        raise NotFoundError("This one-time address was used already, or is over. Ask for another.")
    return page(request, "accounts/once.html", view_of(request), values={"login": login})


@router.post("/login/once/{secret}")
def log_in_once(request: Request, secret: str, store: OpenStore) -> Response:
    """Sign in by an address that works once."""
    require_same_origin(request)
    with store.unit_of_work() as session:
        account_id = use_address(session, secret, at=datetime.now(UTC))
        if account_id is None:
            raise NotFoundError("This one-time address was used already, or is over. Ask for another.")
        return signed_in(request, session, account_id, back="/account", action="account.sign-in-once")


@router.post("/logout")
def log_out(request: Request, fields: OwnFields, store: OpenStore) -> Response:
    """End the session of this browser."""
    del fields
    identity = identity_of(request)
    if identity.account_id is not None and identity.session_id is not None:
        with store.unit_of_work() as session:
            end_session(session, identity.account_id, identity.session_id)
            add_line(session, Act(identity.login, "account.sign-out", "", asked_from(request)))
    door_of(request).forget()
    # Whoever has a provider is still signed in there: the page says so.
    reply = onward(request, "/" if request.app.state.sign_on is None else f"/login?{_out(request)}")
    take_cookie(request, reply)
    return reply


@router.get("/account")
def own_account(request: Request, store: OpenStore) -> Response:
    """Show one's own account: roles, sessions, tokens, password, second factor."""
    return _account_page(request, store)


@router.post("/account/password")
def own_password(request: Request, fields: OwnFields, store: OpenStore) -> Response:
    """Change one's own password; every other session is over, and this one gets a new cookie."""
    identity, door = identity_of(request), door_of(request)
    try:
        if fields.get("new", "") != fields.get("again", ""):
            raise InvalidInputError.of("again", "The new password was typed in two ways.", "Type it again.")
        with store.unit_of_work() as session:
            account = get_account(session, identity.login)
            if not _sets_password(identity, account):
                raise InvalidInputError.of("password", view_of(request).say("no_own_password"))
            door.hashing(lambda: change_password(session, identity.login, fields.get("old", ""), fields.get("new", "")))
            return signed_in(request, session, account.id, back="/account", action="account.password")
    except InvalidInputError as error:
        return _account_page(request, store, problems={"password": sentences(error)})


@router.post("/account/sessions")
def own_sessions(request: Request, fields: OwnFields, store: OpenStore) -> Response:
    """End one of one's own sessions, or all others."""
    identity = identity_of(request)
    assert identity.account_id is not None  # noqa: S101 - the rule asks for an account; narrows a type
    number = fields.get("session", "")
    with store.unit_of_work() as session:
        if number == "others":
            end_sessions(session, identity.account_id, but=identity.session_id)
        elif number.isascii() and number.isdecimal() and len(number) <= 18:  # noqa: PLR2004 - within the column's range
            end_session(session, identity.account_id, int(number))
        else:
            raise NotFoundError("The form names no session.")
    door_of(request).forget()
    return onward(request, "/account")


@router.post("/account/code")
def own_code(request: Request, fields: OwnFields, store: OpenStore) -> Response:
    """Set up a second factor in two steps, or take it away again with the password."""
    identity, step = identity_of(request), fields.get("step", "")
    try:
        with store.unit_of_work() as session:
            if step == "begin":
                return _account_page(request, store, secret=begin_totp(session, identity.login))
            if step == "confirm":
                secret, code = fields.get("secret", ""), fields.get("code", "")
                confirm_totp(session, identity.login, secret, code, at=datetime.now(UTC))
            elif step == "remove":
                remove_totp(session, identity.login, fields.get("password", ""))
    except InvalidInputError as error:
        secret = fields.get("secret", "") if step == "confirm" else ""
        return _account_page(request, store, problems={"code": sentences(error)}, secret=secret)
    return onward(request, "/account")


def _sets_password(identity: Identity, account: AccountRecord) -> bool:
    """Return whether somebody may set his own password, which is none that another place gives and takes back."""
    return account.may_set_password and (account.has_password or identity.kind != "proxy")


def _out(request: Request) -> str:
    lang = request.query_params.get("lang")
    return f"out=yes&lang={lang}" if lang in LANGS else "out=yes"


def _account_page(
    request: Request, store: Store, *, problems: Mapping[str, list[str]] | None = None, secret: str = ""
) -> Response:
    identity, now = identity_of(request), datetime.now(UTC)
    with store.unit_of_work() as session:
        account = get_account(session, identity.login)
        values: dict[str, Any] = {
            "account": account,
            "grants": [each.grant for each in account.grants if each.grant.is_valid(now)],
            "sessions": sessions_of(session, account.id, at=now, limits=door_of(request).limits),
            "tokens": list_tokens(session, account.login),
            "problems": problems or {},
            "secret": secret,
            "sets_password": _sets_password(identity, account),
        }
    status = HTTPStatus.BAD_REQUEST if problems else HTTPStatus.OK
    return page(request, "accounts/account.html", view_of(request), values=values, status=status)
