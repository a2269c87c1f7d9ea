"""The tables of jurisdictions (辖区) and of the names of their levels."""

from geoalchemy2 import WKBElement
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from boundaries.store.base import Base, geometry, spatial_index


class LevelScheme(Base):
    """The ordered names of levels, e.g. district > community > grid."""

    __tablename__ = "level_schemes"
    __table_args__ = (
        UniqueConstraint("name"),
        {"comment": "Ordered names of levels (层级), shared by jurisdictions"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(comment="Name of the scheme")


class LevelRow(Base):
    """One level of a scheme; position 1 is the top."""

    __tablename__ = "levels"
    __table_args__ = (
        PrimaryKeyConstraint("scheme_id", "position"),
        UniqueConstraint("scheme_id", "name"),
        CheckConstraint("position between 1 and 6", name="position"),
        {"comment": "Levels of a scheme, 1 to 6 of them; the last one holds the leaf grids"},
    )

    scheme_id: Mapped[int] = mapped_column(ForeignKey("level_schemes.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(SmallInteger, comment="1 is the top level")
    name: Mapped[str] = mapped_column(comment="Name in English, e.g. community")
    name_zh: Mapped[str] = mapped_column(server_default="", comment="Name in Chinese, e.g. 社区")


class Jurisdiction(Base):
    """The area that a plan tiles (辖区)."""

    __tablename__ = "jurisdictions"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("code <> ''", name="code_not_empty"),
        CheckConstraint("reporters_kept_years between 0 and 100", name="reporters_kept_years"),
        spatial_index("jurisdictions", "limit_geom"),
        {"comment": "Areas that plans tile (辖区)"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(comment="Short name in addresses and commands, e.g. helsinki")
    name: Mapped[str] = mapped_column(comment="Name for people")
    scheme_id: Mapped[int] = mapped_column(ForeignKey("level_schemes.id"))
    time_zone: Mapped[str] = mapped_column(server_default="UTC", comment="IANA name; times without offset are in it")
    attribution: Mapped[list[str]] = mapped_column(
        JSONB, server_default=sql("'[]'::jsonb"), comment="Lines that every map of this jurisdiction shows"
    )
    limit_geom: Mapped[WKBElement | None] = mapped_column(
        geometry("MULTIPOLYGON"), comment="Outer limit; without it, the union of the leaf grids"
    )
    reporters_kept_years: Mapped[int | None] = mapped_column(
        SmallInteger, comment="Years after a case is closed until what is known of persons goes; null: it stays"
    )
