"""Complaints for demonstrations and tests."""
