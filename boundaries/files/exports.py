"""Plans as files: GeoPackage, Shapefile, GeoJSON, KML, CSV, GeoParquet."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.files.towns.stored import stored_town
from boundaries.grids.records import PlanValues
from boundaries.plans.reading import plan_frame
from boundaries.text.cells import write_table
from geogrid.errors import InvalidInputError

_DRIVERS: Final[Mapping[str, str]] = {
    ".shp": "ESRI Shapefile",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".kml": "KML",
}

_DUTIES: Final = text("""
    select g.code as grid, d.role, d.holder, d.phone from duties d join grids g on g.id = d.grid_id
    where g.plan_id = :plan order by g.code collate "C", d.id
""")


def export_plan(session: Session, plan: PlanValues, path: Path, *, encoding: str = "UTF-8") -> int:
    """Write a plan to a file and return how many grids it has.

    Parameters
    ----------
    session : Session
        Only read from.
    plan : PlanValues
        Of any state.
    path : Path
        ``.gpkg`` holds grids, blocks, duties and the rest of the town, as `geogrid import town` takes it; ``.shp``,
        ``.geojson``, ``.kml``, ``.csv`` (geometry as WKT) and ``.parquet`` hold the grids. An existing file is
        replaced.
    encoding : str
        Of a Shapefile's texts: UTF-8, or GBK for older desktop programs.

    Raises
    ------
    InvalidInputError
        The name ends in none of these.
    """
    kind = path.suffix.lower()
    grids = plan_frame(session, plan, "grids")
    if kind == ".gpkg":
        _write_geopackage(session, plan, path, grids)
    elif kind == ".csv":
        table = pd.DataFrame(grids.drop(columns="geometry")).assign(wkt=grids.geometry.to_wkt())
        with path.open("w", encoding="utf-8", newline="") as file:
            write_table(file, table)
    elif kind == ".parquet":
        grids.to_parquet(path)
    elif kind in _DRIVERS:
        options = {"encoding": encoding} if kind == ".shp" else {}
        path.unlink(missing_ok=True)
        # Names of Shapefile columns have at most ten letters; ours all do.
        grids.to_file(path, driver=_DRIVERS[kind], engine="pyogrio", **options)
    else:
        known = ", ".join((".gpkg", *_DRIVERS, ".csv", ".parquet"))
        raise InvalidInputError.of("file-kind", f"{path.name} ends in {kind or 'nothing'}.", f"Known: {known}.")
    return len(grids)


def _write_geopackage(session: Session, plan: PlanValues, path: Path, grids: gpd.GeoDataFrame) -> None:
    import pyogrio

    town = stored_town(session, plan)
    path.unlink(missing_ok=True)
    for layer, frame in ({"grids": grids, "blocks": town.blocks} | town.layers()).items():
        kind = {} if len(frame) else {"geometry_type": "Point"}
        pyogrio.write_dataframe(frame, path, layer=layer, driver="GPKG", append=path.exists(), **kind)
    duties = pd.DataFrame(
        session.execute(_DUTIES, {"plan": plan.id}).mappings().all(), columns=["grid", "role", "holder", "phone"]
    )
    pyogrio.write_dataframe(duties, path, layer="duties", driver="GPKG")
