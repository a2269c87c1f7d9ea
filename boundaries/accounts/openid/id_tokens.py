"""What of an ID token is believed: signed by the provider, for us, now, and for this very sign-in."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from authlib.oidc.core import CodeIDToken
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.util import urlsafe_b64decode

from boundaries.accounts.openid.fetching import readable
from boundaries.accounts.openid.provider import Description, Provider, fitting
from boundaries.accounts.rules import checked_subject
from geogrid.errors import ForbiddenError, InvalidInputError

LEEWAY_S: Final = 60
"""So far the clocks of two machines may be apart."""
OLDEST_S: Final = 600
"""A token is made when its code is exchanged, so that an old one is somebody else's."""
_LONGEST: Final = 65_536
_LONGEST_HEAD: Final = 8_192
_PARTS: Final = 3


class TokenRefusedError(ForbiddenError):
    """An ID token that is not believed; the message, for the log, says why."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must be for.

    Parameters
    ----------
    client_id : str
        Us.
    nonce : str
        This sign-in.
    access_token : str
        What came with it; bound to it where the token says so.
    """

    client_id: str
    nonce: str
    access_token: str = ""


def believed_claims(
    token: object, provider: Provider, description: Description, expected: Expected, *, now: datetime
) -> Mapping[str, Any]:
    """Return what an ID token says.

    Raises
    ------
    TokenRefusedError
        It is not believed.
    ProviderFaultError
        The keys of the provider cannot be had.
    """
    if not isinstance(token, str) or len(token) > _LONGEST or token.count(".") != _PARTS - 1:
        raise TokenRefusedError("The provider sent no signed ID token.")
    head = _head(token)
    algorithm, kid = head.get("alg"), head.get("kid")
    if algorithm not in description.algorithms:
        raise TokenRefusedError(
            f"The token is signed by {readable(str(algorithm))!r}; the provider signs with "
            f"{', '.join(description.algorithms)}."
        )
    if kid is not None and not isinstance(kid, str):
        raise TokenRefusedError("The token names its key by something that is no text.")
    payload = _payload(token, algorithm, fitting(provider.keys(), algorithm, kid))
    if payload is None:
        payload = _payload(token, algorithm, fitting(provider.keys(anew=True), algorithm, kid))
    if payload is None:
        raise TokenRefusedError("The token is signed with no key that the provider publishes.")
    return _checked(payload, head, provider.issuer, expected, now=int(now.timestamp()))


def _head(token: str) -> dict[str, Any]:
    """Return the head of a token; keys that it brings along or points to (`jwk`, `jku`, `x5c`, `x5u`) mean nothing."""
    text = token.partition(".")[0]
    try:
        head = orjson.loads(urlsafe_b64decode(text.encode("ascii"))) if len(text) <= _LONGEST_HEAD else None
    except (ValueError, TypeError):
        head = None
    if not isinstance(head, dict):
        raise TokenRefusedError("The token has no head that can be read.")
    if "crit" in head:
        raise TokenRefusedError("The token asks for an extension (crit), and we know none.")
    return head


def _payload(token: str, algorithm: str, keys: Sequence[Key]) -> dict[str, Any] | None:
    """Return what a token says that one of the keys has signed; None where none of them has."""
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = _LONGEST_HEAD
    for key in keys:
        try:
            signed = jws.deserialize_compact(token, key, registry=registry).payload
        except (JoseError, ValueError, TypeError):
            continue
        try:
            payload = orjson.loads(signed or b"")
        except ValueError:
            payload = None
        if not isinstance(payload, dict):
            raise TokenRefusedError("The token says nothing that can be read.")
        return payload
    return None


def _checked(
    payload: dict[str, Any], head: dict[str, Any], issuer: str, expected: Expected, *, now: int
) -> Mapping[str, Any]:
    claims = CodeIDToken(
        payload,
        head,
        options={
            "iss": {"essential": True, "value": issuer},
            "sub": {"essential": True},
            "aud": {"essential": True, "value": expected.client_id},
            "exp": {"essential": True},
            "iat": {"essential": True},
        },
        params={"client_id": expected.client_id, "nonce": expected.nonce, "access_token": expected.access_token},
    )
    try:
        claims.validate(now=now, leeway=LEEWAY_S)
        checked_subject(payload["sub"])
    except (JoseError, InvalidInputError, ValueError, TypeError, OverflowError) as error:
        raise TokenRefusedError(f"The token is not for this sign-in: {readable(str(error))}.") from error
    if "azp" in payload and payload["azp"] != expected.client_id:
        raise TokenRefusedError("The token was given out to another application (azp).")
    nonce = payload.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode("utf-8", "replace"), expected.nonce.encode()):
        raise TokenRefusedError("The token is not for this sign-in (nonce).")
    if payload["iat"] < now - OLDEST_S - LEEWAY_S:
        raise TokenRefusedError("The token was made long before this sign-in (iat).")
    return payload
