"""A town out of the store, as its files have it: what was imported comes out again, with the grids of a plan."""

import geopandas as gpd
import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from boundaries.basemap.reading import building_frame, site_frame, street_frame
from boundaries.basemap.tables import Barrier
from boundaries.files.towns.town import Town
from boundaries.grids.records import PlanValues
from boundaries.jurisdictions.reading import limit_of
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.plans.loading import level_titles
from boundaries.plans.reading import plan_frame
from geogrid.coordinates import WGS84
from geogrid.geometry.overlays import DEGREE, union_of_coverage
from geogrid.types import LevelName


def stored_town(session: Session, plan: PlanValues) -> Town:
    """Return the town of a plan of any state.

    Parameters
    ----------
    session : Session
        Only read from.
    plan : PlanValues
        Whose grids and blocks.

    Notes
    -----
    A jurisdiction without a limit has what the grids of the plan cover. Streets and buildings are those of now.
    """
    jurisdiction = session.get_one(Jurisdiction, plan.jurisdiction_id)
    kinds = session.scalars(select(Barrier.kind).where(Barrier.jurisdiction_id == jurisdiction.id).distinct()).all()
    grids, blocks = (plan_frame(session, plan, layer) for layer in ("grids", "blocks"))
    top = grids.geometry[(grids["level"] == 1).to_numpy()].to_numpy() if len(grids) else np.empty(0, dtype=object)
    limit = limit_of(jurisdiction) or union_of_coverage(top, metre=DEGREE)
    band = None if plan.band_low is None or plan.band_high is None else (plan.band_low, plan.band_high)
    return Town(
        limit=gpd.GeoSeries([limit], crs=WGS84),
        barriers=street_frame(session, jurisdiction.id, kinds=kinds),
        buildings=building_frame(session, jurisdiction.id),
        sites=site_frame(session, jurisdiction.id),
        grids=grids,
        blocks=blocks,
        levels=[LevelName(title.name, title.name_zh) for title in level_titles(session, plan)],
        load=plan.load,
        band=band,
        attribution=tuple(jurisdiction.attribution),
    )
