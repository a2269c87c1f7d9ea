"""A second wall under the filters: what the server sees of cases, it sees by the sight that its transaction states."""

from importlib import resources

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_FUNCTIONS = (
    "secrets_of_account(int)",
    "analyze_tiles()",
    "has_public_field(text)",
    "sees_cases_in_grids()",
    "sees_feeds_of_towns()",
    "sees_cases_of_towns()",
    "sees_cases_of_town()",
    "sees_all_cases()",
    "case_sight(text)",
)


def upgrade() -> None:
    sql = resources.files("boundaries.store").joinpath("sql/row_security.sql").read_text("utf-8")
    # Not text(): it would read the colons of casts as parameters.
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))


def downgrade() -> None:
    for view in ("account_marks", "case_marks", "public_cases"):
        op.execute(f"drop view {view}")
    for table in ("reporter_marks", "reporters", "geocode_reviews", "case_events", "cases"):
        op.execute(f"drop policy {table}_in_sight on {table}")
        op.execute(f"alter table {table} disable row level security")
    for function in ("seal_audit", "number_changes", "tell_case_events"):
        op.execute(f"alter function {function}() security invoker")
        op.execute(f"alter function {function}() reset search_path")
    for function in _FUNCTIONS:
        op.execute(f"drop function {function}")
