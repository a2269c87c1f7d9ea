"""The gazetteer (地址库): what an address text means among the addresses that are known."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from sqlalchemy.orm import Session

from boundaries.addresses.answers import ANYWHERE, Context, GeocodeAnswer
from boundaries.addresses.complaints import address_in, beliefs_of, contradicted, is_wordy, weighed
from boundaries.addresses.crossings import crossing_matches
from boundaries.addresses.names import Names, best_hits
from boundaries.addresses.numbering import numbering_of
from boundaries.addresses.reading import Places, names_by_key, places_at, places_near, places_of
from boundaries.addresses.storing import import_addresses
from boundaries.addresses.tagger import element_tagger
from geogrid.addresses.interpretation import Interpretation
from geogrid.addresses.match import Hit, Match, is_settled, likeliest, rank
from geogrid.addresses.normalise import is_chinese, normalise
from geogrid.addresses.numbering import TownNumbering, direction_of
from geogrid.addresses.query import AddressQuery, parse_query

__all__ = ["candidates_many", "geocode", "geocode_many", "import_addresses"]

_BATCH = 2_000
_SURE = 0.95
_MUCH, _MUCH_WITH_NUMBER = 0.9, 0.75


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
    beliefs = beliefs_of(session, jurisdiction_id, distinct, context)
    wordy = {address: normalise(address) for address in distinct if address in beliefs and is_wordy(address)}
    # What a person has chosen for a whole text is known under all its words.
    learned = {name.key for name in names_by_key(session, jurisdiction_id, wordy.values(), ())} if wordy else set()
    as_addresses = [address for address in distinct if address not in wordy or wordy[address] in learned]
    asked = {address: address_in(address) for address in as_addresses}
    answers = _answers_of(session, jurisdiction_id, asked, context)
    if context.areas:
        open_ones = [address for address in as_addresses if not answers[address] or answers[address][0].needs_review]
        said = {address: _with_areas(address, context.areas) for address in open_ones}
        in_areas = {said[address]: _with_areas(asked[address], context.areas) for address in open_ones}
        again = _answers_of(session, jurisdiction_id, in_areas, context)
        for address in open_ones:
            answers[address] = _better(again[said[address]], answers[address])
    return [weighed(address, answers.get(address, []), beliefs.get(address)) for address in addresses]


def _answers_of(
    session: Session, jurisdiction_id: int, texts: Mapping[str, str], context: Context
) -> dict[str, list[GeocodeAnswer]]:
    """Return the answers by text, of which the part that is read as an address stands beside it."""
    answers: dict[str, list[GeocodeAnswer]] = {}
    distinct = list(texts)
    for start in range(0, len(distinct), _BATCH):
        batch = distinct[start : start + _BATCH]
        asked = [parse_query(texts[address], element_tagger()) for address in batch]
        for address, matches in zip(batch, _answer(session, jurisdiction_id, asked, context), strict=True):
            answers[address] = [contradicted(address, _shaped(match)) for match in matches]
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
    session: Session, jurisdiction_id: int, asked: Sequence[AddressQuery], context: Context
) -> Iterator[list[Match]]:
    known = Names(session, jurisdiction_id)
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
        hits[number] = best_hits([*hits[number], *chain.from_iterable(more)])
    open_hits = [hits[number] for number in unsettled]
    places_at(session, _numbered(open_hits), places)
    places_near(session, _without_exact(open_hits, places), places)
    unnumbered: Places = {}
    places_of(session, _whole_names(open_hits, places), unnumbered)
    for name_id, of_name in unnumbered.items():
        places[name_id] = list(dict.fromkeys([*places.get(name_id, []), *of_name]))
    numbering = TownNumbering()
    if any(hit.reading.number and direction_of(hit.reading.name) for found in open_hits for hit in found):
        numbering = numbering_of(session, jurisdiction_id)
    for question, found in zip(asked, hits, strict=True):
        crossings = crossing_matches(session, jurisdiction_id, question) if question.relation.names else []
        yield likeliest(crossings, near=context.near, inside=context.inside) or rank(
            question, found, places, near=context.near, inside=context.inside, numbering=numbering
        )


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


def _wants_likeness(hits: Sequence[Hit], question: AddressQuery) -> bool:
    """Return whether the names that are known letter by letter leave much of the question unread."""
    whole = len(question.text.replace(" ", ""))
    return not any(hit.likeness >= _SURE and _read(hit.reading) > _much_of(hit.reading) * whole for hit in hits)


def _much_of(reading: Interpretation) -> float:
    return _MUCH if reading.number is None else _MUCH_WITH_NUMBER


def _read(reading: Interpretation) -> int:
    number = "" if reading.number is None else reading.number.key
    return len(reading.name.replace(" ", "")) + len(number)
