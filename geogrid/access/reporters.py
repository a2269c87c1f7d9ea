"""Who reported a case, as a value, and what of him is shown where nobody asked for more."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from geogrid.access.masking import NumberKind, PersonalNumber, mask_text, plain_number

_EMPTY: Final[Mapping[str, str]] = MappingProxyType({})
_LEAST_SHOWN: Final = 8
"""A number that is shorter shows nothing of itself."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reported a case; what is not known is empty.

    Parameters
    ----------
    name, telephone, email, identity_number : str
        As they were given.
    other : mapping of str to str
        What other systems know him by: the number of a device, of an account.
    """

    name: str = ""
    telephone: str = ""
    email: str = ""
    identity_number: str = ""
    other: Mapping[str, str] = field(default_factory=lambda: _EMPTY)

    def __bool__(self) -> bool:
        """Return whether anything is known of him."""
        return any((self.name, self.telephone, self.email, self.identity_number, self.other))

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Reporter":
        """Return the reporter that `values` of another one describes."""
        names = ("name", "telephone", "email", "identity_number")
        return cls(**{name: str(values.get(name) or "") for name in names}, other=dict(values.get("other") or {}))

    def values(self) -> dict[str, Any]:
        """Return what is known, as JSON."""
        known: dict[str, Any] = {name: value for name, value in self._named() if value}
        return known | ({"other": dict(self.other)} if self.other else {})

    def masked(self) -> dict[str, str]:
        """Return what may be shown wherever the case is: of the name its first character, of numbers a few digits."""
        masks = {"name": mask_name, "telephone": _mask_number, "email": _mask_mail, "identity_number": _mask_number}
        return {name: masks[name](value) for name, value in self._named() if value}

    def numbers(self) -> Iterator[PersonalNumber]:
        """Yield the numbers by which he is found again."""
        for name, value in self._named():
            if value and name != "name":
                number = plain_number(NumberKind(name), value)
                if number.value:
                    yield number

    def _named(self) -> tuple[tuple[str, str], ...]:
        return (
            ("name", self.name),
            ("telephone", self.telephone),
            ("email", self.email),
            ("identity_number", self.identity_number),
        )


def mask_name(name: str) -> str:
    """Return the first character of a name and two stars, however long it is."""
    return f"{name.strip()[:1]}**"


def _mask_number(number: str) -> str:
    """Return a number as a text would show it; one of no known form keeps its last two characters."""
    masked = mask_text(number)
    if masked != number:
        return masked
    shown = 2 if len(number) >= _LEAST_SHOWN else 0
    return "*" * (len(number) - shown) + number[len(number) - shown :]


def _mask_mail(address: str) -> str:
    masked = mask_text(address)
    return masked if masked != address else "*" * len(address)
