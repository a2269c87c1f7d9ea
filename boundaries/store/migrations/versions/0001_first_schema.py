"""The first schema: jurisdictions, plans, grids, blocks, duties, cases, addresses and the base map."""

from importlib import resources

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from boundaries.store.migrations.first_tables import (
    create_assignments,
    create_case_events,
    create_cases,
    create_duties,
    create_grids,
    create_plans,
    geometry,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _create_level_schemes() -> None:
    op.create_table(
        "level_schemes",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="Name of the scheme"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_level_schemes")),
        sa.UniqueConstraint("name", name=op.f("uq_level_schemes_name")),
        comment="Ordered names of levels (层级), shared by jurisdictions",
    )


def _create_jurisdictions() -> None:
    op.create_table(
        "jurisdictions",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="Short name in addresses and commands, e.g. helsinki"),
        sa.Column("name", sa.Text(), nullable=False, comment="Name for people"),
        sa.Column("scheme_id", sa.Integer(), nullable=False),
        sa.Column(
            "time_zone",
            sa.Text(),
            server_default="UTC",
            nullable=False,
            comment="IANA name; times without offset are in it",
        ),
        sa.Column(
            "attribution",
            postgresql.JSONB(),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="Lines that every map of this jurisdiction shows",
        ),
        sa.Column(
            "limit_geom",
            geometry("MULTIPOLYGON"),
            nullable=True,
            comment="Outer limit; without it, the union of the leaf grids",
        ),
        sa.CheckConstraint("code <> ''", name=op.f("ck_jurisdictions_code_not_empty")),
        sa.ForeignKeyConstraint(
            ["scheme_id"], ["level_schemes.id"], name=op.f("fk_jurisdictions_scheme_id_level_schemes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jurisdictions")),
        sa.UniqueConstraint("code", name=op.f("uq_jurisdictions_code")),
        comment="Areas that plans tile (辖区)",
    )
    op.create_index(
        "ix_jurisdictions_limit_geom", "jurisdictions", ["limit_geom"], unique=False, postgresql_using="gist"
    )


def _create_levels() -> None:
    op.create_table(
        "levels",
        sa.Column("scheme_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False, comment="1 is the top level"),
        sa.Column("name", sa.Text(), nullable=False, comment="Name in English, e.g. community"),
        sa.Column("name_zh", sa.Text(), server_default="", nullable=False, comment="Name in Chinese, e.g. 社区"),
        sa.CheckConstraint("position between 1 and 6", name=op.f("ck_levels_position")),
        sa.ForeignKeyConstraint(
            ["scheme_id"], ["level_schemes.id"], name=op.f("fk_levels_scheme_id_level_schemes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("scheme_id", "position", name=op.f("pk_levels")),
        sa.UniqueConstraint("scheme_id", "name", name=op.f("uq_levels_scheme_id_name")),
        comment="Levels of a scheme, 1 to 6 of them; the last one holds the leaf grids",
    )


def _create_addresses() -> None:
    op.create_table(
        "addresses",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("jurisdiction_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="Data set it came from"),
        sa.Column("source_key", sa.Text(), nullable=False, comment="Identity within the source"),
        sa.Column("street", sa.Text(), server_default="", nullable=False),
        sa.Column("house_number", sa.Text(), server_default="", nullable=False),
        sa.Column("unit", sa.Text(), server_default="", nullable=False),
        sa.Column("postcode", sa.Text(), server_default="", nullable=False),
        sa.Column("city", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False, comment="Name of a place, where it has one"),
        sa.Column("search_text", sa.Text(), nullable=False, comment="Normalised words that are searched"),
        sa.Column("geom", geometry("POINT"), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_addresses_jurisdiction_id_jurisdictions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_addresses")),
        sa.UniqueConstraint(
            "jurisdiction_id", "source", "source_key", name=op.f("uq_addresses_jurisdiction_id_source_source_key")
        ),
        comment="Gazetteer (地址库): addresses and named places",
    )
    op.create_index("ix_addresses_geom", "addresses", ["geom"], unique=False, postgresql_using="gist")
    op.create_index(
        "ix_addresses_search_text",
        "addresses",
        ["search_text"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    op.create_index("ix_addresses_street", "addresses", ["jurisdiction_id", "street"], unique=False)


def _create_barriers() -> None:
    op.create_table(
        "barriers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("jurisdiction_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="highway, railway, waterway, bank, limit"),
        sa.Column("rank", sa.Integer(), nullable=False, comment="Higher separates more: arterial over residential"),
        sa.Column("geom", geometry("LINESTRING"), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_barriers_jurisdiction_id_jurisdictions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_barriers")),
        comment="Barriers (分界线): streets, rails, water; the base map of every map",
    )
    op.create_index("ix_barriers_geom", "barriers", ["geom"], unique=False, postgresql_using="gist")
    op.create_index("ix_barriers_jurisdiction", "barriers", ["jurisdiction_id"], unique=False)


def _create_blocks() -> None:
    op.create_table(
        "blocks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("jurisdiction_id", sa.Integer(), nullable=False),
        sa.Column("households", sa.Double(), nullable=True),
        sa.Column("population", sa.Double(), nullable=True),
        sa.Column("buildings", sa.Double(), nullable=True),
        sa.Column("geom", geometry("POLYGON"), nullable=False),
        sa.CheckConstraint(
            "households >= 0 and population >= 0 and buildings >= 0", name=op.f("ck_blocks_loads_not_negative")
        ),
        sa.CheckConstraint("not ST_IsEmpty(geom)", name=op.f("ck_blocks_geom_not_empty")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_blocks_jurisdiction_id_jurisdictions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocks")),
        comment="Blocks (基础单元): atomic land that plans assign to grids; never changed, replaced by new ones",
    )
    op.create_index("ix_blocks_geom", "blocks", ["geom"], unique=False, postgresql_using="gist")
    op.create_index("ix_blocks_jurisdiction", "blocks", ["jurisdiction_id"], unique=False)


def _create_buildings() -> None:
    op.create_table(
        "buildings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("jurisdiction_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("households", sa.Double(), nullable=True),
        sa.Column("geom", geometry("MULTIPOLYGON"), nullable=False),
        sa.CheckConstraint("households >= 0", name=op.f("ck_buildings_households_not_negative")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_buildings_jurisdiction_id_jurisdictions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buildings")),
        comment="Footprints: no boundary cuts one; the base map of every map",
    )
    op.create_index("ix_buildings_geom", "buildings", ["geom"], unique=False, postgresql_using="gist")
    op.create_index("ix_buildings_jurisdiction", "buildings", ["jurisdiction_id"], unique=False)


def upgrade() -> None:
    _create_level_schemes()
    _create_jurisdictions()
    _create_levels()
    _create_addresses()
    _create_barriers()
    _create_blocks()
    _create_buildings()
    create_plans()
    create_grids()
    create_assignments()
    create_cases()
    create_duties()
    create_case_events()
    op.execute(sa.text(resources.files("boundaries.store").joinpath("sql/immutable.sql").read_text("utf-8")))


def downgrade() -> None:
    op.drop_table("case_events")
    op.drop_table("duties")
    op.drop_table("cases")
    op.drop_table("assignments")
    op.drop_table("grids")
    op.drop_table("plans")
    op.drop_table("buildings")
    op.drop_table("blocks")
    op.drop_table("barriers")
    op.drop_table("addresses")
    op.drop_table("levels")
    op.drop_table("jurisdictions")
    op.drop_table("level_schemes")
    for function in ("refuse_change_of_edition", "refuse_change_of_published_plan", "refuse_change_of_block"):
        op.execute(sa.text(f"drop function {function}()"))
