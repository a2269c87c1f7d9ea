"""What is still to be stored before a transaction commits, said by whoever began the work that it belongs to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy.orm import Session

Hook = Callable[[Session], None]

_HOOK: ContextVar[Hook | None] = ContextVar("before_commit", default=None)


@contextmanager
def before_commit(hook: Hook) -> Iterator[None]:
    """Call a hook with every session that is about to commit, until the block ends."""
    token = _HOOK.set(hook)
    try:
        yield
    finally:
        _HOOK.reset(token)


def say_last_words(session: Session) -> None:
    """Call the hook, if there is one, with a session that is about to commit; a trial is rolled back by then."""
    hook = _HOOK.get()
    if hook is not None and session.in_transaction():
        hook(session)
