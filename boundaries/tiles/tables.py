"""The tables of vector tiles: derived from editions, which never change, so a row is right for ever."""

from geoalchemy2 import WKBElement
from sqlalchemy import (
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
)
from sqlalchemy.orm import Mapped, mapped_column

from boundaries.grids.tables import Plan
from boundaries.store.base import Base, geometry


class TileShape(Base):
    """A leaf of an edition as a zoom shows it, simplified together with all the others."""

    __tablename__ = "tile_shapes"
    __table_args__ = (
        PrimaryKeyConstraint("plan_id", "zoom", "grid_id"),
        Index("ix_tile_shapes_geom", "plan_id", "zoom", "geom", postgresql_using="gist"),
        {"comment": "Leaves of editions simplified for a zoom, as a coverage", "prefixes": ["unlogged"]},
    )

    plan_id: Mapped[int] = mapped_column(ForeignKey(Plan.id, ondelete="CASCADE"))
    zoom: Mapped[int] = mapped_column(SmallInteger)
    grid_id: Mapped[int] = mapped_column(comment="Leaf grid of the edition")
    geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))


class TileLabel(Base):
    """Where the name of a grid of an edition stands."""

    __tablename__ = "tile_labels"
    __table_args__ = (
        PrimaryKeyConstraint("plan_id", "grid_id"),
        Index("ix_tile_labels_geom", "plan_id", "geom", postgresql_using="gist"),
        {"comment": "A point inside each grid of an edition, for its name", "prefixes": ["unlogged"]},
    )

    plan_id: Mapped[int] = mapped_column(ForeignKey(Plan.id, ondelete="CASCADE"))
    grid_id: Mapped[int]
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))


class StoredTile(Base):
    """A finished tile of an edition."""

    __tablename__ = "tiles"
    __table_args__ = (
        PrimaryKeyConstraint("plan_id", "matrix_set", "coord_type", "zoom", "column", "row"),
        {"comment": "Finished vector tiles of editions", "prefixes": ["unlogged"]},
    )

    plan_id: Mapped[int] = mapped_column(ForeignKey(Plan.id, ondelete="CASCADE"))
    matrix_set: Mapped[str]
    coord_type: Mapped[str]
    zoom: Mapped[int] = mapped_column(SmallInteger)
    column: Mapped[int]
    row: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, comment="Mapbox Vector Tile")
