"""Telling other applications of changes: signed, tried again, by one process at a time."""
