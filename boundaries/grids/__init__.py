"""Grids, blocks and duties as rows."""
