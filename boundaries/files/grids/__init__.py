"""Polygons of grids from files: checked whole, stored as a plan."""
