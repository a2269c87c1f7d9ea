"""The tables of the gazetteer (地址库): addresses, their names, how a town numbers its streets."""

from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.store.base import Base, geometry, spatial_index


class Address(Base):
    """A known address or named place with its point."""

    __tablename__ = "addresses"
    __table_args__ = (
        UniqueConstraint("jurisdiction_id", "source", "source_key"),
        spatial_index("addresses"),
        {"comment": "Gazetteer (地址库): addresses and named places"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey(Jurisdiction.id))
    source: Mapped[str] = mapped_column(comment="Data set it came from")
    source_key: Mapped[str] = mapped_column(comment="Identity within the source")
    street: Mapped[str] = mapped_column(server_default="")
    house_number: Mapped[str] = mapped_column(server_default="")
    unit: Mapped[str] = mapped_column(server_default="")
    postcode: Mapped[str] = mapped_column(server_default="")
    city: Mapped[str] = mapped_column(server_default="")
    name: Mapped[str] = mapped_column(server_default="", comment="Name of a place, where it has one")
    areas: Mapped[str] = mapped_column(server_default="", comment="Normalised names of the areas that it lies in")
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))
    province: Mapped[str] = mapped_column(server_default="")
    district: Mapped[str] = mapped_column(server_default="")
    town: Mapped[str] = mapped_column(server_default="")
    community: Mapped[str] = mapped_column(server_default="")
    village_group: Mapped[str] = mapped_column(server_default="")
    estate: Mapped[str] = mapped_column(server_default="")
    building: Mapped[str] = mapped_column(server_default="")
    room: Mapped[str] = mapped_column(server_default="")
    aliases: Mapped[list[str]] = mapped_column(
        JSONB, server_default=sql("'[]'::jsonb"), comment="Other names of the same place"
    )
    error_m: Mapped[float] = mapped_column(server_default="0", comment="Radius of an area around its point, metres")


class AddressName(Base):
    """A name in the gazetteer, normalised once for all the addresses that bear it."""

    __tablename__ = "address_names"
    __table_args__ = (
        UniqueConstraint("jurisdiction_id", "key"),
        CheckConstraint("key <> ''", name="key_not_empty"),
        Index("ix_address_names_core", "jurisdiction_id", "core", postgresql_ops={"core": "text_pattern_ops"}),
        Index("ix_address_names_prefix", "jurisdiction_id", "key", postgresql_ops={"key": "text_pattern_ops"}),
        Index(
            "ix_address_names_trigrams",
            "core",
            postgresql_using="gin",
            postgresql_ops={"core": "gin_trgm_ops"},
        ),
        {"comment": "Names in the gazetteer: streets, places, communities"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey(Jurisdiction.id))
    key: Mapped[str] = mapped_column(comment="Normalised name")
    core: Mapped[str] = mapped_column(comment="The same without direction and type")
    text: Mapped[str] = mapped_column(comment="The name as it is written")


class AddressPlace(Base):
    """An address under one of its names, by number."""

    __tablename__ = "address_places"
    __table_args__ = (
        PrimaryKeyConstraint("id"),
        Index("ix_address_places_number", "name_id", "place"),
        Index("ix_address_places_address", "address_id"),
        {"comment": "Each address under each of its names, by number"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    name_id: Mapped[int] = mapped_column(ForeignKey("address_names.id", ondelete="CASCADE"))
    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id", ondelete="CASCADE"))
    place: Mapped[int | None] = mapped_column(BigInteger, comment="Along the street, from the house number")
    number_key: Mapped[str] = mapped_column(server_default="", comment="Normalised house number")
    kind: Mapped[str] = mapped_column(server_default="", comment="What the number counts or the name is; see PlaceKind")


class AddressNumbering(Base):
    """How a town numbers its streets, learned from its addresses."""

    __tablename__ = "address_numbering"
    __table_args__ = ({"comment": "How a town numbers its streets, where all that run one way count alike"},)

    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey(Jurisdiction.id), primary_key=True, autoincrement=False)
    rule: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="By direction: how far along each number is")
