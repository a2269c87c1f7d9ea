"""Many tests at once: which of them stand when as few as agreed may be false."""

from typing import Literal, get_args

import numpy as np

from geogrid.errors import InvalidInputError
from geogrid.types import FloatArray

Correction = Literal["by", "bh", "none"]
CORRECTIONS: tuple[Correction, ...] = get_args(Correction)


def corrected(p: FloatArray, correction: Correction) -> FloatArray:
    """Return p-values adjusted for how many there are.

    Parameters
    ----------
    p : (n,) float64
        From 0 to 1; NaN where nothing was tested, which counts for nothing.
    correction : {"by", "bh", "none"}
        Benjamini and Yekutieli's, right whatever the tests have to do with each other, as neighbours do; Benjamini
        and Hochberg's, right for tests that go the same way; or none.

    Returns
    -------
    (n,) float64
        Those at most `alpha` hold no more than that share of false ones, on average.

    Raises
    ------
    InvalidInputError
        The correction is unknown.

    References
    ----------
    Benjamini and Hochberg (1995), Controlling the false discovery rate. Benjamini and Yekutieli (2001), The control of
    the false discovery rate in multiple testing under dependency. Caldas de Castro and Singer (2006), Controlling the
    false discovery rate: a new application to account for multiple and dependent tests in local statistics.
    """
    if correction not in CORRECTIONS:
        raise InvalidInputError.of(
            "correction",
            f"Correction {correction!r} is unknown.",
            f"Use one of {', '.join(CORRECTIONS)}.",
            subject="correction",
        )
    adjusted = np.array(p, dtype=np.float64)
    is_tested = np.isfinite(adjusted)
    if correction != "none" and is_tested.any():
        from scipy.stats import false_discovery_control

        adjusted[is_tested] = false_discovery_control(adjusted[is_tested], method=correction)
    return adjusted
