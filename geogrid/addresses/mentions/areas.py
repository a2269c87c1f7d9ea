"""Areas as a tree: each within the one above it, down to the deepest that a gazetteer or an edition knows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from geogrid.addresses.mentions.naming import area_names

AreaLevel = Literal["district", "town", "community"]
Path = tuple[int, ...]
"""Areas by their place in the tree, the widest first."""


@dataclass(frozen=True, slots=True)
class Area:
    """An area that a text may be sure of.

    Parameters
    ----------
    name : str
        For people.
    level : str
        Its step of the ladder.
    lon, lat : float
        A point in it, degrees, WGS 84.
    error_m : float
        Radius of a circle around that point that holds it, metres.
    grid : str
        Code of the deepest grid that holds all of it; empty where no grid does.
    address_id : int
        In the gazetteer; 0 where only the edition knows it.
    """

    name: str
    level: AreaLevel
    lon: float
    lat: float
    error_m: float
    grid: str = ""
    address_id: int = 0


@dataclass(slots=True)
class AreaTree:
    """Areas, each under its parent; 0 is the root, which is no area."""

    areas: list[Area | None] = field(default_factory=lambda: [None])
    paths: list[Path] = field(default_factory=lambda: [()])
    children: dict[int, list[int]] = field(default_factory=lambda: {0: []})
    by_name: dict[tuple[int, str], int] = field(default_factory=dict)

    def add(self, parent: int, area: Area) -> int:
        """Add an area under a parent, or return the one of its name that is there."""
        key = area_names(area.name, area.level)[0]
        known = self.by_name.get((parent, key)) if key else None
        if known is not None:
            return known
        place = len(self.areas)
        self.areas.append(area)
        self.paths.append((*self.paths[parent], place))
        self.children.setdefault(parent, []).append(place)
        if key:
            self.by_name[parent, key] = place
        return place

    def area(self, place: int) -> Area:
        """Return an area by its place; the root is none."""
        area = self.areas[place]
        assert area is not None  # noqa: S101 - paths never hold the root
        return area

    def of_grid(self, code: str) -> int | None:
        """Return the area that a grid is, or none."""
        known = (place for place, area in enumerate(self.areas) if area is not None and area.grid == code)
        return next(known, None)

    def named(self, parent: int, name: str, level: AreaLevel) -> int | None:
        """Return the area of a name right below another, or none."""
        return self.by_name.get((parent, area_names(name, level)[0])) if name else None

    def children_of(self, place: int) -> Sequence[int]:
        """Return the areas right below one."""
        return self.children.get(place, ())
