# ruff: noqa: T201 - a program that prints its figures
"""How long Gi* and the scan take on a large town, beside esda in the same run; run as a program.

python -m tests.benchmarks.hotspot_speed [gi] [scan10] [scan50] [--grids 20430] [--esda-permutations 9999]

Gi* is held against esda's by its p-values: both keep a grid's own value and deal out its neighbours' from all others.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any, Final

import numba
import numpy as np
import shapely

from geogrid.hotspot.local import gi_star
from geogrid.hotspot.scan import scan
from geogrid.hotspot.weights import SpatialWeights, contiguity_weights
from geogrid.types import FloatArray

GRIDS: Final = 20_430
CASES: Final = 60_000
PERMUTATIONS: Final = 9_999
REPLICATES: Final = 999
WIDTH_M: Final = 500.0


def town(grids: int) -> tuple[FloatArray, FloatArray, FloatArray, SpatialWeights]:
    """Return middles (metres), cases, households, neighbours of squares; one spot has three times as many cases."""
    rng = np.random.default_rng(1)
    side = int(np.ceil(np.sqrt(grids)))
    row, column = np.divmod(np.arange(grids), side)
    west, south = column * WIDTH_M, row * WIDTH_M
    squares = shapely.box(west, south, west + WIDTH_M, south + WIDTH_M)
    households = rng.uniform(300.0, 500.0, grids)
    risk = np.where((np.abs(row - side // 3) < 4) & (np.abs(column - side // 3) < 4), 3.0, 1.0) * households
    cases = rng.multinomial(round(CASES * grids / GRIDS), risk / risk.sum()).astype(np.float64)
    xy = np.column_stack([west, south]) + WIDTH_M / 2.0
    return xy, cases, households, contiguity_weights(squares)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return seconds and what came of it."""
    start = time.perf_counter()
    made = work()
    return time.perf_counter() - start, made


def compare_gi_star(cases: FloatArray, weights: SpatialWeights, theirs_drawn: int) -> None:
    """Print the times of Gi* here and in esda, and how far their p-values lie apart."""
    from esda.getisord import G_Local
    from libpysal.weights import W

    theirs = W({place: weights.of(place).tolist() for place in range(len(weights))}, silence_warnings=True)
    rng = np.random.default_rng(7)
    gi_star(cases, weights, rng=rng, permutations=99)  # compiled and warm
    own_seconds, own = timed(lambda: gi_star(cases, weights, rng=rng, permutations=PERMUTATIONS))
    G_Local(cases, theirs, transform="B", star=True, permutations=9, seed=1, n_jobs=1)
    seconds, other = timed(
        lambda: G_Local(cases, theirs, transform="B", star=True, permutations=theirs_drawn, seed=1, n_jobs=1)
    )
    # Where the own value tips the sum against the neighbours, nothing is told here. Below the mean esda leaves out
    # draws that equal the sum, of which there are many among small counts.
    told = (own.p < 1.0) & (own.value > 0.0)
    apart = own.p[told] / 2.0 - other.p_sim[told]
    draws = 1.0 / PERMUTATIONS + 1.0 / theirs_drawn
    noise = np.sqrt(other.p_sim[told] * (1.0 - other.p_sim[told]) * draws) + 1.0 / theirs_drawn
    print(
        f"Gi*, {PERMUTATIONS:,} permutations, {len(cases):,} grids: {own_seconds:.2f} s; "
        f"esda {seconds:.2f} s for {theirs_drawn:,}, one core"
    )
    print(f"deviates apart by {np.abs(own.value - other.Zs).max():.1e} at most")
    print(
        f"p against esda's one-sided p, {told.sum():,} grids above the mean: apart by {np.abs(apart).max():.4f} at "
        f"most, mean {apart.mean():+.5f}; within three standard errors {np.mean(np.abs(apart) <= 3.0 * noise):.2%}"
    )


def time_scan(xy: FloatArray, cases: FloatArray, households: FloatArray, share: float) -> None:
    """Print the time of a circular scan with all its replicates."""
    rng = np.random.default_rng(3)
    scan(xy[:200], cases[:200], households[:200], rng=rng, max_share=share, replicates=9)
    seconds, found = timed(lambda: scan(xy, cases, households, rng=rng, max_share=share, replicates=REPLICATES))
    first = found.clusters[0]
    print(
        f"scan up to {share:.0%}, {REPLICATES} replicates, {len(cases):,} grids, {cases.sum():,.0f} cases, one core: "
        f"{seconds:.1f} s; "
        f"ratio {first.ratio:.4f}, p {first.p:.3f}, {len(first.members)} grids"
    )


def main() -> None:
    """Print what was asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wanted", nargs="*", metavar="gi|scan10|scan50")
    parser.add_argument("--grids", type=int, default=GRIDS)
    parser.add_argument("--esda-permutations", type=int, default=PERMUTATIONS, help="fewer are quicker")
    asked = parser.parse_args()
    wanted = asked.wanted or ["gi", "scan10", "scan50"]
    numba.set_num_threads(1)
    xy, cases, households, weights = town(asked.grids)
    if "gi" in wanted:
        compare_gi_star(cases, weights, asked.esda_permutations)
    for name, share in (("scan10", 0.1), ("scan50", 0.5)):
        if name in wanted:
            time_scan(xy, cases, households, share)


if __name__ == "__main__":
    main()
