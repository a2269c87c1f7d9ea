"""Geocoders of other parties, off by default: asked only where settings name one, never in the way of our own."""
