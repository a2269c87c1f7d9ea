"""What a number in the gazetteer counts (houses, buildings, village groups), and how large an area is."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "address_places",
        sa.Column(
            "kind",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="What the number counts or the name is; see PlaceKind",
        ),
    )
    op.add_column(
        "addresses",
        sa.Column(
            "error_m",
            sa.Float(),
            server_default="0",
            nullable=False,
            comment="Radius of an area around its point, metres",
        ),
    )


def downgrade() -> None:
    op.drop_column("addresses", "error_m")
    op.drop_column("address_places", "kind")
