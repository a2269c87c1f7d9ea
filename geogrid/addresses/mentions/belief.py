"""Which area a text is about, from all its mentions at once, and down to which level that is sure."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from geogrid.addresses.mentions.areas import Area, Path
from geogrid.addresses.mentions.lexicon import Counts, Lexicon, Mention
from geogrid.addresses.mentions.weights import SURE, MentionKind, calibrated, setting_of, weight_of
from geogrid.addresses.normalise import normalise

_LONGEST_TEXT: Final = 1_000
_UNKNOWN_AREA: Final = 0.02
"""How many areas of a name that is known elsewhere an area may have without the list's knowing."""
_UNKNOWN_PLACE: Final = 0.011
_PART_ELSEWHERE: Final = 0.5
_PART_BY_CHANCE: Final = 0.01
_PART_COUNTS_FROM: Final = 2.0
_PRIOR: Final = 0.1
_MOST_REASONS: Final = 5
_MOST_DOUBTED: Final = 3


@dataclass(frozen=True, slots=True)
class Belief:
    """An area, how probable it is, and the phrases that speak for it."""

    place: int
    area: Area
    probability: float
    phrases: tuple[str, ...]

    @property
    def is_sure(self) -> bool:
        """Whether it may be acted upon."""
        return self.probability >= SURE


@dataclass(frozen=True, slots=True)
class _Voice:
    """A mention with its weight under each way in which its phrase is known."""

    mention: Mention
    weights: Mapping[MentionKind, float]


def believe(lexicon: Lexicon, text: str, *, within: int = 0) -> list[Belief]:
    """Return the deepest area that a text is surely about; where none is sure, the likeliest of the widest.

    Parameters
    ----------
    lexicon : Lexicon
        Of the town.
    text : str
        As written; of a longer one than 1,000 characters the first 1,000 are read.
    within : int
        Place in the tree of the area that the caller speaks from; 0 for anywhere. Only what is below it is answered.

    Notes
    -----
    At each level the areas under the one that is believed compete: a phrase that is known in an area and not in
    another is likelier there by a factor, weighed by what kind of phrase it is and how it stands in the text, and
    the logarithms are added. Below a level that is sure the next is tried; what is sure at no level is no answer.
    """
    key = normalise(text[:_LONGEST_TEXT])
    voices = _voices(lexicon, key)
    if not voices:
        return []
    best: list[Belief] = []
    parent, probability = within, 1.0
    while children := lexicon.tree.children_of(parent):
        shares = _shares(lexicon, voices, parent, children)
        if not shares:
            break
        ranked = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
        if len(children) > 1 or _is_named(voices, lexicon.tree.paths[ranked[0][0]]):
            beliefs = [
                _belief(lexicon, voices, place, calibrated(probability * share, len(key)))
                for place, share in ranked[:3]
            ]
            if not beliefs[0].is_sure:
                return best or beliefs
            best = beliefs[:1]
        probability *= ranked[0][1]
        parent = ranked[0][0]
    return best


def _voices(lexicon: Lexicon, text: str) -> list[_Voice]:
    times: Counter[str] = Counter()
    voices = []
    for mention in lexicon.mentions(text):
        phrase = mention.phrase
        times[phrase.text] += 1
        setting = setting_of(text, mention.start, mention.end, times[phrase.text])
        weights = {kind: weight_of(kind, len(phrase.text), setting) for kind in phrase.counts}
        voices.append(_Voice(mention, weights))
    return voices


def _shares(lexicon: Lexicon, voices: Sequence[_Voice], parent: int, children: Sequence[int]) -> dict[int, float]:
    """Return the probability of each area right below another that any mention speaks for."""
    depth = len(lexicon.tree.paths[parent])
    scores: dict[int, float] = defaultdict(float)
    for voice in voices:
        for kind, weight in voice.weights.items():
            if weight:
                counts = _below(voice.mention.phrase.counts[kind], lexicon.tree.paths[parent])
                for place, gain in _gains(lexicon, kind, counts, depth):
                    scores[place] += weight * gain
    if not scores:
        return {}
    if depth == 0:
        for place in scores:
            scores[place] += _PRIOR * _prior(lexicon, place)
    most = max(0.0, *scores.values())
    # One that has no sibling may yet be another of its name that is not known.
    others = max(len(children) - len(scores), 1 if len(children) == 1 else 0)
    rest = others * math.exp(-most)
    total = rest + sum(math.exp(score - most) for score in scores.values())
    return {place: math.exp(score - most) / total for place, score in scores.items()}


def _is_named(voices: Sequence[_Voice], path: Path) -> bool:
    """Return whether a text names an area, or one in it, as an area."""
    return any(
        known[: len(path)] == path
        for voice in voices
        for kind, counts in voice.mention.phrase.counts.items()
        if kind not in {"place", "short_place", "head", "stretch"}
        for known in counts
    )


def _prior(lexicon: Lexicon, place: int) -> float:
    """Return the logarithm of how many areas are known in one beside the mean: many people have many."""
    tree = lexicon.tree
    mean = sum(len(tree.children_of(each)) for each in tree.children_of(0)) / len(tree.children_of(0))
    return math.log((1 + len(tree.children_of(place))) / (1 + mean))


def _below(counts: Counts, path: Path) -> Counter[int]:
    depth = len(path)
    below: Counter[int] = Counter()
    for known, times in counts.items():
        if len(known) > depth and known[:depth] == path:
            below[known[depth]] += times
    return below


def _gains(lexicon: Lexicon, kind: MentionKind, counts: Mapping[int, int], depth: int) -> Iterator[tuple[int, float]]:
    """Yield by what factor, as a logarithm, a phrase is likelier in the areas where it is known than elsewhere."""
    if not counts:
        return
    if kind not in {"head", "stretch"}:
        unknown = _UNKNOWN_PLACE if kind in {"place", "short_place"} else _UNKNOWN_AREA
        yield from ((place, math.log1p(times / unknown)) for place, times in counts.items())
        return
    if depth:
        return
    # Parts of names are more where more places are known: their share of these counts.
    every = sum(lexicon.places_in.values())
    by_chance = _PART_ELSEWHERE / every
    rates = {place: times / lexicon.places_in[place] + by_chance for place, times in counts.items()}
    total = sum(rates.values()) + by_chance * max(len(lexicon.places_in) - len(rates), 0)
    trust = sum(counts.values()) / (sum(counts.values()) + _PART_COUNTS_FROM)
    floor = by_chance / total + _PART_BY_CHANCE
    yield from ((place, trust * math.log((rate / total + _PART_BY_CHANCE) / floor)) for place, rate in rates.items())


def _belief(lexicon: Lexicon, voices: Sequence[_Voice], place: int, probability: float) -> Belief:
    path = lexicon.tree.paths[place]
    speaking = [
        (max(voice.weights[kind] for kind in voice.weights), voice.mention.phrase.text)
        for voice in voices
        if any(known[: len(path)] == path for counts in voice.mention.phrase.counts.values() for known in counts)
    ]
    phrases = dict.fromkeys(text for _, text in sorted(speaking, key=lambda pair: (-pair[0], pair[1])))
    return Belief(place, lexicon.tree.area(place), probability, tuple(phrases)[:_MOST_REASONS])
