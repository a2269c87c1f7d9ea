"""Tables of the first schema that hold plans and cases; created by the first migration, and never changed here."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql


def geometry(kind: str) -> Geometry:
    """Return the type of a column of shapes, longitude and latitude, whose index is made apart."""
    return Geometry(kind, srid=4326, spatial_index=False)


def create_plans() -> None:
    """Create the table."""
    op.create_table(
        "plans",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("jurisdiction_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="Name for people"),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("validity", postgresql.TSTZRANGE(), nullable=True, comment="Half-open period of an edition"),
        sa.Column("load", sa.Text(), server_default="households", nullable=False, comment="What the band balances"),
        sa.Column("band_low", sa.Double(), nullable=True, comment="Lower limit of a leaf's load"),
        sa.Column("band_high", sa.Double(), nullable=True, comment="Upper limit of a leaf's load"),
        sa.Column(
            "source",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="Where it came from: a file, the engine, another plan",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("jurisdiction_id"), "="),
            (sa.column("validity"), "&&"),
            where=sa.text("state in ('published', 'retired')"),
            using="gist",
            name="ex_plans_editions_never_overlap",
        ),
        sa.CheckConstraint(
            "(state in ('published', 'retired')) = (validity is not null)",
            name=op.f("ck_plans_validity_when_published"),
        ),
        sa.CheckConstraint(
            "state in ('draft', 'in_review', 'approved', 'published', 'retired')", name=op.f("ck_plans_state")
        ),
        sa.CheckConstraint("(band_low is null) = (band_high is null)", name=op.f("ck_plans_band_both")),
        sa.CheckConstraint("band_low is null or band_low >= 0 and band_low <= band_high", name=op.f("ck_plans_band")),
        sa.CheckConstraint(
            "validity is null or lower_inc(validity) and not upper_inc(validity)",
            name=op.f("ck_plans_validity_half_open"),
        ),
        sa.CheckConstraint("validity is null or not isempty(validity)", name=op.f("ck_plans_validity_not_empty")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_plans_jurisdiction_id_jurisdictions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        comment="Plans (方案); a published or retired one is an edition (版次)",
    )


def create_grids() -> None:
    """Create the table."""
    op.create_table(
        "grids",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="Unique within the plan; lookups break ties by it"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False, comment="Position in the level scheme, 1 is the top"),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("parent_level", sa.SmallInteger(), sa.Computed("level - 1", persisted=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="comprehensive or dedicated for a leaf, parent above"),
        sa.Column("category", sa.Text(), nullable=True, comment="What a dedicated grid is carved out for"),
        sa.Column("households", sa.Double(), nullable=True, comment="Households, summed from the blocks"),
        sa.Column("population", sa.Double(), nullable=True, comment="Residents, summed from the blocks"),
        sa.Column("buildings", sa.Double(), nullable=True, comment="Buildings, counted from the blocks"),
        sa.Column(
            "attributes",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="Other columns of the source",
        ),
        sa.Column("geom", geometry("MULTIPOLYGON"), nullable=False),
        sa.CheckConstraint(
            "(kind = 'dedicated') = (category is not null)", name=op.f("ck_grids_category_of_dedicated")
        ),
        sa.CheckConstraint(
            "category is null or category in ('government', 'industrial_park', 'commercial', "
            "'office_building', 'school', 'hospital', 'other')",
            name=op.f("ck_grids_category"),
        ),
        sa.CheckConstraint("code <> ''", name=op.f("ck_grids_code_not_empty")),
        sa.CheckConstraint("kind in ('comprehensive', 'dedicated', 'parent')", name=op.f("ck_grids_kind")),
        sa.CheckConstraint("(level = 1) = (parent_id is null)", name=op.f("ck_grids_parent_below_top")),
        sa.CheckConstraint(
            "households >= 0 and population >= 0 and buildings >= 0", name=op.f("ck_grids_loads_not_negative")
        ),
        sa.CheckConstraint("level between 1 and 6", name=op.f("ck_grids_level")),
        sa.CheckConstraint("not ST_IsEmpty(geom)", name=op.f("ck_grids_geom_not_empty")),
        sa.ForeignKeyConstraint(
            ["plan_id", "parent_id", "parent_level"],
            ["grids.plan_id", "grids.id", "grids.level"],
            name="fk_grids_parent_one_level_up",
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_grids_plan_id_plans"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grids")),
        sa.UniqueConstraint("plan_id", "code", name=op.f("uq_grids_plan_id_code")),
        sa.UniqueConstraint("plan_id", "id", "level", name=op.f("uq_grids_plan_id_id_level")),
        sa.UniqueConstraint("plan_id", "id", name=op.f("uq_grids_plan_id_id")),
        comment="Grids (网格) of every plan; geometry is the union of the blocks or of the children",
    )
    op.create_index("ix_grids_geom", "grids", ["geom"], unique=False, postgresql_using="gist")
    op.create_index("ix_grids_parent", "grids", ["plan_id", "parent_id"], unique=False)


def create_assignments() -> None:
    """Create the table."""
    op.create_table(
        "assignments",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("block_id", sa.BigInteger(), nullable=False),
        sa.Column("grid_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["block_id"], ["blocks.id"], name=op.f("fk_assignments_block_id_blocks")),
        sa.ForeignKeyConstraint(
            ["plan_id", "grid_id"],
            ["grids.plan_id", "grids.id"],
            name="fk_assignments_grid_same_plan",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_assignments_plan_id_plans"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", "block_id", name=op.f("pk_assignments")),
        comment="Block to leaf grid, one row a block and plan: a block is in one grid at most",
    )
    op.create_index("ix_assignments_grid", "assignments", ["grid_id"], unique=False)


def create_cases() -> None:
    """Create the table."""
    op.create_table(
        "cases",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("jurisdiction_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="Where it came from: a file's data set, api"),
        sa.Column(
            "source_key", sa.Text(), nullable=False, comment="Identity within the source; importing twice adds nothing"
        ),
        sa.Column("external_id", sa.Text(), nullable=True, comment="Number in the system it came from"),
        sa.Column("channel", sa.Text(), server_default="", nullable=False),
        sa.Column("category", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("located_by", sa.Text(), nullable=True, comment="point: given; address: geocoded"),
        sa.Column(
            "positional_error_m",
            sa.Double(),
            server_default="0",
            nullable=False,
            comment="Radius around the point, metres",
        ),
        sa.Column("grid_id", sa.Integer(), nullable=True, comment="Leaf grid of the edition it was assigned by"),
        sa.Column(
            "attributes",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="Other columns of the source",
        ),
        sa.Column("geom", geometry("POINT"), nullable=True),
        sa.CheckConstraint("closed_at is null or status = 'closed'", name=op.f("ck_cases_closed_at_when_closed")),
        sa.CheckConstraint(
            "located_by is null or located_by in ('point', 'address')", name=op.f("ck_cases_located_by")
        ),
        sa.CheckConstraint("status in ('open', 'in_progress', 'closed')", name=op.f("ck_cases_status")),
        sa.CheckConstraint("(geom is null) = (located_by is null)", name=op.f("ck_cases_located_by_with_point")),
        sa.CheckConstraint("grid_id is null or geom is not null", name=op.f("ck_cases_grid_needs_point")),
        sa.CheckConstraint("positional_error_m >= 0", name=op.f("ck_cases_positional_error_not_negative")),
        sa.ForeignKeyConstraint(["grid_id"], ["grids.id"], name=op.f("fk_cases_grid_id_grids")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_cases_jurisdiction_id_jurisdictions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint(
            "jurisdiction_id", "source", "source_key", name=op.f("uq_cases_jurisdiction_id_source_source_key")
        ),
        comment="Cases (诉求/事件)",
    )
    _index_cases()


def _index_cases() -> None:
    op.create_index("ix_cases_geom", "cases", ["geom"], unique=False, postgresql_using="gist")
    op.create_index("ix_cases_grid", "cases", ["grid_id"], unique=False)
    op.create_index("ix_cases_reported_at", "cases", ["jurisdiction_id", "reported_at", "id"], unique=False)
    op.create_index(
        "ix_cases_words",
        "cases",
        [sa.literal_column("(text || ' ' || address)").label("words")],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"words": "gin_trgm_ops"},
    )


def create_duties() -> None:
    """Create the table."""
    op.create_table(
        "duties",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("grid_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="e.g. grid chief 网格长, gridder 网格员"),
        sa.Column("holder", sa.Text(), nullable=False, comment="Name of the person or team"),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("validity", postgresql.TSTZRANGE(), server_default=sa.text("'[,)'::tstzrange"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("grid_id"), "="),
            (sa.column("role"), "="),
            (sa.column("holder"), "="),
            (sa.column("validity"), "&&"),
            using="gist",
            name="ex_duties_same_once",
        ),
        sa.CheckConstraint("role <> '' and holder <> ''", name=op.f("ck_duties_named")),
        sa.ForeignKeyConstraint(["grid_id"], ["grids.id"], name=op.f("fk_duties_grid_id_grids"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duties")),
        comment="Duties (责任): people and teams on grids; they change without redrawing",
    )


def create_case_events() -> None:
    """Create the table."""
    op.create_table(
        "case_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="received, geocoded, assigned, reassigned, closed ..."),
        sa.Column("detail", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_events_case_id_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_events")),
        comment="History of each case; only ever added to",
    )
    op.create_index("ix_case_events_case", "case_events", ["case_id", "at"], unique=False)
