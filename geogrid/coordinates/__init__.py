"""Coordinates: reference systems in metres and degrees, and the datums in use in China."""
