"""Geometry that is safe to count on: brought to metres and mended at one entrance, overlaid without exceptions."""
