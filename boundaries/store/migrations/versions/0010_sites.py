"""Institutions, kept beside streets and buildings: what dedicated grids are carved for."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_CATEGORIES = "'government', 'industrial_park', 'commercial', 'office_building', 'school', 'hospital', 'other'"


def upgrade() -> None:
    op.create_table(
        "sites",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("jurisdiction_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("category", sa.Text(), nullable=False, comment="What a dedicated grid for it is called"),
        sa.Column("geom", Geometry("GEOMETRY", srid=4326, spatial_index=False), nullable=False),
        sa.CheckConstraint(f"category in ({_CATEGORIES})", name=op.f("ck_sites_category")),
        sa.CheckConstraint("not ST_IsEmpty(geom)", name=op.f("ck_sites_geom_not_empty")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_sites_jurisdiction_id_jurisdictions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
        comment="Institutions: schools, hospitals, parks, malls, offices",
    )
    op.create_index("ix_sites_jurisdiction", "sites", ["jurisdiction_id"])
    op.create_index("ix_sites_geom", "sites", ["geom"], postgresql_using="gist")


def downgrade() -> None:
    op.drop_table("sites")
