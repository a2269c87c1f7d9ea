"""What a page may load and run: content security policies, so that hostile text in the data stays text."""

from collections.abc import Sequence
from typing import Final

_COMMON: Final = "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'self'; form-action 'self'"

PAGE: Final = {"Content-Security-Policy": f"{_COMMON}; img-src 'self' data:; style-src 'self' 'unsafe-inline'"}
"""Our own pages: scripts from our files only. Leaflet sets styles from its script."""

DRAWN: Final = {"Content-Security-Policy": f"{_COMMON}; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'"}
"""Our own pages with a map that MapLibre draws: its images are blobs, its workers our files."""

MAP: Final = {
    "Content-Security-Policy": f"{_COMMON}; img-src 'self' data: blob:; "
    "style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'"
}
"""Folium writes its scripts into the page."""


def framed_by(ancestors: Sequence[str]) -> dict[str, str]:
    """Return the policy of the embedded map: our own files only, framed by our own pages and these sites."""
    sites = " ".join(("'self'", *ancestors))
    policy = (
        "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'none'; img-src 'self' data: blob:; "
        f"style-src 'self' 'unsafe-inline'; frame-ancestors {sites}"
    )
    return {"Content-Security-Policy": policy}
