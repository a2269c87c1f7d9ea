"""The gazetteer (地址库): known addresses, and what an address text means among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from boundaries.bulk import copy_rows, hex_ewkb
from boundaries.models import Address
from geogrid.address import AddressQuery, Candidate, best_match, parse_query, search_text
from geogrid.address.match import MatchedLevel
from geogrid.crs import WGS84, require_crs
from geogrid.errors import InvalidInputError, Problem

_STREETS_A_QUESTION = 6
_LEAST_WORD_SIMILARITY = 0.4
_WORDS = ("street", "house_number", "unit", "postcode", "city", "name")

# The planner underrates the trigram index; without it every question is compared with every address, at 8 us each.
# The subquery keeps the condition on the jurisdiction from being served by another index first.
_USE_TRIGRAMS = text(
    "select set_config('pg_trgm.word_similarity_threshold', :least, true), set_config('enable_seqscan', 'off', true)"
)
_USE_ANY_SCAN = text("select set_config('enable_seqscan', 'on', true)")
_LIKELY_STREETS = text(
    """
    select asked.position - 1, likely.place
    from unnest(cast(:asked as text[])) with ordinality as asked (words, position)
    cross join lateral (
        select coalesce(nullif(street, ''), name) as place,
               max(word_similarity(asked.words, search_text)) as likeness
        from (select * from addresses where asked.words <% search_text offset 0) as alike
        where jurisdiction_id = :jurisdiction_id
        group by 1
        order by likeness desc, place
        limit :streets
    ) as likely
    """
)
_ON_STREETS = text(
    """
    select street, house_number, name, city, st_x(geom), st_y(geom), coalesce(nullif(street, ''), name) as place
    from addresses
    where jurisdiction_id = :jurisdiction_id
      and (street = any(:places) or (street = '' and name = any(:places)))
    order by id
    """
)


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
        ``house_number``, ``between_numbers``, ``nearest_number``, ``street`` or ``name``.
    positional_error_m : float
        Radius around the point within which the place is expected, metres.
    address : str
        The known address that matched.
    """

    lon: float
    lat: float
    score: float
    matched_level: MatchedLevel
    positional_error_m: float
    address: str


def import_addresses(session: Session, jurisdiction_id: int, frame: gpd.GeoDataFrame, source: str) -> int:
    """Store the addresses of a source in place of those that it had, and return how many there are.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    jurisdiction_id : int
        Whose gazetteer.
    frame : GeoDataFrame
        Points, with any of ``street``, ``house_number``, ``unit``, ``postcode``, ``city``, ``name``, and ``osm_id`` as
        the identity where there is one.
    source : str
        Name of the data set.

    Raises
    ------
    InvalidInputError
        A layer without CRS, or rows that have no point or neither street nor name: all of them are listed.
    """
    require_crs(frame)
    points = frame.geometry.to_crs(WGS84)
    words = {
        name: frame[name].fillna("").astype(str).tolist() if name in frame else [""] * len(frame) for name in _WORDS
    }
    _require_places(frame, points, words)
    lonlat = points.get_coordinates().to_numpy()
    keys = frame["osm_id"].astype(str).tolist() if "osm_id" in frame else _keys(words, lonlat)
    rows = {
        key: (jurisdiction_id, source, key, *values, search_text(values), shape)
        for key, *values, shape in zip(keys, *words.values(), hex_ewkb(points.to_numpy()), strict=True)
    }
    session.execute(delete(Address).where(Address.jurisdiction_id == jurisdiction_id, Address.source == source))
    columns = ("jurisdiction_id", "source", "source_key", *_WORDS, "search_text", "geom")
    count = copy_rows(session, "addresses", columns, rows.values())
    session.execute(text("analyze addresses"))
    return count


def _require_places(frame: gpd.GeoDataFrame, points: gpd.GeoSeries, words: Mapping[str, list[str]]) -> None:
    is_point = (points.geom_type == "Point").to_numpy() & ~points.is_empty.to_numpy()
    named = [bool(street or name) for street, name in zip(words["street"], words["name"], strict=True)]
    bad = np.flatnonzero(~is_point | ~np.array(named, dtype=np.bool_))
    if len(bad):
        raise InvalidInputError(
            Problem(
                "bad-address",
                f"Row {frame.index[row]} has {'neither street nor name' if is_point[row] else 'no point'}.",
                "Complete it or leave it out.",
                subject=str(frame.index[row]),
            )
            for row in bad.tolist()
        )


def _keys(words: Mapping[str, list[str]], lonlat: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> list[str]:
    return [
        "|".join([*values, f"{lon:.7f}", f"{lat:.7f}"])
        for *values, (lon, lat) in zip(*words.values(), lonlat.tolist(), strict=True)
    ]


def geocode(session: Session, jurisdiction_id: int, address: str) -> GeocodeAnswer | None:
    """Return where one address text is; see `geocode_many`."""
    return geocode_many(session, jurisdiction_id, [address])[0]


def geocode_many(session: Session, jurisdiction_id: int, addresses: Sequence[str]) -> list[GeocodeAnswer | None]:
    """Return where each address text is, None where no known street or name is close enough.

    Parameters
    ----------
    session : Session
        Read only.
    jurisdiction_id : int
        Whose gazetteer.
    addresses : sequence of str
        As people write them.
    """
    queries = {address: parse_query(address) for address in addresses}
    places = _likely_places(session, jurisdiction_id, sorted({query.street for query in queries.values()}))
    known = _candidates(session, jurisdiction_id, sorted({place for found in places.values() for place in found}))
    answers = {
        address: _answer(query, [candidate for place in places.get(query.street, ()) for candidate in known[place]])
        for address, query in queries.items()
    }
    return [answers[address] for address in addresses]


def _likely_places(session: Session, jurisdiction_id: int, asked: list[str]) -> dict[str, list[str]]:
    """Return for each question the streets, and places without a street, that share most trigrams with it."""
    session.execute(_USE_TRIGRAMS, {"least": str(_LEAST_WORD_SIMILARITY)})
    rows = session.execute(
        _LIKELY_STREETS, {"asked": asked, "jurisdiction_id": jurisdiction_id, "streets": _STREETS_A_QUESTION}
    ).all()
    session.execute(_USE_ANY_SCAN)
    places: dict[str, list[str]] = {}
    for position, place in rows:
        places.setdefault(asked[position], []).append(place)
    return places


def _candidates(session: Session, jurisdiction_id: int, places: list[str]) -> dict[str, list[Candidate]]:
    """Return every known address of some streets, by street."""
    rows = session.execute(_ON_STREETS, {"jurisdiction_id": jurisdiction_id, "places": places})
    known: dict[str, list[Candidate]] = {place: [] for place in places}
    for *fields, place in rows:
        known[place].append(Candidate(*fields))
    return known


def _answer(query: AddressQuery, candidates: Sequence[Candidate]) -> GeocodeAnswer | None:
    match = best_match(query, candidates)
    if match is None:
        return None
    return GeocodeAnswer(match.lon, match.lat, match.score, match.level, match.error_m, match.text)
