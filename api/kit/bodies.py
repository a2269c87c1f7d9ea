"""JSON bodies, read so that no body brings a request down, and a long one does not hold up the others."""

import json
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

_BESIDE_BYTES: Final = 65_536
"""Longer bodies are parsed in a thread."""


class BodyRequest(Request):
    """A request whose JSON is refused in words where Python's reader would fail."""

    async def json(self) -> Any:
        """Return the parsed body; raises `JSONDecodeError`, which is told as a fault of the body."""
        body = await self.body()
        return await run_in_threadpool(_parsed, body) if len(body) > _BESIDE_BYTES else _parsed(body)


class BodyRoute(APIRoute):
    """A route that takes JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of requests as `BodyRequest`."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(BodyRequest(request.scope, request.receive))

        return handle


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except json.JSONDecodeError:
        raise
    except UnicodeDecodeError as error:
        raise json.JSONDecodeError("it is not UTF-8", "", error.start) from error
    except RecursionError as error:
        raise json.JSONDecodeError("it is nested too deep", "", 0) from error
    except ValueError as error:
        raise json.JSONDecodeError("a number in it has thousands of digits", "", 0) from error
