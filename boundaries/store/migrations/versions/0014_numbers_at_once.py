"""Numbers of the feed are drawn once at commit, whatever the statistics of the table say."""

from importlib import resources

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    replaced = resources.files("boundaries.store").joinpath("sql/number_changes.sql")
    op.execute(sa.text(replaced.read_text("utf-8")))


def downgrade() -> None:
    # The former function gave the same numbers, slowly at times: nothing depends on which of them is there.
    pass
