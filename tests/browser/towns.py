"""A town of three levels with a hole in its coverage, and its complaints; made, not stored."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import Polygon

WEST, SOUTH = 112.55, 28.25
STEP = 0.004
COLUMNS, ROWS = 8, 6
DEDICATED = {5: "school", 12: "hospital", 22: "government", 33: "commercial", 40: "industrial_park", 44: "other"}
HOLE = 19
ATTRIBUTION = ("© OpenStreetMap contributors, ODbL https://www.openstreetmap.org/copyright", "县统计局 2026")
ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Town:
    grids: gpd.GeoDataFrame
    limit: Polygon
    streets: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame

    @property
    def leaves(self) -> gpd.GeoDataFrame:
        return self.grids[self.grids["kind"] != "parent"]


def make_town(seed: int = 7) -> Town:
    """48 cells less one; the west and the east half are communities of one township."""
    rng = np.random.default_rng(seed)
    corner_x = WEST + STEP * np.arange(COLUMNS + 1)[None, :] + rng.uniform(-0.3, 0.3, (ROWS + 1, COLUMNS + 1)) * STEP
    corner_y = SOUTH + STEP * np.arange(ROWS + 1)[:, None] + rng.uniform(-0.3, 0.3, (ROWS + 1, COLUMNS + 1)) * STEP
    cells = []
    for row in range(ROWS):
        for column in range(COLUMNS):
            around = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)]
            cells.append(Polygon([(corner_x[at], corner_y[at]) for at in around]))
    kept = [i for i in range(len(cells)) if i != HOLE]
    parents = ["T-W" if i % COLUMNS < COLUMNS // 2 else "T-E" for i in kept]
    leaves = gpd.GeoDataFrame(
        {
            "code": [f"{parent}-{i:02d}" for i, parent in zip(kept, parents, strict=True)],
            "name": [f"第{i}网格" for i in kept],
            "level": 3,
            "level_name": "grid 网格",
            "parent": parents,
            "kind": ["dedicated" if i in DEDICATED else "comprehensive" for i in kept],
            "category": [DEDICATED.get(i) for i in kept],
            "households": rng.integers(200, 620, len(kept)).astype(float),
            "population": rng.integers(500, 1600, len(kept)).astype(float),
            "buildings": rng.integers(5, 60, len(kept)).astype(float),
            "duty": "网格长 王芳",
        },
        geometry=[cells[i] for i in kept],
        crs="EPSG:4326",
    )
    communities = _parents(
        leaves, level=2, level_name="community 社区", names={"T-W": "西社区", "T-E": "东社区"}, above="T"
    )
    top = _parents(
        communities.assign(parent="T"), level=1, level_name="township 乡镇", names={"T": "大屯营镇"}, above=None
    )
    grids = gpd.GeoDataFrame(pd.concat([leaves, communities, top], ignore_index=True), crs="EPSG:4326")
    return Town(grids, shapely.union_all(cells), _streets(cells), _buildings(cells, rng))


def _parents(
    children: gpd.GeoDataFrame, *, level: int, level_name: str, names: dict[str, str], above: str | None
) -> gpd.GeoDataFrame:
    merged = children.dissolve("parent", aggfunc={"households": "sum", "population": "sum", "buildings": "sum"})
    merged = merged.reset_index(names="code")
    return merged.assign(
        name=merged["code"].map(names),
        level=level,
        level_name=level_name,
        parent=above,
        kind="parent",
        category=None,
        duty="社区书记 陈刚",
    )


def _streets(cells: list[Polygon]) -> gpd.GeoDataFrame:
    edges = shapely.get_parts(shapely.line_merge(shapely.node(shapely.union_all(shapely.boundary(cells)))))
    return gpd.GeoDataFrame(
        {"name": [f"人民路{i % 9}段" for i in range(len(edges))], "rank": [1 + i % 8 for i in range(len(edges))]},
        geometry=edges,
        crs="EPSG:4326",
    )


def _buildings(cells: list[Polygon], rng: np.random.Generator) -> gpd.GeoDataFrame:
    places = [cell.centroid for cell in cells for _ in range(6)]
    shift = rng.uniform(-0.25, 0.25, (len(places), 2)) * STEP
    boxes = [
        shapely.box(p.x + dx, p.y + dy, p.x + dx + 0.0003, p.y + dy + 0.0002)
        for p, (dx, dy) in zip(places, shift, strict=True)
    ]
    return gpd.GeoDataFrame({"households": 20.0}, index=range(len(boxes)), geometry=boxes, crs="EPSG:4326")


def make_cases(town: Town, count: int = 2000, seed: int = 11) -> gpd.GeoDataFrame:
    """Complaints of the year 2025 that pile up in three places; some fall in the hole, outside every grid."""
    rng = np.random.default_rng(seed)
    west, south, east, north = town.limit.bounds
    centres = np.array([[0.2, 0.3], [0.55, 0.7], [0.8, 0.25]]) * [east - west, north - south] + [west, south]
    xy = centres[rng.integers(0, 3, count)] + rng.normal(0, 0.0025, (count, 2))
    spread = rng.random(count) < 0.25
    xy[spread] = rng.uniform([west, south], [east, north], (int(spread.sum()), 2))
    minutes = np.sort(rng.integers(0, 365 * 24 * 60, count))
    cases = gpd.GeoDataFrame(
        {
            "id": np.arange(1, count + 1),
            "channel": rng.choice(["12345", "微信", "走访"], count),
            "category": rng.choice(["噪音", "垃圾", "停车", "路灯"], count),
            "status": rng.choice(["open", "in_progress", "closed"], count),
            "text": [f"楼下路灯坏了 第{i}次报修" for i in range(count)],
            "address": [f"人民路{i % 140 + 1}号" for i in range(count)],
            "reported_at": pd.Timestamp("2025-01-01", tz=ZONE) + pd.to_timedelta(minutes, unit="min"),
        },
        geometry=shapely.points(xy),
        crs="EPSG:4326",
    )
    position, place = shapely.STRtree(town.leaves.geometry.to_numpy()).query(cases.geometry.to_numpy(), "covered_by")
    codes = town.leaves["code"].to_numpy()
    grid = np.full(count, None, dtype=object)
    grid[position] = codes[place]
    return cases.assign(grid=grid)
