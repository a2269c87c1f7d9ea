"""Filters in CQL2 text and JSON, as conditions of SQL."""
