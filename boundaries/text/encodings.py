"""Encodings told by bytes: the mark that a text starts with, whether it is UTF-8, how it would read as GBK."""

import codecs
from typing import Final

from geogrid.errors import InvalidInputError

DAMAGED: Final = "Copy it again from where it came, or export it again."
NAME_ENCODING: Final = "Name the right one: --encoding gbk for most Chinese files, else e.g. big5, cp1252."
# The mark of UTF-32 starts with that of UTF-16, so it is looked for first.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LONGEST_UTF8: Final = 4
_SAMPLE_BYTES: Final = 80
_SAMPLE_CHARACTERS: Final = 20


def settle_encoding(file_name: str, head: bytes, encoding: str | None) -> str:
    """Return the encoding to read a text in.

    Parameters
    ----------
    file_name : str
        For messages.
    head : bytes
        Its first line, as far as a line feed tells it.
    encoding : str, optional
        As the user names it. Without it the mark at the beginning decides, and without a mark it is UTF-8.

    Raises
    ------
    InvalidInputError
        There is no such encoding, the mark says another, or the text has NUL bytes, which UTF-8 and GBK never have.
    """
    name = None if encoding is None else _known(encoding)
    mark = next((marked for sign, marked in _MARKS if head.startswith(sign)), None)
    if name is not None and mark is not None and not name.startswith(mark.removesuffix("-sig")):
        raise InvalidInputError.of(
            "encoding",
            f"{file_name} starts with the mark of {mark.removesuffix('-sig')}, so it is not in the encoding {name}.",
            "Leave --encoding out.",
        )
    settled = mark or name or "utf-8"
    if b"\0" in head and not is_wide(settled):
        raise InvalidInputError.of(
            "encoding",
            f"The first line of {file_name} has NUL bytes: it is UTF-16 without a mark, or damaged.",
            "Save it as UTF-8.",
        )
    return settled


def is_wide(encoding: str) -> bool:
    """Return whether characters take two or four bytes each, so that rows cannot be told apart as bytes."""
    return encoding.startswith(("utf-16", "utf-32"))


def wrong_encoding(file_name: str, error: UnicodeError) -> InvalidInputError:
    """Return the refusal of a text that cannot be decoded, with how it would read as GBK if it can be that."""
    sample = ""
    if isinstance(error, UnicodeDecodeError) and error.encoding.startswith("utf-8"):
        sample = as_gbk(error.object[error.start : error.start + _SAMPLE_BYTES])
    name = getattr(error, "encoding", "given")
    reading = f" With --encoding gbk it would have {sample!r} there." if sample else ""
    return InvalidInputError.of(
        "encoding", f"The text of {file_name} is not in the encoding {name}.{reading}", NAME_ENCODING
    )


def is_utf8(text: bytes) -> bool:
    """Return whether bytes are UTF-8; the last character may be cut, as in a value that fills its field."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and len(text) - error.start < _LONGEST_UTF8
    return True


def as_gbk(text: bytes) -> str:
    """Return the beginning of a text in GBK, empty where it cannot be that; its last character may be cut."""
    try:
        decoded = codecs.getincrementaldecoder("gb18030")().decode(text)
    except UnicodeDecodeError:
        return ""
    return decoded.split("\n")[0].rstrip("\r")[:_SAMPLE_CHARACTERS]


def _known(encoding: str) -> str:
    try:
        "".encode(encoding)
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise InvalidInputError.of(
            "encoding", f"There is no encoding {encoding!r}.", "Use e.g. --encoding gbk."
        ) from error
