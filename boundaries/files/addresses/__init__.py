"""Addresses from files, as the gazetteer takes them."""
