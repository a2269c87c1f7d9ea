"""What happens to every request and reply: the limit of the body, and headers that keep browsers careful."""

from http import HTTPStatus

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"SAMEORIGIN"),
)


class _TooLargeError(Exception):
    """The body passed the limit while it was read."""


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


class BodyLimit:
    """Refuse requests whose body is larger than the limit, whether they say so or not."""

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on while its body stays within the limit."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        stated = headers.get(b"content-length", b"0")
        if stated.isdigit() and int(stated) > self.max_bytes:
            await self._refuse(scope, send)
            return
        received, started = 0, False

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_bytes:
                raise _TooLargeError
            return message

        async def send_noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive_counted, send_noted)
        except _TooLargeError:
            if started:
                raise
            await self._refuse(scope, send)

    async def _refuse(self, scope: Scope, send: Send) -> None:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        limit = f"{self.max_bytes / 1e6:g} MB"
        body = {
            "type": "about:blank",
            "title": status.phrase,
            "status": status.value,
            "detail": f"The body is larger than {limit}. Send it in parts; GEOGRID_MAX_BODY_MB sets the limit.",
            "instance": scope["path"],
        }
        content = orjson.dumps(body)
        headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(content)).encode())]
        await send(
            {"type": "http.response.start", "status": status.value, "headers": [*headers, (b"connection", b"close")]}
        )
        await send({"type": "http.response.body", "body": content})
