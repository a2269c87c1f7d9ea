"""What a client likes best, by its headers Accept, Accept-Encoding and Accept-Language (RFC 9110, 12.4 and 12.5).

A weight of 0 refuses. Of equal weights the one comes first that the client names first, then the one that is offered
first. Nobody is refused with 406: who accepts nothing that there is gets what is offered first, which 12.4.1 allows.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

Choice = TypeVar("Choice")

_PART: Final = re.compile(r'(?:[^,"]|"(?:\\.|[^"\\])*"?)+')
_PARAMETER: Final = re.compile(r';((?:[^;"]|"(?:\\.|[^"\\])*"?)*)')
_WEIGHT: Final = re.compile(r"\d*\.?\d+|\d+\.")
_ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class Preference:
    """One entry of such a header, in lower case.

    Parameters
    ----------
    value : str
        A media range, a coding or a language range.
    is_plain : bool
        Whether it has no parameters besides the weight.
    weight : float
        From 0, which refuses, to 1; 0 where it cannot be read.
    """

    value: str
    is_plain: bool
    weight: float


def preferred_type(accept: str, offers: Mapping[str, Choice]) -> Choice:
    """Return what to answer with.

    Parameters
    ----------
    accept : str
        The header Accept; empty: whatever there is.
    offers : mapping
        What there is, by media types without parameters; what comes first is the answer to those who do not mind.
    """
    preferences = read_preferences(accept)
    chosen = _preferred(preferences, list(offers), _matched_type) if preferences else None
    return next(iter(offers.values())) if chosen is None else offers[chosen]


def preferred_encoding(accept: str, offers: Sequence[str]) -> str | None:
    """Return how to compress, the first offered among equals; None: not at all."""
    weights = {each.value: each.weight for each in read_preferences(accept)}
    others = weights.get(_ANY, 0.0)
    best = max(offers, key=lambda name: weights.get(name, others))
    weight = weights.get(best, others)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else None


def preferred_language(accept: str, offers: Sequence[str]) -> str:
    """Return the language to answer in, by its primary subtag; the first where the client names none of them."""
    chosen = _preferred(read_preferences(accept), offers, _matched_language)
    return offers[0] if chosen is None else chosen


def prefers_chinese(accept: str) -> bool:
    """Return whether sentences are asked for in Chinese; who asks for no language gets English."""
    return preferred_language(accept, ("en", "zh")) == "zh"


def read_preferences(header: str) -> tuple[Preference, ...]:
    """Return the entries of a header in their order; quoted commas and semicolons part nothing."""
    return tuple(_read(part) for part in _PART.findall(header.lower()) if part.strip())


def _read(part: str) -> Preference:
    value, weight, is_plain = part.partition(";")[0].strip(), 1.0, True
    for parameter in _PARAMETER.findall(part):
        name, _, text = (piece.strip() for piece in parameter.partition("="))
        if name == "q":
            weight = min(float(text), 1.0) if _WEIGHT.fullmatch(text) else 0.0
        elif name:
            is_plain = False
    return Preference(value, is_plain, weight)


_Match = Callable[[Preference, str], int | None]
"""How exactly an entry means an offer; None: it does not."""


def _preferred(preferences: Sequence[Preference], offers: Sequence[str], match: _Match) -> str | None:
    """Return the offer of the greatest weight above 0; the most exact entry decides about each."""
    ranked = []
    for offer in offers:
        entries = list(_matching(preferences, offer, match))
        if entries:
            _, weight, position = max(entries)
            ranked.append((weight, position, offer))
    best = max(ranked, key=lambda entry: entry[:2], default=None)
    return best[2] if best is not None and best[0] > 0 else None


def _matching(preferences: Sequence[Preference], offer: str, match: _Match) -> Iterator[tuple[int, float, int]]:
    """Yield exactness, weight and place of the entries that mean an offer; the first place is the greatest."""
    for position, preference in enumerate(preferences):
        exactness = match(preference, offer)
        if exactness is not None:
            yield exactness, preference.weight, -position


def _matched_type(preference: Preference, offer: str) -> int | None:
    if preference.value == offer:
        # Clients name parameters that change nothing, such as charset: more than a wildcard, less than the type alone.
        return 3 if preference.is_plain else 2
    if preference.value == f"{offer.partition('/')[0]}/*":
        return 1
    return 0 if preference.value in {"*/*", _ANY} else None


def _matched_language(preference: Preference, offer: str) -> int | None:
    if preference.value.partition("-")[0] == offer:
        return 1
    return 0 if preference.value == _ANY else None
