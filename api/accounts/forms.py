"""Forms of accounts: answered with the way onward, or with what is wrong."""

from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from api.web.words import LANGS
from geogrid.errors import GeogridError, InvalidInputError


def onward(request: Request, path: str) -> Response:
    """Return the way to the page that comes after a form, in the language of the form."""
    lang = request.query_params.get("lang")
    if lang in LANGS and "?" not in path:
        path = f"{path}?lang={lang}"
    return RedirectResponse(path, status_code=303, headers={"Cache-Control": "no-store"})


def own_path(text: str) -> str:
    """Return a path of this server that was sent along to come back to; the start page for anything else.

    Browsers read a backslash as a slash and skip control characters, so that `//elsewhere` has many spellings.
    """
    parts = urlsplit(text) if text.isprintable() and "\\" not in text else None
    is_own = parts is not None and not parts.scheme and not parts.netloc and text.startswith("/")
    return text if is_own and not text.startswith("//") and " " not in text else "/"


def sentences(error: GeogridError) -> list[str]:
    """Return what an error says, a sentence or two for each problem."""
    return [str(each) for each in error.problems] if isinstance(error, InvalidInputError) else [str(error)]
