import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.errors import InvalidInputError
from geogrid.maps.classes import band_states, class_bounds, periods

moments = st.datetimes(min_value=pd.Timestamp("1995-01-01"), max_value=pd.Timestamp("2030-12-31"))


def test_both_ends_belong_to_the_band() -> None:
    load = np.array([299.9, 300.0, 500.0, 500.1, np.nan])
    assert band_states(load, (300, 500)) == ["under", "in", "in", "over", "unknown"]


def test_without_a_band_no_load_is_judged() -> None:
    assert band_states(np.array([1.0, np.nan]), None) == ["unknown", "unknown"]


@pytest.mark.parametrize("band", [(500, 300), (np.nan, 1), (0, np.inf)])
def test_a_band_that_is_not_two_numbers_in_order_is_refused(band: tuple[float, float]) -> None:
    with pytest.raises(InvalidInputError, match="not two numbers in order"):
        band_states(np.array([1.0]), band)


@given(st.lists(st.integers(0, 5000), max_size=80), st.integers(1, 7))
def test_every_grid_with_cases_is_in_a_class_and_no_class_is_empty(counts: list[int], classes: int) -> None:
    bounds = class_bounds(np.array(counts, dtype=np.int64), classes=classes)
    positive = [count for count in counts if count]
    assert len(bounds) <= classes
    assert list(bounds) == sorted(set(bounds))
    assert (bounds[-1] if bounds else 0) == max(positive, default=0)
    for lower, upper in zip((0, *bounds), bounds, strict=False):
        assert any(lower < count <= upper for count in positive)


@given(st.lists(st.integers(1, 5000), min_size=30, max_size=80, unique=True))
def test_classes_hold_about_equally_many_grids(counts: list[int]) -> None:
    bounds = class_bounds(np.array(counts, dtype=np.int64), classes=5)
    held = [sum(lower < count <= upper for count in counts) for lower, upper in zip((0, *bounds), bounds, strict=False)]
    assert max(held) - min(held) <= 1


@given(st.lists(moments, min_size=1, max_size=60), st.integers(3, 60))
def test_periods_follow_time_without_a_hole(times: list[pd.Timestamp], most: int) -> None:
    found = periods(pd.Series(pd.to_datetime(times)).astype("datetime64[ns]"), most=most)
    order = np.argsort(np.array(times, dtype="datetime64[ns]"), kind="stable")
    assert (np.diff(found.index[order]) >= 0).all()
    assert found.index.min() == 0
    assert found.index.max() == len(found.labels) - 1
    assert len(set(found.labels)) == len(found.labels)


@given(st.lists(st.integers(0, 40 * 24 * 60), min_size=1, max_size=40))
def test_cases_of_a_few_weeks_are_told_by_day(minutes: list[int]) -> None:
    times = pd.Series(pd.Timestamp("2026-01-20 07:30") + pd.to_timedelta(minutes, unit="min"))
    found = periods(times)
    assert [found.labels[i] for i in found.index] == times.dt.strftime("%Y-%m-%d").to_list()


def test_cases_of_three_years_are_told_by_month() -> None:
    times = pd.Series(pd.to_datetime(["2023-02-28 23:59", "2023-03-01 00:00", "2025-12-31 12:00"]))
    found = periods(times)
    assert [found.labels[i] for i in found.index] == ["2023-02", "2023-03", "2025-12"]


def test_a_week_is_named_by_its_first_and_last_day() -> None:
    times = pd.Series(pd.to_datetime(["2026-01-05 00:00", "2026-01-11 23:00", "2026-10-01 00:00"]))
    found = periods(times)
    assert found.labels[0] == "2026-01-05 – 01-11"
    assert found.index[:2].tolist() == [0, 0]


def test_a_few_cases_of_long_ago_do_not_coarsen_the_rest() -> None:
    days = pd.date_range("2026-01-01", periods=3000, freq="20min").to_series(index=range(3000))
    times = pd.concat([pd.Series(pd.to_datetime(["1999-05-01"])), days], ignore_index=True)
    found = periods(times)
    assert found.labels[0] == "< 2026-01-01"
    assert found.index[0] == 0
    assert found.labels[found.index[1]] == "2026-01-01"


def test_a_case_without_time_is_in_no_period() -> None:
    found = periods(pd.Series(pd.to_datetime(["2026-01-01", None])))
    assert found.index.tolist() == [0, -1]


def test_cases_without_any_time_have_no_periods() -> None:
    assert periods(pd.Series(pd.to_datetime([None, None]))).labels == ()
