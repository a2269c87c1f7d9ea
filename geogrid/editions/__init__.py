"""Editions (版次) as values: compiled for lookups, their lineage, and what a point known to some metres may be in."""
