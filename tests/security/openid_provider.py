"""A provider of OpenID Connect whose tokens a test makes as it likes: right ones, and an attacker's."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

CLIENT_ID = "geogrid"
SECRET = "a secret of the client: with % and 中"
SUBJECT = "f3c1-wang"
ALL = ["RS256", "RS512", "PS256", "ES256", "HS256", "none"]


def packed(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def signed(claims: object, key: Any, *, algorithm: str = "RS256", **head: Any) -> str:
    """A token signed by any key, with anything in its head: the library's own checks are for honest people."""
    text = f"{packed({'alg': algorithm, 'typ': 'JWT', **head})}.{packed(claims)}"
    return f"{text}.{packed(jws.JWSRegistry.algorithms[algorithm].sign(text.encode(), key))}"


def authenticated(claims: object, secret: bytes, **head: Any) -> str:
    """A token that HMAC with some bytes vouches for."""
    text = f"{packed({'alg': 'HS256', 'typ': 'JWT', **head})}.{packed(claims)}"
    return f"{text}.{packed(hmac.digest(secret, text.encode(), 'sha256'))}"


@dataclass
class FakeProvider:
    """What the provider knows and says; a test changes it."""

    issuer: str = ""
    rsa: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    elliptic: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "curve", "use": "sig"}))
    published: list[dict[str, Any]] = field(default_factory=list)
    described: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    forge: Callable[["FakeProvider", dict[str, Any]], Any] | None = None
    more: dict[str, Any] = field(default_factory=dict)
    forgets_codes: bool = True
    asked: list[str] = field(default_factory=list)
    mishaps: list[Exception] = field(default_factory=list)

    def publish(self, *keys: Any) -> None:
        self.published = [key.as_dict(private=False) for key in keys]

    def grant(self, way_there: str) -> tuple[str, str]:
        """What somebody who signs in there brings back: state and code."""
        query = dict(parse_qsl(urlsplit(way_there).query))
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        return query["state"], code

    def claims(self, query: dict[str, str]) -> dict[str, Any]:
        now = int(time.time())
        right = {"iss": self.issuer, "sub": SUBJECT, "aud": CLIENT_ID, "exp": now + 300, "iat": now}
        return {**right, "nonce": query["nonce"], "preferred_username": "wang", "name": "王芳", **self.more}

    def exchange(self, body: str, authorization: str) -> tuple[int, dict[str, Any]]:
        """The token endpoint: a code is taken once, by the client it was made for, with its verifier."""
        sent = {name: values[0] for name, values in parse_qs(body).items()}
        query = self.codes.pop(sent["code"], None) if self.forgets_codes else self.codes.get(sent["code"])
        if query is None:
            return 400, {"error": "invalid_grant"}
        challenge = packed(hashlib.sha256(sent["code_verifier"].encode()).digest())
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        proof = "geogrid:a+secret+of+the+client%3A+with+%25+and+%E4%B8%AD"
        if (challenge, pair, sent["redirect_uri"]) != (query["code_challenge"], proof, query["redirect_uri"]):
            return 401, {"error": "invalid_client"}
        claims = self.claims(query)
        token = signed(claims, self.rsa, kid="one") if self.forge is None else self.forge(self, claims)
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": token}

    def description(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?realm=staff",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/end",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ALL,
            "code_challenge_methods_supported": ["S256"],
            **self.described,
        }


@contextmanager
def fake_provider() -> Iterator[FakeProvider]:
    """Serve on the loopback until the end of the block."""
    provider = FakeProvider()
    provider.publish(provider.rsa, provider.elliptic)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked.append(self.path)
            found = {"/.well-known/openid-configuration": provider.description(), "/keys": {"keys": provider.published}}
            self._send(200 if self.path in found else 404, found.get(self.path, {}))

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            try:
                self._send(*provider.exchange(body, self.headers.get("Authorization", "")))
            except Exception as error:
                provider.mishaps.append(error)
                raise

        def _send(self, status: int, value: object) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
