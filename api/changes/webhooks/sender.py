"""One try to deliver: a signed POST that follows no redirect, waits no longer than it may, and can be broken off."""

import base64
import hashlib
import hmac
import http.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version

from api.changes.webhooks.targets import Receiver, forbidden
from boundaries.outgoing.line import Line
from boundaries.outgoing.reach import ForbiddenMachineError, Network, Reachable
from geogrid.errors import GeogridError

_MOST_REST_S = 3600.0
_LONGEST_TIMEOUTS = 1.5


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
    is_answer: bool = False


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
    target : Receiver
        The receiver.
    networks : sequence of networks
        Where receivers may be.
    timeout_s : float
        For each wait; all of them together may take `_LONGEST_TIMEOUTS` times as long.
    """

    def __init__(self, target: Receiver, *, networks: Sequence[Network], timeout_s: float) -> None:
        self._target = target
        total_s = _LONGEST_TIMEOUTS * timeout_s
        self._line = Line(target, Reachable(tuple(networks)), wait_s=timeout_s, total_s=total_s)

    def send(self, message: Message, headers: Mapping[str, str]) -> Outcome:
        """Send a message and return what became of it; no network failure is raised."""
        shown = self._target.shown
        try:
            with self._line.open() as connection:
                connection.request("POST", self._target.path, message.body, dict(headers))
                return _outcome(connection.getresponse())
        except ForbiddenMachineError as error:
            return Outcome(str(forbidden(error)))
        except GeogridError as error:
            return Outcome(str(error))
        except TimeoutError:
            return Outcome(f"{shown} did not answer in time.")
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Outcome(f"{shown} cannot be reached: {type(error).__name__} {error}".rstrip() + ".")

    def break_off(self) -> None:
        """End the try now; `send` returns."""
        self._line.break_off()


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
        is_answer=True,
    )
