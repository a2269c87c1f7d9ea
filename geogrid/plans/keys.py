"""Keys of grids (网格身份): which grid of a plan goes on as which of the edition before."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from geogrid.plans.links import SharedLand

_HALF: Final = 0.5


def continued_keys(
    links: Iterable[SharedLand], before: Mapping[int, int], own: Mapping[int, int], stays: Collection[int]
) -> dict[int, int | None]:
    """Return the key of each grid of a plan that becomes the next edition.

    A grid that has over half of the load of one of the edition before, of its land where there is no load, has its
    key; where it has over half of several, that of the one from which it has most. Any other keeps a key of its own
    that fits it and that the edition before has not, and gets a new one otherwise.

    Parameters
    ----------
    links : iterable of SharedLand
        Of `geogrid.plans.comparing.compare`, edition to plan.
    before : mapping of int to int
        Grids of the edition before and their keys.
    own : mapping of int to int
        Grids of the plan and the keys that they have now, from what the plan was made of, or new ones.
    stays : collection of int
        Grids of the plan whose own key fits them: no edition has had it, or one that is over has, and comes back.

    Returns
    -------
    dict of int to int or None
        By grid of the plan; None for a new key. No key twice.
    """
    found: dict[int, int | None] = dict.fromkeys(own)
    for link in links:
        if link.is_same and link.share > _HALF and link.before in before and link.after in own:
            found[link.after] = before[link.before]
    former = set(before.values())
    for grid, key in own.items():
        if found[grid] is None and grid in stays and key not in former:
            found[grid] = key
    return found
