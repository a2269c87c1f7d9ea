"""Keys of grids by the rule alone: none twice, and kept exactly where over half of a grid goes on."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geogrid.plans.keys import continued_keys
from geogrid.plans.links import SharedLand


@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_a_key_is_kept_by_who_has_over_half_and_given_once(old: int, new: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    parts, loads = rng.dirichlet(np.full(new, 0.3), size=old), rng.integers(1, 50, old)
    before = {grid: 100 + grid for grid in range(old)}
    # What the plan was made of may have had keys of the edition before, and has others.
    mixed = rng.permutation(np.arange(100, 100 + old + new))[:new]
    own = {1000 + grid: int(key) for grid, key in enumerate(mixed)}
    stays = {grid for grid in own if rng.random() < 0.5}
    goes_on = {}
    for grid in range(new):
        givers = [(parts[a, grid] * loads[a], a) for a in range(old) if parts[a, grid] > 0.5]
        if givers:
            goes_on[grid] = max(givers)[1]
    links = [
        SharedLand(1, a, 1000 + b, goes_on.get(b) == a, float(parts[a, b]), float(loads[a]))
        for a in range(old)
        for b in range(new)
    ]
    found = continued_keys(links, before, own, stays)
    given_keys = [key for key in found.values() if key is not None]
    assert len(given_keys) == len(set(given_keys))
    for grid in range(new):
        is_free = own[1000 + grid] not in before.values() and 1000 + grid in stays
        kept = own[1000 + grid] if is_free else None
        assert found[1000 + grid] == (before[goes_on[grid]] if grid in goes_on else kept)
