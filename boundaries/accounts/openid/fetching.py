"""One request to a provider: bounded in time and size, and following no redirect."""

import http.client
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from boundaries.accounts.rules import address_fault
from boundaries.outgoing.line import Line, machine_of
from boundaries.outgoing.reach import Reachable
from geogrid.errors import UnavailableError

MOST_BYTES: Final = 262_144
"""Of an answer; the largest key sets in use have some tens of kilobytes."""
_PUBLIC: Final = "The provider of the sign-in cannot be asked at this moment. Try again later."


class ProviderFaultError(UnavailableError):
    """The provider of sign-ins cannot be used; everybody but who runs the server is told only that.

    Parameters
    ----------
    message : str
        Why, for who runs the server.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, public=_PUBLIC)


class ProviderRefusalError(ProviderFaultError):
    """The provider was asked and refuses: a code that was used, a client that it does not know.

    Parameters
    ----------
    code : str
        Its word for the reason.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"The provider refuses: {code}.")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: an address, and for a form its body with what proves who asks."""

    address: str
    body: str | None = None
    authorization: str = ""


def fetch(asked: Asked, *, timeout_s: float, reach: Reachable) -> Mapping[str, Any]:
    """Return the JSON object that a provider answers with.

    Parameters
    ----------
    asked : Asked
        What is asked.
    timeout_s : float
        For all of it, however slowly the bytes come.
    reach : Reachable
        Which machines may be asked: what a provider says of itself leads to none that is set apart.

    Raises
    ------
    ProviderFaultError
        It cannot be reached, is too slow, answers too much, by a redirect, or with no JSON object.
    ProviderRefusalError
        It refuses in the words of OAuth.
    """
    fault = address_fault(asked.address)
    if fault:
        raise ProviderFaultError(f"An address of the provider, {asked.address[:120]!r}, {fault}.")
    shown = asked.address.partition("?")[0]
    try:
        line = Line(machine_of(asked.address), reach, wait_s=timeout_s, total_s=timeout_s)
        with line.open() as connection:
            status, body = _answer(connection, asked)
    except UnavailableError as error:
        raise ProviderFaultError(f"{shown} is not asked: {error}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ProviderFaultError(f"{shown} does not answer: {type(error).__name__} {error}".rstrip() + ".") from error
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise ProviderFaultError(f"{shown} answers {status}, a redirect, and redirects are not followed.")
    if len(body) > MOST_BYTES:
        raise ProviderFaultError(f"{shown} answers more than {MOST_BYTES:,} bytes.")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = None
    if status >= HTTPStatus.BAD_REQUEST and isinstance(value, dict) and isinstance(value.get("error"), str):
        raise ProviderRefusalError(readable(value["error"]))
    if status != HTTPStatus.OK or not isinstance(value, dict):
        raise ProviderFaultError(f"{shown} answers {status}, and no JSON object as it should.")
    return value


def readable(text: str, longest: int = 80) -> str:
    """Return words from outside as they may stand in a log."""
    return "".join(char for char in text[:longest] if char.isprintable())


def _answer(connection: http.client.HTTPConnection, asked: Asked) -> tuple[int, bytes]:
    parts = urlsplit(asked.address)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Accept": "application/json", "User-Agent": f"GeoGrid/{version('geogrid')}", "Connection": "close"}
    if asked.body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if asked.authorization:
        headers["Authorization"] = asked.authorization
    connection.request("GET" if asked.body is None else "POST", path, asked.body, headers)
    with closing(connection.getresponse()) as reply:
        return reply.status, reply.read(MOST_BYTES + 1)
