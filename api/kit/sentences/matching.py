"""From a sentence in English to the same in Chinese, by the table of all of them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from string import Formatter
from typing import Final

from api.kit.sentences.checks import CHECK_SENTENCES
from api.kit.sentences.pages import PAGE_SENTENCES
from api.kit.sentences.plans import PLAN_SENTENCES
from api.kit.sentences.values import VALUES

_END: Final = re.compile(r"[.!?](?=\s|$)|$")
_FIRST: Final = re.compile(r"[^\s{]+(?=\s)")


@dataclass(frozen=True, slots=True)
class _Sentence:
    pattern: re.Pattern[str]
    chinese: str


def in_chinese(text: str, names: Mapping[str, str] | None = None) -> str:
    """Return what a message says in Chinese, sentence by sentence; what no table has stays as it is.

    Parameters
    ----------
    text : str
        Of an error, a problem or a remedy: sentences in English with values in them.
    names : mapping of str to str, optional
        What values are called in Chinese besides words of ours: levels of the town.
    """
    found, place = [], 0
    while place < len(text):
        sentence, end = _at(text, place, names or {})
        found.append(sentence)
        place = end + len(text[end:]) - len(text[end:].lstrip())
    return "".join(found).strip()


def _at(text: str, place: int, names: Mapping[str, str]) -> tuple[str, int]:
    """Return the sentence that begins at a place, in Chinese where the table has it, and where it ends."""
    first = _FIRST.match(text, place)
    for sentence in (*_table().get(first.group() if first else "", ()), *_table().get("", ())):
        match = sentence.pattern.match(text, place)
        if match:
            values = {
                # What is to be written as it stands is not put into other words.
                name: value if name == "literal" else names.get(value) or _value(value)
                for name, value in match.groupdict().items()
            }
            return sentence.chinese.format(**values), match.end()
    stop = _END.search(text, place)
    end = stop.end() if stop else len(text)
    return text[place:end] + " ", end


@cache
def _table() -> Mapping[str, tuple[_Sentence, ...]]:
    """Return the sentences by their first word, those with most words of their own first; "" for a value at first."""
    return _by_first_word((*PLAN_SENTENCES, *CHECK_SENTENCES, *PAGE_SENTENCES))


@cache
def _value_table() -> Mapping[str, tuple[_Sentence, ...]]:
    return _by_first_word(VALUES)


def _by_first_word(pairs: Iterable[tuple[str, str]]) -> Mapping[str, tuple[_Sentence, ...]]:
    found: dict[str, list[_Sentence]] = defaultdict(list)
    for english, chinese in sorted(pairs, key=lambda pair: -len(re.sub(r"{\w+}", "", pair[0]))):
        first = _FIRST.match(english)
        found[first.group() if first else ""].append(_Sentence(_pattern(english), chinese))
    return {word: tuple(sentences) for word, sentences in found.items()}


def _pattern(english: str) -> re.Pattern[str]:
    parts, seen = [], set()
    for literal, name, _, _ in Formatter().parse(english):
        parts.append(re.escape(literal))
        if name:
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>.+?)")
            seen.add(name)
    return re.compile("".join(parts) + r"(?=\s|$)", re.DOTALL)


def _value(value: str) -> str:
    """Return a value in a sentence: words of ours in Chinese, names and numbers as they are."""
    if len(value) > 1 and value[0] == value[-1] == "'":
        return f"“{value[1:-1]}”"
    return ", ".join(_word(part) for part in value.split(", ")) if ", " in value else _word(value)


def _word(value: str) -> str:
    first = _FIRST.match(value)
    for sentence in (*_value_table().get(first.group() if first else "", ()), *_value_table().get("", ())):
        match = sentence.pattern.fullmatch(value)
        if match:
            return sentence.chinese.format(**match.groupdict())
    return value
