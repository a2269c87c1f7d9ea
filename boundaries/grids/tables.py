"""The tables of plans, their grids, blocks and duties.

Geometry is longitude, latitude in degrees, EPSG:4326. Rules that need triggers (a published edition and a block never
change) live in ``boundaries/store/sql``.
"""

from datetime import datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    FetchedValue,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
    func,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, column_property, mapped_column

from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.store.base import Base, geometry, one_of, spatial_index
from geogrid.types import DEDICATED_CATEGORIES, GRID_KINDS, PLAN_STATES

_DURING_VALIDITY = "state in ('published', 'retired')"


class Plan(Base):
    """A block-to-grid assignment; once published, an edition with its period of validity."""

    __tablename__ = "plans"
    __table_args__ = (
        CheckConstraint(one_of("state", PLAN_STATES), name="state"),
        CheckConstraint(f"({_DURING_VALIDITY}) = (validity is not null)", name="validity_when_published"),
        CheckConstraint("validity is null or not isempty(validity)", name="validity_not_empty"),
        CheckConstraint(
            "validity is null or lower_inc(validity) and not upper_inc(validity)", name="validity_half_open"
        ),
        CheckConstraint("band_low is null or band_low >= 0 and band_low <= band_high", name="band"),
        CheckConstraint("(band_low is null) = (band_high is null)", name="band_both"),
        ExcludeConstraint(
            ("jurisdiction_id", "="),
            ("validity", "&&"),
            name="ex_plans_editions_never_overlap",
            using="gist",
            where=sql(_DURING_VALIDITY),
        ),
        {"comment": "Plans (方案); a published or retired one is an edition (版次)"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey(Jurisdiction.id))
    name: Mapped[str] = mapped_column(comment="Name for people")
    state: Mapped[str] = mapped_column(
        server_default="draft", comment="Of an edition: published; whether it is retired the clock says, see validity"
    )
    validity: Mapped[Range[datetime] | None] = mapped_column(TSTZRANGE, comment="Half-open period of an edition")
    load: Mapped[str] = mapped_column(server_default="households", comment="What the band balances")
    band_low: Mapped[float | None] = mapped_column(comment="Lower limit of a leaf's load")
    band_high: Mapped[float | None] = mapped_column(comment="Upper limit of a leaf's load")
    source: Mapped[str] = mapped_column(
        server_default="", comment="Where it came from: a file, the engine, another plan"
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    based_on: Mapped[int | None] = mapped_column(ForeignKey("plans.id"), comment="Plan that it was copied from")
    code_profile: Mapped[str] = mapped_column(server_default="free", comment="What codes look like")
    version: Mapped[int] = mapped_column(server_default="0", comment="Grows with every change: what If-Match compares")
    position: Mapped[int] = mapped_column(server_default="0", comment="Edits in force; those beyond are undone")

    is_over: Mapped[bool] = column_property(func.coalesce(func.upper(validity) <= func.now(), sql("false")))

    is_to_come: Mapped[bool] = column_property(func.coalesce(func.lower(validity) > func.now(), sql("false")))

    @property
    def valid_from(self) -> datetime | None:
        """Beginning of an edition's validity; None of a plan that was never published."""
        return None if self.validity is None else self.validity.lower

    @property
    def valid_to(self) -> datetime | None:
        """End of an edition's validity; None until it is replaced."""
        return None if self.validity is None else self.validity.upper


class PlanLevel(Base):
    """A level of a plan whose levels are not those of its jurisdiction."""

    __tablename__ = "plan_levels"
    __table_args__ = (
        PrimaryKeyConstraint("plan_id", "position"),
        UniqueConstraint("plan_id", "name"),
        CheckConstraint("position between 1 and 6", name="position"),
        {"comment": "Levels of a plan that differ from those of its jurisdiction"},
    )

    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(SmallInteger, comment="1 is the top level")
    name: Mapped[str] = mapped_column(comment="Name in English, e.g. community")
    name_zh: Mapped[str] = mapped_column(server_default="", comment="Name in Chinese, e.g. 社区")


class GridKey(Base):
    """What a grid of one edition and those that continue it have in common."""

    __tablename__ = "grid_keys"
    __table_args__ = (
        Index("ix_grid_keys_jurisdiction", "jurisdiction_id"),
        {"comment": "Keys of grids (网格身份): what redraws and codes that change leave as it is"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey(Jurisdiction.id))


class Grid(Base):
    """A node of the level tree of one plan."""

    __tablename__ = "grids"
    __table_args__ = (
        # Checked at the end: two grids may exchange their codes.
        UniqueConstraint("plan_id", "code", deferrable=True, initially="IMMEDIATE"),
        # As above: publishing gives all of them at once.
        UniqueConstraint("plan_id", "key_id", deferrable=True, initially="IMMEDIATE"),
        UniqueConstraint("plan_id", "id"),
        UniqueConstraint("plan_id", "id", "level"),
        ForeignKeyConstraint(
            ["plan_id", "parent_id", "parent_level"],
            ["grids.plan_id", "grids.id", "grids.level"],
            name="fk_grids_parent_one_level_up",
        ),
        CheckConstraint("code <> ''", name="code_not_empty"),
        CheckConstraint("level between 1 and 6", name="level"),
        CheckConstraint("(level = 1) = (parent_id is null)", name="parent_below_top"),
        CheckConstraint(one_of("kind", GRID_KINDS), name="kind"),
        CheckConstraint(f"category is null or {one_of('category', DEDICATED_CATEGORIES)}", name="category"),
        CheckConstraint("(kind = 'dedicated') = (category is not null)", name="category_of_dedicated"),
        CheckConstraint("households >= 0 and population >= 0 and buildings >= 0", name="loads_not_negative"),
        CheckConstraint("not ST_IsEmpty(geom)", name="geom_not_empty"),
        Index("ix_grids_parent", "plan_id", "parent_id"),
        Index("ix_grids_key", "key_id"),
        spatial_index("grids"),
        {"comment": "Grids (网格) of every plan; geometry is the union of the blocks or of the children"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(comment="Unique within the plan; lookups break ties by it")
    name: Mapped[str]
    level: Mapped[int] = mapped_column(SmallInteger, comment="Position in the level scheme, 1 is the top")
    parent_id: Mapped[int | None]
    parent_level: Mapped[int] = mapped_column(SmallInteger, Computed("level - 1", persisted=True))
    kind: Mapped[str] = mapped_column(comment="comprehensive or dedicated for a leaf, parent above")
    category: Mapped[str | None] = mapped_column(comment="What a dedicated grid is carved out for")
    households: Mapped[float | None] = mapped_column(comment="Households, summed from the blocks")
    population: Mapped[float | None] = mapped_column(comment="Residents, summed from the blocks")
    buildings: Mapped[float | None] = mapped_column(comment="Buildings, counted from the blocks")
    attributes: Mapped[dict[str, Any]] = mapped_column(
        server_default=sql("'{}'::jsonb"), comment="Other columns of the source"
    )
    geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))
    locked_by: Mapped[str | None] = mapped_column(
        comment="Who locked it: no edit of its draft changes it until unlocked"
    )
    edited: Mapped[int] = mapped_column(
        server_default="0", comment="Version of the plan after the last edit that touched it"
    )
    # Where none is given a trigger gives a new one (sql/grid_keys.sql).
    key_id: Mapped[int] = mapped_column(
        BigInteger,
        ForeignKey(GridKey.id),
        server_default=FetchedValue(),
        comment="What outlives a redraw: a grid that keeps over half its load keeps it",
    )


class Block(Base):
    """Atomic piece of land between barriers."""

    __tablename__ = "blocks"
    __table_args__ = (
        CheckConstraint("households >= 0 and population >= 0 and buildings >= 0", name="loads_not_negative"),
        CheckConstraint("not ST_IsEmpty(geom)", name="geom_not_empty"),
        Index("ix_blocks_jurisdiction", "jurisdiction_id"),
        spatial_index("blocks"),
        {"comment": "Blocks (基础单元): atomic land that plans assign to grids; never changed, replaced by new ones"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey(Jurisdiction.id))
    households: Mapped[float | None]
    population: Mapped[float | None]
    buildings: Mapped[float | None]
    geom: Mapped[WKBElement] = mapped_column(geometry("POLYGON"))


class BlockSuccession(Base):
    """A block whose loads were counted again, and the one of the same land that has them."""

    __tablename__ = "block_successions"
    __table_args__ = (
        PrimaryKeyConstraint("old_id"),
        CheckConstraint("old_id <> new_id", name="another"),
        Index("ix_block_successions_new", "new_id"),
        {"comment": "Blocks whose loads were counted again: editions keep the old one, drafts have the new one"},
    )

    old_id: Mapped[int] = mapped_column(ForeignKey(Block.id))
    new_id: Mapped[int] = mapped_column(ForeignKey(Block.id), comment="The same land with the loads of now")
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BlockBase(Base):
    """Streets and buildings of another year; the latest is what drafts are made on."""

    __tablename__ = "bases"
    __table_args__ = (
        Index("ix_bases_jurisdiction", "jurisdiction_id"),
        {"comment": "Streets and buildings of another year, from which blocks were cut anew"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey(Jurisdiction.id))
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    source: Mapped[str] = mapped_column(server_default="", comment="Where they are from")


class BaseBlock(Base):
    """A block that was cut from a base."""

    __tablename__ = "base_blocks"
    __table_args__ = (
        PrimaryKeyConstraint("base_id", "block_id"),
        {"comment": "Blocks that were cut from a base"},
    )

    base_id: Mapped[int] = mapped_column(ForeignKey("bases.id", ondelete="CASCADE"))
    block_id: Mapped[int] = mapped_column(ForeignKey(Block.id))


class Assignment(Base):
    """Which leaf grid of a plan a block belongs to: this is the plan."""

    __tablename__ = "assignments"
    __table_args__ = (
        PrimaryKeyConstraint("plan_id", "block_id"),
        ForeignKeyConstraint(
            ["plan_id", "grid_id"],
            ["grids.plan_id", "grids.id"],
            ondelete="CASCADE",
            name="fk_assignments_grid_same_plan",
        ),
        Index("ix_assignments_grid", "grid_id"),
        {"comment": "Block to leaf grid, one row a block and plan: a block is in one grid at most"},
    )

    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"))
    block_id: Mapped[int] = mapped_column(ForeignKey("blocks.id"))
    grid_id: Mapped[int]


class DutyRow(Base):
    """A person or team with a role on a grid, for a period."""

    __tablename__ = "duties"
    __table_args__ = (
        CheckConstraint("role <> '' and holder <> ''", name="named"),
        ExcludeConstraint(
            ("grid_id", "="),
            ("role", "="),
            ("holder", "="),
            ("validity", "&&"),
            name="ex_duties_same_once",
            using="gist",
        ),
        {"comment": "Duties (责任): people and teams on grids; they change without redrawing"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    grid_id: Mapped[int] = mapped_column(ForeignKey("grids.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(comment="e.g. grid chief 网格长, gridder 网格员")
    holder: Mapped[str] = mapped_column(comment="Name of the person or team")
    phone: Mapped[str] = mapped_column(server_default="")
    validity: Mapped[Range[datetime]] = mapped_column(TSTZRANGE, server_default=sql("'[,)'::tstzrange"))
