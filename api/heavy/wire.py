"""Messages between a server and the processes that work for it: a length, then a pickled value."""

import pickle
import struct
from typing import IO, Any, Final

_LENGTH: Final = struct.Struct("<Q")


def send(stream: IO[bytes], message: Any) -> None:
    """Write a message; raises `OSError` where nobody reads any more."""
    content = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(content)))
    stream.write(content)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Return the next message.

    Raises
    ------
    EOFError
        The other side has ended.
    """
    head = _read(stream, _LENGTH.size)
    # Of a process that this one started, or was started by: nobody else has the other end of the pipe.
    return pickle.loads(_read(stream, _LENGTH.unpack(head)[0]))  # noqa: S301


def _read(stream: IO[bytes], count: int) -> bytes:
    content = stream.read(count)
    if len(content) < count:
        raise EOFError("the other side has ended")
    return content
