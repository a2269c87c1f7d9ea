"""Connections whose request does not arrive: closed after some seconds, so that half-sent requests hold nothing."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.kit.identity import CLOSING, PEER
from api.kit.limits import HEAD_SECONDS, MOST_HEAD_BYTES


class GuardedProtocol(HttpToolsProtocol):
    """HTTP with limits of time and size until the head of a request is there; bodies have limits of their own."""

    _timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _is_in_head = True
    _closing: asyncio.Event | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._begin_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the waiting."""
        self._end_head()
        if self._closing is not None:
            self._closing.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass bytes to the parser while the head stays within its size."""
        if self._is_in_head and self._head_bytes > MOST_HEAD_BYTES:
            self._close()
            return
        self._head_bytes += len(data)
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Begin to wait for the head of a request on a connection that had one before."""
        self._begin_head()
        super().on_message_begin()
        self._closing = self._closing or asyncio.Event()
        self.scope[PEER] = self.client  # type: ignore[typeddict-unknown-key]
        self.scope[CLOSING] = self._closing  # type: ignore[typeddict-unknown-key]

    def shutdown(self) -> None:
        """Let an answer that has no end of its own end now, too."""
        if self._closing is not None:
            self._closing.set()
        super().shutdown()

    def on_headers_complete(self) -> None:
        """End the waiting; the body is another matter."""
        self._end_head()
        super().on_headers_complete()

    def _begin_head(self) -> None:
        self._end_head()
        self._is_in_head, self._head_bytes = True, 0
        self._timer = self.loop.call_later(HEAD_SECONDS, self._close)

    def _end_head(self) -> None:
        self._is_in_head = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close(self, *_: Any) -> None:
        self._end_head()
        if not self.transport.is_closing():
            self.transport.close()
