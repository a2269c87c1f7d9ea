"""What a provider is asked and what of its answers is taken: bounded in time and size, at addresses that are safe."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from boundaries.accounts.openid.fetching import MOST_BYTES, Asked, ProviderRefusalError, fetch
from boundaries.accounts.openid.provider import Provider, read_description
from boundaries.accounts.openid.settings import OpenIDSettings
from boundaries.outgoing.reach import Reachable
from geogrid.errors import UnavailableError

HERE = Reachable(has_loopback=True)

ISSUER = "https://id.town.example/realms/staff"
GOOD = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
    "id_token_signing_alg_values_supported": ["HS256", "ES256", "none", "RS256"],
}
Speaking = Callable[[socket.socket], None]


@contextmanager
def speaking(say: Speaking) -> Iterator[str]:
    """Serve connections with whatever bytes a test says; yields the address."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                opened, _ = listening.accept()
            except OSError:
                return
            with opened:
                try:
                    opened.recv(65_536)
                    say(opened)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def answering(status: str, body: bytes, *headers: str) -> Speaking:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""])
    return lambda opened: opened.sendall(head.encode() + body)


def dripping(what: bytes) -> Speaking:
    """Never silent for long, and never done."""

    def say(opened: socket.socket) -> None:
        for _ in range(200):
            opened.sendall(what)
            time.sleep(0.02)

    return say


def test_json_object_is_taken() -> None:
    with speaking(answering("200 OK", b'{"a": [1]}')) as address:
        assert fetch(Asked(f"{address}/x?y=z"), timeout_s=5, reach=HERE) == {"a": [1]}


@pytest.mark.parametrize(
    ("say", "sentence"),
    [
        (answering("302 Found", b"", "Location: http://127.0.0.1:1/"), "redirects are not followed"),
        (answering("307 Temporary Redirect", b"{}", "Location: file:///etc/passwd"), "redirects are not followed"),
        (answering("200 OK", b'"' + b"x" * MOST_BYTES + b'"'), "more than 262,144 bytes"),
        (answering("200 OK", b"[1]"), "no JSON object"),
        (answering("200 OK", b"[" * 100_000), "no JSON object"),
        (answering("200 OK", b"<html>"), "no JSON object"),
        (answering("200 OK", b'{"a": NaN}'), "no JSON object"),
        (answering("404 Not Found", b"{}"), "answers 404"),
        (answering("500 Oops", b'{"error": 1}'), "answers 500"),
        (lambda opened: opened.sendall(b"nonsense\r\n\r\n"), "does not answer"),
        (lambda _opened: None, "does not answer"),
    ],
)
def test_answer_that_is_none_is_told_and_not_followed(say: Speaking, sentence: str) -> None:
    with speaking(say) as address, pytest.raises(UnavailableError, match=sentence) as told:
        fetch(Asked(f"{address}/x?secret=in-the-query"), timeout_s=5, reach=HERE)
    assert "in-the-query" not in str(told.value)
    assert "127.0.0.1" not in told.value.public


@pytest.mark.parametrize(
    "say",
    [
        dripping(b"H"),
        lambda opened: (opened.sendall(b"HTTP/1.1 200 OK\r\n"), dripping(b"X: y\r\n")(opened))[0],
        lambda opened: (opened.sendall(b"HTTP/1.1 200 OK\r\n\r\n"), dripping(b" ")(opened))[0],
        lambda opened: (opened.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"), time.sleep(3))[0],
        lambda _opened: time.sleep(3),
    ],
    ids=["status", "headers", "body", "rest", "nothing"],
)
def test_answer_that_never_ends_is_broken_off_in_time(say: Speaking) -> None:
    with speaking(say) as address:
        begun = time.monotonic()
        with pytest.raises(UnavailableError, match="does not answer"):
            fetch(Asked(address), timeout_s=0.3, reach=HERE)
        assert time.monotonic() - begun < 2


def test_refusal_in_the_words_of_oauth_is_told_by_its_code() -> None:
    body = json.dumps({"error": "invalid_grant\n\x1b[31m", "error_description": "secret"}).encode()
    with speaking(answering("400 Bad Request", body)) as address, pytest.raises(ProviderRefusalError) as told:
        fetch(Asked(address, body="code=x"), timeout_s=5, reach=HERE)
    assert told.value.code == "invalid_grant[31m"


@pytest.mark.parametrize(
    "address",
    [
        "http://id.town.example/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "https://user:password@id.town.example/",
        "https://id.town.example/#x",
        "https://id.town.example/\r\nX: y",
        "https://",
        "//127.0.0.1/",
        "http://127.0.0.1.evil.example/",
        "https://[::1",
        "https://id.town.example:99999/",
    ],
)
def test_address_that_others_could_read_or_change_is_not_asked(address: str) -> None:
    with pytest.raises(UnavailableError, match="An address of the provider"):
        fetch(Asked(address), timeout_s=0.1, reach=HERE)


def test_description_is_read_without_algorithms_that_anybody_signs_with() -> None:
    assert read_description(GOOD, ISSUER).algorithms == ("ES256", "RS256")
    assert read_description({**GOOD, "id_token_signing_alg_values_supported": None}, ISSUER).algorithms == ("RS256",)
    assert read_description({**GOOD, "end_session_endpoint": "javascript:alert(1)"}, ISSUER).end_session == ""


@pytest.mark.parametrize(
    ("changed", "sentences"),
    [
        ({"issuer": f"{ISSUER}/"}, ["to the last slash"]),
        ({"issuer": None}, ["names the issuer"]),
        ({"token_endpoint": "http://id.town.example/token"}, ["token_endpoint does not begin with https"]),
        ({"authorization_endpoint": "javascript:alert(1)"}, ["authorization_endpoint"]),
        ({"jwks_uri": 5, "issuer": "other"}, ["jwks_uri is missing", "names the issuer 'other'"]),
        ({"response_types_supported": ["token"]}, ["no codes"]),
        ({"code_challenge_methods_supported": ["plain"]}, ["no PKCE"]),
        ({"id_token_signing_alg_values_supported": ["none", "HS256"]}, ["signs with none, HS256 only"]),
    ],
)
def test_description_that_cannot_be_used_is_told_with_everything_in_it(
    changed: dict[str, Any], sentences: list[str]
) -> None:
    with pytest.raises(UnavailableError) as told:
        read_description({**GOOD, **changed}, ISSUER)
    assert all(sentence in str(told.value) for sentence in sentences)
    assert ISSUER not in told.value.public


def test_provider_that_is_down_is_not_asked_by_everybody_in_a_row() -> None:
    connections = []
    with speaking(connections.append) as address:  # type: ignore[arg-type]
        provider = Provider(address, timeout_s=5)
        for _ in range(5):
            with pytest.raises(UnavailableError):
                provider.description()
    assert len(connections) == 1


def test_settings_are_refused_with_what_to_do(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from a file\nrest", encoding="utf-8")
    told = OpenIDSettings(oidc_issuer=ISSUER, oidc_client_id="geogrid", oidc_client_secret_file=secret)
    assert told.client_secret() == "from a file"
    assert told.provider_name() == "id.town.example"
    (tmp_path / "empty").touch()
    wrong: dict[str, dict[str, Any]] = {
        "GEOGRID_OIDC_CLIENT_ID is not": {"oidc_issuer": ISSUER},
        "does not begin with https": {"oidc_issuer": "http://id.town.example", "oidc_client_id": "x"},
        "both set": {"oidc_client_secret": "x", "oidc_client_secret_file": secret},
        "cannot be read": {"oidc_client_secret_file": tmp_path / "none"},
        "is no secret of 1 to": {"oidc_client_secret_file": tmp_path / "empty"},
    }
    for sentence, given in wrong.items():
        with pytest.raises(ValidationError, match=sentence):
            OpenIDSettings(**given)
    assert "from a file" not in repr(told)
