"""Editions (版次) as values: compiled for lookups, their lineage, and what a point known to some metres may be in."""

from geogrid.editions.edition import Duty, Edition, GridInfo, Located
from geogrid.editions.error_circle import GridShare, grid_shares
from geogrid.editions.lineage import Heir, follow

__all__ = ["Duty", "Edition", "GridInfo", "GridShare", "Heir", "Located", "follow", "grid_shares"]
