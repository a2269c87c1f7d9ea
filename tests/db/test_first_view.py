"""Tiles that show the whole of a new edition are there when it is published."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.plans.storing import save_plan
from boundaries.publishing.publish import publish
from boundaries.tiles import first_view
from boundaries.tiles.storing import edition_tile
from boundaries.tiles.tilesets import fitting_zoom, tileset_of
from geogrid.tiles import WEB_MERCATOR_QUAD, Tile
from geogrid.types import LevelName
from tests.browser.towns import make_town


@pytest.mark.parametrize(("worth", "is_made"), [(1, True), (10_000, False)])
def test_tiles_of_a_whole_large_edition_are_kept_when_it_is_published(
    session: Session, monkeypatch: pytest.MonkeyPatch, *, worth: int, is_made: bool
) -> None:
    monkeypatch.setattr(first_view, "_WORTH_PREPARING", worth)
    town = save_jurisdiction(session, code="t", name="T", levels=[LevelName("a"), LevelName("b"), LevelName("c")])
    plan = save_plan(session, town, name="first", grids=make_town().grids)
    publish(session, plan, valid_from=datetime(2026, 1, 1, tzinfo=UTC))
    kept = text('select zoom, "column", "row", content from tiles where plan_id = :plan')
    tiles = {tuple(row[:3]): bytes(row[3]) for row in session.execute(kept, {"plan": plan.id})}
    assert bool(tiles) == is_made
    if is_made:
        bounds = tileset_of(session, plan).bounds
        fitting = fitting_zoom(bounds)
        for zoom in range(fitting, fitting + 3):
            left, right, top, bottom = WEB_MERCATOR_QUAD.span(bounds, zoom)
            for column, row in [(x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]:
                again = edition_tile(session, plan, WEB_MERCATOR_QUAD, Tile(zoom, column, row))
                assert tiles[zoom, column, row] == again
        assert sum(map(len, tiles.values())) > 0
