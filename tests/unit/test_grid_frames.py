"""The tables of grids in memory are kept by everything that they depend on."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import pytest

from api.state import frames
from boundaries.editions.calendar import EditionPeriod

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PERIOD = EditionPeriod(1, "first", NOON, None, "1.1")


class _Store:
    def unit_of_work(self) -> Any:
        return nullcontext()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, datetime]]:
    """Return the plans and moments that tables were read of."""
    reads: list[tuple[int, datetime]] = []

    def grid_frame(_session: object, plan: int, *, at: datetime) -> gpd.GeoDataFrame:
        reads.append((plan, at))
        return gpd.GeoDataFrame()

    monkeypatch.setattr(frames, "get_plan", lambda _session, plan_id: plan_id)
    monkeypatch.setattr(frames, "grid_frame", grid_frame)
    return reads


def test_table_is_read_once_for_all_requests(read: list[tuple[int, datetime]]) -> None:
    kept = frames.GridFrames(_Store(), kept=8)  # type: ignore[arg-type]
    assert kept.of(PERIOD, NOON) is kept.of(PERIOD, NOON)
    assert len(read) == 1


@pytest.mark.parametrize("at", [None, NOON])
def test_other_duties_edition_or_moment_make_another_table(
    read: list[tuple[int, datetime]], at: datetime | None
) -> None:
    kept = frames.GridFrames(_Store(), kept=8)  # type: ignore[arg-type]
    kept.of(PERIOD, at)
    kept.of(replace(PERIOD, duties="2.7"), at)
    kept.of(replace(PERIOD, plan_id=2), at)
    kept.of(PERIOD, datetime(2026, 3, 2, tzinfo=UTC))
    assert len(read) == 4
