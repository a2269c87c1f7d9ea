"""Codes of grids: the order in which they are numbered, and the profiles that say what a code looks like."""

from geogrid.codes.profiles import FREE, CodeProfile, TreePosition, code_profile, profile_names
from geogrid.codes.reading import number_within, reading_order

__all__ = ["FREE", "CodeProfile", "TreePosition", "code_profile", "number_within", "profile_names", "reading_order"]
