"""A connection to one machine, checked before it is opened and broken off when its time is over."""

import http.client
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock, Timer
from typing import Final
from urllib.parse import urlsplit

from boundaries.outgoing.reach import Reachable

PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a request goes to."""

    is_https: bool
    host: str
    port: int


def machine_of(address: str) -> Machine:
    """Return the machine of an address of http or https that was checked."""
    parts = urlsplit(address)
    return Machine(parts.scheme == "https", parts.hostname or "", parts.port or PORTS[parts.scheme])


class Line:
    """A connection that another thread, or the end of its time, may break off, whatever it waits for.

    Parameters
    ----------
    machine : Machine
        Where to.
    reach : Reachable
        Which machines may be called.
    wait_s : float
        For each wait.
    total_s : float
        For all that happens on it: who sends a byte now and then never meets the bound of one wait.
    """

    def __init__(self, machine: Machine, reach: Reachable, *, wait_s: float, total_s: float) -> None:
        self._machine = machine
        self._reach = reach
        self._wait_s = wait_s
        self._total_s = total_s
        self._lock = Lock()
        self._socket: socket.socket | None = None
        self._is_broken_off = False

    @contextmanager
    def open(self) -> Iterator[http.client.HTTPConnection]:
        """Connect until the end of the block.

        Raises
        ------
        ForbiddenMachineError, UnavailableError
            The machine may not be called, or is not known.
        TimeoutError
            Also at the end of the block: half of an answer ends like a whole one.
        """
        watch = Timer(self._total_s, self.break_off)
        watch.daemon = True
        watch.start()
        try:
            yield self._connected()
            if self._is_broken_off:
                raise TimeoutError("it takes too long")
        except (OSError, http.client.HTTPException, ValueError) as error:
            if self._is_broken_off:
                raise TimeoutError("it takes too long") from error
            raise
        finally:
            watch.cancel()
            with self._lock:
                if self._socket is not None:
                    self._socket.close()

    def break_off(self) -> None:
        """End what is under way now, and what has not begun."""
        with self._lock:
            self._is_broken_off = True
            if self._socket is not None:
                with suppress(OSError):
                    # That of the socket below TLS: the farewell of TLS would wait for the other side.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _connected(self) -> http.client.HTTPConnection:
        machine = self._machine
        address = self._reach.address_of(machine.host, machine.port)
        opened = socket.create_connection((address, machine.port), self._wait_s)
        if machine.is_https:
            opened = ssl.create_default_context().wrap_socket(
                opened, server_hostname=machine.host, do_handshake_on_connect=False
            )
        with self._lock:
            self._socket = opened
            if self._is_broken_off:
                raise TimeoutError("it takes too long")
        if isinstance(opened, ssl.SSLSocket):
            opened.do_handshake()
        kind = http.client.HTTPSConnection if machine.is_https else http.client.HTTPConnection
        connection = kind(machine.host, machine.port, timeout=self._wait_s)
        connection.sock = opened
        return connection
