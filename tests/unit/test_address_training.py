import numpy as np
import pytest

from tests.benchmarks.address_memory import Memory, slopes_of, start_weights

pytestmark = pytest.mark.long  # its kernels take seconds to compile


@pytest.mark.parametrize("seed", range(3))
def test_slopes_of_the_networks_are_those_of_small_steps(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = start_weights(6, 7, 5, Memory(cells=4, width=3, seed=seed))
    weights["between"] += rng.normal(size=(5, 5)).astype(np.float32)
    tokens = np.stack([rng.permutation(6), rng.permutation(7)[:6]], axis=1)
    known = rng.integers(5, size=6)
    noise = ((rng.random((6, 6)) < 0.7).astype(np.float32), (rng.random((6, 8)) < 0.7).astype(np.float32))
    found = slopes_of(weights, tokens, known, noise)[1]
    for name, column in (("characters", 0), ("pairs", 1)):
        slopes = np.zeros_like(weights[name])
        np.add.at(slopes, tokens[:, column], found[name])
        found[name] = slopes
    step = np.float32(1e-2)
    for name, each in weights.items():
        direction = rng.normal(size=each.shape).astype(np.float32)
        above = slopes_of({**weights, name: each + step * direction}, tokens, known, noise)[0]
        below = slopes_of({**weights, name: each - step * direction}, tokens, known, noise)[0]
        expected = (above - below) / (2 * step)
        assert np.sum(found[name] * direction) == pytest.approx(expected, abs=0.02, rel=0.02), name
