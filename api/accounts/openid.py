"""``/login/openid``: signing in through the provider that the settings name, and out there as well."""

import base64
import binascii
import logging
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.accounts.entering import login_page, signed_in
from api.accounts.forms import own_path
from api.kit.identity import client_of
from api.kit.links import address
from api.state.dependencies import OpenStore
from api.state.settings import CommonSettings
from api.state.store import Store
from api.web.words import LANGS
from boundaries.accounts.identities import Person, account_of, is_first_use
from boundaries.accounts.signing_in import forgive_address, may_try_from
from boundaries.audit.recording import Act, add_line
from geogrid.errors import ForbiddenError, GeogridError, InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from boundaries.accounts.openid.settings import OpenIDSettings
    from boundaries.accounts.openid.sign_on import Journey, ProviderAnswer, SignOn

router = APIRouter(include_in_schema=False)
logger = logging.getLogger(__name__)

RETURN: Final = "/login/openid/return"
PLAIN_COOKIE: Final = "geogrid_openid"
SECURE_COOKIE: Final = "__Host-geogrid_openid"
_SECONDS: Final = 600
_LONGEST_BACK: Final = 1_000
_LONGEST_COOKIE: Final = 4_000
_LONGEST_LANG: Final = 8
_ONCE: Final = ("state", "code", "error", "iss")
_NEVER_KEPT: Final = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class _Begun:
    """What a browser's cookie tells of the sign-in that it has begun."""

    journey: "Journey | None"
    back: str = "/"
    lang: str = ""


def sign_on_of(settings: "OpenIDSettings") -> "SignOn | None":
    """Return what signs people in through a provider; None where the settings name none."""
    if settings.oidc_issuer is None:
        return None
    # Libraries of cryptography, which a server without a provider does without.
    from boundaries.accounts.openid.sign_on import SignOn

    return SignOn(settings)


@router.get("/login/openid")
def go_to_provider(request: Request) -> Response:
    """Send a browser to the provider, with a cookie that its answer must match."""
    sign_on, back = _sign_on(request), _back(request)
    from boundaries.accounts.openid.fetching import ProviderFaultError
    from boundaries.accounts.openid.sign_on import Journey

    lang = request.query_params.get("lang", "")[:_LONGEST_LANG]
    if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        # Another site must not begin it: here is the page with the button.
        return login_page(request, back=back)
    journey = Journey.begin()
    try:
        there = sign_on.way_there(journey, _return_address(request))
    except ProviderFaultError as error:
        return _not_signed_in(request, error, _Begun(None, back, lang))
    reply = RedirectResponse(there, status_code=HTTPStatus.SEE_OTHER, headers=_NEVER_KEPT)
    _give_cookie(request, reply, [journey.state, journey.nonce, journey.verifier, back, lang])
    return reply


@router.get(RETURN)
def come_from_provider(request: Request, store: OpenStore) -> Response:
    """Take the answer of the provider: sign its person in, or say why not; the cookie is then worth nothing."""
    _sign_on(request)
    from boundaries.accounts.openid.sign_on import StrayAnswerError

    begun = _begun_in(request)
    try:
        reply = _arrived(request, store, begun)
    except StrayAnswerError as error:
        # Of somebody else, perhaps: the sign-in that this browser has begun goes on.
        return _not_signed_in(request, error, begun)
    except GeogridError as error:
        reply = _not_signed_in(request, error, begun)
    is_secure = request.url.scheme == "https"
    name = SECURE_COOKIE if is_secure else PLAIN_COOKIE
    reply.delete_cookie(name, path="/", httponly=True, samesite="lax", secure=is_secure)
    return reply


@router.get("/logout/openid")
def leave_provider(request: Request) -> Response:
    """Send a browser to where the provider signs people out, if it has such a place."""
    sign_on = _sign_on(request)
    from boundaries.accounts.openid.fetching import ProviderFaultError

    try:
        out = sign_on.way_out(_own_address(request, "/login"))
    except ProviderFaultError as error:
        return _not_signed_in(request, error, _Begun(None, "/", request.query_params.get("lang", "")))
    return RedirectResponse(out or "/login", status_code=HTTPStatus.SEE_OTHER, headers=_NEVER_KEPT)


def _arrived(request: Request, store: Store, begun: _Begun) -> Response:
    from boundaries.accounts.openid.fetching import ProviderFaultError, ProviderRefusalError
    from boundaries.accounts.openid.id_tokens import TokenRefusedError
    from boundaries.accounts.openid.sign_on import StrayAnswerError

    sign_on, answer, now, client = _sign_on(request), _answer(request), datetime.now(UTC), client_of(request)
    journey = begun.journey
    if journey is None or answer is None:
        raise StrayAnswerError("This browser has begun no sign-in in the last minutes, or the answer is garbled.")
    with store.unit_of_work() as session:
        is_free = may_try_from(session, client, at=now)
    if not is_free:
        return _page(request, begun, "too_many_tries", HTTPStatus.TOO_MANY_REQUESTS)
    try:
        person = sign_on.arrive(journey, answer, _return_address(request), now=now)
    except (ProviderRefusalError, TokenRefusedError) as error:
        _keep_refusal(store, client, {"issuer": sign_on.provider.issuer, "reason": str(error)})
        raise
    except ProviderFaultError:
        # The provider's fault, not a guesser's: many people come from one address.
        with store.unit_of_work() as session:
            forgive_address(session, client)
        raise
    told = {"issuer": person.issuer, "subject": person.subject}
    with store.unit_of_work() as session:
        if not is_first_use(session, journey.nonce, at=now):
            raise StrayAnswerError("The answer has signed somebody in already.")
        forgive_address(session, client)
        account = account_of(session, person, at=now, makes_accounts=sign_on.makes_accounts)
        if account is not None:
            return signed_in(request, session, account, back=begun.back, action="account.sign-in-openid", after=told)
        add_line(session, Act("anonymous", "account.sign-in-failed", "", client, after=told))
    return _unknown(request, person, begun)


def _unknown(request: Request, person: Person, begun: _Begun) -> Response:
    """Return the page of somebody without an account, with what an administrator types to link one."""
    logger.warning("No active account is linked to %r of %s.", person.subject, person.issuer)
    command = shlex.join(
        ["geogrid", "account", "link", "LOGIN", "--issuer", person.issuer, "--subject", person.subject]
    )
    return _page(request, begun, "openid_unknown", HTTPStatus.FORBIDDEN, command=command)


def _not_signed_in(request: Request, error: GeogridError, begun: _Begun) -> Response:
    """Return the page of a sign-in that came to nothing; why is for the log, and nobody else."""
    from boundaries.accounts.openid.fetching import ProviderFaultError, ProviderRefusalError

    logger.warning("A sign-in through the provider came to nothing: %s", error)
    if isinstance(error, ForbiddenError | InvalidInputError | ProviderRefusalError):
        return _page(request, begun, "openid_refused", HTTPStatus.FORBIDDEN)
    if isinstance(error, ProviderFaultError):
        return _page(request, begun, "openid_unreachable", HTTPStatus.SERVICE_UNAVAILABLE)
    raise error


def _page(request: Request, begun: _Begun, problem: str, status: HTTPStatus, *, command: str = "") -> Response:
    """Return the page that signs in, with what went wrong, in the language that the sign-in began in."""
    return login_page(request, back=begun.back, problem=problem, command=command, lang=begun.lang, status=status)


def _keep_refusal(store: Store, client: str, after: Mapping[str, Any]) -> None:
    with store.unit_of_work() as session:
        add_line(session, Act("anonymous", "account.sign-in-failed", "", client, after=dict(after)))


def _sign_on(request: Request) -> "SignOn":
    sign_on: SignOn | None = request.app.state.sign_on
    if sign_on is None:
        raise NotFoundError("No provider signs people in here: GEOGRID_OIDC_ISSUER names one.")
    return sign_on


def _own_address(request: Request, path: str) -> str:
    """Return the full address of a path, under the name that the settings give the server, else a checked one."""
    settings: CommonSettings = request.app.state.settings
    return f"{settings.public_url}{path}" if settings.public_url else address(request, path)


def _return_address(request: Request) -> str:
    return _own_address(request, RETURN)


def _back(request: Request) -> str:
    """Return the path to come back to, in the language of the page that the sign-in began on."""
    lang, path = request.query_params.get("lang"), own_path(request.query_params.get("next", "/"))
    path = path if len(path) <= _LONGEST_BACK and path.isascii() else "/"
    return f"{path}?lang={lang}" if lang in LANGS and "?" not in path else path


def _answer(request: Request) -> "ProviderAnswer | None":
    """Return what the browser brings; None where something is there twice, of which another may read the other."""
    from boundaries.accounts.openid.sign_on import ProviderAnswer

    query = request.query_params
    if any(len(query.getlist(name)) > 1 for name in _ONCE):
        return None
    return ProviderAnswer(query.get("state", ""), query.get("code", ""), query.get("error", ""), query.get("iss"))


def _give_cookie(request: Request, reply: Response, kept: list[str]) -> None:
    is_secure = request.url.scheme == "https"
    reply.set_cookie(
        SECURE_COOKIE if is_secure else PLAIN_COOKIE,
        base64.urlsafe_b64encode(orjson.dumps(kept)).decode().rstrip("="),
        max_age=_SECONDS,
        path="/",
        httponly=True,
        samesite="lax",  # the answer comes by a link of the provider
        secure=is_secure,
    )


def _begun_in(request: Request) -> _Begun:
    """Return the sign-in that this browser has begun; what is no such cookie is none."""
    from boundaries.accounts.openid.sign_on import Journey

    name = SECURE_COOKIE if request.url.scheme == "https" else PLAIN_COOKIE
    text = request.cookies.get(name, "")[:_LONGEST_COOKIE]
    try:
        kept = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        state, nonce, verifier, back, lang = kept
        is_whole = all(isinstance(each, str) for each in kept) and all((state, nonce, verifier))
    except (ValueError, TypeError, binascii.Error):
        return _Begun(None)
    return _Begun(Journey(state, nonce, verifier), own_path(back), lang) if is_whole else _Begun(None)
