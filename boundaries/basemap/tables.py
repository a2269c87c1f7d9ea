"""The tables of the base map: barriers (分界线) and buildings."""

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
from boundaries.store.base import Base, geometry, spatial_index


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
