"""Every name of a town in one automaton: which areas each phrase speaks for, and how loudly."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import ahocorasick_rs

from geogrid.addresses.mentions.areas import AreaTree, Path
from geogrid.addresses.mentions.generic import is_generic
from geogrid.addresses.mentions.naming import area_names, heads, place_names, short_place_name, stretches
from geogrid.addresses.mentions.weights import MentionKind

MOST_DISSECTED: Final = 200_000
"""With more names of places than these only whole names are looked for."""
_SHORTEST: Final = 2
_KNOWN_HEAD: Final = 4
_KIND_OF_THING: Final = 8
_PHRASE: Final = re.compile(r"(?=.*[\u3400-\u9fff])[\u3400-\u9fffa-z0-9]+")
_PARTS: Final[frozenset[MentionKind]] = frozenset({"head", "stretch"})
Counts = Mapping[Path, int]


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A named place in the deepest area that is known of it."""

    name: str
    path: Path
    address_id: int = 0


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase that speaks for areas, by how it is known."""

    text: str
    counts: Mapping[MentionKind, Counts]

    @property
    def is_part(self) -> bool:
        """Whether no area or place is called so; it only is a part of their names."""
        return self.counts.keys() <= _PARTS


@dataclass(frozen=True, slots=True)
class Mention:
    """A phrase where it stands in a text."""

    start: int
    end: int
    phrase: Phrase


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The names of a town, the areas they speak for, how many places are in each of the widest, and where each is."""

    tree: AreaTree
    phrases: Sequence[Phrase]
    places_in: Mapping[int, int]
    paths: Mapping[int, Path]
    _automaton: ahocorasick_rs.AhoCorasick = field(repr=False)

    def mentions(self, text: str) -> list[Mention]:
        """Return the phrases of a normalised text in their order; of one within another only the longer.

        Notes
        -----
        A part of a name counts only where no whole name covers it.
        """
        found = [
            Mention(start, end, self.phrases[number])
            for number, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True)
        ]
        whole = _longest(mention for mention in found if not mention.phrase.is_part)
        parts = _longest(mention for mention in found if mention.phrase.is_part)
        free = [part for part in parts if not any(_covers(mention, part) for mention in whole)]
        return sorted([*whole, *free], key=lambda mention: (mention.start, mention.end))


def build_lexicon(tree: AreaTree, places: Sequence[KnownPlace]) -> Lexicon:
    """Return the lexicon of a tree of areas and of the places in them."""
    counts: dict[str, dict[MentionKind, Counter[Path]]] = defaultdict(lambda: defaultdict(Counter))
    for area, path in zip(tree.areas, tree.paths, strict=True):
        if area is not None and area.name:
            full, stem = area_names(area.name, area.level)
            counts[full][area.level][path] += 1
            if stem != full:
                counts[stem][_stem_of(area.level)][path] += 1
    distinct = list({(place.name, place.path): place for place in places if place.path}.values())
    for place in distinct:
        for name in place_names(place.name):
            counts[name]["place"][place.path] += 1
            if short := short_place_name(name):
                counts[short]["short_place"][place.path] += 1
    if len(distinct) <= MOST_DISSECTED:
        _add_parts(counts, distinct)
    known = [Phrase(text, counts[text]) for text in sorted(counts) if _says_something(text)]
    automaton = ahocorasick_rs.AhoCorasick([phrase.text for phrase in known])
    places_in = Counter(place.path[0] for place in distinct)
    paths = {place.address_id: place.path for place in places}
    return Lexicon(tree, known, places_in, paths, automaton)


def _stem_of(level: str) -> MentionKind:
    kinds: dict[str, MentionKind] = {"district": "district_stem", "town": "town_stem", "community": "community_stem"}
    return kinds[level]


def _says_something(text: str) -> bool:
    return len(text) >= _SHORTEST and _PHRASE.fullmatch(text) is not None and not is_generic(text)


def _add_parts(counts: dict[str, dict[MentionKind, Counter[Path]]], places: Iterable[KnownPlace]) -> None:
    """Add what many names of places have in common, by the widest area: 梅溪湖 is no place of the list, but says where.

    Notes
    -----
    What names more often end in than begin with is a kind of thing (幼儿园), and speaks for no area.
    """
    beginning: dict[str, Counter[Path]] = defaultdict(Counter)
    within: dict[str, Counter[Path]] = defaultdict(Counter)
    ending: Counter[str] = Counter()
    for place in places:
        top = place.path[:1]
        for head in set(heads(place.name)):
            beginning[head][top] += 1
        for stretch in set(stretches(place.name)):
            within[stretch][top] += 1
        key = next(iter(reversed(list(place_names(place.name)))), "")
        ending.update(key[-length:] for length in range(_SHORTEST, len(key) + 1))
    kinds = {text for text, times in ending.items() if times >= _KIND_OF_THING and times > 2 * beginning[text].total()}
    for text in kinds & counts.keys():
        counts[text].pop("place", None)
        counts[text].pop("short_place", None)
    for text, by_area in beginning.items():
        if text not in counts and text not in kinds and (by_area.total() > 1 or len(text) >= _KNOWN_HEAD):
            counts[text]["head"] = by_area + within.get(text, Counter())
    for text, by_area in within.items():
        if text not in counts and text not in kinds and by_area.total() > 1:
            counts[text]["stretch"] = by_area


def _longest(mentions: Iterable[Mention]) -> list[Mention]:
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda mention: (mention.start, -mention.end)):
        if not kept or mention.end > kept[-1].end:
            kept.append(mention)
    return kept


def _covers(outer: Mention, inner: Mention) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end
