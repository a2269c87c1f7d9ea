"""XML: the characters that it has no way to write, and what stands before the first element of a file."""

import re
from typing import Final

_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_PROLOG: Final = ((b"<?", b"?>"), (b"<!--", b"-->"))
_DOCTYPE: Final = b"<!DOCTYPE"


def xml_text(text: str) -> str:
    """Return a text with U+FFFD for what XML 1.0 cannot hold, not even as a reference; nothing is escaped."""
    return _NOT_IN_XML.sub("\ufffd", text)


def as_ascii(head: bytes) -> bytes:
    """Return bytes without byte order mark, and UTF-16 as one byte a character: the words looked for are ASCII."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace").encode("ascii", "replace")
    # XML needs no mark to be known as UTF-16.
    if head.startswith((b"<\0", b"\0<")):
        return head.decode("utf-16-le" if head.startswith(b"<\0") else "utf-16-be", "replace").encode(
            "ascii", "replace"
        )
    return head.removeprefix(b"\xef\xbb\xbf")


def after_prolog(text: bytes) -> bytes:
    """Return what follows declarations and comments at the beginning of XML; nothing where they do not end."""
    while True:
        text = text.lstrip()
        opened = next((pair for pair in _PROLOG if text.startswith(pair[0])), None)
        if opened is None:
            return text
        _, _, text = text[len(opened[0]) :].partition(opened[1])


def has_doctype(text: bytes) -> bool:
    """Return whether XML declares its own type, and so perhaps entities: of other files, or that grow without end."""
    return after_prolog(text)[: len(_DOCTYPE)].upper() == _DOCTYPE
