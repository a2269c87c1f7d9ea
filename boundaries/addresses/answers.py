"""Answers to address texts, and what is known of who asks."""

from dataclasses import dataclass

from geogrid.addresses.match import Inside, MatchedLevel


@dataclass(frozen=True, slots=True)
class GeocodeAnswer:
    """Where an address text is.

    Parameters
    ----------
    lon, lat : float
        Degrees, WGS 84.
    score : float
        0 to 1.
    matched_level : str
        ``house_number``, ``between_numbers``, ``nearest_number``, ``street``, ``crossing`` or ``name``.
    positional_error_m : float
        Radius around the point within which the place is expected, metres.
    address : str
        The known address that matched.
    why : tuple of str
        Which words matched what.
    needs_review : bool
        Not sure enough to act upon without a person.
    address_id : int
        In the gazetteer; 0 where it is not of it.
    grid : str
        Of an area: code of the deepest grid that holds all of it, empty where none does.
    """

    lon: float
    lat: float
    score: float
    matched_level: MatchedLevel
    positional_error_m: float
    address: str
    why: tuple[str, ...] = ()
    needs_review: bool = False
    address_id: int = 0
    grid: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of where the caller is.

    Parameters
    ----------
    near : tuple of float, optional
        Longitude and latitude; of equal answers the nearer counts more.
    inside : callable, optional
        Whether a longitude and latitude may be meant: the hotline's district, say. Answers elsewhere are left out.
    areas : tuple of str
        Names of areas, widest first, that a caller may leave unsaid: "七组" of the caller's village.
    within : str, optional
        Code of the grid that `inside` is of.
    """

    near: tuple[float, float] | None = None
    inside: Inside | None = None
    areas: tuple[str, ...] = ()
    within: str | None = None


ANYWHERE = Context()
