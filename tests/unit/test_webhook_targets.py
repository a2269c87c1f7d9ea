"""Where webhooks may lead, how messages are signed, which changes are wanted."""

import socket
import time
from ipaddress import ip_network
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from api.changes.webhooks.sender import Message, signed_headers
from api.changes.webhooks.settings import WebhookSettings
from api.changes.webhooks.targets import allowed_address, read_target
from boundaries.changes.deliveries import is_wanted
from geogrid.errors import InvalidInputError, UnavailableError

KEY = b"k" * 32


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://a.example/hook?x=1", "a.example", 443, "/hook?x=1"),
        ("http://10.1.2.3:8080", "10.1.2.3", 8080, "/"),
        ("https://[2001:db8::1]/h", "2001:db8::1", 443, "/h"),
    ],
)
def test_receiver_is_read_from_its_address(url: str, host: str, port: int, path: str) -> None:
    target = read_target(url)
    assert (target.host, target.port, target.path) == (host, port, path)
    assert "x=1" not in target.shown


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://a.example/",
        "https://",
        "https:///path",
        "https://user:word@a.example/",
        "https://a.example/#part",
        "https://a.example:99999/",
        "https://a.example/a b",
        "https://a.example/\r\nX: 1",
        "https://例.example/",
    ],
)
def test_what_is_no_receiver_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_target(url)
    assert "word" not in str(refused.value).replace("password", "")


@pytest.mark.parametrize(
    ("address", "networks", "is_allowed"),
    [
        ("10.0.0.8", (), True),
        ("192.168.1.1", (), True),
        ("93.184.215.14", (), True),
        ("fd00::8", (), True),
        ("127.0.0.1", (), False),
        ("127.8.8.8", (), False),
        ("::1", (), False),
        ("::ffff:127.0.0.1", (), False),
        ("169.254.169.254", (), False),
        ("fe80::1", (), False),
        ("0.0.0.0", (), False),  # noqa: S104 - nobody listens there
        ("224.0.0.1", (), False),
        ("127.0.0.1", ("127.0.0.0/8",), True),
        ("::ffff:127.0.0.1", ("127.0.0.0/8",), True),
        ("10.0.0.8", ("127.0.0.0/8",), False),
        ("::1", ("::1/128", "10.0.0.0/8"), True),
    ],
)
def test_machines_that_webhooks_may_reach(
    monkeypatch: pytest.MonkeyPatch, address: str, networks: tuple[str, ...], *, is_allowed: bool
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    target, allowed = read_target("https://name.example/"), tuple(map(ip_network, networks))
    if is_allowed:
        assert allowed_address(target, allowed) == address
        return
    with pytest.raises(InvalidInputError, match="GEOGRID_WEBHOOK_NETWORKS"):
        allowed_address(target, allowed)


def test_name_that_also_stands_for_a_forbidden_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in ("93.184.215.14", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(InvalidInputError):
        allowed_address(read_target("https://name.example/"), ())


def test_name_that_nobody_knows_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(UnavailableError, match=r"name\.example is not known"):
        allowed_address(read_target("https://name.example/"), ())


def test_signature_holds_for_these_bytes_and_no_others() -> None:
    message = Message("change_1", '{"text": "路灯"}'.encode())
    headers = signed_headers(message, KEY, at=time.time())
    assert Verifier(KEY).verify(message.body, headers) == {"text": "路灯"}
    for body, key, changed in (
        (b'{"text": "x"}', KEY, {}),
        (message.body, b"j" * 32, {}),
        (message.body, KEY, {"webhook-id": "change_2"}),
        (message.body, KEY, {"webhook-timestamp": str(int(time.time()) - 10)}),
    ):
        with pytest.raises(WebhookVerificationError):
            Verifier(key).verify(body, headers | changed)


@pytest.mark.parametrize(
    ("types", "kind", "is_asked"),
    [
        ((), "plan.edit", True),
        (("case.*",), "case.received", True),
        (("case.*",), "plan.edit", False),
        (("case.received",), "case.received", True),
        (("case.received",), "case.receivedly", False),
        (("plan.*", "edition.published"), "edition.published", True),
    ],
)
def test_types_are_wanted_by_name_or_by_their_beginning(types: tuple[str, ...], kind: str, *, is_asked: bool) -> None:
    assert is_wanted(types, kind) is is_asked


def test_settings_are_read_as_the_operator_writes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOGRID_WEBHOOK_NETWORKS", "10.0.0.0/8, 127.0.0.1")
    monkeypatch.setenv("GEOGRID_WEBHOOK_RETRIES", "1, 2.5")
    found = WebhookSettings()
    assert found.webhook_networks == (ip_network("10.0.0.0/8"), ip_network("127.0.0.1/32"))
    assert found.webhook_retries == (1.0, 2.5)
    for wrong in ("0", "", "-1", "soon", "99999999"):
        with pytest.raises(ValidationError):
            WebhookSettings(webhook_retries=wrong)


@pytest.mark.parametrize(
    "address",
    [
        "100.100.100.200",
        "100.64.0.1",
        "168.63.129.16",
        "192.0.0.192",
        "198.18.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "fd00:ec2::254",
        "fd20:ce::254",
        "2002:7f00:1::",  # 6to4 of 127.0.0.1
        "2002:a9fe:a9fe::1",  # 6to4 of 169.254.169.254
        "2002:a00:1::1",  # 6to4 of 10.0.0.1
        "64:ff9b::7f00:1",  # NAT64 of 127.0.0.1
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::c0a8:101",  # NAT64 of 192.168.1.1
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",  # Teredo
        "::ffff:100.100.100.200",
        "::7f00:1",  # the compatible form of 127.0.0.1
        "fec0::1",
        "2001:db8::1",
    ],
)
def test_special_ranges_are_refused_however_they_are_wrapped(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (address, 443))])
    with pytest.raises(InvalidInputError, match="webhooks may not go"):
        allowed_address(read_target("https://hook.example/"), ())


@pytest.mark.parametrize(
    "address", ["2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1", "fd12:3456::1", "172.16.0.9"]
)
def test_machines_of_the_internet_and_of_private_networks_are_reached(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (address, 443))])
    assert allowed_address(read_target("https://hook.example/"), ()) == address
