"""Addresses as words: normalised, read, compared. Where they are stored is not known here."""

from geogrid.addresses.gazetteer import GazetteerName, GazetteerPlace, name_likeness
from geogrid.addresses.match import Hit, Match, MatchedLevel, rank
from geogrid.addresses.normalise import core_of, normalise, search_text
from geogrid.addresses.query import AddressQuery, parse_query

__all__ = [
    "AddressQuery",
    "GazetteerName",
    "GazetteerPlace",
    "Hit",
    "Match",
    "MatchedLevel",
    "core_of",
    "name_likeness",
    "normalise",
    "parse_query",
    "rank",
    "search_text",
]
