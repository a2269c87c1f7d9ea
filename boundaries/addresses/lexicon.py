"""The lexicon of a town, from its gazetteer and its edition in force, kept as long as both stay as they are."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from typing import Any, Final
from weakref import WeakKeyDictionary

import geopandas as gpd
import numpy as np
import shapely
from cachetools import LRUCache
from sqlalchemy import Engine, Row, text
from sqlalchemy.orm import Session

from boundaries.addresses.area_codes import radius_m
from boundaries.addresses.areas import LEARNED
from boundaries.editions.reading import edition_at, grid_frame
from boundaries.grids.records import PlanRecord
from geogrid.addresses.mentions.areas import Area, AreaLevel, AreaTree
from geogrid.addresses.mentions.lexicon import KnownPlace, Lexicon, build_lexicon

_MOST_KEPT: Final = 4
_LADDER: Final[tuple[AreaLevel, ...]] = ("district", "town", "community")
_LEVEL_BY_ENDING: Final[dict[str, AreaLevel]] = {
    **dict.fromkeys("区县市旗", "district"), **dict.fromkeys("镇乡道", "town"), "村": "community",
}  # fmt: skip

_STATE = text("select coalesce(max(id), 0) from addresses")
_AREAS = text(
    """
    select id, city, district, town, community, st_x(geom) as lon, st_y(geom) as lat, error_m
    from addresses
    where jurisdiction_id = :jurisdiction_id and source <> :learned and street || name || estate || village_group = ''
      and district || town || community ~ '[\u3400-\u9fff]'
    order by (town = '' and community = '') desc, (community = '') desc, id
    """
)
_PLACES = text(
    """
    select id, coalesce(nullif(name, ''), nullif(estate, ''), street) as name, aliases, city, district, town, community,
           st_x(geom) as lon, st_y(geom) as lat
    from addresses
    where jurisdiction_id = :jurisdiction_id and source <> :learned and name || estate || street ~ '[\u3400-\u9fff]'
      and (name || estate <> '' or house_number = '')
    order by id
    """
)


class _Shelf:
    """Lexicons by the state that they were made from, a few for each store."""

    def __init__(self) -> None:
        self._of_store: WeakKeyDictionary[Engine, LRUCache[tuple[int, ...], Lexicon | None]] = WeakKeyDictionary()
        self._lock = Lock()

    def lexicon(self, session: Session, jurisdiction_id: int) -> Lexicon | None:
        now = datetime.now(UTC)
        plan = edition_at(session, jurisdiction_id, now)
        state = (jurisdiction_id, int(session.execute(_STATE).scalar_one()), 0 if plan is None else plan.id)
        engine = session.get_bind().engine
        with self._lock:
            kept = self._of_store.setdefault(engine, LRUCache(_MOST_KEPT))
            if state not in kept:
                kept[state] = _made(session, jurisdiction_id, plan)
            return kept[state]


@cache
def _shelf() -> _Shelf:
    return _Shelf()


def lexicon_of(session: Session, jurisdiction_id: int) -> Lexicon | None:
    """Return the lexicon of a town; none where its gazetteer has no Chinese names in areas that differ."""
    return _shelf().lexicon(session, jurisdiction_id)


def _made(session: Session, jurisdiction_id: int, plan: PlanRecord | None) -> Lexicon | None:
    asked = {"jurisdiction_id": jurisdiction_id, "learned": LEARNED}
    areas, places = (session.execute(query, asked).all() for query in (_AREAS, _PLACES))
    if not areas and not places:
        return None
    tree = AreaTree()
    grids = _Grids(tree, None if plan is None else grid_frame(session, plan))
    for row, holder in zip(areas, grids.holders(areas, [row.error_m for row in areas]), strict=True):
        _add_area(tree, row, holder)
    known = [
        KnownPlace(name, tree.paths[holder or _named_area(tree, row)], row.id)
        for row, holder in zip(places, grids.holders(places, [0.0] * len(places)), strict=True)
        for name in (row.name, *row.aliases)
    ]
    return build_lexicon(tree, known) if len(tree.areas) > 1 else None


class _Grids:
    """The grids of an edition as areas of a tree, and which of them hold points with their errors."""

    def __init__(self, tree: AreaTree, frame: gpd.GeoDataFrame | None) -> None:
        self._tree = tree
        self._leaves: list[int] = []
        self._shapes = shapely.STRtree([])
        if frame is None:
            return
        places: dict[str, int] = {}
        shapes = frame.geometry.to_numpy()
        radius = radius_m(shapes)
        points = shapely.get_coordinates(shapely.point_on_surface(shapes))
        order = np.argsort(frame["level"].to_numpy(), kind="stable")
        for row in order.tolist():
            grid = frame.iloc[row]
            parent = places.get(grid["parent"], 0)
            lon, lat = points[row].tolist()
            area = Area(grid["name"], _level_of(grid["name"]), lon, lat, float(radius[row]), grid["code"])
            places[grid["code"]] = tree.add(parent, area)
        is_leaf = ~frame["code"].isin(set(frame["parent"].dropna())).to_numpy()
        self._leaves = [places[code] for code in frame["code"][is_leaf]]
        self._shapes = shapely.STRtree(shapes[is_leaf])

    def holders(self, rows: Sequence[Row[Any]], errors_m: Sequence[float]) -> list[int]:
        """Return the deepest grid that holds each row's point with its error; 0 outside, and without an edition."""
        found = [0] * len(rows)
        points = shapely.points([(row.lon, row.lat) for row in rows]) if rows and self._leaves else []
        at, leaf = self._shapes.query(points, predicate="intersects") if self._leaves and rows else ([], [])
        for row, position in sorted(zip(at, leaf, strict=True), reverse=True):  # on a shared edge the first leaf
            path = self._tree.paths[self._leaves[position]]
            wide = [place for place in path if self._tree.area(place).error_m >= errors_m[row]]
            found[row] = wide[-1] if wide else 0
        return found


def _add_area(tree: AreaTree, row: Row[Any], holder: int) -> None:
    """Add an area of the gazetteer below the grid that holds it, or below the areas that it names."""
    parent = holder or _city(tree, row)
    narrowest = next(level for level in reversed(_LADDER) if getattr(row, level))
    above = {tree.area(place).name for place in tree.paths[holder]}
    below = _LADDER.index(tree.area(holder).level) + 1 if holder else 0
    for level in _LADDER[below : _LADDER.index(narrowest) + 1]:
        name = getattr(row, level)
        if name and name not in above:
            grid = tree.area(parent).grid if parent else ""
            own = level == narrowest
            parent = tree.add(parent, Area(name, level, row.lon, row.lat, row.error_m, grid, row.id if own else 0))


def _city(tree: AreaTree, row: Row[Any]) -> int:
    """Return the area of a row's city, above districts, where towns of several cities are known."""
    return tree.named(0, row.city, "district") or 0


def _named_area(tree: AreaTree, row: Row[Any]) -> int:
    """Return the deepest known area among those that a place names."""
    place = _city(tree, row)
    for level in _LADDER:
        place = tree.named(place, getattr(row, level), level) or place
    return place


def _level_of(name: str) -> AreaLevel:
    return "community" if name.endswith(("社区", "小区")) else _LEVEL_BY_ENDING.get(name[-1:], "community")
