"""Where a webhook may lead: the address as it is written, and the machine that its name stands for."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from boundaries.outgoing.line import PORTS, Machine
from boundaries.outgoing.reach import ForbiddenMachineError, Network, Reachable
from geogrid.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Receiver(Machine):
    """A receiver: how to reach it and what to ask for; `path` may hold a secret of the receiver."""

    path: str

    @property
    def shown(self) -> str:
        """The receiver without what may be secret, for messages and logs."""
        return f"{'https' if self.is_https else 'http'}://{self.host}:{self.port}"


def read_target(url: str) -> Receiver:
    """Return the receiver that an address names.

    Raises
    ------
    InvalidInputError
        It is no address of http or https, or it carries a user's name or a fragment.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
        host.encode("idna")
    except (ValueError, UnicodeError):
        raise _refused("is not an address") from None
    if parts.scheme not in PORTS or not host:
        raise _refused("does not begin with https:// or http:// and the name of a machine")
    if parts.username is not None or parts.password is not None:
        raise _refused("carries a user's name or password, which would end in logs")
    if parts.fragment or not url.isascii() or any(each.isspace() or not each.isprintable() for each in url):
        raise _refused("has a fragment, blanks or letters beyond ASCII; percent-encode them")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Receiver(parts.scheme == "https", host, port, path)


def allowed_address(target: Receiver, networks: Sequence[Network]) -> str:
    """Return the address of the machine that a receiver's name stands for now.

    Raises
    ------
    UnavailableError
        The name is not known.
    InvalidInputError
        An address it stands for is not allowed.
    """
    try:
        return Reachable(tuple(networks)).address_of(target.host, target.port)
    except ForbiddenMachineError as error:
        raise forbidden(error) from error


def forbidden(error: ForbiddenMachineError) -> InvalidInputError:
    """Return the refusal of a receiver that may not be called, with the setting that says where receivers may be."""
    return InvalidInputError.of(
        "webhook-target",
        f"{error.host} is {error.address}, where webhooks may not go.",
        "GEOGRID_WEBHOOK_NETWORKS names the networks where receivers may be, e.g. 127.0.0.1 for this machine.",
        subject="url",
    )


def _refused(reason: str) -> InvalidInputError:
    # The address itself may hold a secret, so the message does not repeat it.
    return InvalidInputError.of(
        "webhook-url", f"The address of the receiver {reason}.", "Write it as https://host/path.", subject="url"
    )
