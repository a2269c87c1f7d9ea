"""Real data at the size of a city: 77 community areas and 74,377 complaints with a point, in one page."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from api.web.assets import inlined_address
from geogrid.maps import hotspot_map, render
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.shared_data

MAX_MEGABYTES = 15


@pytest.fixture(scope="module")
def areas(shared_data: Path) -> gpd.GeoDataFrame:
    read = gpd.read_file(shared_data / "chicago_311/community_areas.geojson")
    return gpd.GeoDataFrame(
        {
            "code": read["community_area"].map("{:02d}".format),
            "name": read["community"].str.title(),
            "level": 1,
            "level_name": "community area",
            "parent": None,
            "kind": "comprehensive",
            "population": read["POP2010"].astype(float),
        },
        geometry=read.geometry,
        crs="EPSG:4326",
    )


@pytest.fixture(scope="module")
def complaints(shared_data: Path) -> gpd.GeoDataFrame:
    read = pd.read_csv(shared_data / "chicago_311/complaints.csv.gz", dtype={"Service_Request_Number": str})
    area = read["Community_Area"]
    return gpd.GeoDataFrame(
        {
            "id": read["Service_Request_Number"],
            "channel": "311",
            "category": read["Type_of_Service_Request"],
            "status": np.where(read["Status"].str.startswith("Completed"), "closed", "open"),
            "text": read["What_is_the_Nature_of_this_Code_Violation"],
            "address": read["Street_Address"],
            "reported_at": pd.to_datetime(read["Creation_Date"]).dt.tz_localize("America/Chicago"),
            "grid": area.where(area > 0).map("{:02.0f}".format, na_action="ignore"),
        },
        geometry=gpd.points_from_xy(read["Longitude"], read["Latitude"]),
        crs="EPSG:4326",
    )


def test_a_city_of_complaints_opens_with_every_point(
    open_page: OpenPage, areas: gpd.GeoDataFrame, complaints: gpd.GeoDataFrame, tmp_path: Path, artifacts: Path
) -> None:
    out = tmp_path / "chicago.html"
    drawn = hotspot_map(complaints, areas, attribution=["City of Chicago"], language="en")
    out.write_text(render(drawn, inlined_address), encoding="utf-8")
    page = open_page(out)
    page.wait_for_timeout(400)  # clusters fade in; the picture is kept for people
    page.screenshot(path=artifacts / "chicago.png")
    data = "JSON.parse(document.getElementById('geogrid-data').textContent)"
    assert page.evaluate(f"window[{data}.clusters].getLayers().length") == 74_377
    assert page.locator(".leaflet-gg-grids-pane path.leaflet-interactive").count() == 77
    counts = page.evaluate("geogrid.shared.view.counts")
    on_map = complaints[np.isfinite(complaints.geometry.x)]
    assert counts == [
        int(count) for count in on_map["grid"].value_counts().reindex(areas["code"].sort_values(), fill_value=0)
    ]
    assert out.stat().st_size < MAX_MEGABYTES * 1e6
