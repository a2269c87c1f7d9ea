"""What a planner can do to a plan, as values; how each is done stands in `geogrid.plans.operations.perform`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shapely import LineString, MultiPolygon, Polygon

from geogrid.types import DedicatedCategory


@dataclass(frozen=True, slots=True)
class MoveBlocks:
    """Give blocks to a leaf."""

    blocks: tuple[int, ...]
    to: str


@dataclass(frozen=True, slots=True)
class MoveLand:
    """Give the land within a drawn patch to a leaf; blocks are cut along it, never through a building.

    Parameters
    ----------
    patch : Polygon or MultiPolygon
        Degrees, WGS 84.
    to : str
        Code of a leaf.
    """

    patch: Polygon | MultiPolygon
    to: str


@dataclass(frozen=True, slots=True)
class SplitByLine:
    """Split a leaf along a drawn line; each block goes to the side that has most of it, or is cut.

    Parameters
    ----------
    grid : str
        Code of the leaf. The part with most load keeps it.
    line : LineString
        From edge to edge, degrees, WGS 84.
    names : tuple of str
        Of the new grids; numbered names if left out.
    cut : bool
        Cut blocks along the line, never through a building; the part with most land keeps the code then.
    """

    grid: str
    line: LineString
    names: tuple[str, ...] = ()
    cut: bool = False


@dataclass(frozen=True, slots=True)
class SplitInto:
    """Let the engine split a leaf.

    Parameters
    ----------
    grid : str
        Code of the leaf.
    count : int, optional
        Into how many; if left out, into the band.
    band : tuple of float, optional
        The plan's own if left out.
    seed : int
        Same seed, same split.
    """

    grid: str
    count: int | None = None
    band: tuple[float, float] | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Merge:
    """Make one grid of several of a level.

    Parameters
    ----------
    grids : tuple of str
        Codes, at least two.
    keep : str, optional
        Which of them remains; the one with most load if left out.
    code, name : str, optional
        New code and name of the result; ``code="new"`` numbers it by the profile as a merged one.
    apart : tuple of str
        Codes of those that do not touch the others and are meant nonetheless; no other such grid is merged.
    """

    grids: tuple[str, ...]
    keep: str | None = None
    code: str | None = None
    name: str | None = None
    apart: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Carve:
    """Carve a dedicated grid (专属网格) out of blocks, or out of the land within a patch.

    Parameters
    ----------
    blocks : tuple of int
        Its land; empty for a patch.
    name, category : str
        The institution.
    code : str, optional
        By the profile if left out.
    patch : Polygon or MultiPolygon, optional
        Its land, degrees, WGS 84; blocks are cut along it, never through a building.
    """

    blocks: tuple[int, ...] = ()
    name: str = ""
    category: DedicatedCategory = "other"
    code: str | None = None
    patch: Polygon | MultiPolygon | None = None


@dataclass(frozen=True, slots=True)
class Dissolve:
    """Give the land of a dedicated grid back.

    Parameters
    ----------
    grid : str
        Code of a dedicated leaf.
    into : str, optional
        Leaf that takes the land; the comprehensive neighbour with the longest shared boundary if left out.
    apart : tuple of str
        The grid again, where it is meant to go to one that it does not touch.
    """

    grid: str
    into: str | None = None
    apart: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rebalance:
    """Bring leaves into the band with few households moved.

    Parameters
    ----------
    grids : tuple of str
        Codes, of leaves or of grids above them; all if empty.
    band : tuple of float, optional
        The plan's own if left out.
    """

    grids: tuple[str, ...] = ()
    band: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Rename:
    """Give grids other names."""

    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Recode:
    """Give grids other codes; exchanges are allowed.

    Parameters
    ----------
    codes : mapping of str to str
        New code by old; empty to number everything by the profile.
    """

    codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChangeParent:
    """Put grids below another grid of the level above."""

    grids: tuple[str, ...]
    parent: str


@dataclass(frozen=True, slots=True)
class AssignDuty:
    """Put a person or team on duty."""

    grid: str
    role: str
    holder: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class EndDuty:
    """Take a person or team off duty."""

    grid: str
    role: str
    holder: str


@dataclass(frozen=True, slots=True)
class InsertLevel:
    """Put a level into the plan; every grid of the level above gets one grid of it.

    Parameters
    ----------
    position : int
        2 is below the top; one more than there are levels is below the lowest.
    name, name_zh : str
        Of the level.
    """

    position: int
    name: str
    name_zh: str = ""


@dataclass(frozen=True, slots=True)
class RemoveLevel:
    """Take a level between the top and the lowest out of the plan."""

    position: int


@dataclass(frozen=True, slots=True)
class RenameLevel:
    """Give a level another name."""

    position: int
    name: str
    name_zh: str = ""


@dataclass(frozen=True, slots=True)
class SetBand:
    """Give the plan another band, or another load to balance.

    Parameters
    ----------
    band : tuple of float, optional
        Limits of the load of comprehensive leaves; as it is if left out.
    load : str, optional
        What the band balances; as it is if left out.
    """

    band: tuple[float, float] | None = None
    load: str | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """Keep grids, and all that is below them, as they are until they are unlocked."""

    grids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unlock:
    """Let grids be changed again."""

    grids: tuple[str, ...]


Operation = (
    MoveBlocks
    | MoveLand
    | SplitByLine
    | SplitInto
    | Merge
    | Carve
    | Dissolve
    | Rebalance
    | Rename
    | Recode
    | ChangeParent
    | AssignDuty
    | EndDuty
    | InsertLevel
    | RemoveLevel
    | RenameLevel
    | SetBand
    | Lock
    | Unlock
)
