"""Inner loops of the scan statistic."""

import numpy as np

from geogrid.jit import Array, inner, kernel

LANES = 64
"""Replicates that are scanned side by side: a row of small counts then is one line of the processor's cache."""


@inner
def _ratio(cases: float, expected: float, total: float) -> float:
    """Return the log likelihood ratio of a zone of many cases; 0 where it has no more than expected."""
    if cases <= expected or expected <= 0.0:
        return 0.0
    ratio = cases * np.log(cases / expected)
    if cases < total:
        ratio += (total - cases) * np.log((total - cases) / (total - expected))
    return ratio


@kernel
def best_prefixes(orders: Array, lengths: Array, cases: Array, expected: Array, total: float) -> tuple[Array, Array]:
    """Return, by order, the largest log likelihood ratio among its beginnings, and how many places that one has.

    Parameters
    ----------
    orders : (m, k) int32
        Places, nearest first.
    lengths : (m,) int64
        Places of each order that may be taken.
    cases, expected : (n,) float64
        By place.
    total : float
        Of the cases.
    """
    ratios, sizes = np.zeros(len(orders)), np.zeros(len(orders), np.int64)
    for row in range(len(orders)):
        inside, chance = 0.0, 0.0
        for place in range(lengths[row]):
            inside += cases[orders[row, place]]
            chance += expected[orders[row, place]]
            ratio = _ratio(inside, chance, total)
            if ratio > ratios[row]:
                ratios[row], sizes[row] = ratio, place + 1
    return ratios, sizes


@kernel
def step_ends(orders: Array, lengths: Array, expected: Array, step: float) -> tuple[Array, Array]:
    """Return where steps of places end, order after order, and where those of each order begin.

    A step is as many places as bring what is expected from one multiple of `step` standard deviations to the next.

    Returns
    -------
    ends : (s,) int32
        One past the last place of each step; the last one of an order is its length.
    starts : (m + 1,) int64
        Where the steps of each order begin in `ends`.
    """
    starts = np.zeros(len(orders) + 1, np.int64)
    ends = np.empty(lengths.sum(), np.int32)
    count = 0
    half = 0.5 * step
    for row in range(len(orders)):
        chance, limit = 0.0, -1.0
        for place in range(lengths[row]):
            more = chance + expected[orders[row, place]]
            if more >= limit:
                if place > 0:
                    ends[count] = place
                    count += 1
                limit = (half * (np.floor(np.sqrt(more) / half) + 1.0)) ** 2
            chance = more
        ends[count] = lengths[row]
        count += 1
        starts[row + 1] = count
    return ends[:count].copy(), starts


@kernel
def scan_replicates(
    orders: Array,
    ends: Array,
    starts: Array,
    cases: Array,
    expected: Array,
    total: float,
    factor: float,
    sums: Array,
    best: Array,
) -> None:
    """Raise `best`, by replicate, to the largest log likelihood ratio among the beginnings of all orders.

    A step of places is passed over where even all its cases, held against the expectation before the step, would not
    reach what there is already: the ratio grows with cases and falls with what is expected.

    Parameters
    ----------
    orders : (m, k) int32
        As for `best_prefixes`.
    ends, starts
        As `step_ends` returns them.
    cases : (n, LANES) uint8, or int32 where a place has more than 255
        Of the replicates, by place.
    expected : (n,) float64
        By place.
    factor : float
        What the ratios are multiplied by.
    sums : (2, LANES) uint16, or int32 where there are more than 65,535 cases
        Room to count in: half as many bytes are added twice as fast.
    best : (LANES,) float64
        Changed in place.
    """
    now, before = sums[0], sums[1]
    least = best.min()
    for row in range(len(orders)):
        now[:] = 0
        before[:] = 0
        chance, first = 0.0, 0
        for end in ends[starts[row] : starts[row + 1]]:
            chance_before = chance
            floor = chance + expected[orders[row, first]]
            for place in range(first, end):
                member = orders[row, place]
                chance += expected[member]
                for lane in range(LANES):
                    now[lane] += cases[member, lane]
            # More than a normal distribution gives, cheaper than logarithms: for all replicates at once, then for each.
            bound = factor * (0.5 / floor + 1.0 / (total - floor)) if floor > 0.0 else np.inf
            most = now[0]
            for lane in range(LANES):
                most = max(most, now[lane])
            if most > floor + np.sqrt(least / bound):
                step, start = orders[row, first:end], (before, chance_before)
                _raise_best(step, cases, expected, total, factor, now, (floor, bound), start, best)
                least = best.min()
            before[:] = now
            first = end


@inner
def _raise_best(
    step: Array,
    cases: Array,
    expected: Array,
    total: float,
    factor: float,
    now: Array,
    least: tuple[float, float],
    start: tuple[Array, float],
    best: Array,
) -> None:
    """Raise `best` where a zone that ends in a step reaches more.

    `least` is what is expected at least, and the bound that goes with it; `start` is what was before the step.
    """
    before, chance = start
    floor, bound = least
    for lane in range(LANES):
        above = float(now[lane]) - floor
        if above <= 0.0 or above * above * bound <= best[lane]:
            continue
        # A step that begins where nobody lives has no bound.
        if floor <= 0.0 or factor * _ratio(float(now[lane]), floor, total) > best[lane]:
            ratio = _best_of_step(step, cases[:, lane], expected, float(before[lane]), chance, total)
            best[lane] = max(best[lane], factor * ratio)


@inner
def _best_of_step(step: Array, cases: Array, expected: Array, inside: float, chance: float, total: float) -> float:
    best = 0.0
    for member in step:
        inside += cases[member]
        chance += expected[member]
        best = max(best, _ratio(inside, chance, total))
    return best


@kernel
def best_masks(
    near: Array, masks: Array, starts: Array, cases: Array, expected: Array, total: float
) -> tuple[Array, Array]:
    """Return, by centre, the largest log likelihood ratio among its connected sets, and the set.

    Parameters
    ----------
    near : (n, k) int32
        Places near each centre, itself first.
    masks : (m,) int64
        Sets as bits of positions in `near`, centre after centre.
    starts : (n + 1,) int64
        Where the sets of each centre begin.
    """
    size = near.shape[1]
    ratios, found = np.zeros(len(near)), np.zeros(len(near), np.int64)
    inside, chance = np.zeros(1 << size), np.zeros(1 << size)
    for centre in range(len(near)):
        _sum_subsets(near[centre], cases, inside)
        _sum_subsets(near[centre], expected, chance)
        for entry in range(starts[centre], starts[centre + 1]):
            mask = masks[entry]
            ratio = _ratio(inside[mask], chance[mask], total)
            if ratio > ratios[centre]:
                ratios[centre], found[centre] = ratio, mask
    return ratios, found


@inner
def _sum_subsets(near: Array, values: Array, sums: Array) -> None:
    """Write the sum of values of every set of near places."""
    sums[0] = 0.0
    for bit in range(len(near)):
        half = 1 << bit
        for mask in range(half):
            sums[half + mask] = sums[mask] + values[near[bit]]


@kernel
def connected_masks(near: Array, touching: Array) -> tuple[Array, Array]:
    """Return every connected set that holds the centre, as bits of positions in `near`, and where each centre's begin.

    Parameters
    ----------
    near : (n, k) int32
        Places near each centre, itself first.
    touching : (n, k) int64
        By centre and position, the positions that touch it, as bits.
    """
    size = near.shape[1]
    starts = np.zeros(len(near) + 1, np.int64)
    masks = np.empty(len(near) << (size - 1), np.int64)
    count = 0
    for centre in range(len(near)):
        for rest in range(1 << (size - 1)):
            mask = (rest << 1) | 1
            reached = 1
            grown = 0
            while grown != reached:
                grown = reached
                for bit in range(size):
                    if (grown >> bit) & 1:
                        reached |= touching[centre, bit] & mask
            if reached == mask:
                masks[count] = mask
                count += 1
        starts[centre + 1] = count
    return masks[:count].copy(), starts


@kernel
def best_cylinders(
    orders: Array,
    lengths: Array,
    cases: Array,
    expected: Array,
    total: float,
    longest: int,
    only_alive: bool,  # noqa: FBT001 - a kernel takes what it takes by position
) -> tuple[Array, Array, Array, Array]:
    """Return, by order, the largest log likelihood ratio of its cylinders: places, first and last period.

    Parameters
    ----------
    cases, expected : (n, t) float64
        By place and period.
    longest : int
        Periods of a cylinder at most.
    only_alive : bool
        Only cylinders that last to the last period.
    """
    periods = cases.shape[1]
    rows = len(orders)
    ratios, sizes = np.zeros(rows), np.zeros(rows, np.int64)
    begins, ends = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    inside, chance = np.zeros(periods + 1), np.zeros(periods + 1)
    for row in range(rows):
        inside[:] = 0.0
        chance[:] = 0.0
        for place in range(lengths[row]):
            member = orders[row, place]
            more, more_chance = 0.0, 0.0
            for period in range(periods):
                more += cases[member, period]
                more_chance += expected[member, period]
                inside[period + 1] += more
                chance[period + 1] += more_chance
            for end in range(periods if only_alive else 1, periods + 1):
                for begin in range(max(0, end - longest), end):
                    ratio = _ratio(inside[end] - inside[begin], chance[end] - chance[begin], total)
                    if ratio > ratios[row]:
                        ratios[row], sizes[row], begins[row], ends[row] = ratio, place + 1, begin, end
    return ratios, sizes, begins, ends
