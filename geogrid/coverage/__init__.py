"""Checking that polygons tile their jurisdiction, mending what can be mended, and saying where the rest is wrong."""
