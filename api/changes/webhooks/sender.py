"""One try to deliver: a signed POST that follows no redirect, waits no longer than it may, and can be broken off."""

import base64
import hashlib
import hmac
import http.client
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from threading import Lock

from api.changes.webhooks.settings import Network
from api.changes.webhooks.targets import Target, allowed_address
from geogrid.errors import GeogridError

_MOST_REST_S = 3600.0


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: the same bytes under the same id at every try."""

    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the receiver did; without an `error` it took the message."""

    error: str = ""
    rest_s: float = 0.0
    is_gone: bool = False


def signed_headers(message: Message, secret: bytes, *, at: float) -> dict[str, str]:
    """Return the headers of a message, in the way of Standard Webhooks.

    Parameters
    ----------
    message : Message
        What is sent.
    secret : bytes
        Key of the HMAC.
    at : float
        Seconds since 1970; the receiver refuses what is minutes old.
    """
    moment = str(int(at))
    signed = b".".join((message.id.encode(), moment.encode(), message.body))
    signature = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "User-Agent": f"GeoGrid/{version('geogrid')}",
        "webhook-id": message.id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{signature}",
    }


class Attempt:
    """A try that another thread may break off.

    Parameters
    ----------
    target : Target
        The receiver.
    networks : sequence of networks
        Where receivers may be.
    timeout_s : float
        For each wait; whoever watches the attempt breaks it off where the sum grows too long.
    """

    def __init__(self, target: Target, *, networks: Sequence[Network], timeout_s: float) -> None:
        self._target = target
        self._networks = networks
        self._timeout_s = timeout_s
        self._lock = Lock()
        self._socket: socket.socket | None = None
        self._is_broken_off = False
        self.began = time.monotonic()

    def send(self, message: Message, headers: Mapping[str, str]) -> Outcome:
        """Send a message and return what became of it; no network failure is raised."""
        try:
            connection = self._connected()
            try:
                connection.request("POST", self._target.path, message.body, dict(headers))
                outcome = _outcome(connection.getresponse())
                if self._is_broken_off:  # half of an answer ends like a whole one
                    raise TimeoutError
                return outcome
            finally:
                connection.close()
        except GeogridError as error:
            return Outcome(str(error))
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Outcome(self._reason(error))

    def break_off(self) -> None:
        """End the try now; `send` returns."""
        with self._lock:
            self._is_broken_off = True
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def _connected(self) -> http.client.HTTPConnection:
        target, address = self._target, allowed_address(self._target, self._networks)
        opened = socket.create_connection((address, target.port), self._timeout_s)
        with self._lock:
            if self._is_broken_off:
                opened.close()
                raise TimeoutError
            self._socket = opened
        connection = http.client.HTTPConnection(target.host, target.port, timeout=self._timeout_s)
        if target.is_https:
            connection = http.client.HTTPSConnection(target.host, target.port, timeout=self._timeout_s)
            try:
                opened = ssl.create_default_context().wrap_socket(opened, server_hostname=target.host)
            except BaseException:
                opened.close()
                raise
            with self._lock:
                self._socket = opened
        connection.sock = opened
        return connection

    def _reason(self, error: Exception) -> str:
        if self._is_broken_off or isinstance(error, TimeoutError):
            return f"{self._target.shown} did not answer in time."
        return f"{self._target.shown} cannot be reached: {type(error).__name__} {error}".rstrip() + "."


def _outcome(reply: http.client.HTTPResponse) -> Outcome:
    status = reply.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Outcome()
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Outcome(f"It answered {status}, a redirect, and redirects are not followed.")
    rest = reply.getheader("Retry-After", "")
    return Outcome(
        f"It answered {status}.",
        rest_s=min(float(rest), _MOST_REST_S) if rest.isascii() and rest.isdigit() else 0.0,
        is_gone=status == HTTPStatus.GONE,
    )
