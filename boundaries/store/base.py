"""What every table has in common: the registry, the names of constraints, the kinds of columns."""

import pkgutil
from datetime import datetime
from importlib import import_module
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import DateTime, Double, Index, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Registry of the tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own declaration
        str: Text,
        float: Double,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
    }


def all_tables() -> MetaData:
    """Return every table of the store: each room's ``tables`` is imported."""
    rooms = import_module("boundaries")
    for room in pkgutil.iter_modules(rooms.__path__, "boundaries."):
        if room.ispkg and any(
            module.name == "tables" for module in pkgutil.iter_modules(import_module(room.name).__path__)
        ):
            import_module(f"{room.name}.tables")
    return Base.metadata


def geometry(kind: str) -> Geometry:
    """Return the type of a column of geometry: longitude, latitude in degrees."""
    return Geometry(kind, srid=4326, spatial_index=False)


def spatial_index(table: str, column: str = "geom") -> Index:
    """Return the index of a column of geometry."""
    return Index(f"ix_{table}_{column}", column, postgresql_using="gist")


def one_of(column: str, values: tuple[str, ...]) -> str:
    """Return the condition that a column holds one of some words."""
    return f"{column} in ({', '.join(repr(value) for value in values)})"
