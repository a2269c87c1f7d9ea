"""One way to read a question."""

from dataclasses import dataclass

from geogrid.addresses.numbers import HouseNumber


@dataclass(frozen=True, slots=True)
class Interpretation:
    """A name that the gazetteer may have, and the number that would stand on it.

    Parameters
    ----------
    name : str
        Normalised.
    number : HouseNumber, optional
        The house, lane or building number next to it.
    kind : str
        What the words around say that it is: ``"street"``, ``"place"``, ``"area"`` or empty where they do not.
    worth : float
        Below 1 where a word had to be mended.
    is_strict : bool
        Whether it only counts where the very number is known: 20 E of "20 E Main Street" is else number 20.
    """

    name: str
    number: HouseNumber | None = None
    kind: str = ""
    worth: float = 1.0
    is_strict: bool = False
