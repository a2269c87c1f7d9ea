"""A small town of an even lattice, whose sums are known by heart, as a draft to be redrawn."""

import geopandas as gpd
import numpy as np
import shapely
from sqlalchemy import Engine

from boundaries.accounts.granting import give_role
from boundaries.accounts.storing import add_account
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.plans.storing import save_plan
from boundaries.store.engine import unit_of_work
from geogrid.access import Grant, Role
from geogrid.types import LevelName

WEST, SOUTH, STEP = 112.55, 28.25, 0.002
COLUMNS, ROWS = 12, 8
WIDE, HIGH = 3, 4
"""Blocks of a leaf; 8 leaves, of which the west half is of one community and the east half of the other."""
HOUSEHOLDS = 30.0
BAND = (330.0, 400.0)
PASSWORD = "four lamps sing at dusk"


def leaf_of(column: int, row: int) -> str:
    """Return the code of the leaf that a block is in."""
    number = row // HIGH * (COLUMNS // WIDE) + column // WIDE
    side = "W" if column < COLUMNS // 2 else "E"
    return f"T-{side}-{number}"


def middle_of(column: float, row: float) -> tuple[float, float]:
    """Return longitude and latitude of the middle of a block."""
    return WEST + (column + 0.5) * STEP, SOUTH + (row + 0.5) * STEP


def lattice() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return grids and blocks: town > community > grid."""
    cells = [(column, row) for row in range(ROWS) for column in range(COLUMNS)]
    boxes = [
        shapely.box(WEST + c * STEP, SOUTH + r * STEP, WEST + (c + 1) * STEP, SOUTH + (r + 1) * STEP) for c, r in cells
    ]
    codes = [leaf_of(*cell) for cell in cells]
    count = len(cells)
    blocks = gpd.GeoDataFrame(
        {"grid": codes, "households": HOUSEHOLDS, "population": 2.5 * HOUSEHOLDS, "buildings": 4.0},
        geometry=boxes,
        crs="EPSG:4326",
    )
    leaves = blocks.dissolve("grid", aggfunc="sum").reset_index(names="code")
    leaves = leaves.assign(name=[f"网格{code[4:]}" for code in leaves["code"]], level=3, kind="comprehensive")
    leaves["parent"] = leaves["code"].str[:3]
    middle = leaves.dissolve("parent", aggfunc={"households": "sum", "population": "sum", "buildings": "sum"})
    middle = middle.reset_index(names="code").assign(level=2, kind="parent", parent="T")
    middle["name"] = middle["code"].map({"T-W": "西社区", "T-E": "东社区"})
    top = {
        "code": ["T"], "name": ["大屯营镇"], "level": [1], "kind": ["parent"], "parent": [None],
        "households": [count * HOUSEHOLDS], "population": [count * 2.5 * HOUSEHOLDS], "buildings": [count * 4.0],
    }  # fmt: skip
    whole = gpd.GeoDataFrame(top, geometry=[shapely.union_all(np.array(boxes))], crs="EPSG:4326")
    frames = [whole.astype({"parent": object}), middle, leaves]
    columns = ["code", "name", "level", "parent", "kind", "households", "population", "buildings", "geometry"]
    rows = [row for frame in frames for row in frame[columns].to_dict("records")]
    grids = gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4326")
    grids["category"] = None
    return grids, blocks


def store_draft(engine: Engine, name: str = "2027") -> int:
    """Store the town as a draft, a planner and somebody who may only look; return the number of the plan."""
    grids, blocks = lattice()
    with unit_of_work(engine) as session:
        levels = [LevelName("township", "乡镇"), LevelName("community", "社区"), LevelName("grid", "网格")]
        town = save_jurisdiction(session, code="town", name="大屯营镇", levels=levels, attribution=["© Surveyors"])
        plan = save_plan(session, town, name=name, grids=grids, blocks=blocks, band=BAND)
        for login, role in {"planner": Role.PLANNER, "colleague": Role.PLANNER, "approver": Role.APPROVER}.items():
            add_account(session, login, name=login.title(), password=PASSWORD)
            give_role(session, login, Grant(role, "town"))
        return plan.id
