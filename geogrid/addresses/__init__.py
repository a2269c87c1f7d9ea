"""Addresses as words: normalised, read, compared. Where they are stored is not known here."""

from geogrid.addresses.gazetteer import KnownName, KnownPlace, name_likeness
from geogrid.addresses.match import Hit, Match, MatchedLevel, rank
from geogrid.addresses.normalise import core_of, normalise, search_text
from geogrid.addresses.query import Question, understand

__all__ = [
    "Hit",
    "KnownName",
    "KnownPlace",
    "Match",
    "MatchedLevel",
    "Question",
    "core_of",
    "name_likeness",
    "normalise",
    "rank",
    "search_text",
    "understand",
]
