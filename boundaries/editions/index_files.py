"""Compiled indexes of editions: stored when an edition is published, opened by servers from a local copy.

The database has the truth. A server keeps a copy of what it needs in its own folder, named by its checksum, and maps it
into memory, so that all processes of a machine share it; a copy that is missing or damaged is fetched again.
"""

import hashlib
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.editions.tables import EditionIndex
from boundaries.grids.records import PlanValues
from geogrid.errors import GeogridError
from geogrid.index import GridIndex
from geogrid.index.storage import VERSION

_LEAVES: Final = text("""
    select id, ST_AsBinary(geom) as shape from grids where plan_id = :plan and kind <> 'parent'
    order by code collate "C"
""")
_STORED: Final = text("select format, checksum, size from edition_indexes where plan_id = :plan")
_SLICE: Final = text("select substring(content from :first for :count) from edition_indexes where plan_id = :plan")
_SLICE_BYTES: Final = 8 * 2**20
_KEPT_FILES: Final = 32
_HASHED_AT_ONCE: Final = 2**20

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IndexFolder:
    """Where local copies of indexes are.

    Parameters
    ----------
    path : Path
        Made when it is needed. Copies can be deleted at any time.
    """

    path: Path


def build_index(session: Session, plan: PlanValues) -> tuple[GridIndex, list[int]]:
    """Return the index over the leaves of a plan in the order of their codes, and their numbers in that order."""
    leaves = session.execute(_LEAVES, {"plan": plan.id}).all()
    shapes = shapely.from_wkb(np.array([bytes(row.shape) for row in leaves], dtype=object))
    return GridIndex.build(shapes), [row.id for row in leaves]


def store_index(session: Session, plan: PlanValues, index: GridIndex) -> None:
    """Store the index of a plan that is being published.

    Raises
    ------
    GeogridError
        There is no room for a temporary file.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="geogrid-index-") as folder:
            path = Path(folder) / "index"
            index.save(path)
            content = path.read_bytes()
    except OSError as error:
        raise GeogridError(
            f"The index cannot be compiled: {error.strerror}. Make room in {tempfile.gettempdir()}."
        ) from error
    checksum = hashlib.sha256(content).hexdigest()
    session.add(EditionIndex(plan_id=plan.id, format=VERSION, checksum=checksum, size=len(content), content=content))
    session.flush()


def open_index(session: Session, plan: PlanValues, folder: IndexFolder | None) -> GridIndex:
    """Return the index of an edition: from the local copy, from the store, or compiled anew where neither has it.

    Parameters
    ----------
    session : Session
        Only read from.
    plan : PlanValues
        An edition.
    folder : IndexFolder, optional
        Where the local copies are; without it the index is compiled.
    """
    stored = session.execute(_STORED, {"plan": plan.id}).one_or_none()
    # An edition of an older GeoGrid has none, or one in a form that is not written any more.
    if folder is not None and stored is not None and stored.format == VERSION:
        path = folder.path / f"{stored.checksum}.index"
        try:
            if not _is_whole(path, stored.checksum):
                _fetch(session, plan, path, stored.size)
                _forget_old_copies(folder)
            return GridIndex.open(path)
        except (OSError, GeogridError) as error:
            logger.warning("The index of edition %s has no copy in %s: %s", plan.id, folder.path, error)
    return build_index(session, plan)[0]


def _is_whole(path: Path, checksum: str) -> bool:
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while part := file.read(_HASHED_AT_ONCE):
                found.update(part)
        path.touch()
    except OSError:
        return False
    return found.hexdigest() == checksum


def _fetch(session: Session, plan: PlanValues, path: Path, size: int) -> None:
    """Write a copy, all or nothing: other processes of this machine may want the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
        part = Path(file.name)
        try:
            for content in _slices(session, plan, size):
                file.write(content)
            file.flush()
            if not _is_whole(part, path.stem):
                raise GeogridError("what the store holds does not agree with its checksum.")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def _slices(session: Session, plan: PlanValues, size: int) -> Iterator[bytes]:
    for first in range(1, size + 1, _SLICE_BYTES):
        yield bytes(session.execute(_SLICE, {"plan": plan.id, "first": first, "count": _SLICE_BYTES}).scalar_one())


def _forget_old_copies(folder: IndexFolder) -> None:
    """Delete the copies that were opened longest ago; processes that have one mapped keep it."""
    copies = sorted(folder.path.glob("*.index"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in copies[_KEPT_FILES:]:
        path.unlink(missing_ok=True)
