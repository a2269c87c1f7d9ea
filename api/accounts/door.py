"""Recognising who asks: by a session's cookie, a token, or a trusted proxy's word, looked up once a second at most."""

import hashlib
import hmac
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from threading import BoundedSemaphore, Lock
from typing import Final, Literal, TypeVar

from cachetools import TTLCache
from fastapi import Request, Response
from starlette.types import Scope

from api.kit.identity import Identity, with_everybodys
from api.state.settings import CommonSettings
from api.state.store import Store
from boundaries.accounts.reading import recognise_login
from boundaries.accounts.records import Recognised
from boundaries.accounts.sessions import SessionLimits, hash_of, recognise_session, use_session
from boundaries.accounts.storing import mark_seen
from boundaries.accounts.tokens import recognise_token, use_token
from geogrid.access import EVERYBODY, Action, Grant, Role
from geogrid.errors import GeogridError, UnavailableError

PLAIN_COOKIE: Final = "geogrid_session"
SECURE_COOKIE: Final = "__Host-geogrid_session"
"""Of connections by TLS: browsers take it from nobody but this very host."""

_HELD: Final = 10_000
_HELD_S: Final = 1.0
_LONGEST_SECRET: Final = 200
_HASHES_AT_ONCE: Final = 2
_HASH_WAIT_S: Final = 5.0

Value = TypeVar("Value")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request shows to be recognised: the secret of a session or a token, the login that a proxy names."""

    kind: Literal["session", "token", "proxy"]
    secret: str


def everybody(settings: CommonSettings) -> Identity:
    """Return who asks without an account, by what the operator opened."""
    grants = [EVERYBODY]
    if settings.public_duties:
        grants = [Grant(Role.PUBLIC, actions=frozenset({Action.DUTIES_READ}))]
    if settings.open == "read":
        grants.append(Grant(Role.ANALYST))
    return Identity(grants=tuple(grants), is_unlimited=settings.open == "all")


class Doorkeeper:
    """Knows who asks.

    Parameters
    ----------
    store : Store
        Where accounts are.
    settings : CommonSettings
        What is open, and how long sessions hold.
    """

    def __init__(self, store: Store, settings: CommonSettings) -> None:
        self._store = store
        self.anonymous = everybody(settings)
        self.limits = SessionLimits(
            timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours)
        )
        self._held: TTLCache[tuple[str, bytes], Identity | None] = TTLCache(_HELD, _HELD_S)
        self._lock = Lock()
        self._hashing = BoundedSemaphore(_HASHES_AT_ONCE)

    def held(self, credentials: Credentials) -> tuple[bool, Identity | None]:
        """Return whether credentials were looked up just now, and whose they are; this waits for nothing."""
        key = _key(credentials)
        with self._lock:
            try:
                # One reading: between two (`in` and this, and `get` is both) what is kept may run out.
                return True, self._held[key]
            except KeyError:
                return False, None

    def recognise(self, credentials: Credentials) -> Identity | None:
        """Return whose credentials these are; None where they are nobody's.

        Raises
        ------
        UnavailableError
            The database cannot be asked.
        """
        now = datetime.now(UTC)
        with self._store.unit_of_work() as session:
            if credentials.kind == "token":
                found = recognise_token(session, credentials.secret, at=now)
            elif credentials.kind == "proxy":
                found = recognise_login(session, credentials.secret)
            else:
                found = recognise_session(session, credentials.secret, at=now, limits=self.limits)
        identity = None if found is None else self._identity(credentials, found)
        with self._lock:
            self._held[_key(credentials)] = identity
        if found is not None:
            self._note_use(credentials, found, now)
        return identity

    def forget(self) -> None:
        """Look everybody up anew: a session has ended, or rights have changed."""
        with self._lock:
            self._held.clear()

    def hashing(self, work: Callable[[], Value]) -> Value:
        """Return what work gives that hashes a password; few at once, since each takes memory and time.

        Raises
        ------
        UnavailableError
            Too many others sign in at this moment.
        """
        if not self._hashing.acquire(timeout=_HASH_WAIT_S):
            raise UnavailableError("Too many people sign in at this moment. Try again in a few seconds.")
        try:
            return work()
        finally:
            self._hashing.release()

    def _identity(self, credentials: Credentials, found: Recognised) -> Identity:
        forms = {"session": credentials.secret, "proxy": found.form_key}
        own = Identity(
            kind=credentials.kind,
            login=found.login,
            name=found.name,
            grants=found.grants,
            account_id=found.account_id,
            session_id=found.session_id,
            form_token=form_token(forms[credentials.kind]) if credentials.kind in forms else "",
        )
        return with_everybodys(own, self.anonymous)

    def _note_use(self, credentials: Credentials, found: Recognised, now: datetime) -> None:
        try:
            with self._store.unit_of_work() as session:
                if credentials.kind == "proxy":
                    mark_seen(session, found.account_id, now)
                elif found.session_id is None:
                    use_token(session, credentials.secret, found.account_id, now)
                else:
                    use_session(session, found.session_id, found.account_id, now)
        except GeogridError as error:
            # A database that takes no writes still lets people read; the session ends earlier than it might.
            logger.info("The last use of an account cannot be noted: %s", error)


def _key(credentials: Credentials) -> tuple[str, bytes]:
    # The kind belongs to it: what is a cookie is no token, also while it is held.
    return credentials.kind, hash_of(credentials.secret)


def form_token(secret: str) -> str:
    """Return what forms carry: it follows from the cookie, which other sites cannot read."""
    return hmac.new(b"geogrid form", secret.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def credentials_of(scope: Scope) -> Credentials | None:
    """Return what a request shows: a token goes before a cookie."""
    cookie = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            if scheme.lower() == "bearer":
                return Credentials("token", token.strip()[:_LONGEST_SECRET])
        elif name == b"cookie" and b"geogrid_session" in value:
            cookie = value.decode("latin-1")
    secret = None if cookie is None else _secret_in(cookie, is_secure=scope.get("scheme") == "https")
    return None if secret is None else Credentials("session", secret[:_LONGEST_SECRET])


def _secret_in(header: str, *, is_secure: bool) -> str | None:
    try:
        cookies = SimpleCookie(header)
    except CookieError:
        return None
    morsel = cookies.get(SECURE_COOKIE if is_secure else PLAIN_COOKIE)
    return None if morsel is None or not morsel.value else morsel.value


def give_cookie(request: Request, response: Response, secret: str) -> None:
    """Put the cookie of a session into an answer: for this host alone, out of reach of scripts and other sites."""
    is_secure = request.url.scheme == "https"
    name = SECURE_COOKIE if is_secure else PLAIN_COOKIE
    response.set_cookie(name, secret, path="/", httponly=True, samesite="lax", secure=is_secure)


def take_cookie(request: Request, response: Response) -> None:
    """Take the cookie of a session back."""
    is_secure = request.url.scheme == "https"
    name = SECURE_COOKIE if is_secure else PLAIN_COOKIE
    response.delete_cookie(name, path="/", httponly=True, samesite="lax", secure=is_secure)
