"""Encodings told by bytes: the mark that a text starts with, whether it is UTF-8, how it would read as GBK."""

import codecs
import re
import unicodedata
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
_LIKELY: Final = ("gbk", "big5", "cp1252")
_NOT_ASCII: Final = re.compile(rb"[\x80-\xff]+")
_COMMON_HAN: Final = re.compile(rb"(?:[\xb0-\xd7][\xa1-\xfe])+")
_SURELY_UTF8: Final = re.compile(rb"(?:[\xe1-\xef][\x80-\xbf]{2}){2}")
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
        As the user names it. A mark at the beginning counts before it: a rejects file has one, whatever the encoding of
        the file that it comes from. Without either it is UTF-8.

    Raises
    ------
    InvalidInputError
        There is no such encoding, or the text has NUL bytes, which UTF-8 and GBK never have.
    """
    name = None if encoding is None else _known(encoding)
    mark = next((marked for sign, marked in _MARKS if head.startswith(sign)), None)
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


def wrong_encoding(file_name: str, error: UnicodeError, *, line: int | None = None) -> InvalidInputError:
    """Return the refusal of a text that cannot be decoded, with how it would read as GBK if it can be that."""
    reading = ""
    if isinstance(error, UnicodeDecodeError) and error.encoding.startswith("utf-8"):
        reading = readings(error.object[error.start : error.start + _SAMPLE_BYTES], "it would have", " there")
    name = getattr(error, "encoding", "given")
    return InvalidInputError.of(
        "encoding",
        f"The text of {file_name} is not in the encoding {name}{f', from line {line} on' if line else ''}.{reading}",
        NAME_ENCODING,
    )


def readings(text: bytes, verb: str, place: str = "") -> str:
    """Return how a text reads in the two likeliest encodings, as a sentence with a blank before it; empty for none."""
    samples = {name: _beginning(text, name) for name in _LIKELY}
    told = [(name, sample) for name, sample in samples.items() if sample][:2]
    if not told:
        return ""
    first, *others = (f"--encoding {name}" for name, _ in told)
    sentence = f" With {first} {verb} {told[0][1]!r}{place}"
    return f"{sentence}, with {others[0]} {told[1][1]!r}." if others else f"{sentence}."


def require_certain(file_name: str, text: bytes, encoding: str | None = None) -> None:
    """Refuse a text whose encoding is in doubt: it reads as UTF-8 and as GBK alike, or is UTF-8 and called another.

    Parameters
    ----------
    file_name : str
        For messages.
    text : bytes
        As much of it as was looked at.
    encoding : str, optional
        As the user names it.

    Raises
    ------
    InvalidInputError
        Nobody says which it is, and all that is not ASCII is pairs of bytes that are common Chinese characters in GBK,
        and letters of several scripts next to each other in UTF-8. Or another encoding is named, and the text is UTF-8
        of characters with three bytes each, which others hardly ever are.
    """
    runs = _NOT_ASCII.findall(text)
    if encoding is not None:
        _require_other(file_name, text, runs, encoding)
        return
    if not runs or not all(_COMMON_HAN.fullmatch(run) for run in runs):
        return
    try:
        words = [run.decode("utf-8") for run in runs]
    except UnicodeDecodeError:
        return
    mixed = next((at for at, word in enumerate(words) if len({_script(letter) for letter in word}) > 1), None)
    if mixed is not None:
        raise InvalidInputError.of(
            "encoding",
            f"The text of {file_name} can be UTF-8 and GBK: with --encoding utf-8 it has "
            f"{words[mixed][:_SAMPLE_CHARACTERS]!r}, with --encoding gbk {_beginning(runs[mixed], 'gbk')!r}.",
            "Name the one that reads right.",
        )


def _require_other(file_name: str, text: bytes, runs: list[bytes], encoding: str) -> None:
    sure = next((run for run in runs if _SURELY_UTF8.match(run)), None)
    if sure is None or _known(encoding).startswith("utf") or not is_utf8(text):
        return
    raise InvalidInputError.of(
        "encoding",
        f"The text of {file_name} is UTF-8: with --encoding utf-8 it has "
        f"{sure.decode('utf-8', 'replace')[:_SAMPLE_CHARACTERS]!r}, with --encoding {encoding} "
        f"{sure.decode(encoding, 'replace')[:_SAMPLE_CHARACTERS]!r}.",
        "Leave --encoding out.",
    )


def _script(letter: str) -> str:
    return unicodedata.name(letter, "NONE").partition(" ")[0]


def is_utf8(text: bytes) -> bool:
    """Return whether bytes are UTF-8; the last character may be cut, as in a value that fills its field."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and len(text) - error.start < _LONGEST_UTF8
    return True


def _beginning(text: bytes, encoding: str) -> str:
    """Return the beginning of a text in an encoding, empty where it cannot be that; its last character may be cut."""
    try:
        decoded = codecs.getincrementaldecoder("gb18030" if encoding == "gbk" else encoding)().decode(text)
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
