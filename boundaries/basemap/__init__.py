"""The base map: streets and buildings that were imported."""
