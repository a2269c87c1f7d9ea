"""How a town numbers its streets, learned from its addresses and kept beside them."""

import json

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from geogrid.addresses.numbering import TownNumbering, direction_of, learn_numbering
from geogrid.addresses.words import DIRECTIONS

_MOST_ADDRESSES = 100_000

_NUMBERED = text(
    """
    select n.key, p.place, st_x(a.geom) as lon, st_y(a.geom) as lat
    from address_names n
    join address_places p on p.name_id = n.id
    join addresses a on a.id = p.address_id
    where n.jurisdiction_id = :jurisdiction_id and split_part(n.key, ' ', 1) = any(:directions)
      and p.place is not null and p.kind = ''
    order by hashint8(p.id), p.id
    limit :most
    """
)
_KEEP = text(
    """
    insert into address_numbering (jurisdiction_id, rule) values (:jurisdiction_id, cast(:rule as jsonb))
    on conflict (jurisdiction_id) do update set rule = excluded.rule
    """
)
_RULE = text("select rule from address_numbering where jurisdiction_id = :jurisdiction_id")


def keep_numbering(session: Session, jurisdiction_id: int) -> None:
    """Learn how a town numbers its streets from its addresses (100,000 at most, drawn evenly), and store that."""
    asked = {"jurisdiction_id": jurisdiction_id, "directions": sorted(DIRECTIONS), "most": _MOST_ADDRESSES}
    rows = session.execute(_NUMBERED, asked).all()
    lonlat = np.array([(row.lon, row.lat) for row in rows], dtype=np.float64).reshape(-1, 2)
    numbers = np.array([row.place for row in rows], dtype=np.int64)
    found = learn_numbering([direction_of(row.key) for row in rows], numbers, lonlat)
    session.execute(_KEEP, {"jurisdiction_id": jurisdiction_id, "rule": json.dumps(found.to_document())})


def numbering_of(session: Session, jurisdiction_id: int) -> TownNumbering:
    """Return how a town numbers its streets, as far as `keep_numbering` could tell."""
    rule = session.execute(_RULE, {"jurisdiction_id": jurisdiction_id}).scalar()
    return TownNumbering() if rule is None else TownNumbering.from_document(rule)
