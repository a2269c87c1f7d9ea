"""JSON from outside and from the store: one rule for what is taken in, and what is shown of rows from before it.

Taken in is what every reader gives back unchanged: texts without NUL and halves of characters, numbers within
±(2^53 - 1), which JavaScript and jsonb keep alike, at most 32 levels and 64 kB.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

DEEPEST: Final = 32
LARGEST_NUMBER: Final = 2**53 - 1
MOST_BYTES: Final = 65_536
NOT_SHOWN: Final = "not_shown"
"""Member that says what of a stored value cannot be shown."""

ALLOWED: Final = (
    f"JSON of at most {DEEPEST} levels and {MOST_BYTES // 1024} kB, with numbers from -(2^53 - 1) to 2^53 - 1; "
    "longer numbers are sent as texts"
)
_LISTED: Final = 20
_PLACE_CHARACTERS: Final = 80
_PLAIN_NAME: Final = r"[A-Za-z_]{1,40}"
_COMPACT: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_PLAIN_PLACE: Final = re.compile(rf"(\.{_PLAIN_NAME}|\[\d{{1,9}}\])*")


def text_fault(text: str) -> str:
    """Return why a text cannot be kept, empty where it can."""
    if "\x00" in text:
        return "it contains the character NUL, which no text has"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "it contains half of a character (a lone surrogate)"
    return ""


def is_plain_name(name: str) -> bool:
    """Return whether a member is called by a word of Latin letters, as programs call them, and not after a person."""
    return re.fullmatch(_PLAIN_NAME, name) is not None


def json_faults(value: Any, *, most_bytes: int = MOST_BYTES, only_plain_names: bool = False) -> list[str]:
    """Return everything that keeps a parsed JSON value from being stored, as sentences' ends; none for a good one.

    Parameters
    ----------
    value : object
        Dictionaries, lists, texts, numbers, booleans and None.
    most_bytes : int
        Of its JSON in UTF-8.
    only_plain_names : bool
        Whether a place is told only where its members are called by a word of Latin letters, as programs call them.
    """
    faults: list[str] = []
    for place, fault in _faults_in(value):
        told = "a member" if only_plain_names and not _PLAIN_PLACE.fullmatch(place) else _shown(place)
        faults.append(f"{told}: {fault}" if place else fault)
        if len(faults) == _LISTED:
            return faults
    if not faults:
        size = len(_COMPACT.encode(value).encode())
        if size > most_bytes:
            faults.append(f"it has {size:,} bytes, and at most {most_bytes:,} are kept")
    return faults


def _faults_in(value: Any) -> Iterator[tuple[str, str]]:
    waiting: list[tuple[str, Any, int]] = [("", value, 1)]
    while waiting:
        place, part, depth = waiting.pop()
        if isinstance(part, Mapping | list):
            if depth > DEEPEST:
                yield place, f"it is nested more than {DEEPEST} levels deep"
                continue
            if isinstance(part, Mapping):
                yield from ((f"{place}.{name}", f"the name of a member: {fault}") for name, fault in _names(part))
                waiting += [(f"{place}.{name}", each, depth + 1) for name, each in reversed(list(part.items()))]
            else:
                waiting += [(f"{place}[{n}]", part[n], depth + 1) for n in range(len(part) - 1, -1, -1)]
        else:
            fault = _fault_of(part)
            if fault:
                yield place, fault


def _names(part: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    for name in part:
        fault = text_fault(name) if isinstance(name, str) else f"it is a {type(name).__name__}, not a text"
        if fault:
            yield str(name), fault


def _fault_of(part: Any) -> str:
    if isinstance(part, str):
        return text_fault(part)
    if part is None or isinstance(part, bool):
        return ""
    if isinstance(part, float) and not math.isfinite(part):
        return f"{part} is no number"
    if isinstance(part, int | float):
        return "" if abs(part) <= LARGEST_NUMBER else "the number is beyond ±(2^53 - 1); send it as a text"
    return f"a {type(part).__name__} is no JSON"


def _shown(place: str) -> str:
    text = place.removeprefix(".").encode("utf-8", "replace").decode().replace("\x00", "?")
    return text if len(text) <= _PLACE_CHARACTERS else f"{text[:_PLACE_CHARACTERS]}..."


def stored_json(text: str | bytes) -> Any:
    """Return JSON of the store; what no answer could hold is left out and named under `NOT_SHOWN`.

    Rows from before the rule, or written past it, must not take a list down with them.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {NOT_SHOWN: ["a number of thousands of digits, or nested too deep"]}
    if _can_be_sent(value):
        return value
    if isinstance(value, dict):
        kept = {name: each for name, each in value.items() if _can_be_sent({name: each})}
        return {**kept, NOT_SHOWN: [_shown(name) for name in value if name not in kept]}
    if isinstance(value, list):
        return [each if _can_be_sent(each) else {NOT_SHOWN: ["this entry"]} for each in value]
    return {NOT_SHOWN: ["the value"]}


def _can_be_sent(value: Any) -> bool:
    try:
        # Answers wrap it, and the encoder has a deepest level of its own.
        orjson.dumps([[[[[[[[[[[[[[[[value]]]]]]]]]]]]]]]])
    except (TypeError, RecursionError):
        return False
    return True


def as_object(value: Any) -> dict[str, Any]:
    """Return a stored value where an object is expected; anything else is named as not shown."""
    return dict(value) if isinstance(value, Mapping) else {NOT_SHOWN: ["what is stored is no object"]}
