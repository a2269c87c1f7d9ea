"""What a page may load and run: content security policies, so that hostile text in the data stays text."""

from typing import Final

_COMMON: Final = "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'self'; form-action 'self'"

PAGE: Final = {"Content-Security-Policy": f"{_COMMON}; img-src 'self' data:; style-src 'self' 'unsafe-inline'"}
"""Our own pages: scripts from our files only. Leaflet sets styles from its script."""

MAP: Final = {
    "Content-Security-Policy": f"{_COMMON}; img-src 'self' data: blob:; "
    "style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'"
}
"""Folium writes its scripts into the page."""
