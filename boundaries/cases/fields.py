"""What is told of a case, and the one select that all readers of cases derive from.

Readers choose fields by name and add their own bound: a page, a period, what is public.
"""

from collections.abc import Mapping
from typing import Any, Final

from geoalchemy2 import Geometry
from geoalchemy2 import functions as geo
from sqlalchemy import Select, TableClause, and_, column, func, literal_column, select, table

from boundaries.cases.tables import Case, CaseEvent, SealedPart
from boundaries.grids.tables import Grid, Plan
from boundaries.jurisdictions.tables import Jurisdiction

_LAST_EVENT: Final = select(func.max(CaseEvent.at)).where(CaseEvent.case_id == Case.id).scalar_subquery()

COLUMNS: Final[Mapping[str, Any]] = {
    "id": Case.id,
    "jurisdiction": Jurisdiction.code,
    "source": Case.source,
    "external_id": Case.external_id,
    "channel": Case.channel,
    "category": Case.category,
    "text": Case.text,
    "address": Case.address,
    "status": Case.status,
    "is_closed": Case.status == "closed",
    "reported_at": Case.reported_at,
    "closed_at": Case.closed_at,
    "changed_at": func.coalesce(Case.closed_at, _LAST_EVENT, Case.reported_at),
    "located_by": Case.located_by,
    "positional_error_m": Case.positional_error_m,
    "grid": Grid.code,
    "grid_name": Grid.name,
    "edition": Plan.name,
    "edition_id": Grid.plan_id,
    "lon": geo.ST_X(Case.geom),
    "lat": geo.ST_Y(Case.geom),
    # As it is stored: the column itself would be selected as text.
    "geom": literal_column("cases.geom"),
    "attributes": Case.attributes,
    "reporter": SealedPart.masked,
}
"""Fields of a case; those of its grid and edition are null for a case in no grid, its reporter is masked."""


PUBLIC_CASES: Final[TableClause] = table(
    "public_cases",
    *(column(name) for name in ("id", "jurisdiction_id", "channel", "category", "status", "reported_at", "closed_at")),
    *(column(name) for name in ("changed_at", "located_by", "positional_error_m", "grid_id", "source", "external_id")),
    *(column(name) for name in ("text", "address", "address_id", "media_url")),
    column("geom", Geometry("POINT", srid=4326)),
)
"""The view of what everybody may see of every case; of what people wrote only what the operator makes public."""

_PUBLIC = PUBLIC_CASES.c
PUBLIC_COLUMNS: Final[Mapping[str, Any]] = {
    **{name: _PUBLIC[name] for name in _PUBLIC.keys() if name not in {"geom", "grid_id", "jurisdiction_id"}},  # noqa: SIM118 - a collection of columns
    "is_closed": _PUBLIC.status == "closed",
    "grid": Grid.code,
    "grid_name": Grid.name,
    "edition": Plan.name,
    "edition_id": Grid.plan_id,
    "lon": geo.ST_X(_PUBLIC.geom),
    "lat": geo.ST_Y(_PUBLIC.geom),
    "geom": literal_column("public_cases.geom"),
}
"""Fields of a public case, as `COLUMNS`."""


def public_case_select(*names: str, **renamed: str) -> Select[*tuple[Any, ...]]:
    """Return a select of public cases without any bound; parameters as `case_select`, of `PUBLIC_COLUMNS`."""
    chosen = {name: name for name in names} | renamed
    return (
        select(*(PUBLIC_COLUMNS[field].label(name) for name, field in chosen.items()))
        .select_from(PUBLIC_CASES)
        .outerjoin(Grid, Grid.id == _PUBLIC.grid_id)
        .outerjoin(Plan, Plan.id == Grid.plan_id)
    )


def case_select(*names: str, **renamed: str) -> Select[*tuple[Any, ...]]:
    """Return a select of cases without any bound.

    Parameters
    ----------
    *names : str
        Fields of `COLUMNS`, each under its own name.
    **renamed : str
        Fields by other names.
    """
    chosen = {name: name for name in names} | renamed
    # The database leaves out the joins whose columns are not chosen: each finds one row at most.
    statement = (
        select(*(COLUMNS[field].label(name) for name, field in chosen.items()))
        .select_from(Case)
        .outerjoin(Grid, Grid.id == Case.grid_id)
        .outerjoin(Plan, Plan.id == Grid.plan_id)
        .outerjoin(SealedPart, and_(SealedPart.case_id == Case.id, SealedPart.part == literal_column("'reporter'")))
    )
    if "jurisdiction" in chosen.values():
        statement = statement.join(Jurisdiction, Jurisdiction.id == Case.jurisdiction_id)
    return statement
