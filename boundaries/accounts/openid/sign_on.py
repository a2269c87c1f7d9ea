"""A sign-in from beginning to end: the way to the provider, and what comes back from it (OpenID Connect Core 1.0)."""

import base64
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any, Final
from urllib.parse import quote_plus

from authlib.common.security import generate_token
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from boundaries.accounts.identities import Person
from boundaries.accounts.openid.fetching import Asked, ProviderFaultError, ProviderRefusalError, readable
from boundaries.accounts.openid.id_tokens import Expected, believed_claims
from boundaries.accounts.openid.provider import Description, Provider
from boundaries.accounts.openid.settings import OpenIDSettings
from geogrid.errors import ForbiddenError

AT_ONCE: Final = 8
"""Conversations with the provider; each may wait for it, and the threads are needed for others."""
_SECRET: Final = 48
_LONGEST_CODE: Final = 4_096


class StrayAnswerError(ForbiddenError):
    """An answer that does not belong to a sign-in which this browser has begun; the message says why."""


@dataclass(frozen=True, slots=True)
class Journey:
    """A sign-in under way: what only the browser that began it, and we, know.

    Parameters
    ----------
    state : str
        Ties the answer to the browser.
    nonce : str
        Ties the token to it.
    verifier : str
        Ties the code to it (PKCE, RFC 7636).
    """

    state: str
    nonce: str
    verifier: str

    @classmethod
    def begin(cls) -> "Journey":
        """Return a new one: three times some 280 random bits."""
        return cls(generate_token(_SECRET), generate_token(_SECRET), generate_token(_SECRET))


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """What the browser brings back from the provider; each may be missing."""

    state: str = ""
    code: str = ""
    error: str = ""
    issuer: str | None = None


class SignOn:
    """Signs people in through a provider.

    Parameters
    ----------
    settings : OpenIDSettings
        With an issuer.
    """

    def __init__(self, settings: OpenIDSettings) -> None:
        self.provider = Provider(settings.oidc_issuer or "", timeout_s=settings.oidc_timeout)
        self.name = settings.provider_name()
        self.makes_accounts = settings.oidc_new == "account"
        self._client_id = settings.oidc_client_id
        self._secret = settings.client_secret()
        self._scope = " ".join(dict.fromkeys(["openid", *settings.oidc_scope.split()]))
        self._timeout_s = settings.oidc_timeout
        self._conversations = BoundedSemaphore(AT_ONCE)

    def way_there(self, journey: Journey, return_address: str) -> str:
        """Return the address of the provider that a browser is sent to.

        Raises
        ------
        ProviderFaultError
            The provider cannot be asked, or too many others ask it.
        """
        with self._conversation():
            description = self.provider.description()
        return str(
            prepare_grant_uri(
                description.authorization,
                self._client_id,
                "code",
                redirect_uri=return_address,
                scope=self._scope,
                state=journey.state,
                nonce=journey.nonce,
                code_challenge=create_s256_code_challenge(journey.verifier),
                code_challenge_method="S256",
            )
        )

    def arrive(self, journey: Journey, answer: ProviderAnswer, return_address: str, *, now: datetime) -> Person:
        """Return whom the provider vouches for.

        Raises
        ------
        StrayAnswerError
            The answer is not that of this journey, or of another provider.
        ProviderRefusalError
            The provider, or the person there, says no.
        TokenRefusedError
            What it says is not believed.
        ProviderFaultError
            It cannot be asked.
        """
        if not answer.state or not hmac.compare_digest(answer.state.encode("utf-8", "replace"), journey.state.encode()):
            raise StrayAnswerError("The answer is not that of the sign-in which this browser has begun (state).")
        with self._conversation():
            description = self.provider.description()
            if answer.issuer != self.provider.issuer and (answer.issuer is not None or description.tells_issuer):
                raise StrayAnswerError("The answer is that of another provider (iss).")
            if answer.error:
                raise ProviderRefusalError(readable(answer.error))
            if not 1 <= len(answer.code) <= _LONGEST_CODE:
                raise StrayAnswerError("The answer has no code, or one that is none.")
            tokens = self.provider.ask(self._exchange(description, journey, answer.code, return_address))
            access = tokens.get("access_token")
            expected = Expected(self._client_id, journey.nonce, access if isinstance(access, str) else "")
            claims = believed_claims(tokens.get("id_token"), self.provider, description, expected, now=now)
        return Person(self.provider.issuer, claims["sub"], _text(claims, "preferred_username"), _text(claims, "name"))

    def way_out(self, return_address: str) -> str:
        """Return where one is signed out at the provider as well; empty where it has no such place.

        Raises
        ------
        ProviderFaultError
            The provider cannot be asked, or too many others ask it.
        """
        with self._conversation():
            end = self.provider.description().end_session
        pairs = [("client_id", self._client_id), ("post_logout_redirect_uri", return_address)]
        return str(add_params_to_uri(end, pairs)) if end else ""

    def _exchange(self, description: Description, journey: Journey, code: str, return_address: str) -> Asked:
        """Return the request that exchanges a code for a token, with the strongest proof that the provider takes."""
        more: dict[str, str] = {"code": code, "code_verifier": journey.verifier}
        authorization = ""
        if self._secret and "client_secret_basic" in description.client_proofs:
            # RFC 6749, section 2.3.1: both are encoded as in a form first.
            pair = f"{quote_plus(self._client_id)}:{quote_plus(self._secret)}"
            authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            more["client_id"] = self._client_id
            more |= {"client_secret": self._secret} if self._secret else {}
        body = prepare_token_request("authorization_code", redirect_uri=return_address, **more)
        return Asked(description.token, str(body), authorization)

    @contextmanager
    def _conversation(self) -> Iterator[None]:
        if not self._conversations.acquire(timeout=self._timeout_s):
            raise ProviderFaultError(
                "Too many people sign in through the provider at this moment. Try again in seconds."
            )
        try:
            yield
        finally:
            self._conversations.release()


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip() if isinstance(value, str) else ""
