"""QGIS, where it is installed, reads grids as PostGIS has them: all, those in a box, those that an expression names."""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from tests.http.ogc_town import WEST, Running

pytestmark = [pytest.mark.timeout(600)]

# Run by the Python that has QGIS: one JSON line for each question.
ASK = """
import json, sys
from qgis.core import QgsApplication, QgsFeatureRequest, QgsRectangle, QgsVectorLayer

application = QgsApplication([], False)
application.initQgis()
address, questions = sys.argv[1], json.loads(sys.argv[2])
layer = QgsVectorLayer(f" pagingEnabled='true' pageSize='7' srsname='EPSG:4326' typename='grids' url='{address}'",
                       "grids", "OAPIF")
if not layer.isValid():
    sys.exit("The layer is not valid.")
for question in questions:
    request = QgsFeatureRequest()
    if "box" in question:
        request.setFilterRect(QgsRectangle(*question["box"]))
    if "expression" in question:
        request.setFilterExpression(question["expression"])
    found = {each["code"]: bytes(each.geometry().asWkb()).hex() for each in layer.getFeatures(request)}
    print("found " + json.dumps(found), flush=True)
del layer
application.exitQgis()
"""


@cache
def python_with_qgis() -> str | None:
    """Return a Python that imports QGIS: it comes with the system, not with ours."""
    for name in ("/usr/bin/python3", shutil.which("python3") or "", sys.executable):
        if name and Path(name).exists():
            tried = subprocess.run([name, "-c", "import qgis.core"], capture_output=True, env=offscreen(), check=False)
            if tried.returncode == 0:
                return name
    return None


def offscreen(home: Path | None = None) -> dict[str, str]:
    """Return an environment without a screen and without what is set for our own Python and GDAL."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GDAL_", "PROJ_"))}
    settings = {"QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": "/tmp"}  # noqa: S108 - a folder that is there
    return {**kept, **settings, **({} if home is None else {"HOME": str(home)})}


def asked_by_qgis(town: Running, home: Path, *questions: dict[str, Any]) -> list[dict[str, Any]]:
    """Return code and geometry of the features that answer each question."""
    python = python_with_qgis()
    if python is None:
        pytest.skip("No Python here has QGIS. Debian: apt-get install --no-install-recommends python3-qgis")
    command = [python, "-c", ASK, town.address, json.dumps(questions)]
    done = subprocess.run(command, capture_output=True, text=True, env=offscreen(home), timeout=300, check=False)
    told = [line.removeprefix("found ") for line in done.stdout.splitlines() if line.startswith("found ")]
    assert len(told) == len(questions), done.stdout + done.stderr
    return [{code: shapely.from_wkb(wkb) for code, wkb in json.loads(line).items()} for line in told]


def assert_same(found: dict[str, Any], wanted: gpd.GeoDataFrame) -> None:
    assert sorted(found) == wanted["code"].tolist()
    shapes = [found[code] for code in wanted["code"]]
    assert shapely.equals(shapes, wanted.geometry.to_numpy()).all()


def test_qgis_reads_the_grids_that_postgis_has(ogc_town: Running, tmp_path: Path) -> None:
    box = (WEST + 0.1, 50.1, WEST + 0.6, 50.4)
    everything, inside, leaves = asked_by_qgis(
        ogc_town, tmp_path, {}, {"box": box}, {"expression": '"level" = 2 AND "code" LIKE \'D-%\''}
    )
    assert_same(everything, ogc_town.rows())
    west, south, east, north = box
    assert_same(inside, ogc_town.rows(f"ST_Intersects(geom, ST_MakeEnvelope({west}, {south}, {east}, {north}, 4326))"))
    assert_same(leaves, ogc_town.rows("g.level = 2 and g.code like 'D-%'"))
    assert 0 < len(inside) < len(everything)
    assert leaves
    assert "/collections/grids/items" in ogc_town.asked()
