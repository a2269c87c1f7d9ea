"""Colours of what became of grids; here without the libraries that draw maps."""

from collections.abc import Mapping, Sequence
from typing import Final

FATE_COLORS: Final[Mapping[str, str]] = {
    "gone": "#7a7f87",
    "dissolved": "#7a7f87",
    "new": "#0a7d4f",
    "carved": "#5e3c99",
    "split": "#0b6fb8",
    "merged": "#0f9b8e",
    "moved": "#e0a100",
    "recoded": "#e3d3bd",
    "renamed": "#e3d3bd",
    "redigitised": "#c3ccd5",
    "unchanged": "#d9e0e7",
}
"""By the fate that says most of a grid, which is the first here that it has."""

SAME_LAND: Final = frozenset({"recoded", "renamed", "redigitised", "unchanged"})
"""Fates that leave a grid its land; pale on maps, so that what moves is seen."""


def main_fate(fates: Sequence[str]) -> str:
    """Return the fate that says most of a grid."""
    return next((fate for fate in FATE_COLORS if fate in fates), "unchanged")
