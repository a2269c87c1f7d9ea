"""What is known by the key of a grid: the grid that has it now, those that had it, and what followed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.grids.fields import GRIDS_OF_PLANS, grid_columns
from geogrid.editions.fields import GRID_COLUMNS
from geogrid.errors import NotFoundError

_TOLD: Final = [name for name in GRID_COLUMNS if name != "level_name"]
_BEARERS: Final = text(f"""
    select j.code as jurisdiction, p.id as edition, p.name as edition_name, lower(p.validity) as valid_from,
        upper(p.validity) as valid_to, g.id as grid_id, {grid_columns(_TOLD)} {GRIDS_OF_PLANS}
    where g.key_id = :key and p.validity is not null
    order by lower(p.validity)
""")
_HEIRS: Final = text("""
    select a.key_id as key, a.code, l.share
    from lineage l join grids a on a.id = l.after_id join plans p on p.id = a.plan_id
    where l.before_id = :grid
        and lower(p.validity) = (
            select min(lower(next.validity)) from lineage m join grids b on b.id = m.after_id
            join plans next on next.id = b.plan_id where m.before_id = :grid
        )
    order by l.share desc, a.code collate "C"
""")


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key of a grid.

    Parameters
    ----------
    key : int
        The key.
    jurisdiction : str
        Code of whose grid it is.
    now : mapping, optional
        The grid that has it at the moment that was asked for; None where none has.
    history : list of mapping
        The grids that have had it or will, with their editions, oldest first.
    successors : list of mapping
        Where its land went when it ended: ``key``, ``code`` and ``share`` of its load; empty while it goes on.
    """

    key: int
    jurisdiction: str
    now: dict[str, Any] | None
    history: list[dict[str, Any]]
    successors: list[dict[str, Any]]


def known_by_key(session: Session, key: int, at: datetime) -> KeyRecord:
    """Return what is known by a key.

    Parameters
    ----------
    session : Session
        To read with.
    key : int
        Of a grid of any level.
    at : datetime
        At which moment a grid is the one that has it.

    Raises
    ------
    NotFoundError
        No edition has a grid with it.
    """
    rows = [dict(row) for row in session.execute(_BEARERS, {"key": key}).mappings()]
    if not rows:
        raise NotFoundError(f"No edition has a grid with the key {key}.")
    now = next((row for row in rows if _holds(row, at)), None)
    begun = [row for row in rows if row["valid_from"] <= at]
    heirs: list[dict[str, Any]] = []
    if now is None and begun:
        heirs = [dict(row) for row in session.execute(_HEIRS, {"grid": begun[-1]["grid_id"]}).mappings()]
    told = [_told(row) for row in rows]
    return KeyRecord(key, rows[0]["jurisdiction"], None if now is None else _told(now), told, heirs)


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in {"jurisdiction", "grid_id"}}


def _holds(row: dict[str, Any], at: datetime) -> bool:
    return row["valid_from"] <= at and (row["valid_to"] is None or at < row["valid_to"])
