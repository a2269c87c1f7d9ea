"""Local copies of the scripts, styles and fonts that Folium names by addresses of the internet."""

import base64
import re
from pathlib import Path
from typing import Final

from geogrid.errors import NotFoundError, UnavailableError

FOLDER: Final = Path(__file__).resolve().parent
VENDOR: Final = FOLDER / "vendor"
STATIC: Final = FOLDER / "static"

_LOCAL: Final = {
    "leaflet.js": "leaflet/leaflet.js",
    "leaflet.css": "leaflet/leaflet.css",
    "leaflet.markercluster.js": "markercluster/leaflet.markercluster.js",
    "MarkerCluster.css": "markercluster/MarkerCluster.css",
    "MarkerCluster.Default.css": "markercluster/MarkerCluster.Default.css",
    "leaflet_heat.min.js": "heat/leaflet-heat.js",
    "jquery.min.js": "jquery/jquery.min.js",
    "bootstrap.bundle.min.js": "bootstrap/bootstrap.bundle.min.js",
    "bootstrap.min.css": "bootstrap/bootstrap.min.css",
    "bootstrap-glyphicons.css": "glyphicons/glyphicons.css",
    "leaflet.awesome-markers.js": "awesome-markers/leaflet.awesome-markers.js",
    "leaflet.awesome-markers.css": "awesome-markers/leaflet.awesome-markers.css",
    "leaflet.awesome.rotate.min.css": "awesome-markers/rotate.css",
    "all.min.css": "fontawesome/css/all.min.css",
}
"""File in `VENDOR` by the last part of an address, without version: releases of Folium change hosts and versions."""

_VERSION = re.compile(r"-\d+(?:\.\d+)+")
_STYLE_ADDRESS = re.compile(r"url\(\s*(?!['\"]?(?:data:|#))(['\"]?)(.*?)\1\s*\)")
_MEDIA_TYPES: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
_NOTHING: Final = "data:,"


def local_path(address: str) -> Path:
    """Return the file that stands in for an address of the internet.

    Raises
    ------
    NotFoundError
        No package of ``package.json`` provides it.
    UnavailableError
        The assets are not built.
    """
    name = _VERSION.sub("", address.partition("?")[0].rpartition("/")[2])
    if name not in _LOCAL:
        raise NotFoundError(
            f"There is no local copy of {address}, so a map that needs it would be blank without internet. "
            "Add its npm package to package.json and the file to api/web/build_assets.py and api/web/assets.py."
        )
    path = VENDOR / _LOCAL[name]
    if not path.is_file():
        raise UnavailableError(f"The browser assets are not built ({path} is missing). Run: make setup")
    return path


def served_address(address: str) -> str:
    """Return the address under ``/assets`` where the server offers the local copy."""
    return f"/assets/vendor/{local_path(address).relative_to(VENDOR).as_posix()}"


def inlined_address(address: str) -> str:
    """Return the local copy as a data URI, with the images and fonts that it names inside."""
    return _data_uri(local_path(address))


def _data_uri(path: Path) -> str:
    content = path.read_bytes()
    if path.suffix == ".css":
        content = _with_files_inside(content.decode(), path.parent).encode()
    elif path.name == "leaflet.js":
        content += _default_icons(path.parent / "images").encode()
    return f"data:{_MEDIA_TYPES[path.suffix]};base64,{base64.b64encode(content).decode('ascii')}"


def _with_files_inside(styles: str, folder: Path) -> str:
    def replaced(match: re.Match[str]) -> str:
        path = folder / match[2].partition("?")[0].partition("#")[0]
        # The formats that are not shipped stand behind a woff2 that every browser of today takes.
        return f'url("{_data_uri(path) if path.is_file() else _NOTHING}")'

    return _STYLE_ADDRESS.sub(replaced, styles)


def _default_icons(folder: Path) -> str:
    """Return the script that names Leaflet's marker images, which it otherwise looks for beside its style sheet."""
    icons = {"iconUrl": "marker-icon.png", "iconRetinaUrl": "marker-icon-2x.png", "shadowUrl": "marker-shadow.png"}
    options = ",".join(f'{option}:"{_data_uri(folder / name)}"' for option, name in icons.items())
    return f"\ndelete L.Icon.Default.prototype._getIconUrl;L.Icon.Default.mergeOptions({{{options}}});\n"
