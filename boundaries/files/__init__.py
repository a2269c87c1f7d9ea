"""Grids and cases from files: read, checked whole, stored in one transaction."""
