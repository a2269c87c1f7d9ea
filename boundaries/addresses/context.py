"""Where a caller is, from the grid of any level that they, or their hotline, belong to."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from boundaries.addresses.answers import Context, GeocodeAnswer
from boundaries.editions.reading import compile_edition, edition_at
from geogrid.editions import Edition, GridShare, Located, grid_shares
from geogrid.errors import NotFoundError
from geogrid.types import GridCode


def caller_context(edition: Edition | None, *, near: tuple[float, float] | None = None, within: str | None) -> Context:
    """Return the context of a caller who is in a grid: only answers in it, and the names of it and of those above.

    Parameters
    ----------
    edition : Edition, optional
        In force; without one nothing is in the grid.
    near : tuple of float, optional
        Longitude and latitude of the caller.
    within : str, optional
        Code of a grid of any level; of an unknown one nothing is inside.
    """
    if within is None:
        return Context(near)
    known = None if edition is None else edition.grids.get(GridCode(within))
    if edition is None or known is None:
        return Context(near, lambda _lon, _lat: False, within=within)

    def inside(lon: float, lat: float) -> bool:
        located = edition.locate(lon, lat)
        return located is not None and any(grid.code == within for grid in located.chain)

    names = tuple(grid.name for grid in reversed(edition.chain(known.code)) if grid.name)
    return Context(near, inside, names, within)


def context_of_store(session: Session, jurisdiction_id: int, *, within: str | None) -> Context:
    """Return `caller_context` of the edition in force.

    Raises
    ------
    NotFoundError
        No edition in force has the grid.
    """
    if within is None:
        return Context()
    now = datetime.now(UTC)
    plan = edition_at(session, jurisdiction_id, now)
    edition = None if plan is None else compile_edition(session, plan, at=now)
    if edition is None or GridCode(within) not in edition.grids:
        raise NotFoundError(
            f"No grid {within!r} is in force. Name the code of a grid of any level of the edition in force."
        )
    return caller_context(edition, within=within)


def located_of(edition: Edition, answer: GeocodeAnswer) -> Located | None:
    """Return the grid of an answer: of an area the deepest that holds it, else that of its point."""
    if answer.grid in edition.grids:
        return edition.held(GridCode(answer.grid))
    return edition.locate(answer.lon, answer.lat, error_m=answer.positional_error_m)


def shares_of(edition: Edition, answer: GeocodeAnswer) -> Sequence[GridShare]:
    """Return the grids that an answer may be in, with their shares: of an area the one that holds it."""
    if answer.grid in edition.grids:
        return (GridShare(edition.grids[GridCode(answer.grid)], 1.0),)
    return grid_shares(edition, answer.lon, answer.lat, answer.positional_error_m)
