"""Edits that change the band or lock grids; an edition is retired by the clock, not before."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_SIDES = {"band_before": "before", "band_after": "after"}
_BY_THE_CLOCK = "Of an edition: published; whether it is retired the clock says, see validity"


def upgrade() -> None:
    for name, side in _SIDES.items():
        comment = f"Load and band of the plan {side}, where the edit changed them"
        op.add_column("edits", sa.Column(name, postgresql.JSONB(), nullable=True, comment=comment))
    comment = "Who locked it: no edit of its draft changes it until unlocked"
    op.add_column("grids", sa.Column("locked_by", sa.Text(), nullable=True, comment=comment))
    op.execute("update plans set state = 'published' where state = 'retired'")
    op.alter_column("plans", "state", comment=_BY_THE_CLOCK, existing_type=sa.Text(), existing_comment=None)


def downgrade() -> None:
    op.alter_column("plans", "state", comment=None, existing_type=sa.Text(), existing_comment=_BY_THE_CLOCK)
    op.execute("update plans set state = 'retired' where state = 'published' and upper(validity) is not null")
    op.drop_column("grids", "locked_by")
    for name in _SIDES:
        op.drop_column("edits", name)
