"""Requests that we make (webhooks, geocoders, providers of sign-ins) go to no inner machine, however it is named."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_network
from urllib.parse import quote

import pytest

from api.changes.webhooks.sender import Attempt, Message
from api.changes.webhooks.targets import read_target
from boundaries.accounts.openid.fetching import Asked, ProviderFaultError, fetch
from boundaries.accounts.openid.provider import Provider
from boundaries.addresses.remote.guard import RemoteFaultError, RemoteRefusalError
from boundaries.addresses.remote.services import ServiceName, make_service
from boundaries.outgoing.reach import Reachable
from geogrid.errors import GeogridError, UnavailableError
from tests.security.forbidden_machines import SPELLED, forbidden

SERVICES: tuple[ServiceName, ...] = ("nominatim", "photon", "pelias", "tianditu", "amap", "baidu")
OUTER = "93.184.215.14"
Send = Callable[[str], str]
"""Sends a request to an address, and returns what is said where it came to nothing; empty where it was answered."""


def by_webhook(address: str) -> str:
    try:
        target = read_target(address)
    except GeogridError as error:
        return str(error)
    return Attempt(target, networks=(), timeout_s=1.0).send(Message("1", b"{}"), {}).error


def by_provider(address: str) -> str:
    try:
        fetch(Asked(address), timeout_s=1.0, reach=Reachable())
    except ProviderFaultError as error:
        return str(error)
    return ""


def by_geocoder(name: ServiceName) -> Send:
    def send(address: str) -> str:
        try:
            make_service(name, key="k", address=address, timeout_seconds=1.0)("x")
        except UnavailableError as error:
            return str(error)
        return ""

    return send


SENDERS: dict[str, Send] = {"webhook": by_webhook, "provider": by_provider, **{n: by_geocoder(n) for n in SERVICES}}


@dataclass
class Wire:
    """What was connected to; nothing is."""

    called: list[str] = field(default_factory=list)
    names: dict[str, list[str]] = field(default_factory=dict)

    def connect(self, address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        self.called.append(address[0])
        raise ConnectionRefusedError

    def answers(self, host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        """Answer as a server of names: where there are several answers, one after the other."""
        known = self.names[host]
        found = known.pop(0) if len(known) > 1 else known[0]
        return [(0, socket.SOCK_STREAM, 6, "", (each, port)) for each in found.split()]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    made = Wire()
    monkeypatch.setattr(socket, "create_connection", made.connect)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return made


@pytest.mark.parametrize("sender", SENDERS)
def test_name_of_an_inner_machine_leads_to_no_connection(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, sender: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", wire.answers)
    # To read the certificates that are trusted takes longer than all of the rest.
    scheme = "http" if sender in SERVICES else "https"
    for address in map(str, forbidden()):
        wire.names["inner.example"] = [address]
        assert SENDERS[sender](f"{scheme}://inner.example"), address
        # A name that stands for one that is right and one that is not.
        wire.names["inner.example"] = [f"{OUTER} {address}"]
        assert SENDERS[sender](f"{scheme}://inner.example"), address
    assert wire.called == []


def test_machine_of_the_internet_is_called_by_every_sender(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", wire.answers)
    wire.names["outer.example"] = [OUTER]
    for send in SENDERS.values():
        send("https://outer.example")
    assert wire.called == [OUTER] * len(SENDERS)


@pytest.mark.parametrize("sender", ["webhook", "provider"])
def test_host_in_any_spelling_leads_to_no_connection(wire: Wire, sender: str) -> None:
    for host in SPELLED:
        written = f"[{quote(host, safe=':')}]" if ":" in host else host
        assert SENDERS[sender](f"https://{written}/"), host
    assert wire.called == []


@pytest.mark.parametrize("sender", SENDERS)
def test_name_that_changes_its_meaning_is_called_where_it_was_checked(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, sender: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", wire.answers)
    wire.names["turning.example"] = [OUTER, "127.0.0.1"]
    SENDERS[sender]("https://turning.example")
    assert wire.called == [OUTER]


@pytest.mark.parametrize("member", ["token_endpoint", "jwks_uri"])
def test_description_of_a_provider_leads_to_no_inner_machine(wire: Wire, member: str) -> None:
    provider = Provider("https://id.example", timeout_s=1.0)
    for address in forbidden():
        host = f"[{address}]" if address.version == 6 else str(address)
        with pytest.raises(ProviderFaultError, match="may not be called"):
            provider.ask(Asked(f"https://{host}/{member}"))
    assert wire.called == []


STATUSES = (301, 302, 303, 307, 308)


@pytest.fixture
def leading_on() -> Iterator[tuple[str, list[int], list[str]]]:
    """A machine that answers by leading to another path of its own; its address, the status, and what was asked."""
    asked: list[str] = []
    status = [302]
    listening = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                with client:
                    asked.append(client.recv(65_536).split(b" ")[1].decode())
                    head = f"HTTP/1.1 {status[0]} x\r\nLocation: /secret\r\nContent-Length: 0\r\n\r\n"
                    client.sendall(head.encode())

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}", status, asked
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


@pytest.mark.parametrize("sender", SENDERS)
def test_redirects_are_not_followed(leading_on: tuple[str, list[int], list[str]], sender: str) -> None:
    address, status, asked = leading_on
    for each in STATUSES:
        status[0] = each
        match sender:
            case "webhook":
                here = (ip_network("127.0.0.0/8"),)
                sent = Attempt(read_target(address), networks=here, timeout_s=1.0).send(Message("1", b"{}"), {})
                assert "redirect" in sent.error
            case "provider":
                with pytest.raises(ProviderFaultError, match="redirect"):
                    fetch(Asked(address), timeout_s=1.0, reach=Reachable(has_loopback=True))
            case _:
                with pytest.raises((RemoteFaultError, RemoteRefusalError)):
                    make_service(sender, key="k", address=address)("x")  # type: ignore[arg-type]
    assert len(asked) == len(STATUSES)
    assert not any("secret" in each for each in asked)


def test_geocoder_that_the_operator_has_put_on_this_machine_leads_to_no_other_inner_one(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", wire.answers)
    wire.names["localhost"] = ["127.0.0.1"]
    by_geocoder("amap")("http://localhost:8080")
    assert wire.called == ["127.0.0.1"]
    wire.names["localhost"] = ["169.254.169.254"]
    assert "may not be called" in by_geocoder("amap")("http://localhost:8080")
    assert wire.called == ["127.0.0.1"]
