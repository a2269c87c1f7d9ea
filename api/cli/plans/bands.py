"""The band of a plan as an option of commands: LOW:HIGH, and the load that it is about."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

# As `geogrid.editions.fields` has them: to ask it takes longer than all other options of a command together.
LOADS = ("households", "population", "buildings")
Function = TypeVar("Function", bound=Callable[..., Any])


class BandOption(click.ParamType[tuple[float, float]]):
    """Two numbers with a colon between them."""

    name = "LOW:HIGH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        """Return both numbers, or refuse the option."""
        if isinstance(value, tuple):
            return value
        parts = str(value).split(":")
        try:
            numbers = [float(part) for part in parts]
        except ValueError:
            numbers = []
        if len(numbers) != 2 or not 0 < numbers[0] <= numbers[1] < float("inf"):  # noqa: PLR2004 - low and high
            self.fail(f"{value!r} is not LOW:HIGH with 0 < LOW <= HIGH, e.g. 300:500.", param, ctx)
        return numbers[0], numbers[1]


def banded(function: Function) -> Function:
    """Add the options that say what is balanced, and its limits."""
    load = click.option("--load", type=click.Choice(LOADS), help="What the band balances; households, if nothing says.")
    band = click.option("--band", type=BandOption(), help="Load of each comprehensive grid, e.g. 300:500.")
    return band(load(function))
