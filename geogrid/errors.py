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
    """Root of every error that GeoGrid raises on purpose; it can be sent to another process."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how it is made again with all that it says, whatever its class is made from."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[GeogridError], told: tuple[Any, ...], members: dict[str, Any]) -> GeogridError:
    error = kind.__new__(kind, *told)
    error.__dict__.update(members)
    return error


class InvalidInputError(GeogridError):
    """Input that is refused whole, with every problem found in it.

    Parameters
    ----------
    problems : iterable of Problem
        At least one; kept in order. The text tells the errors first, and what is none as a warning.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        errors = [str(problem) for problem in self.problems if problem.severity == "error"]
        warnings = [str(problem) for problem in self.problems if problem.severity != "error"]
        told = [f"Warning: {warning}" for warning in warnings] if errors else warnings
        super().__init__("\n".join(errors + told))

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


class SignInNeededError(GeogridError):
    """Nobody who is known asks, and what was asked is not for everybody."""


class ForbiddenError(GeogridError):
    """Who asks is known, and may not do this; the message says who may."""


class UnavailableError(GeogridError):
    """A service or package that is needed cannot be used; the message names the remedy.

    Parameters
    ----------
    message : str
        For who runs GeoGrid: addresses, folders and what the other side said.
    public : str
        For everybody else; the message itself, if left out.
    """

    def __init__(self, message: str, *, public: str = "") -> None:
        self.public = public or message
        super().__init__(message)


class EmptyStoreError(UnavailableError):
    """The store works and nothing is in it yet."""
