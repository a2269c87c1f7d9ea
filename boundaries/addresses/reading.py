"""Candidates for address questions from PostGIS: names by key, core and trigram, places by number."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Result, Row, text
from sqlalchemy.orm import Session

from geogrid.addresses.gazetteer import GazetteerName, GazetteerPlace

_NAMES_A_WORD = 8
_LEAST_SIMILARITY = 0.3
_SHORT = 5
_SHORT_WORD = 6
_VERY_SHORT_WORD = 4
# One character of three that differs leaves a seventh of the trigrams in common, letters swapped in a word of five a
# fifth: among the many names that share so little, those that are one slip away are told apart later.
_NAMES_A_SHORT_WORD = 60
_LEAST_OF_SHORT = 0.12
_LEAST_OF_SHORT_WORD = 0.2
_LEAST_OF_VERY_SHORT_WORD = 0.11
_NEIGHBOURS = 14
_MOST_OF_A_NAME = 400

# The planner overrates the trigram index for names that are equal, a thousandfold; that one is only scanned by bitmaps.
_BITMAPS = text("select set_config('enable_bitmapscan', :are_used, true)")
_BY_KEY = text(
    """
    select id, key, core, text from address_names where jurisdiction_id = :jurisdiction_id and key = any(:keys)
    union
    select id, key, core, text from address_names where jurisdiction_id = :jurisdiction_id and core = any(:cores)
    """
)
# The planner underrates the trigram index; without it each question is compared with every name.
_USE_TRIGRAMS = text(
    "select set_config('pg_trgm.similarity_threshold', :least, true), set_config('enable_seqscan', 'off', true)"
)
_USE_ANY_SCAN = text("select set_config('enable_seqscan', 'on', true)")
_BY_LIKENESS = text(
    """
    select asked.core as asked, alike.id, alike.key, alike.core, alike.text
    from unnest(cast(:cores as text[])) as asked (core)
    cross join lateral (
        select id, key, known.core, text
        from (select * from address_names where asked.core % address_names.core offset 0) as known
        where jurisdiction_id = :jurisdiction_id
        order by similarity(asked.core, known.core) desc, key
        limit :names
    ) as alike
    """
)
LABEL = """
    concat_ws(', ', nullif(a.name, ''), nullif(concat_ws(' ', nullif(a.street, ''), nullif(a.house_number, '')), ''),
              nullif(concat_ws(' ', nullif(a.estate, ''), nullif(a.building, '')), ''), nullif(a.village_group, ''),
              nullif(a.community, ''), nullif(a.town, ''), nullif(a.district, ''), nullif(a.city, ''))
"""
_COLUMNS = f"""
    found.name_id, found.place, found.number_key, a.id as address_id, {LABEL} as label, a.areas, st_x(a.geom) as lon,
    st_y(a.geom) as lat, found.kind, a.error_m, a.building, a.unit, a.room
"""
_AT_NUMBER = text(
    f"""
    select {_COLUMNS}
    from unnest(cast(:names as bigint[]), cast(:places as bigint[])) as asked (name_id, place)
    join address_places found on found.name_id = asked.name_id and found.place = asked.place
    join addresses a on a.id = found.address_id
    order by a.id
    """  # noqa: S608 - the columns are constants of this module
)
_NEAR_NUMBER = text(
    f"""
    select {_COLUMNS}
    from unnest(cast(:names as bigint[]), cast(:places as bigint[])) as asked (name_id, asked_place)
    cross join lateral (
        (select * from address_places p where p.name_id = asked.name_id and p.place < asked.asked_place
         order by p.place desc limit :neighbours)
        union all
        (select * from address_places p where p.name_id = asked.name_id and p.place > asked.asked_place
         order by p.place limit :neighbours)
    ) as found
    join addresses a on a.id = found.address_id
    order by a.id
    """  # noqa: S608 - the columns are constants of this module
)
_OF_NAME = text(
    f"""
    select {_COLUMNS}
    from unnest(cast(:names as bigint[])) as asked (name_id)
    cross join lateral (
        select * from address_places p where p.name_id = asked.name_id order by p.address_id limit :most
    ) as found
    join addresses a on a.id = found.address_id
    order by a.id
    """  # noqa: S608 - the columns are constants of this module
)
# "!" is the character after the blank: all names that go on with another word, by the index of patterns.
_GOING_ON = text(
    """
    select asked.key as asked, longer.id, longer.key, longer.core, longer.text
    from unnest(cast(:keys as text[])) as asked (key)
    cross join lateral (
        select id, known.key, core, text from address_names as known
        where jurisdiction_id = :jurisdiction_id and known.key ~>=~ (asked.key || ' ')
          and known.key ~<~ (asked.key || '!')
        order by length(known.key), known.key
        limit :most
    ) as longer
    """
)
_STARTING = text(
    """
    (select id, key, core, text from address_names
     where jurisdiction_id = :jurisdiction_id and key like :start order by length(key), key limit :most)
    union
    (select id, key, core, text from address_names
     where jurisdiction_id = :jurisdiction_id and core like :start order by length(core), core limit :most)
    """
)

_SOME_OF_EACH = text(
    f"""
    select {_COLUMNS}
    from unnest(cast(:names as bigint[])) with ordinality as asked (name_id, position)
    cross join lateral (
        select * from address_places p
        where p.name_id = asked.name_id and p.number_key like :start
        order by length(p.number_key), p.number_key, p.address_id
        limit :most
    ) as found
    join addresses a on a.id = found.address_id
    order by asked.position, length(found.number_key), found.number_key
    """  # noqa: S608 - the columns are constants of this module
)

Numbered = tuple[int, int]
Places = dict[int, list[GazetteerPlace]]


def names_by_key(
    session: Session, jurisdiction_id: int, keys: Iterable[str], cores: Iterable[str]
) -> list[GazetteerName]:
    """Return the names that are one of some keys, or whose core is one of some cores."""
    asked = {"keys": sorted(set(keys)), "cores": sorted(set(cores)), "jurisdiction_id": jurisdiction_id}
    session.execute(_BITMAPS, {"are_used": "off"})
    found = [GazetteerName(**row) for row in session.execute(_BY_KEY, asked).mappings()]
    session.execute(_BITMAPS, {"are_used": "on"})
    return found


def names_like(session: Session, jurisdiction_id: int, cores: Iterable[str]) -> Mapping[str, Sequence[GazetteerName]]:
    """Return for each core the few names whose core shares most trigrams with it."""
    wanted = sorted(set(cores))
    if not wanted:
        return {}
    by_search: dict[tuple[float, int], list[str]] = {}
    for core in wanted:
        by_search.setdefault(_search_of(core), []).append(core)
    rows: list[Any] = []
    for (least, names), some in sorted(by_search.items()):
        session.execute(_USE_TRIGRAMS, {"least": str(least)})
        asked = {"cores": some, "jurisdiction_id": jurisdiction_id, "names": names}
        rows += session.execute(_BY_LIKENESS, asked).all()
    session.execute(_USE_ANY_SCAN)
    return _by_question(rows)


def _by_question(rows: Iterable[Row[Any]]) -> dict[str, list[GazetteerName]]:
    names: dict[str, list[GazetteerName]] = {}
    for row in rows:
        names.setdefault(row.asked, []).append(GazetteerName(row.id, row.key, row.core, row.text))
    return names


def _search_of(core: str) -> tuple[float, int]:
    """Return how alike names have to be to a core, and how many of them are looked at: more of short ones."""
    if not core.isascii():
        return (_LEAST_OF_SHORT, _NAMES_A_SHORT_WORD) if len(core) <= _SHORT else (_LEAST_SIMILARITY, _NAMES_A_WORD)
    if len(core) <= _VERY_SHORT_WORD:
        return _LEAST_OF_VERY_SHORT_WORD, _NAMES_A_SHORT_WORD
    return (_LEAST_OF_SHORT_WORD if len(core) <= _SHORT_WORD else _LEAST_SIMILARITY), _NAMES_A_WORD


def names_going_on(
    session: Session, jurisdiction_id: int, keys: Iterable[str]
) -> Mapping[str, Sequence[GazetteerName]]:
    """Return for each key the few names that begin with it and go on: "hillside ave bellerose" of "hillside ave"."""
    asked = {"jurisdiction_id": jurisdiction_id, "keys": sorted(set(keys)), "most": _NAMES_A_WORD}
    return _by_question(session.execute(_GOING_ON, asked))


def names_starting(session: Session, jurisdiction_id: int, start: str, *, most: int) -> list[GazetteerName]:
    """Return names that begin as somebody has begun to type, shortest first."""
    escaped = start.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    asked = {"jurisdiction_id": jurisdiction_id, "start": f"{escaped}%", "most": most}
    names = [GazetteerName(**row) for row in session.execute(_STARTING, asked).mappings()]
    return sorted(names, key=lambda name: (len(name.key), name.key))[:most]


def places_at(session: Session, asked: Iterable[Numbered], into: Places) -> None:
    """Add the places of (name, place along the street) pairs."""
    pairs = sorted(set(asked))
    if pairs:
        names, places = zip(*pairs, strict=True)
        _add(into, session.execute(_AT_NUMBER, {"names": list(names), "places": list(places)}))


def places_near(session: Session, asked: Iterable[Numbered], into: Places) -> None:
    """Add the places next to (name, place along the street) pairs, on both sides."""
    pairs = sorted(set(asked))
    if pairs:
        names, places = zip(*pairs, strict=True)
        values = {"names": list(names), "places": list(places), "neighbours": _NEIGHBOURS}
        _add(into, session.execute(_NEAR_NUMBER, values))


def places_of(session: Session, names: Iterable[int], into: Places) -> None:
    """Add the places of whole names, 400 of each at most."""
    wanted = sorted(set(names))
    if wanted:
        _add(into, session.execute(_OF_NAME, {"names": wanted, "most": _MOST_OF_A_NAME}))


def _add(into: Places, result: Result[Any]) -> None:
    for row in result.mappings():
        place = GazetteerPlace(**row)
        known = into.setdefault(place.name_id, [])
        if place not in known:
            known.append(place)


def some_of_each(session: Session, names: Sequence[int], *, number: str, most: int) -> list[GazetteerPlace]:
    """Return a few places of each name, those whose number begins as was typed, shortest number first."""
    asked = {"names": list(names), "start": f"{number}%", "most": most}
    return [GazetteerPlace(**row) for row in session.execute(_SOME_OF_EACH, asked).mappings()]
