"""The one error tree, and the problem record that every check returns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input, with its place and the remedy.

    Parameters
    ----------
    kind : str
        Short stable name, e.g. ``"overlap"``.
    message : str
        What is wrong, with which and the limit, as a sentence.
    remedy : str
        What the user can do about it, as a sentence.
    severity : {"error", "warning"}
        An error refuses the input; a warning is listed and lets it through.
    subject : str
        What the problem is about: a code, a row, a parameter.
    lonlat : tuple of float, optional
        Place, degrees, WGS 84.
    size : float, optional
        Extent of the problem in `unit`.
    unit : str
        Unit of `size`, e.g. ``"m2"``.
    """

    kind: str
    message: str
    remedy: str = ""
    severity: Severity = "error"
    subject: str = ""
    lonlat: tuple[float, float] | None = None
    size: float | None = None
    unit: str = ""

    def __str__(self) -> str:
        """Return the sentence and the remedy."""
        return f"{self.message} {self.remedy}".rstrip()


class GeogridError(Exception):
    """Root of every error that GeoGrid raises on purpose."""


class InvalidInputError(GeogridError):
    """Input that is refused whole, with every problem found in it.

    Parameters
    ----------
    problems : iterable of Problem
        At least one; kept in order.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def of(cls, kind: str, message: str, remedy: str = "", *, subject: str = "") -> "InvalidInputError":
        """Return the error of a single problem."""
        return cls([Problem(kind, message, remedy, subject=subject)])


class NotFoundError(GeogridError):
    """Something asked for by name is not there."""


class ConflictError(GeogridError):
    """The stored state forbids what was asked."""


class StaleError(ConflictError):
    """What is to be changed has changed since it was read.

    Parameters
    ----------
    message : str
        What changed, and the remedy.
    version : int
        The version as it is now.
    changes : sequence of mapping
        What happened since the version that was read, oldest first.
    """

    def __init__(self, message: str, *, version: int, changes: Sequence[Mapping[str, Any]] = ()) -> None:
        self.version = version
        self.changes = tuple(changes)
        super().__init__(message)


class UnavailableError(GeogridError):
    """A service or package that is needed cannot be used; the message names the remedy."""
