"""Vector tiles of editions: simplified leaves, places of names, finished tiles. All of it is derived, so unlogged."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tile_shapes",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("zoom", sa.SmallInteger(), nullable=False),
        sa.Column("grid_id", sa.Integer(), nullable=False, comment="Leaf grid of the edition"),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), nullable=False),
        _plan("tile_shapes"),
        sa.PrimaryKeyConstraint("plan_id", "zoom", "grid_id", name=op.f("pk_tile_shapes")),
        comment="Leaves of editions simplified for a zoom, as a coverage",
        prefixes=["unlogged"],
    )
    op.create_index("ix_tile_shapes_geom", "tile_shapes", ["plan_id", "zoom", "geom"], postgresql_using="gist")
    op.create_table(
        "tile_labels",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("grid_id", sa.Integer(), nullable=False),
        sa.Column("geom", Geometry("POINT", srid=4326, spatial_index=False), nullable=False),
        _plan("tile_labels"),
        sa.PrimaryKeyConstraint("plan_id", "grid_id", name=op.f("pk_tile_labels")),
        comment="A point inside each grid of an edition, for its name",
        prefixes=["unlogged"],
    )
    op.create_index("ix_tile_labels_geom", "tile_labels", ["plan_id", "geom"], postgresql_using="gist")
    op.create_table(
        "tiles",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("matrix_set", sa.Text(), nullable=False),
        sa.Column("coord_type", sa.Text(), nullable=False),
        sa.Column("zoom", sa.SmallInteger(), nullable=False),
        sa.Column("column", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="Mapbox Vector Tile"),
        _plan("tiles"),
        sa.PrimaryKeyConstraint("plan_id", "matrix_set", "coord_type", "zoom", "column", "row", name=op.f("pk_tiles")),
        comment="Finished vector tiles of editions",
        prefixes=["unlogged"],
    )


def _plan(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["plan_id"], ["plans.id"], name=op.f(f"fk_{table}_plan_id_plans"), ondelete="CASCADE"
    )


def downgrade() -> None:
    for table in ("tiles", "tile_labels", "tile_shapes"):
        op.drop_table(table)
