"""What people say of a plan: of a grid, of a place, or of the whole; settled when somebody says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanValues
from geogrid.errors import InvalidInputError, NotFoundError, Problem

MOST_CHARACTERS: Final = 2_000

_LIST: Final = text("""
    select id, plan_id, words, grid, ST_X(geom) as lon, ST_Y(geom) as lat, made_by, made_at, resolved_by, resolved_at
    from plan_comments where plan_id = :plan and (cast(:id as int) is null or id = :id)
    order by resolved_at is not null, id desc
""")
_ADD: Final = text("""
    insert into plan_comments (plan_id, words, grid, geom, made_by)
    values (:plan, :words, :grid, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :by) returning id
""")
_HAS_GRID: Final = text("select from grids where plan_id = :plan and code = :code")
_RESOLVE: Final = text("""
    update plan_comments set resolved_by = :by, resolved_at = case when cast(:by as text) is not null then now() end
    where id = :id
""")


@dataclass(frozen=True, slots=True)
class CommentRecord:
    """A comment; `grid` is a code, `lon` and `lat` are where it is pinned, each None where it is about more."""

    id: int
    plan_id: int
    words: str
    grid: str | None
    lon: float | None
    lat: float | None
    made_by: str
    made_at: datetime
    resolved_by: str | None
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewComment:
    """What somebody wants to say: of a grid by its code, of a place, or, without either, of the plan."""

    words: str
    grid: str | None = None
    lonlat: tuple[float, float] | None = None


def comments_on(session: Session, plan: PlanValues) -> Sequence[CommentRecord]:
    """Return what was said of a plan: what is not settled first, then the newest."""
    return [CommentRecord(*row) for row in session.execute(_LIST, {"plan": plan.id, "id": None})]


def add_comment(session: Session, plan: PlanValues, said: NewComment, *, made_by: str) -> CommentRecord:
    """Keep what somebody says of a plan of any state.

    Raises
    ------
    InvalidInputError
        Nothing is said, or too much, or the plan has no such grid; everything at once.
    """
    words = said.words.replace("\x00", "").strip()
    problems = []
    if not words:
        problems.append(Problem("no-words", "The comment says nothing.", "Write what you think.", subject="words"))
    if len(words) > MOST_CHARACTERS:
        problems.append(
            Problem(
                "too-long",
                f"The comment has {len(words):,} characters, and {MOST_CHARACTERS:,} are the most.",
                "Say it in two comments.",
                subject="words",
            )
        )
    if said.grid and session.execute(_HAS_GRID, {"plan": plan.id, "code": said.grid}).first() is None:
        remedy = "Take a code of this plan, or leave it out."
        problems.append(Problem("unknown-grid", f"Plan {plan.id} has no grid {said.grid!r}.", remedy, subject="grid"))
    if problems:
        raise InvalidInputError(problems)
    lon, lat = said.lonlat or (None, None)
    values = {"plan": plan.id, "words": words, "grid": said.grid or None, "lon": lon, "lat": lat, "by": made_by}
    return _one(session, plan, session.execute(_ADD, values).scalar_one())


def settle_comment(session: Session, plan: PlanValues, comment_id: int, *, by: str | None) -> CommentRecord:
    """Mark a comment as settled by somebody, or, with None, as open again.

    Raises
    ------
    NotFoundError
        The plan has no such comment.
    """
    _one(session, plan, comment_id)
    session.execute(_RESOLVE, {"id": comment_id, "by": by})
    return _one(session, plan, comment_id)


def _one(session: Session, plan: PlanValues, comment_id: int) -> CommentRecord:
    row = session.execute(_LIST, {"plan": plan.id, "id": comment_id}).first()
    if row is None:
        raise NotFoundError(f"Plan {plan.id} has no comment {comment_id}.")
    return CommentRecord(*row)
