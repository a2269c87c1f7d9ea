"""What a provider says of itself: where it is asked, and the keys that its tokens are signed with."""

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey

from boundaries.accounts.openid.fetching import Asked, ProviderFaultError, fetch, readable
from boundaries.accounts.rules import address_fault
from boundaries.outgoing.reach import Reachable, is_loopback_name

KNOWN_S: Final = 600.0
"""So long what a provider says of itself is taken for true; a key that it takes back is worth nothing after that."""
LEAST_S: Final = 10.0
"""Between two looks for keys: a token that none fits makes us look anew, and whoever sends tokens must not rule it."""
PAUSE_S: Final = 2.0
"""After a failure nobody waits for the next."""
_MOST_KEYS: Final = 100
_LEAST_RSA_BITS: Final = 2_048
_DESCRIPTION: Final = "/.well-known/openid-configuration"
_CURVES: Final[Mapping[str, tuple[str, ...]]] = {
    "ES256": ("P-256",),
    "ES384": ("P-384",),
    "ES512": ("P-521",),
    "EdDSA": ("Ed25519",),
    "Ed25519": ("Ed25519",),
}
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", *_CURVES)
"""Whose keys come in pairs: nobody signs with what the provider publishes. Neither `none` nor HMAC is among them."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a provider says of itself.

    Parameters
    ----------
    authorization, token, keys, end_session : str
        Addresses; where nobody can be signed out the last is empty.
    algorithms : tuple of str
        Of its ID tokens, without those that we do not take.
    client_proofs : tuple of str
        How a client proves who it is.
    tells_issuer : bool
        Whether each answer names the issuer (RFC 9207).
    """

    authorization: str
    token: str
    keys: str
    end_session: str
    algorithms: tuple[str, ...]
    client_proofs: tuple[str, ...]
    tells_issuer: bool


class Provider:
    """A provider of OpenID Connect; safe for several threads.

    Parameters
    ----------
    issuer : str
        Its address, as its tokens name it.
    timeout_s : float
        For one request.
    """

    def __init__(self, issuer: str, *, timeout_s: float) -> None:
        self.issuer = issuer
        self.timeout_s = timeout_s
        # What it says of itself leads to this machine only where the operator has put it there.
        self._reach = Reachable(has_loopback=is_loopback_name(urlsplit(issuer).hostname or ""))
        self._lock = Lock()
        self._description: tuple[float, Description] | None = None
        self._keys: tuple[float, tuple[Key, ...]] | None = None
        self._failure: tuple[float, ProviderFaultError] | None = None

    def description(self) -> Description:
        """Return what the provider says of itself.

        Raises
        ------
        ProviderFaultError
            It cannot be asked, or says what cannot be used.
        """
        with self._lock:
            return self._described()

    def keys(self, *, anew: bool = False) -> tuple[Key, ...]:
        """Return the public keys of the provider.

        Parameters
        ----------
        anew : bool
            Look again, since none of those that are known fits; no more often than every `LEAST_S` seconds.

        Raises
        ------
        ProviderFaultError
            It cannot be asked, or has no key that we take.
        """
        with self._lock:
            held_s = LEAST_S if anew else KNOWN_S
            if self._keys is None or time.monotonic() - self._keys[0] > held_s:
                address = self._described().keys
                self._keys = (time.monotonic(), _public_keys(self._fetched(address)))
            return self._keys[1]

    def ask(self, asked: Asked) -> Mapping[str, Any]:
        """Return what it answers to a request; raises as `fetch`."""
        return fetch(asked, timeout_s=self.timeout_s, reach=self._reach)

    def _described(self) -> Description:
        if self._description is None or time.monotonic() - self._description[0] > KNOWN_S:
            body = self._fetched(f"{self.issuer.rstrip('/')}{_DESCRIPTION}")
            self._description = (time.monotonic(), read_description(body, self.issuer))
        return self._description[1]

    def _fetched(self, address: str) -> Mapping[str, Any]:
        if self._failure is not None and time.monotonic() - self._failure[0] < PAUSE_S:
            raise self._failure[1]
        try:
            return self.ask(Asked(address))
        except ProviderFaultError as error:
            self._failure = (time.monotonic(), error)
            raise


def read_description(body: Mapping[str, Any], issuer: str) -> Description:
    """Return what a provider's description says.

    Raises
    ------
    ProviderFaultError
        It is that of another provider, or one that we cannot sign in through; everything is told at once.
    """
    faults = []
    if body.get("issuer") != issuer:
        named = readable(str(body.get("issuer")))
        faults.append(f"it names the issuer {named!r}; GEOGRID_OIDC_ISSUER must be the same, to the last slash")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        fault = address_fault(body[name]) if isinstance(body.get(name), str) else "is missing"
        faults += [f"its {name} {fault}"] if fault else []
    if body.get("response_types_supported") is not None and "code" not in _texts(body, "response_types_supported"):
        faults.append("it gives out no codes")
    methods = _texts(body, "code_challenge_methods_supported")
    if methods and "S256" not in methods:
        faults.append("it takes no PKCE with S256")
    told = _texts(body, "id_token_signing_alg_values_supported") or ("RS256",)
    algorithms = tuple(name for name in told if name in ALGORITHMS)
    if not algorithms:
        faults.append(f"it signs with {readable(', '.join(told))} only, and we take {', '.join(ALGORITHMS)}")
    if faults:
        raise ProviderFaultError(f"The description of {issuer} cannot be used: {'; '.join(faults)}.")
    end = body.get("end_session_endpoint")
    return Description(
        authorization=body["authorization_endpoint"],
        token=body["token_endpoint"],
        keys=body["jwks_uri"],
        end_session=end if isinstance(end, str) and not address_fault(end) else "",
        algorithms=algorithms,
        # What stands for a missing list is said by OpenID Connect Discovery 1.0, section 3.
        client_proofs=_texts(body, "token_endpoint_auth_methods_supported") or ("client_secret_basic",),
        tells_issuer=body.get("authorization_response_iss_parameter_supported") is True,
    )


def fitting(keys: Sequence[Key], algorithm: str, kid: str | None) -> tuple[Key, ...]:
    """Return the keys that a token may be signed with, by what its head says."""
    return tuple(key for key in keys if (kid is None or key.kid == kid) and _is_for(key, algorithm))


def _is_for(key: Key, algorithm: str) -> bool:
    if key.get("alg") not in {None, algorithm}:
        return False
    if algorithm in _CURVES:
        return isinstance(key, ECKey | OKPKey) and key.get("crv") in _CURVES[algorithm]
    return isinstance(key, RSAKey)


def _public_keys(body: Mapping[str, Any]) -> tuple[Key, ...]:
    """Return the keys that signatures are checked with; what is none, or too weak, is passed over."""
    listed = body.get("keys")
    found = [_public_key(each) for each in listed[:_MOST_KEYS]] if isinstance(listed, list) else []
    keys = tuple(key for key in found if key is not None)
    if not keys:
        raise ProviderFaultError("The provider publishes no key that its tokens could be checked with.")
    return keys


def _public_key(value: object) -> Key | None:
    if not isinstance(value, dict) or value.get("use", "sig") != "sig" or value.get("kty") not in {"RSA", "EC", "OKP"}:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SecurityWarning)
            # The public half alone: a provider that publishes more has no secret any more, and we keep none of it.
            key = JWKRegistry.import_key({name: each for name, each in value.items() if name not in _PRIVATE})
            is_strong = not isinstance(key, RSAKey) or key.public_key.key_size >= _LEAST_RSA_BITS
    except (JoseError, SecurityWarning, ValueError, TypeError, KeyError):
        return None
    return key if is_strong else None


_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


def _texts(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = body.get(name)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
