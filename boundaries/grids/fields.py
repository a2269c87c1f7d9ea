"""Grids as rows: the columns that are selected of a grid, derived from its declared fields."""

from collections.abc import Collection
from typing import Final

from geogrid.editions.fields import GRID_COLUMNS, GRID_FIELDS, LOADS

_TYPES: Final = {"text": "text", "integer": "int2", "number": "float8"}
_OF_THE_TREE: Final = {"parent": {"parent_id": "int"}, "level_name": {}}

STORED_TYPES: Final = {
    name: kind
    for field in GRID_FIELDS
    for name, kind in _OF_THE_TREE.get(field.name, {field.name: _TYPES.get(field.kind, "")}).items()
} | {"attributes": "jsonb"}
"""Columns of a grid, with their types, that copies and imports carry; its number, plan and land come apart."""

STORED_COLUMNS: Final = tuple(STORED_TYPES)

EDITED_TYPES: Final = STORED_TYPES | {"locked_by": "text"}
"""Columns of a grid, with their types, that edits carry: a lock holds for a draft, and for no copy of it."""

GRIDS_OF_PLANS: Final = """
    from grids g
    join plans p on p.id = g.plan_id
    join jurisdictions j on j.id = p.jurisdiction_id
    left join levels l on l.scheme_id = j.scheme_id and l.position = g.level
    left join plan_levels own_level on own_level.plan_id = g.plan_id and own_level.position = g.level
    left join grids above on above.id = g.parent_id
"""
"""Grids with their plan (`p`), jurisdiction (`j`), names of levels and the grid above."""

# A plan may name its levels otherwise than its jurisdiction does.
_OF_PLANS: Final = {
    "parent": "above.code",
    "level_name": "coalesce(own_level.name, l.name, '')",
}


def grid_columns(names: Collection[str] = GRID_COLUMNS, **expressions: str) -> str:
    """Return the select list of a grid `g`.

    Parameters
    ----------
    names : collection of str
        Which of its fields.
    **expressions : str
        SQL for `parent` and `level_name`, where the select is not from `GRIDS_OF_PLANS`.
    """
    sources = _OF_PLANS | {"level": "g.level::int"} | expressions
    return ", ".join(
        f"{sources[name]} as {name}" if name in sources else f"g.{name}" for name in GRID_COLUMNS if name in names
    )


def stored_columns(alias: str = "") -> str:
    """Return `STORED_COLUMNS` as a list in SQL, each of a table if one is named."""
    return ", ".join(f"{alias}.{name}" if alias else name for name in STORED_COLUMNS)


def load_columns(alias: str) -> str:
    """Return the loads of a table as a list in SQL."""
    return ", ".join(f"{alias}.{name}" for name in LOADS)
