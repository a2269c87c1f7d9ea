"""Compiled indexes: stored with the edition, copied by servers, mended by themselves."""

import logging
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.editions.index_files import IndexFolder, build_index, open_index
from boundaries.grids.tables import Plan
from boundaries.publishing.publish import publish
from tests.db.test_edits import store
from tests.property.town_drafts import CELL, ORIGIN, random_town

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def edition(session: Session) -> Plan:
    return publish(session, store(session, random_town(7)), valid_from=NOON)


@pytest.fixture
def folder(tmp_path: Path) -> IndexFolder:
    return IndexFolder(tmp_path / "indexes")


def answers(session: Session, edition: Plan, folder: IndexFolder | None) -> list[int]:
    places = ORIGIN + CELL * np.random.default_rng(1).uniform(-1, 7, (500, 2))
    found: list[int] = open_index(session, edition, folder).locate(*places.T).tolist()
    return found


def copies(folder: IndexFolder) -> list[Path]:
    return sorted(folder.path.iterdir())


def test_copy_of_the_stored_index_answers_as_one_compiled_from_the_polygons(
    session: Session, edition: Plan, folder: IndexFolder
) -> None:
    places = ORIGIN + CELL * np.random.default_rng(1).uniform(-1, 7, (500, 2))
    compiled = build_index(session, edition)[0].locate(*places.T).tolist()
    assert answers(session, edition, folder) == compiled
    assert len(set(compiled)) > 4
    assert [path.suffix for path in copies(folder)] == [".index"]


def test_copy_is_used_without_fetching_it_again(session: Session, edition: Plan, folder: IndexFolder) -> None:
    expected = answers(session, edition, folder)
    session.execute(text("update edition_indexes set content = ''"))
    assert answers(session, edition, folder) == expected


def test_damaged_copy_is_fetched_again(session: Session, edition: Plan, folder: IndexFolder) -> None:
    expected = answers(session, edition, folder)
    copy = copies(folder)[0]
    content = bytearray(copy.read_bytes())
    content[-100:] = bytes(100)
    copy.write_bytes(content)
    assert answers(session, edition, folder) == expected
    assert copies(folder) == [copy]
    assert copy.read_bytes() != bytes(content)


def test_index_is_compiled_where_no_copy_can_be_written(
    session: Session, edition: Plan, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        assert answers(session, edition, IndexFolder(tmp_path / "file")) == answers(session, edition, None)
    assert "has no copy in" in caplog.text


def test_index_that_does_not_agree_with_its_checksum_is_compiled_again(
    session: Session, edition: Plan, folder: IndexFolder
) -> None:
    session.execute(text("update edition_indexes set content = substring(content from 2)"))
    assert answers(session, edition, folder) == answers(session, edition, None)
    assert copies(folder) == []


@pytest.mark.parametrize("older", ["delete from edition_indexes", "update edition_indexes set format = 0"])
def test_edition_of_an_older_geogrid_is_compiled(
    session: Session, edition: Plan, folder: IndexFolder, older: str
) -> None:
    session.execute(text(older))
    assert answers(session, edition, folder) == answers(session, edition, None)


def test_index_is_there_only_if_the_publication_is(session: Session) -> None:
    publish(session, store(session, random_town(7)), valid_from=NOON)
    session.rollback()
    assert session.scalar(text("select count(*) from edition_indexes")) == 0
