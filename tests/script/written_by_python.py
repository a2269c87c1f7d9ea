"""What Python writes into the pages of maps, beside what it means; the tests of the scripts read the one as the other.

After a change that is meant: python -m tests.script.written_by_python
"""

import base64
import json
import re
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import shapely

from api.plans.workbench.packing import packed_columns
from geogrid.maps import hotspot_map, render
from geogrid.maps.encoding import packed_lines, packed_polygons, script_json
from tests.browser.towns import make_cases, make_town

KEPT: Final = Path(__file__).with_name("written_by_python.json")
HOSTILE: Final = '</script><!-- {{ 7*7 }} & \u2028 "草案" \''
_CASES: Final = 60
_COLUMNS: Final = ("id", "channel", "category", "status", "text", "address")


def written() -> str:
    """Return the forms and their meanings as JSON, a line each."""
    parts = {"lines": _lines(), "polygons": _polygons(), "hotspots": _hotspots(), "escaped": _escaped()}
    parts["columns"] = _columns()
    lines = (f"{json.dumps(name)}: {json.dumps(part, allow_nan=False)}" for name, part in parts.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _lines() -> dict[str, Any]:
    rng = np.random.default_rng(3)
    paths = [rng.uniform([-180, -85], [180, 85], (count, 2)).round(6) for count in (2, 3, 9)]
    paths.append(np.array([[-0.000001, 0.0], [0.0, -0.000001], [0.0, 0.0]]))
    lines = [*(shapely.LineString(path) for path in paths[:2]), shapely.MultiLineString(paths[2:])]
    return {"packed": packed_lines(np.array(lines, dtype=object)), "lonlat": [path.tolist() for path in paths]}


def _polygons() -> dict[str, Any]:
    holed = shapely.box(118, 31, 119, 32).difference(shapely.box(118.4, 31.4, 118.6, 31.6))
    shapes = np.array([holed, shapely.box(-3, -2, -1, -1)], dtype=object)
    rings = [[ring.coords[:] for ring in (shape.exterior, *shape.interiors)] for shape in shapes]
    return {"packed": packed_polygons(shapes), "lonlat": rings}


def _hotspots() -> dict[str, Any]:
    town = make_town()
    cases = make_cases(town, _CASES)
    cases.loc[3, "reported_at"] = pd.NaT
    cases.loc[5, "text"] = HOSTILE
    page = render(hotspot_map(cases, town.grids), str)
    data = json.loads(re.findall(r'id="geogrid-data">(.*?)</script>', page)[0])
    kept = ("cases", "periods", "leafPlaces", "casePage", "colors")
    levels = [{key: level[key] for key in ("ofLeaf", "bounds", "names")} for level in data["levels"]]
    rows = [
        {
            **{name: str(getattr(row, name)) for name in _COLUMNS},
            "lng": round(row.geometry.x, 6),
            "lat": round(row.geometry.y, 6),
            "at": None if pd.isna(row.reported_at) else f"{row.reported_at:%Y-%m-%d %H:%M}",
            "grid": None if pd.isna(row.grid) else row.grid,
        }
        for row in cases.itertuples()
    ]
    leaves = sorted(town.leaves["code"])
    return {
        "data": {**{name: data[name] for name in kept}, "levels": levels},
        "cases": rows,
        "leaves": leaves,
        "counts": [int((cases["grid"] == code).sum()) for code in leaves],
        "communities": [int(cases["grid"].fillna("").str.startswith(code).sum()) for code in ("T-E", "T-W")],
    }


def _columns() -> str:
    arrays = {
        "owner": np.array([3, 1, 2], dtype=np.uint32),
        "block": np.array([1, 2**53 + 1], dtype=np.int64),
        "load": np.array([0.5, np.nan]),
    }
    return base64.b64encode(packed_columns({"name": "大屯营"}, arrays)).decode("ascii")


def _escaped() -> dict[str, str]:
    return {"script_json": script_json({"text": HOSTILE}), "text": HOSTILE}


if __name__ == "__main__":
    KEPT.write_text(written(), encoding="utf-8")
