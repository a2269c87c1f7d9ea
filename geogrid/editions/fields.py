"""What is told of a grid: names, types, meanings and vocabularies, declared once.

Selects, tables, tiles, features, exports and maps are derived from these declarations.
"""

from dataclasses import dataclass
from typing import Final, Literal

from geogrid.types import DEDICATED_CATEGORIES, GRID_KINDS

FieldKind = Literal["text", "integer", "number", "moment"]


@dataclass(frozen=True, slots=True)
class Field:
    """A property of a thing, and the column of the same name in its rows.

    Parameters
    ----------
    name : str
        As it stands in answers and in filters.
    kind : {"text", "integer", "number", "moment"}
        What its values are.
    title : str
        What it means, for people.
    values : tuple of str
        All that occur, where they are a closed set.
    low, high : float, optional
        Limits of a number.
    """

    name: str
    kind: FieldKind
    title: str
    values: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None


LOAD_FIELDS: Final = (
    Field("households", "number", "Households"),
    Field("population", "number", "Residents"),
    Field("buildings", "number", "Buildings"),
)
"""What is counted of blocks and grids."""

GRID_FIELDS: Final = (
    Field("code", "text", "Code of the grid"),
    Field("name", "text", "Name of the grid"),
    Field("level", "integer", "Level, 1 is the top", low=1, high=6),
    Field("level_name", "text", "Name of the level"),
    Field("parent", "text", "Code of the grid above; null at the top"),
    Field("kind", "text", "Whether a leaf is for residents or for an institution; parent above the leaves", GRID_KINDS),
    Field("category", "text", "What a dedicated grid is carved out for", DEDICATED_CATEGORIES),
    *LOAD_FIELDS,
)
"""What is stored of a grid."""

DUTY_FIELD: Final = Field("duty", "text", "Roles and holders on duty, parted by semicolons")
"""What is told beside it, as of a moment."""

LOADS: Final = tuple(field.name for field in LOAD_FIELDS)
GRID_COLUMNS: Final = tuple(field.name for field in GRID_FIELDS)
