"""What people choose is learned: an address text that was looked at once is found from then on."""

import shapely
from geoalchemy2.shape import from_shape
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from boundaries.addresses.areas import LEARNED
from boundaries.addresses.storing import lock_gazetteer
from boundaries.addresses.tables import Address, AddressName, AddressPlace
from geogrid.addresses.normalise import core_of, normalise
from geogrid.errors import InvalidInputError

_LONGEST_ALIAS = 200


def learn_alias(session: Session, jurisdiction_id: int, question: str, lonlat: tuple[float, float]) -> None:
    """Remember what an address text of 200 characters at most means, in place of what was remembered for it before.

    Raises
    ------
    InvalidInputError
        The text has no letters or digits.
    """
    key = normalise(question)
    if not key:
        raise InvalidInputError.of("empty-question", f"{question!r} has no letters or digits to be found by.")
    if len(key) > _LONGEST_ALIAS:
        return  # a whole complaint never comes again letter by letter
    lock_gazetteer(session, jurisdiction_id)
    session.execute(
        text("delete from addresses where jurisdiction_id = :j and source = :source and source_key = :key"),
        {"j": jurisdiction_id, "source": LEARNED, "key": key},
    )
    address = Address(
        jurisdiction_id=jurisdiction_id,
        source=LEARNED,
        source_key=key,
        name=question.strip(),
        geom=from_shape(shapely.Point(lonlat), srid=4326),
    )
    name = session.scalar(
        select(AddressName).where(AddressName.jurisdiction_id == jurisdiction_id, AddressName.key == key)
    )
    if name is None:
        name = AddressName(jurisdiction_id=jurisdiction_id, key=key, core=core_of(key), text=question.strip())
    session.add_all([address, name])
    session.flush()
    session.add(AddressPlace(name_id=name.id, address_id=address.id))
    session.flush()
