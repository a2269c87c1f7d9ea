"""What happens to every request and reply: the limit of the body, compression, headers that keep browsers careful."""

import asyncio
import time
import zlib
from collections.abc import Collection
from http import HTTPStatus
from typing import Final, Protocol

import brotli
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import RETRY_AFTER_SECONDS, problem
from api.kit.budget import LEASE, Lease, MemoryBudget
from api.kit.identity import HEAD_ONLY
from api.kit.limits import BODY_SECONDS, LengthLimit, body_limit
from api.kit.negotiation import preferred_encoding
from geogrid.errors import UnavailableError

_SAFE_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"SAMEORIGIN"),
)


class SafeHeaders:
    """Add headers that keep browsers from guessing types, leaking addresses and framing pages elsewhere."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to the reply."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_SAFE_HEADERS]
            await send(message)

        await self.app(scope, receive, send_with_headers)


class HeadAsGet:
    """Answer HEAD as GET without the body, as HTTP asks of every server."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a HEAD on as a GET and keep its body back."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self.app({**scope, "method": "GET", HEAD_ONLY: True}, receive, send_without_body)


class BodyLimit:
    """Refuse bodies that are larger than their route takes, arrive too slowly, or find no room in the memory budget."""

    def __init__(self, app: ASGIApp, *, most_mb: float, budget: MemoryBudget) -> None:
        self.app = app
        self.most_mb = most_mb
        self.budget = budget

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on while its body stays within the limits."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        limit = body_limit(scope["path"], request.headers.get("content-type", ""), most_mb=self.most_mb)
        stated = request.headers.get("content-length", "0")
        if (
            not stated.isascii()
            or not stated.isdecimal()
            or len(stated) > _LONGEST_LENGTH
            or int(stated) > limit.megabytes * 1e6
        ):
            refusal = problem(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, limit.message)
            await refusal(scope, receive, send)
            return
        lease = self.budget.lease()
        scope[LEASE] = lease
        body = _BoundedBody(receive, lease, limit)
        try:
            await self.app(scope, body.receive, send)
        finally:
            lease.release()


class _BoundedBody:
    """Receives one body."""

    def __init__(self, receive: Receive, lease: Lease, limit: LengthLimit) -> None:
        self._receive = receive
        self._lease = lease
        self._limit = limit
        self._received = 0
        self._is_whole = False
        self._ends = time.monotonic() + BODY_SECONDS

    async def receive(self) -> Message:
        if self._is_whole:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), max(self._ends - time.monotonic(), 0.001))
        except TimeoutError:
            detail = f"The body was not there after {BODY_SECONDS:g} seconds. Send less, or faster."
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, detail, {"Connection": "close"}) from None
        self._is_whole = message["type"] != "http.request" or not message.get("more_body", False)
        count = len(message.get("body", b""))
        self._received += count
        if self._received > self._limit.megabytes * 1e6:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self._limit.message, {"Connection": "close"})
        try:
            self._lease.grow(count)
        except UnavailableError as error:
            headers = {"Retry-After": RETRY_AFTER_SECONDS, "Connection": "close"}
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers) from error
        return message


_ENCODINGS: Final = ("br", "gzip")
_WITHOUT_BODY: Final = frozenset({204, 304})
_LONGEST_LENGTH: Final = 18
_BESIDE_BYTES: Final = 64_000
"""Longer pieces are compressed in a thread, so that other requests are answered meanwhile."""


class Compressor(Protocol):
    """Compresses what comes in pieces."""

    def process(self, data: bytes, /) -> bytes:
        """Return what is ready."""

    def finish(self) -> bytes:
        """Return the rest."""


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.compressobj(5, zlib.DEFLATED, 31)

    def process(self, data: bytes, /) -> bytes:
        return self._stream.compress(data)

    def finish(self) -> bytes:
        return self._stream.flush()


class Compression:
    """Send long replies as brotli or gzip to clients that take it, a piece at a time as they are made.

    Parameters
    ----------
    app : ASGIApp
        What replies.
    least_bytes : int
        Shorter replies are sent as they are.
    excluded : collection of str
        Media types that are small already.
    """

    def __init__(self, app: ASGIApp, *, least_bytes: int, excluded: Collection[str]) -> None:
        self.app = app
        self.least_bytes = least_bytes
        self.excluded = tuple(excluded)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and compress the reply."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        encoding = preferred_encoding(Headers(scope=scope).get("accept-encoding", ""), _ENCODINGS)
        await self.app(scope, receive, _CompressingSend(send, encoding, self.least_bytes, self.excluded))


class _CompressingSend:
    """Sends one reply; its head waits for the first piece of the body, which decides."""

    def __init__(self, send: Send, encoding: str | None, least_bytes: int, excluded: tuple[str, ...]) -> None:
        self._send = send
        self._encoding = encoding
        self._least_bytes = least_bytes
        self._excluded = excluded
        self._start: Message | None = None
        self._compressor: Compressor | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        if self._start is not None:
            start, self._start = self._start, None
            self._decide(start, message)
            if self._compressor is not None:
                message = await self._compressed(message)
                if not message.get("more_body", False):
                    MutableHeaders(raw=start["headers"])["content-length"] = str(len(message["body"]))
            await self._send(start)
            await self._send(message)
            return
        await self._send(message if self._compressor is None else await self._compressed(message))

    def _decide(self, start: Message, first: Message) -> None:
        start["headers"] = list(start.get("headers", []))
        headers = MutableHeaders(raw=start["headers"])
        is_short = not first.get("more_body", False) and len(first.get("body", b"")) < self._least_bytes
        is_small = headers.get("content-type", "").startswith(self._excluded) or "content-encoding" in headers
        if start["status"] in _WITHOUT_BODY or is_small:
            return
        headers.add_vary_header("Accept-Encoding")
        if is_short or self._encoding is None:
            return
        headers["content-encoding"] = self._encoding
        if "content-length" in headers:
            del headers["content-length"]
        if headers.get("etag", "").startswith('"'):
            # The bytes differ from those that are not compressed: equal in meaning only.
            headers["etag"] = f"W/{headers['etag']}"
        self._compressor = brotli.Compressor(quality=4) if self._encoding == "br" else _Gzip()

    async def _compressed(self, message: Message) -> Message:
        body, is_last = message.get("body", b""), not message.get("more_body", False)
        work = run_in_threadpool(self._pass, body, is_last=is_last) if len(body) > _BESIDE_BYTES else None
        return {**message, "body": self._pass(body, is_last=is_last) if work is None else await work}

    def _pass(self, body: bytes, *, is_last: bool) -> bytes:
        assert self._compressor is not None  # noqa: S101 - only called where there is one; narrows a type
        compressed = self._compressor.process(bytes(body))
        return compressed + self._compressor.finish() if is_last else compressed
