"""The gazetteer (地址库): what an address text means among the addresses that are known."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from sqlalchemy.orm import Session

from boundaries.address_import import import_addresses
from boundaries.address_lookup import (
    Places,
    names_by_key,
    names_going_on,
    names_like,
    places_at,
    places_near,
    places_of,
)
from boundaries.address_model import element_tagger
from boundaries.street_crossings import crossing_matches
from geogrid.address.chinese import every_stretch
from geogrid.address.known import KnownName, name_likeness
from geogrid.address.match import LEAST_LIKENESS, Hit, Inside, Match, MatchedLevel, is_settled, rank
from geogrid.address.normalise import core_of, is_chinese
from geogrid.address.question import Question, understand
from geogrid.address.reading import Reading

__all__ = ["ANYWHERE", "Context", "GeocodeAnswer", "candidates_many", "geocode", "geocode_many", "import_addresses"]

_BATCH = 2_000
_MOST_HITS = 12
_LEAST_FUZZY = 3
_SURE = 0.95
_MUCH = 0.75


@dataclass(frozen=True, slots=True)
class GeocodeAnswer:
    """Where an address text is.

    Parameters
    ----------
    lon, lat : float
        Degrees, WGS 84.
    score : float
        0 to 1.
    matched_level : str
        ``house_number``, ``between_numbers``, ``nearest_number``, ``street``, ``crossing`` or ``name``.
    positional_error_m : float
        Radius around the point within which the place is expected, metres.
    address : str
        The known address that matched.
    why : tuple of str
        Which words matched what.
    needs_review : bool
        Not sure enough to act upon without a person.
    address_id : int
        In the gazetteer.
    """

    lon: float
    lat: float
    score: float
    matched_level: MatchedLevel
    positional_error_m: float
    address: str
    why: tuple[str, ...] = ()
    needs_review: bool = False
    address_id: int = 0


def geocode(session: Session, jurisdiction_id: int, address: str) -> GeocodeAnswer | None:
    """Return where one address text is; see `geocode_many`."""
    return geocode_many(session, jurisdiction_id, [address])[0]


def geocode_many(session: Session, jurisdiction_id: int, addresses: Sequence[str]) -> list[GeocodeAnswer | None]:
    """Return where each address text most likely is, None where no known street or name is close enough.

    Parameters
    ----------
    session : Session
        Read only.
    jurisdiction_id : int
        Whose gazetteer.
    addresses : sequence of str
        As people write them.
    """
    found = candidates_many(session, jurisdiction_id, addresses)
    return [answers[0] if answers else None for answers in found]


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of where the caller is.

    Parameters
    ----------
    near : tuple of float, optional
        Longitude and latitude; of equal answers the nearer counts more.
    inside : callable, optional
        Whether a longitude and latitude may be meant: the hotline's district, say. Answers elsewhere are left out.
    areas : tuple of str
        Names of areas, widest first, that a caller may leave unsaid: "七组" of the caller's village.
    """

    near: tuple[float, float] | None = None
    inside: Inside | None = None
    areas: tuple[str, ...] = ()


ANYWHERE = Context()


def candidates_many(
    session: Session, jurisdiction_id: int, addresses: Sequence[str], context: Context = ANYWHERE
) -> list[list[GeocodeAnswer]]:
    """Return what each address text may mean, likeliest first.

    Parameters
    ----------
    session, jurisdiction_id, addresses
        As `geocode_many`.
    context : Context
        What is known of where the callers are.
    """
    distinct = list(dict.fromkeys(addresses))
    answers = _answers_of(session, jurisdiction_id, distinct, context)
    if context.areas:
        open_ones = [address for address in distinct if not answers[address] or answers[address][0].needs_review]
        said = {address: _with_areas(address, context.areas) for address in open_ones}
        again = _answers_of(session, jurisdiction_id, list(said.values()), context)
        for address in open_ones:
            answers[address] = _better(again[said[address]], answers[address])
    return [answers[address] for address in addresses]


def _answers_of(
    session: Session, jurisdiction_id: int, distinct: Sequence[str], context: Context
) -> dict[str, list[GeocodeAnswer]]:
    answers: dict[str, list[GeocodeAnswer]] = {}
    for start in range(0, len(distinct), _BATCH):
        batch = distinct[start : start + _BATCH]
        asked = [understand(address, element_tagger()) for address in batch]
        for address, matches in zip(batch, _answer(session, jurisdiction_id, asked, context), strict=True):
            answers[address] = [_shaped(match) for match in matches]
    return answers


def _with_areas(address: str, areas: Sequence[str]) -> str:
    return f"{''.join(areas)}{address}" if is_chinese(address) else f"{address}, {', '.join(reversed(areas))}"


def _better(some: list[GeocodeAnswer], others: list[GeocodeAnswer]) -> list[GeocodeAnswer]:
    """Return the list with the surer best answer."""
    best, other = (found[0].score if found else 0.0 for found in (some, others))
    return some if best > other else others


def _shaped(match: Match) -> GeocodeAnswer:
    return GeocodeAnswer(
        match.lon,
        match.lat,
        match.score,
        match.level,
        match.error_m,
        match.text,
        match.why,
        match.needs_review,
        match.address_id,
    )


def _answer(
    session: Session, jurisdiction_id: int, asked: Sequence[Question], context: Context
) -> Iterator[list[Match]]:
    known = _Names(session, jurisdiction_id)
    hits = known.by_key(asked)
    places: Places = {}
    places_at(session, _numbered(hits), places)
    unsettled = [number for number, found in enumerate(hits) if not is_settled(found, places)]
    vague = [number for number in unsettled if _wants_likeness(hits[number], asked[number])]
    extra = known.by_likeness([asked[number] for number in vague])
    within = known.within([asked[number] for number in vague])
    longer = known.going_on([asked[number] for number in unsettled])
    for number in unsettled:
        question = asked[number]
        more = (extra.get(question, ()), within.get(question, ()), longer[question])
        hits[number] = _best_hits([*hits[number], *chain.from_iterable(more)])
    open_hits = [hits[number] for number in unsettled]
    places_at(session, _numbered(open_hits), places)
    places_near(session, _without_exact(open_hits, places), places)
    unnumbered: Places = {}
    places_of(session, _whole_names(open_hits, places), unnumbered)
    for name_id, of_name in unnumbered.items():
        places[name_id] = list(dict.fromkeys([*places.get(name_id, []), *of_name]))
    for question, found in zip(asked, hits, strict=True):
        crossings = crossing_matches(session, jurisdiction_id, question) if question.relation.names else []
        crossings = [match for match in crossings if context.inside is None or context.inside(match.lon, match.lat)]
        yield crossings or rank(question, found, places, near=context.near, inside=context.inside)


def _numbered(hits: Sequence[Sequence[Hit]]) -> set[tuple[int, int]]:
    return {
        (hit.name.id, place)
        for found in hits
        for hit in found
        if hit.reading.number is not None
        for place in hit.reading.number.places()
    }


def _without_exact(hits: Sequence[Sequence[Hit]], places: Places) -> set[tuple[int, int]]:
    """Return the numbers that are not known on their street, of questions without any exact answer."""
    return {
        (hit.name.id, place)
        for found in hits
        for hit in found
        if hit.reading.number is not None
        for place in hit.reading.number.places()
        if not any(known.place == place for known in places.get(hit.name.id, ()))
    }


def _whole_names(hits: Sequence[Sequence[Hit]], places: Places) -> set[int]:
    return {hit.name.id for found in hits for hit in found if hit.reading.number is None or not places.get(hit.name.id)}


def _wants_likeness(hits: Sequence[Hit], question: Question) -> bool:
    """Return whether the names that are known letter by letter leave much of the question unread."""
    whole = len(question.text.replace(" ", ""))
    return not any(hit.likeness >= _SURE and _read(hit.reading) > _MUCH * whole for hit in hits)


def _read(reading: Reading) -> int:
    number = "" if reading.number is None else reading.number.key
    return len(reading.name.replace(" ", "")) + len(number)


def _best_hits(hits: Sequence[Hit]) -> list[Hit]:
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


class _Names:
    """Looks names up for a batch of questions."""

    def __init__(self, session: Session, jurisdiction_id: int) -> None:
        self._session = session
        self._jurisdiction_id = jurisdiction_id

    def by_key(self, asked: Sequence[Question]) -> list[list[Hit]]:
        """Return for each question the names that its readings are, letter by letter or but for type and direction."""
        keys = {reading.name for question in asked for reading in question.readings}
        cores = {core for question in asked for reading in _with_core(question) for core in _cores_of(reading)}
        names = names_by_key(self._session, self._jurisdiction_id, keys, cores)
        by_key = {name.key: name for name in names}
        by_core: dict[str, list[KnownName]] = {}
        for name in names:
            by_core.setdefault(name.core, []).append(name)
        return [_best_hits(list(_hits(question, by_key, by_core))) for question in asked]

    def by_likeness(self, asked: Sequence[Question]) -> Mapping[Question, list[Hit]]:
        """Return for each question the names that look like those that it most likely mentions."""
        cores = {core_of(reading.name) for question in asked for reading in question.fuzzy}
        wanted = {core for core in cores if not core.isdigit() and (len(core) >= _LEAST_FUZZY or not core.isascii())}
        alike = names_like(self._session, self._jurisdiction_id, wanted)
        found: dict[Question, list[Hit]] = {}
        for question in asked:
            hits = [
                Hit(reading, name, name_likeness(reading.name, name))
                for reading in question.fuzzy
                for name in alike.get(core_of(reading.name), ())
            ]
            found[question] = [hit for hit in hits if hit.likeness >= LEAST_LIKENESS]
        return found

    def going_on(self, asked: Sequence[Question]) -> Mapping[Question, list[Hit]]:
        """Return for each question the names that go on behind what stands next to its numbers."""
        numbered = {
            question: [
                reading for reading in question.fuzzy if reading.number is not None and _has_letters(reading.name)
            ]
            for question in asked
        }
        keys = {reading.name for readings in numbered.values() for reading in readings}
        longer = names_going_on(self._session, self._jurisdiction_id, keys)
        return {
            question: [
                Hit(reading, name, reading.worth * name_likeness(reading.name, name))
                for reading in readings
                for name in longer.get(reading.name, ())
            ]
            for question, readings in numbered.items()
        }

    def within(self, asked: Sequence[Question]) -> Mapping[Question, list[Hit]]:
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


def _cores_of(reading: Reading) -> set[str]:
    """Return the cores that a name may have: of "hollis ct", the street of this name or the Hollis Court Boulevard."""
    return {core_of(reading.name), reading.name}


def _has_letters(name: str) -> bool:
    return name.isascii() and any(map(str.isalpha, name))


def _with_core(question: Question) -> list[Reading]:
    numbered = [reading for reading in question.readings if reading.number is not None]
    return [*numbered, *question.fuzzy]


def _hits(
    question: Question, by_key: Mapping[str, KnownName], by_core: Mapping[str, Sequence[KnownName]]
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
