"""How people really write an address: for demonstrations and for testing the lookup."""

import unicodedata
from typing import Final

import numpy as np

_LEAST_LETTERS: Final = 6
_SHORT_FORMS: Final = (
    ("Street", "St"),
    ("Avenue", "Ave"),
    ("Boulevard", "Blvd"),
    ("Road", "Rd"),
    ("Place", "Pl"),
    ("Rue ", "R. "),
)


def misspell(street: str, house_number: str, city: str, *, rng: np.random.Generator) -> str:
    """Return an address as somebody might write it: whole, abbreviated, without accents, or with one slip.

    Parameters
    ----------
    street, house_number, city : str
        The address; the city may be empty.
    rng : numpy.random.Generator
        Draws the spelling.
    """
    plain = f"{street} {house_number}"
    spellings = (
        plain,
        f"{plain}, {city}" if city else plain,
        plain.lower(),
        f"{house_number} {street}".upper(),
        f"{plain}号",
        f"{_without_accents(street)} {house_number}",
        f"{_shortened(street)} {house_number}",
        f"{_slip(street, rng)} {house_number}",
    )
    return spellings[int(rng.integers(len(spellings)))]


def _without_accents(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def _shortened(street: str) -> str:
    for word, short in _SHORT_FORMS:
        if word in street:
            return street.replace(word, short)
    return street


def _slip(street: str, rng: np.random.Generator) -> str:
    """Return a street with one letter lost, doubled or swapped; a short name stays as it is."""
    if len(street) < _LEAST_LETTERS:
        return street
    place = int(rng.integers(1, len(street) - 2))
    head, here, following, tail = street[:place], street[place], street[place + 1], street[place + 2 :]
    return head + (following, here * 2 + following, following + here)[int(rng.integers(3))] + tail
