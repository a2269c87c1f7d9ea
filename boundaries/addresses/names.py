"""Names of the gazetteer that questions may mean: the same, nearly the same, and those that go on."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from boundaries.addresses.reading import names_by_key, names_going_on, names_like
from geogrid.addresses.chinese import every_stretch
from geogrid.addresses.gazetteer import GazetteerName, going_on_likeness, name_likeness
from geogrid.addresses.interpretation import Interpretation
from geogrid.addresses.match import LEAST_LIKENESS, Hit
from geogrid.addresses.normalise import core_of, is_chinese
from geogrid.addresses.query import AddressQuery

_MOST_HITS = 12
_LEAST_FUZZY = 3


def best_hits(hits: Sequence[Hit]) -> list[Hit]:
    """Return the likeliest distinct hits; longer names first, since they leave less to chance."""
    distinct: dict[tuple[object, ...], Hit] = {}
    for hit in hits:
        same = distinct.setdefault((hit.reading.name, hit.reading.number, hit.name.id), hit)
        if hit.likeness > same.likeness:
            distinct[hit.reading.name, hit.reading.number, hit.name.id] = hit
    ordered = sorted(
        distinct.values(),
        key=lambda hit: (-hit.likeness * (1.0 if hit.reading.number else 0.9), -len(hit.reading.name), hit.name.key),
    )
    return ordered[:_MOST_HITS]


class Names:
    """Looks names up for a batch of questions."""

    def __init__(self, session: Session, jurisdiction_id: int) -> None:
        self._session = session
        self._jurisdiction_id = jurisdiction_id

    def by_key(self, asked: Sequence[AddressQuery]) -> list[list[Hit]]:
        """Return for each question the names that its readings are, letter by letter or but for type and direction."""
        keys = {reading.name for question in asked for reading in question.readings}
        cores = {core for question in asked for reading in _with_core(question) for core in _cores_of(reading)}
        names = names_by_key(self._session, self._jurisdiction_id, keys, cores)
        by_key = {name.key: name for name in names}
        by_core: dict[str, list[GazetteerName]] = {}
        for name in names:
            by_core.setdefault(name.core, []).append(name)
        return [best_hits(list(_hits(question, by_key, by_core))) for question in asked]

    def by_likeness(self, asked: Sequence[AddressQuery]) -> Mapping[AddressQuery, list[Hit]]:
        """Return for each question the names that look like those that it most likely mentions."""
        cores = {core_of(reading.name) for question in asked for reading in question.fuzzy}
        wanted = {core for core in cores if not core.isdigit() and (len(core) >= _LEAST_FUZZY or not core.isascii())}
        alike = names_like(self._session, self._jurisdiction_id, wanted)
        found: dict[AddressQuery, list[Hit]] = {}
        for question in asked:
            hits = [
                Hit(reading, name, name_likeness(reading.name, name))
                for reading in question.fuzzy
                for name in alike.get(core_of(reading.name), ())
            ]
            found[question] = [hit for hit in hits if hit.likeness >= LEAST_LIKENESS]
        return found

    def going_on(self, asked: Sequence[AddressQuery]) -> Mapping[AddressQuery, list[Hit]]:
        """Return for each question the names that go on behind what stands next to its numbers."""
        numbered = {
            question: [
                reading for reading in question.fuzzy if reading.number is not None and _may_go_on(question, reading)
            ]
            for question in asked
        }
        keys = {reading.name for readings in numbered.values() for reading in readings}
        longer = names_going_on(self._session, self._jurisdiction_id, keys)
        return {
            question: [
                Hit(reading, name, likeness)
                for reading in readings
                for name in longer.get(reading.name, ())
                if (likeness := reading.worth * going_on_likeness(reading.name, name)) >= LEAST_LIKENESS
            ]
            for question, readings in numbered.items()
        }

    def within(self, asked: Sequence[AddressQuery]) -> Mapping[AddressQuery, list[Hit]]:
        """Return for each Chinese question the names that stand anywhere in it, a complaint for example."""
        stretches = {question: list(every_stretch(question.text)) for question in asked if is_chinese(question.text)}
        keys = {reading.name for readings in stretches.values() for reading in readings}
        by_key = {name.key: name for name in names_by_key(self._session, self._jurisdiction_id, keys, ())}
        return {
            question: [
                Hit(reading, by_key[reading.name], reading.worth) for reading in readings if reading.name in by_key
            ]
            for question, readings in stretches.items()
        }


def _cores_of(reading: Interpretation) -> set[str]:
    """Return the cores that a name may have: of "hollis ct", the street of this name or the Hollis Court Boulevard."""
    return {core_of(reading.name), reading.name}


def _may_go_on(question: AddressQuery, reading: Interpretation) -> bool:
    """Return whether a name that goes on may be meant: all words up to the town were read, and they are words."""
    if not reading.name.isascii() or not any(map(str.isalpha, reading.name)) or reading.name not in question.text:
        return False
    rest = question.text.rpartition(reading.name)[2].strip()
    return not rest or rest.startswith(question.areas[:1])


def _with_core(question: AddressQuery) -> list[Interpretation]:
    numbered = [reading for reading in question.readings if reading.number is not None]
    return [*numbered, *question.fuzzy]


def _hits(
    question: AddressQuery, by_key: Mapping[str, GazetteerName], by_core: Mapping[str, Sequence[GazetteerName]]
) -> Iterator[Hit]:
    for reading in question.readings:
        name = by_key.get(reading.name)
        if name is not None:
            yield Hit(reading, name, reading.worth)
    for reading in _with_core(question):
        for name in (name for core in _cores_of(reading) for name in by_core.get(core, ())):
            likeness = reading.worth * name_likeness(reading.name, name)
            if likeness >= LEAST_LIKENESS:
                yield Hit(reading, name, likeness)
