"""Pieces of real towns with rings, lines and numbers broken at random, as files of strangers have them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from boundaries.files.osm import read_extract

SIDES_M = (300.0, 450.0, 700.0)
FAR_M = 1e9
MANY = 25
ROLES = ("streets", "buildings", "sites", "limit", "nested_in", "estates", "barriers")

Shapes = list[shapely.Geometry | None]
Damage = Callable[[Shapes, int, np.random.Generator], None]


@dataclass(frozen=True)
class DamagedTown:
    """Layers in metres, and what was done to which row of which."""

    layers: dict[str, gpd.GeoDataFrame]
    done: tuple[tuple[str, str, int], ...]


@lru_cache(maxsize=8)
def _whole(path: Path) -> tuple[dict[str, gpd.GeoDataFrame], object]:
    extract = read_extract(path)
    crs = extract.buildings.estimate_utm_crs()
    layers = {"streets": extract.barriers, "buildings": extract.buildings, "sites": extract.sites}
    return {name: layer.to_crs(crs) for name, layer in layers.items()}, crs


def damaged_town(path: Path, seed: int) -> DamagedTown:
    """Return a square of an extract around one of its buildings, with a few damages or, of every fourth, many."""
    rng = np.random.default_rng(seed)
    whole, crs = _whole(path)
    centre = whole["buildings"].representative_point().iloc[int(rng.integers(len(whole["buildings"])))]
    half = SIDES_M[int(rng.integers(len(SIDES_M)))] / 2
    window = shapely.box(centre.x - half, centre.y - half, centre.x + half, centre.y + half)
    layers = {name: layer[layer.intersects(window)].reset_index(drop=True) for name, layer in whole.items()}
    layers["buildings"] = layers["buildings"].assign(households=rng.integers(0, 30, len(layers["buildings"])))
    layers["limit"] = gpd.GeoDataFrame({"name": ["town"]}, geometry=[window], crs=crs)
    layers |= _further(layers, window, rng)
    done = []
    for _ in range(int(rng.integers(1, MANY if rng.random() < 0.25 else 5))):
        role = ROLES[int(rng.integers(len(ROLES)))]
        if role not in layers or not len(layers[role]):
            continue
        name = list(DAMAGES)[int(rng.integers(len(DAMAGES)))]
        row = int(rng.integers(len(layers[role])))
        shapes: Shapes = list(layers[role].geometry)
        DAMAGES[name](shapes, row, rng)
        layers[role] = layers[role].set_geometry(gpd.GeoSeries(shapes, crs=crs))
        done.append((name, role, row))
    if rng.random() < 0.25:
        _break_numbers(layers["buildings"], rng)
    if rng.random() < 0.3:
        layers["buildings"] = pd.concat([layers["buildings"], layers["buildings"].sample(frac=0.3, random_state=seed)])
    return DamagedTown(layers, tuple(done))


def _further(
    layers: dict[str, gpd.GeoDataFrame], window: shapely.Polygon, rng: np.random.Generator
) -> dict[str, gpd.GeoDataFrame]:
    """Return, each in every third town, areas to nest in, estates, and further barriers of both shapes."""
    found, crs = {}, layers["limit"].crs
    west, south, east, north = window.bounds
    if rng.random() < 0.3:
        x, y = west + rng.uniform(0.2, 0.8) * (east - west), south + rng.uniform(0.2, 0.8) * (north - south)
        cuts = shapely.linestrings([[[x, south - 1], [x + 9, north + 1]], [[west - 1, y], [east + 1, y - 9]]])
        lines = shapely.union_all([window.boundary, *cuts])
        areas = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.node(lines)).tolist()))
        found["nested_in"] = gpd.GeoDataFrame({"name": [f"A{n}" for n in range(len(areas))]}, geometry=areas, crs=crs)
    if rng.random() < 0.3:
        corners = rng.uniform([west, south], [east, north], (3, 2))
        boxes = [shapely.box(x, y, x + 60, y + 45) for x, y in corners]
        found["estates"] = gpd.GeoDataFrame({"name": ["a", "b", "c"]}, geometry=boxes, crs=crs)
    if rng.random() < 0.3:
        river = shapely.linestrings(rng.uniform([west, south], [east, north], (4, 2)))
        found["barriers"] = gpd.GeoDataFrame(
            {"waterway": ["river", "riverbank"]}, geometry=[river, shapely.buffer(river, 20.0)], crs=crs
        )
    return found


def _break_numbers(buildings: gpd.GeoDataFrame, rng: np.random.Generator) -> None:
    values = buildings["households"].astype(object)
    broken = [None, float("nan"), -3, "many", "", float("inf"), "12"]
    for row in rng.integers(0, max(len(buildings), 1), 3).tolist():
        if len(buildings):
            values.iloc[row] = broken[int(rng.integers(len(broken)))]
    as_text = values.map(lambda value: None if value is None else str(value))
    buildings["households"] = (
        as_text if values.map(lambda value: isinstance(value, str)).any() else values.astype(float)
    )


def _vertices(shape: shapely.Geometry | None) -> np.ndarray:
    """Return the vertices of a shape, none where it has lost some: those are not damaged again."""
    xy = np.empty((0, 2)) if shape is None else shapely.get_coordinates(shape)
    return xy if np.isfinite(xy).all() else np.empty((0, 2))


def _rebuilt(shape: shapely.Geometry, xy: np.ndarray) -> shapely.Geometry:
    if shape.geom_type in {"Polygon", "MultiPolygon"}:
        return shapely.Polygon(np.vstack([xy, xy[:1]])) if len(xy) > 2 else shapely.Polygon()
    return shapely.LineString(xy) if len(xy) > 1 else shapely.LineString()


def _crossed(shapes: Shapes, row: int, rng: np.random.Generator) -> None:
    xy = _vertices(shapes[row])[:-1]
    if len(xy) > 3 and shapes[row] is not None:
        one, other = rng.choice(len(xy), 2, replace=False)
        xy[[one, other]] = xy[[other, one]]
        shapes[row] = _rebuilt(shapes[row], xy)


def _collapsed(shapes: Shapes, row: int, _: np.random.Generator) -> None:
    xy = _vertices(shapes[row])
    if len(xy) > 3 and shapes[row] is not None:
        shapes[row] = _rebuilt(shapes[row], np.repeat(xy[:1], 4, axis=0))


def _with_spike(shapes: Shapes, row: int, rng: np.random.Generator) -> None:
    xy = _vertices(shapes[row])
    if len(xy) > 3 and shapes[row] is not None:
        place = int(rng.integers(1, len(xy) - 1))
        tip = xy[place] + rng.normal(0, 60, 2)
        shapes[row] = _rebuilt(shapes[row], np.vstack([xy[: place + 1], tip, xy[place:-1]]))


def _with_hole_outside(shapes: Shapes, row: int, _: np.random.Generator) -> None:
    shape = shapes[row]
    if isinstance(shape, shapely.Polygon) and not shape.is_empty:
        x, y = shape.bounds[2:]
        shapes[row] = shapely.Polygon(shape.exterior, [shapely.box(x + 5, y + 5, x + 9, y + 9).exterior])


def _jittered(shapes: Shapes, row: int, rng: np.random.Generator) -> None:
    """Repeat each vertex beside itself, a millionth of a millimetre to a millimetre away."""
    xy = _vertices(shapes[row])
    if len(xy) > 3 and shapes[row] is not None:
        near = xy[:-1] + rng.normal(0, 10.0 ** rng.integers(-9, -2), (len(xy) - 1, 2))
        shapes[row] = _rebuilt(shapes[row], np.stack([xy[:-1], near], axis=1).reshape(-1, 2))


def _flattened(shapes: Shapes, row: int, _: np.random.Generator) -> None:
    """Lead a line or ring back on itself: no land within."""
    xy = _vertices(shapes[row])
    if len(xy) > 3 and shapes[row] is not None:
        shapes[row] = _rebuilt(shapes[row], np.vstack([xy[:-1], xy[-2:0:-1]]))


def _far(shapes: Shapes, row: int, rng: np.random.Generator) -> None:
    """Move one vertex out of the world."""
    xy = _vertices(shapes[row])
    if len(xy) > 3 and shapes[row] is not None:
        xy[int(rng.integers(1, len(xy) - 1))] += FAR_M
        shapes[row] = _rebuilt(shapes[row], xy[:-1])


def _with_crossing_hole(shapes: Shapes, row: int, _: np.random.Generator) -> None:
    shape = shapes[row]
    if isinstance(shape, shapely.Polygon) and not shape.is_empty and len(_vertices(shape)):
        west, south, east, north = shape.bounds
        hole = shapely.box((west + east) / 2, (south + north) / 2, east + 3, north + 3)
        shapes[row] = shapely.Polygon(shape.exterior, [hole.exterior])


def _swapped(shapes: Shapes, row: int, _: np.random.Generator) -> None:
    if shapes[row] is not None:
        shapes[row] = shapely.transform(shapes[row], lambda xy: xy[:, ::-1])


def _emptied(shapes: Shapes, row: int, _: np.random.Generator) -> None:
    shapes[row] = shapely.Polygon()


def _missing(shapes: Shapes, row: int, _: np.random.Generator) -> None:
    shapes[row] = None


def _raised(shapes: Shapes, row: int, rng: np.random.Generator) -> None:
    if shapes[row] is not None:
        shapes[row] = shapely.force_3d(shapes[row], float(rng.choice([0.0, 12.5, -7.0])))


def _lost(shapes: Shapes, row: int, _: np.random.Generator) -> None:
    shape = shapes[row]
    if shape is not None and len(_vertices(shape)) > 3:
        xy = _vertices(shape)
        xy[1] = np.nan
        shapes[row] = shapely.set_coordinates(shapely.force_2d(shape), xy)


def _doubled(shapes: Shapes, row: int, rng: np.random.Generator) -> None:
    shapes[int(rng.integers(len(shapes)))] = shapes[row]


def _multiplied(shapes: Shapes, row: int, _: np.random.Generator) -> None:
    shape = shapes[row]
    if isinstance(shape, shapely.Polygon):
        shapes[row] = shapely.MultiPolygon([shape, shapely.transform(shape, lambda xy: xy + 7.0)])


def _another_kind(shapes: Shapes, row: int, _: np.random.Generator) -> None:
    shape = shapes[row]
    if shape is not None and len(_vertices(shape)):
        shapes[row] = shapely.GeometryCollection([shape, shapely.centroid(shape)])


def _pointed(shapes: Shapes, row: int, _: np.random.Generator) -> None:
    shape = shapes[row]
    if shape is not None and len(_vertices(shape)):
        shapes[row] = shapely.centroid(shape)


DAMAGES: dict[str, Damage] = {
    "crossed": _crossed,
    "collapsed": _collapsed,
    "spike": _with_spike,
    "hole outside": _with_hole_outside,
    "swapped": _swapped,
    "empty": _emptied,
    "missing": _missing,
    "raised": _raised,
    "lost": _lost,
    "doubled": _doubled,
    "multiplied": _multiplied,
    "another kind": _another_kind,
    "pointed": _pointed,
    "jittered": _jittered,
    "flattened": _flattened,
    "far": _far,
    "crossing hole": _with_crossing_hole,
}
