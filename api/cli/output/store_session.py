"""The store, as commands open it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@contextmanager
def open_session(*, keep: bool = True) -> "Iterator[Session]":
    """Open a session on the store; what is only tried is rolled back."""
    from boundaries.store.engine import open_engine, unit_of_work
    from boundaries.store.settings import StoreSettings

    engine = open_engine(StoreSettings())
    try:
        with unit_of_work(engine) as session:
            yield session
            if not keep:
                session.rollback()
    finally:
        engine.dispose()
