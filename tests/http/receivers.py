"""Real receivers of webhooks on the loopback: they take, refuse, redirect, hang and hang up as a test tells them."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

Answer = int | str | dict[str, Any]
"""A status; or ``hang``, ``drip`` or ``hang up``; or a status with headers."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.body)["data"]
        return found

    @property
    def type(self) -> str:
        return str(orjson.loads(self.body)["type"])


@dataclass(slots=True)
class Receiver:
    """A server whose `answer` says what it does with each message."""

    answer: Callable[[Received], Answer] = lambda _: 204
    received: list[Received] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=of-the-receiver"

    @property
    def numbers(self) -> list[int]:
        return [each.data["number"] for each in self.received]


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            message = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            receiver.received.append(message)
            answer = receiver.answer(message)
            if answer == "hang":
                receiver.over.wait(60)
            elif answer == "drip":
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                with suppress(OSError):
                    while not receiver.over.wait(0.05):
                        self.wfile.write(b"X-Drop: 1\r\n")
                        self.wfile.flush()
            elif answer != "hang up":
                headers = dict(answer) if isinstance(answer, dict) else {"status": answer}
                self.send_response(int(headers.pop("status")))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def receiving(answer: Callable[[Received], Answer] | Answer = 204, *, port: int = 0) -> Iterator[Receiver]:
    """Receive until the end of the block."""
    receiver = Receiver(answer if callable(answer) else lambda _: answer)
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(receiver))
    server.daemon_threads = True
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def eventually(is_so: Callable[[], bool], *, seconds: float = 60.0) -> bool:
    """Wait on a condition, generously: other work may have the processors."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(0.02)
    return is_so()
