"""Alembic's entry: runs the migrations on the connection that `boundaries.store.schema` hands over."""

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection

from boundaries.store.base import all_tables
from boundaries.store.engine import connect
from boundaries.store.schema import VERSION_TABLE
from boundaries.store.settings import StoreSettings


def run_on(connection: Connection) -> None:
    """Run the migrations; the owner of the connection commits."""
    context.configure(
        connection=connection,
        target_metadata=all_tables(),
        version_table=VERSION_TABLE,
        include_object=alembic_helpers.include_object,
        process_revision_directives=alembic_helpers.writer,
        render_item=alembic_helpers.render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


handed_over: Connection | None = context.config.attributes.get("connection")
if handed_over is not None:
    run_on(handed_over)
else:
    # The command `alembic`, for whoever writes a migration in a checkout.
    engine = connect(StoreSettings())
    with engine.begin() as own:
        run_on(own)
    engine.dispose()
