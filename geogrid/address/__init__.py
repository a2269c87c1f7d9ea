"""Addresses as words: normalised, read, compared. Where they are stored is not known here."""

from geogrid.address.known import KnownName, KnownPlace, name_likeness
from geogrid.address.match import Hit, Match, MatchedLevel, rank
from geogrid.address.normalise import core_of, normalise, search_text
from geogrid.address.question import Question, understand

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
