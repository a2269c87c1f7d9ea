"""Addresses as words: normalised, taken apart, compared. Where they are stored is not known here."""

from geogrid.address.match import Candidate, Match, best_match
from geogrid.address.normalise import AddressQuery, normalise, parse_query, search_text

__all__ = ["AddressQuery", "Candidate", "Match", "best_match", "normalise", "parse_query", "search_text"]
