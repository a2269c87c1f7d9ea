"""Classes that the maps colour by: load against band, counts per grid, periods of time."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

import numpy as np
import pandas as pd

from geogrid.errors import InvalidInputError
from geogrid.types import FloatArray, IntArray

BandState = Literal["under", "in", "over", "unknown"]

_STEPS: Final = ("D", "W", "M", "Q", "Y")


def band_states(load: FloatArray, band: tuple[float, float] | None) -> list[BandState]:
    """Return how each load stands to a two-sided limit; both ends belong to the band.

    Parameters
    ----------
    load : (n,) float64
        NaN where it is not known.
    band : tuple of float, optional
        Lower and upper end. Without one every load is ``"unknown"``.

    Raises
    ------
    InvalidInputError
        The band is not two finite numbers in order.
    """
    if band is None:
        return ["unknown"] * len(load)
    low, high = band
    if not (np.isfinite(low) and np.isfinite(high) and low <= high):
        raise InvalidInputError.of(
            "band", f"The band {low:g} to {high:g} is not two numbers in order.", "Give low, then high.", subject="band"
        )
    names: tuple[BandState, ...] = ("under", "in", "over", "unknown")
    place = np.select([np.isnan(load), load < low, load <= high], [3, 0, 1], default=2)
    return [names[position] for position in place]


def class_bounds(counts: IntArray, *, classes: int = 5) -> tuple[int, ...]:
    """Return the inclusive upper bounds of classes that hold about equally many grids with cases.

    Parameters
    ----------
    counts : int64 array of any shape
        Cases per grid; those without any are a class of their own and are left out here.
    classes : int
        Number of classes at most; equal counts are never split, so there may be fewer.

    Returns
    -------
    tuple of int
        Ascending; the last is the largest count. Empty if there is no case.
    """
    positive = counts[counts > 0]
    if not len(positive):
        return ()
    shares = np.arange(1, classes + 1) / classes
    bounds = np.unique(np.quantile(positive, shares, method="inverted_cdf").astype(np.int64))
    return tuple(bounds.tolist())


def value_bounds(values: FloatArray, *, classes: int = 5) -> tuple[float, ...]:
    """Return the inclusive upper bounds, to three digits, of classes that hold about equally many positive values.

    Parameters
    ----------
    values : float64 array of any shape
        Those that are not above 0, or no number, are left out.
    classes : int
        Number of classes at most; values alike to three digits are never split, so there may be fewer.

    Returns
    -------
    tuple of float
        Ascending; none is below the largest value of its class. Empty if no value is positive.
    """
    positive = values[values > 0]
    if not len(positive):
        return ()
    shares = np.arange(1, classes + 1) / classes
    exact = np.quantile(positive, shares, method="inverted_cdf")
    step = 10.0 ** (np.floor(np.log10(exact)) - 2.0)
    return tuple(sorted({float(f"{value:.12g}") for value in np.ceil(exact / step * (1.0 - 1e-12)) * step}))


@dataclass(frozen=True, slots=True)
class Periods:
    """Consecutive stretches of time of equal kind, and the one that each case falls in.

    Parameters
    ----------
    labels : tuple of str
        In order of time, without a hole.
    index : (n,) int64
        Position in `labels` by case; -1 where the case has no time.
    """

    labels: tuple[str, ...]
    index: IntArray


def periods(times: "pd.Series[pd.Timestamp]", *, most: int = 60) -> Periods:
    """Return days, weeks, months, quarters or years: the finest of which few enough hold nearly all cases.

    Parameters
    ----------
    times : (n,) series of timestamps
        Wall-clock times without zone, in the zone where days begin; NaT where there is none.
    most : int
        Number of periods at most, besides the two at the ends; years are used whatever their number.

    Notes
    -----
    A few dates of long ago would make every step a year. Where the whole stretch is too long for a step, it is
    measured between the first and the last thousandth of the cases; those before and after share a period each.
    """
    dated_rows = times.notna().to_numpy()
    index = np.full(len(times), -1, dtype=np.int64)
    if not dated_rows.any():
        return Periods((), index)
    dated = times[dated_rows].sort_values()
    trimmed = dated.iloc[len(dated) // 1000], dated.iloc[-1 - len(dated) // 1000]
    spans = (pd.period_range(*ends, freq=step) for step in _STEPS for ends in ((dated.min(), dated.max()), trimmed))
    span = next(span for span in spans if len(span) <= most or span.freqstr.startswith("Y"))
    periods_of = pd.PeriodIndex(times[dated_rows], freq=span.freq)
    ordinal = span.get_indexer(periods_of)
    ordinal[periods_of < span[0]] = -1
    ordinal[periods_of > span[-1]] = len(span)
    labels = [_period_label(period) for period in span]
    if (ordinal < 0).any():
        labels.insert(0, f"< {_period_label(span[0])}")
        ordinal += 1
    if (ordinal == len(labels)).any():
        labels.append(f"> {_period_label(span[-1])}")
    index[dated_rows] = ordinal
    index.setflags(write=False)
    return Periods(tuple(labels), index)


def _period_label(period: pd.Period) -> str:
    start, step = period.start_time, period.freqstr[0]
    if step == "W":
        return f"{start:%Y-%m-%d} – {start + timedelta(days=6):%m-%d}"
    if step == "Q":
        return f"{start:%Y} Q{period.quarter}"
    form = {"D": "%Y-%m-%d", "M": "%Y-%m", "Y": "%Y"}[step]
    return f"{start:{form}}"
