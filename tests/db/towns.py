"""Small towns that tests store."""

import geopandas as gpd
import shapely


def row_of_boxes(names: str = "abc", *, west: float = 10.0) -> gpd.GeoDataFrame:
    """Return a district of unit boxes from west to east, one leaf grid each, the last one a school."""
    boxes = [shapely.box(west + i, 50, west + i + 1, 51) for i in range(len(names))]
    last = len(names) - 1
    return gpd.GeoDataFrame(
        {
            "code": ["D", *(f"D-{name}" for name in names)],
            "name": ["District", *(f"Grid {name}" for name in names)],
            "level": [1] + [2] * len(names),
            "parent": [None] + ["D"] * len(names),
            "kind": ["parent"] + ["comprehensive"] * last + ["dedicated"],
            "category": [None] * (last + 1) + ["school"],
            "households": [float(sum(range(len(names)))), *map(float, range(len(names)))],
        },
        geometry=[shapely.box(west, 50, west + len(names), 51), *boxes],
        crs="EPSG:4326",
    )
