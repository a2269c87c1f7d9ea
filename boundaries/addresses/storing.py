"""Addresses into the gazetteer: checked, duplicates merged, found under each of their names."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Text, any_, delete, text
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session

from boundaries.addresses.areas import add_areas
from boundaries.addresses.numbering import keep_numbering
from boundaries.addresses.rules import LADDER, address_words, require_places
from boundaries.addresses.tables import Address
from boundaries.store.bulk_copy import copy_rows, hex_ewkb, new_ids
from geogrid.addresses.gazetteer import PlaceKind
from geogrid.addresses.normalise import core_of, normalise
from geogrid.addresses.numbers import HouseNumber, NumberStyle, known_places, parse_number, style_of
from geogrid.coordinates import WGS84, require_crs

_AREAS = ("province", "city", "district", "town", "community")
_SAME_PLACE_DECIMALS = 4
_ONE_CHANGE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('gazetteer', :jurisdiction_id))")
_BATCH = 50_000
_KIND_OF_BUILDING = re.compile(r"[a-z][a-z_]+")

_UNINDEXED = text(
    """
    select id, street, house_number, name, estate, building, community, village_group, town, district, aliases
    from addresses
    where jurisdiction_id = :jurisdiction_id
      and not exists (select from address_places where address_id = addresses.id)
    order by id
    """
)
_DROP_UNUSED_NAMES = text(
    """
    delete from address_names
    where jurisdiction_id = :jurisdiction_id
      and not exists (select from address_places where name_id = address_names.id)
    """
)


_Entry = tuple[str, int | None, str, PlaceKind]


class _Known(Protocol):
    """A stored address; its columns as in `LADDER`."""

    street: str
    house_number: str
    name: str
    estate: str
    building: str
    community: str
    village_group: str
    town: str
    district: str
    aliases: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Row:
    """One address of a frame: its key in the source, its words in the order of `LADDER`, its point."""

    key: str
    words: tuple[str, ...]
    lonlat: tuple[float, float]
    shape: str
    aliases: list[str]
    error_m: float = 0.0


def import_addresses(
    session: Session, jurisdiction_id: int, frame: gpd.GeoDataFrame, source: str, *, beside: bool = False
) -> int:
    """Store the addresses of a source in place of those that it had, and return how many places there are.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    jurisdiction_id : int
        Whose gazetteer.
    frame : GeoDataFrame
        Points, with any of the columns of `LADDER`, ``aliases`` (texts parted by semicolons), ``error_m`` (how far off
        a point may be), and ``osm_id`` as the identity where there is one. Addresses of one number at one place are
        merged; all their names are kept.
    source : str
        Name of the data set.
    beside : bool
        Those that the source had stay, but for those of the same identity.

    Raises
    ------
    InvalidInputError
        A layer without CRS, or rows that have no point or no name of any kind: all of them are listed.
    """
    require_crs(frame)
    rows = _merged(_rows(frame))
    lock_gazetteer(session, jurisdiction_id)
    former = delete(Address).where(Address.jurisdiction_id == jurisdiction_id, Address.source == source)
    keys = sorted(row.key for row in rows)
    session.execute(former.where(Address.source_key == any_(array(keys, type_=Text))) if beside else former)
    columns = ("jurisdiction_id", "source", "source_key", *LADDER, "areas", "aliases", "geom", "error_m")
    count = copy_rows(session, "addresses", columns, _stored(rows, jurisdiction_id, source))
    add_areas(session, jurisdiction_id)
    index_addresses(session, jurisdiction_id)
    keep_numbering(session, jurisdiction_id)
    return count


def lock_gazetteer(session: Session, jurisdiction_id: int) -> None:
    """Wait until nobody else changes this gazetteer; others wait until this transaction ends."""
    session.execute(_ONE_CHANGE_AT_A_TIME, {"jurisdiction_id": jurisdiction_id})


def index_addresses(session: Session, jurisdiction_id: int) -> None:
    """Make every address of a gazetteer that has no names yet found under them; unused names go."""
    session.flush()
    rows = session.execute(_UNINDEXED, {"jurisdiction_id": jurisdiction_id}).all()
    style = style_of([number for row in rows if (number := parse_number(row.house_number)) is not None])
    named = [(row.id, *entry) for row in rows for entry in _entries(row, style)]
    keys = {name: normalise(name) for name in dict.fromkeys(entry[1] for entry in named)}
    ids = _name_ids(session, jurisdiction_id, keys)
    placed = ((ids[keys[name]], address_id, *rest) for address_id, name, *rest in named if keys[name])
    copy_rows(session, "address_places", ("name_id", "address_id", "place", "number_key", "kind"), placed)
    session.execute(_DROP_UNUSED_NAMES, {"jurisdiction_id": jurisdiction_id})
    for table in ("addresses", "address_names", "address_places"):
        session.execute(text(f"analyze {table}"))


def _name_ids(session: Session, jurisdiction_id: int, keys: Mapping[str, str]) -> dict[str, int]:
    """Return the identifiers of normalised names; new names are stored."""
    first_text = {key: name for name, key in reversed(list(keys.items())) if key}
    known = session.execute(
        text("select key, id from address_names where jurisdiction_id = :jurisdiction_id and key = any(:keys)"),
        {"jurisdiction_id": jurisdiction_id, "keys": list(first_text)},
    )
    ids = {key: int(identifier) for key, identifier in known}
    new = sorted(key for key in first_text if key not in ids)
    fresh = dict(zip(new, new_ids(session, "address_names", len(new)), strict=True))
    rows = ((fresh[key], jurisdiction_id, key, core_of(key), first_text[key]) for key in new)
    copy_rows(session, "address_names", ("id", "jurisdiction_id", "key", "core", "text"), rows)
    return ids | fresh


def _entries(row: _Known, style: NumberStyle) -> Iterator[_Entry]:
    """Yield each name of an address with its place there, the number as it is compared, and what it counts."""
    number = parse_number(row.house_number) if row.house_number else None
    building = parse_number(row.building) if row.building else None
    group = parse_number(row.village_group) if row.village_group else None
    if row.street:
        yield from _on_street(row.street, number, style)
    of_estate: tuple[HouseNumber | None, PlaceKind] = (building, "building")
    if building is None and not row.street:
        of_estate = (number, "")
    area, kind = _area_of(row)
    named: list[tuple[str, HouseNumber | None, PlaceKind]]
    named = [(row.name, building, "building"), (row.estate, *of_estate)]
    named += [(alias, building, kind or "building") for alias in row.aliases]
    yield from (_entry(name, on_it, counted) for name, on_it, counted in named if name)
    if row.community and group is not None:
        yield _entry(row.community, group, "village_group")
    if row.community and building is not None and not (row.street or row.name):
        yield _entry(row.community, building, "building")
    if area:
        yield _entry(area, None, kind)


def _area_of(row: _Known) -> tuple[str, PlaceKind]:
    """Return the narrowest area of an address that is nothing but an area, and its kind; else nothing."""
    if row.street or row.name or row.estate or row.village_group:
        return "", ""
    areas: tuple[tuple[str, PlaceKind], ...]
    areas = ((row.community, "community"), (row.town, "town"), (row.district, "district"))
    return next(((area, kind) for area, kind in areas if area), ("", ""))


def _entry(name: str, number: HouseNumber | None, kind: PlaceKind) -> _Entry:
    if number is not None:
        return (name, number.first, number.key, kind)
    return (name, None, "", "" if kind == "building" else kind)


def _on_street(street: str, number: HouseNumber | None, style: NumberStyle) -> Iterator[_Entry]:
    if number is None:
        yield (street, None, "", "")
        return
    if number.lane:
        lane = parse_number(number.lane.removesuffix("弄"))
        if lane is not None:
            yield (street, lane.first, lane.key, "")
        if number.key != number.lane:
            yield (street + number.lane, number.first, number.key, "")
        return
    for place in known_places(number, style):
        yield (street, place, number.key, "")


def _rows(frame: gpd.GeoDataFrame) -> list[_Row]:
    points = frame.geometry.to_crs(WGS84)
    words = address_words(frame)
    # In an extract the column says what kind of building it is: "yes", "house". A building's own name is no such word.
    words["building"] = ["" if _KIND_OF_BUILDING.fullmatch(word) else word for word in words["building"]]
    require_places(frame, points, words)
    lonlat = points.get_coordinates().to_numpy().tolist()
    aliases = frame["aliases"].fillna("").astype(str).tolist() if "aliases" in frame else [""] * len(frame)
    values = list(zip(*words.values(), strict=True))
    keys = _keys(values, lonlat)
    if "osm_id" in frame:
        keys = _identities(frame["osm_id"].fillna("").astype(str).tolist(), keys)
    shapes = hex_ewkb(points.to_numpy())
    return [
        _Row(
            key,
            row,
            (lon, lat),
            shape,
            [alias.strip() for alias in others.replace("；", ";").split(";") if alias.strip()],
            error_m,
        )
        for key, row, (lon, lat), shape, others, error_m in zip(
            keys, values, lonlat, shapes, aliases, _errors_m(frame), strict=True
        )
    ]


def _errors_m(frame: gpd.GeoDataFrame) -> list[float]:
    if "error_m" not in frame:
        return [0.0] * len(frame)
    stated = pd.to_numeric(frame["error_m"], errors="coerce").to_numpy(dtype=np.float64)
    return [value if value > 0 else 0.0 for value in np.nan_to_num(stated, posinf=0.0).tolist()]


def _merged(rows: Sequence[_Row]) -> list[_Row]:
    """Return rows without repetitions: the same street and number, or name, at the same place, is one address."""
    street, number, unit, name, room = (
        LADDER.index(word) for word in ("street", "house_number", "unit", "name", "room")
    )
    building, estate, group = (LADDER.index(word) for word in ("building", "estate", "village_group"))
    by_key = {row.key: row for row in rows}
    found: dict[tuple[object, ...], _Row] = {}
    for row in by_key.values():
        words = row.words
        place = tuple(round(value, _SAME_PLACE_DECIMALS) for value in row.lonlat)
        said = (words[street], words[number]) if words[street] and words[number] else (words[street], words[name])
        # Areas that have no polygon of their own share the point of the area above them.
        area = () if any(said) or words[estate] or words[group] else tuple(words[LADDER.index(each)] for each in _AREAS)
        same = (*said, words[unit], words[room], words[building], words[estate], words[group], *area, *place)
        first = found.setdefault(same, row)
        if first is not row:
            others = [words[name], *row.aliases]
            first.aliases.extend(
                other for other in others if other and other != first.words[name] and other not in first.aliases
            )
    return list(found.values())


def _stored(rows: Sequence[_Row], jurisdiction_id: int, source: str) -> Iterator[tuple[object, ...]]:
    areas = [LADDER.index(name) for name in _AREAS]
    folded: dict[str, str] = {}
    for row in rows:
        named = [row.words[place] for place in areas if row.words[place]]
        for name in named:
            if name not in folded:
                folded[name] = normalise(name)
        of_areas = " ".join(folded[name] for name in named)
        aliases = json.dumps(row.aliases, ensure_ascii=False)
        yield (jurisdiction_id, source, row.key, *row.words, of_areas, aliases, row.shape, row.error_m)


def _identities(stated: Sequence[str], keys: Sequence[str]) -> list[str]:
    """Return the stated identities; where there is none, or rows that differ state the same, the content counts."""
    first: dict[str, str] = {}
    return [
        key if not name else name if first.setdefault(name, key) == key else f"{name}|{key}"
        for name, key in zip(stated, keys, strict=True)
    ]


def _keys(values: Sequence[Sequence[str]], lonlat: Sequence[Sequence[float]]) -> list[str]:
    return [
        "|".join([*filter(None, words), f"{lon:.7f}", f"{lat:.7f}"])
        for words, (lon, lat) in zip(values, lonlat, strict=True)
    ]
