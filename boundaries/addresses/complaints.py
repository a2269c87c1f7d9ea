"""What names all over a text say of where it is, beside what one of them alone may mean as an address."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from sqlalchemy.orm import Session

from boundaries.addresses.answers import Context, GeocodeAnswer
from boundaries.addresses.lexicon import lexicon_of
from geogrid.addresses.elsewhere import place_elsewhere
from geogrid.addresses.mentions.belief import Belief, believe
from geogrid.addresses.mentions.lexicon import Lexicon
from geogrid.addresses.normalise import is_chinese, normalise

_WORDY: Final = 60
_DOOR: Final = re.compile(r"\w\s*\d{1,5}(?:[-之]\d{1,4})?[a-zA-Z]?\s*[号號弄组組]")
_DOOR_OF_STREET: Final = re.compile(r"[路街巷道弄里]\s*\d{1,5}(?:-\d{1,4})?\s*[号號弄](?!线|楼|日|地)")
_MUCH_UNREAD: Final = 4
_MOST_DOORS: Final = 2
_BEFORE, _BEHIND = 30, 20
_DOORS: Final = frozenset({"room", "unit", "building", "house_number", "between_numbers", "village_group", "crossing"})
_CONTRADICTED: Final = 0.3
_ONE_NAME_ALONE: Final = 0.7
"""What a name in a longer text is worth at most, where the rest of the text does not agree that it is there."""


@dataclass(frozen=True, slots=True)
class TextNames:
    """The areas that all the names of a text speak for, as answers, and the place of the first in the town's tree."""

    answers: list[GeocodeAnswer]
    place: int
    lexicon: Lexicon

    def agree(self, answer: GeocodeAnswer) -> bool:
        """Return whether an answer is known to be in the first area."""
        return self.place in self.lexicon.paths.get(answer.address_id, ())


def is_wordy(text: str) -> bool:
    """Return whether a Chinese text is a whole complaint without the number of a door: its names alone say where."""
    return len(text) > _WORDY and is_chinese(text) and _DOOR_OF_STREET.search(text) is None


def address_in(text: str) -> str:
    """Return what of a long Chinese text is read as an address: around the doors that it names; all of any other."""
    if len(text) <= _WORDY or not is_chinese(text):
        return text
    doors = list(islice(_DOOR_OF_STREET.finditer(text), _MOST_DOORS))
    return "，".join(text[max(door.start() - _BEFORE, 0) : door.end() + _BEHIND] for door in doors) or text


def beliefs_of(
    session: Session, jurisdiction_id: int, texts: Sequence[str], context: Context
) -> Mapping[str, "TextNames"]:
    """Return for each Chinese text the deepest area that all its names together are sure of, as an answer.

    Notes
    -----
    Where none is sure the likeliest of the widest areas are answered, for review. Texts for which the town has no
    names of areas are left out.
    """
    chinese = [text for text in texts if is_chinese(text)]
    lexicon = lexicon_of(session, jurisdiction_id) if chinese else None
    if lexicon is None:
        return {}
    within = 0 if context.within is None else lexicon.tree.of_grid(context.within)
    if within is None:
        return {}
    believed = {text: believe(lexicon, text, within=within) for text in chinese}
    answers = {
        text: [_answer(lexicon, belief, "" if len(text) > _WORDY else text) for belief in beliefs]
        for text, beliefs in believed.items()
    }
    return {
        text: TextNames(found, believed[text][0].place, lexicon)
        for text, found in answers.items()
        if found
        and (context.within is not None or context.inside is None or context.inside(found[0].lon, found[0].lat))
    }


def weighed(text: str, answers: list[GeocodeAnswer], names: TextNames | None) -> list[GeocodeAnswer]:
    """Return the answers to a text, the best first, of those to it as an address and those of all its names."""
    if not answers or names is None:
        return answers or ([] if names is None else names.answers)
    best, belief = answers[0], names.answers[0]
    if not best.needs_review and (best.matched_level != "name" or _is_all_of(text, best)):
        return answers
    agrees = names.agree(best)
    if not best.needs_review and agrees and not belief.needs_review:
        return answers
    if best.needs_review and len(text) <= _WORDY and (_DOOR.search(text) or best.matched_level in _DOORS):
        return [*answers, *names.answers]  # who names a door means it, and not the area around it
    if best.matched_level == "name":
        score = belief.score if agrees else 1.0 - belief.score
        best = replace(best, score=min(best.score, score, _ONE_NAME_ALONE), needs_review=True)
    return [best, *answers[1:], *names.answers] if belief.needs_review else [*names.answers, best, *answers[1:]]


def contradicted(address: str, answer: GeocodeAnswer) -> GeocodeAnswer:
    """Return an answer doubted where the text names a city or state far from it."""
    elsewhere = place_elsewhere(address, answer.lon, answer.lat, answer.address)
    if not elsewhere:
        return answer
    why = (*answer.why, f"but {elsewhere!r} is far from there")
    return replace(answer, score=min(answer.score, _CONTRADICTED), needs_review=True, why=why)


def _is_all_of(text: str, answer: GeocodeAnswer) -> bool:
    """Return whether a name is nearly all that a text says."""
    name = normalise(answer.address.partition(", ")[0])
    return len(normalise(text)) - len(name) <= _MUCH_UNREAD


def _answer(lexicon: Lexicon, belief: Belief, address: str) -> GeocodeAnswer:
    """Return a belief as an answer; an address, unlike a whole complaint, names no city beside the place it means."""
    area = belief.area
    names = [lexicon.tree.area(place).name for place in reversed(lexicon.tree.paths[belief.place])]
    answer = GeocodeAnswer(
        area.lon,
        area.lat,
        belief.probability,
        area.level,
        area.error_m,
        ", ".join(dict.fromkeys(names)),
        tuple(f"{phrase!r} speaks for it" for phrase in belief.phrases),
        needs_review=not belief.is_sure,
        address_id=area.address_id,
        grid=area.grid,
    )
    return contradicted(address, answer)
