"""Numbers and counts as sentences tell them."""

import html
import math
from collections.abc import Mapping

_SIGNIFICANT = 6
_TEN, _KILOMETRE = 10, 1_000


def amount(value: float) -> str:
    """Return a number in full: ``1,240,000``, ``12.5``, ``0.0004``.

    Parameters
    ----------
    value : float
        Whole numbers are told to the last digit, others to six significant ones.
    """
    if not math.isfinite(value):
        return str(value)
    if float(value).is_integer():
        return f"{value:,.0f}"
    digits = max(_SIGNIFICANT - 1 - math.floor(math.log10(abs(value))), 0)
    told = f"{value:,.{digits}f}"
    return told.rstrip("0").rstrip(".") if digits else told


def distance(metres: float) -> str:
    """Return a distance as people tell it: ``4.2 m``, ``350 m``, ``1.4 km``, ``283 km``."""
    if metres < _TEN:
        return f"{metres:,.1f} m"
    if metres < _KILOMETRE:
        return f"{metres:,.0f} m"
    kilometres = metres / _KILOMETRE
    return f"{kilometres:,.1f} km" if kilometres < _TEN else f"{kilometres:,.0f} km"


def band_of(low: float, high: float) -> str:
    """Return a band as `--band` takes it: ``800000:1200000``."""
    return ":".join(amount(limit).replace(",", "") for limit in (low, high))


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return so many of a thing: ``1 block``, ``1,240 blocks``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def html_table(title: str, rows: Mapping[str, str]) -> str:
    """Return a small table as notebooks show it; all of its texts are escaped.

    Parameters
    ----------
    title : str
        Over the table.
    rows : mapping of str to str
        What is told, in this order.
    """
    lines = "".join(
        f'<tr><th style="text-align:left">{html.escape(name)}</th>'
        f'<td style="text-align:right">{html.escape(text)}</td></tr>'
        for name, text in rows.items()
    )
    caption = f'<caption style="text-align:left;font-weight:bold">{html.escape(title)}</caption>'
    return f"<table>{caption}<tbody>{lines}</tbody></table>"
