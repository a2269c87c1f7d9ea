"""``/assets``: scripts, styles and fonts of the pages, from this machine."""

from functools import cache
from hashlib import sha256
from os import PathLike, stat_result
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.web.assets import STATIC, VENDOR

_FOLDERS = {"vendor": VENDOR, "static": STATIC}
_FOREVER = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """Files that a browser may keep: for ever where the address carries the version, else until they change."""

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return the file with its ETag and how long it may be kept."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        versioned = b"v=" in scope["query_string"]
        response.headers["Cache-Control"] = _FOREVER if versioned else "no-cache"
        return response


def folders() -> dict[str, Any]:
    """Return the applications that serve the folders, by the path under ``/assets``."""
    return {name: Assets(directory=folder, check_dir=False) for name, folder in _FOLDERS.items()}


@cache
def versioned(path: str) -> str:
    """Return the address of an asset such as ``static/geogrid.css``, with its content's hash as the version."""
    folder, _, name = path.partition("/")
    content = (_FOLDERS[folder] / name).read_bytes()
    return f"/assets/{path}?v={sha256(content).hexdigest()[:12]}"
