"""Lineage (沿革): what publishing an edition says of the grids before it."""

import json

from sqlalchemy.orm import Session

from boundaries.grids.records import PlanValues
from boundaries.plans.loading import load_two
from boundaries.store.bulk_copy import copy_rows
from geogrid.plans.comparing import Comparison, compare
from geogrid.plans.pieces import NOWHERE


def store_lineage(session: Session, before: PlanValues, after: PlanValues) -> Comparison:
    """Store what became of each grid of an edition in the next, and return the comparison that says so."""
    found = compare(*load_two(session, before, after))
    fates = {change.after.key: list(change.fates) for change in found.grids if change.after is not None}
    rows = (
        (link.before, link.after, link.is_same, min(link.share, 1.0), link.area_m2, json.dumps(fates[link.after]))
        for link in found.links
        if NOWHERE not in {link.before, link.after}
    )
    copy_rows(session, "lineage", ("before_id", "after_id", "is_same", "share", "area_m2", "fates"), rows)
    return found
