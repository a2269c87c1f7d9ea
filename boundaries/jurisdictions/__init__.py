"""Jurisdictions (辖区): the areas that plans tile, and the names of their levels."""
