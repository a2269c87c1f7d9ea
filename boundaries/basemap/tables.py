"""The tables of the base map: barriers (分界线), buildings and institutions."""

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
)
from sqlalchemy.orm import Mapped, mapped_column

from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.store.base import Base, geometry, one_of, spatial_index
from geogrid.types import DEDICATED_CATEGORIES


class Barrier(Base):
    """A line that a boundary may follow; streets are the base map, too."""

    __tablename__ = "barriers"
    __table_args__ = (
        Index("ix_barriers_jurisdiction", "jurisdiction_id"),
        spatial_index("barriers"),
        {"comment": "Barriers (分界线): streets, rails, water; the base map of every map"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey(Jurisdiction.id))
    name: Mapped[str] = mapped_column(server_default="")
    kind: Mapped[str] = mapped_column(comment="highway, railway, waterway, bank, limit")
    rank: Mapped[int] = mapped_column(Integer, comment="Higher separates more: arterial over residential")
    geom: Mapped[WKBElement] = mapped_column(geometry("LINESTRING"))


class Building(Base):
    """A footprint; no grid boundary cuts it."""

    __tablename__ = "buildings"
    __table_args__ = (
        CheckConstraint("households >= 0", name="households_not_negative"),
        Index("ix_buildings_jurisdiction", "jurisdiction_id"),
        spatial_index("buildings"),
        {"comment": "Footprints: no boundary cuts one; the base map of every map"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey(Jurisdiction.id))
    name: Mapped[str] = mapped_column(server_default="")
    households: Mapped[float | None]
    geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))


class SiteRow(Base):
    """An institution: a dedicated grid may be carved for it, or it is a named place within its grid."""

    __tablename__ = "sites"
    __table_args__ = (
        CheckConstraint(one_of("category", DEDICATED_CATEGORIES), name="category"),
        CheckConstraint("not ST_IsEmpty(geom)", name="geom_not_empty"),
        Index("ix_sites_jurisdiction", "jurisdiction_id"),
        spatial_index("sites"),
        {"comment": "Institutions: schools, hospitals, parks, malls, offices"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey(Jurisdiction.id))
    name: Mapped[str] = mapped_column(server_default="")
    category: Mapped[str] = mapped_column(comment="What a dedicated grid for it is called")
    geom: Mapped[WKBElement] = mapped_column(geometry("GEOMETRY"))
