"""Whether a client's answer is still good: the versions behind ETag and Last-Modified, and 304."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime

from fastapi import Request, Response

from api.features.lookup import TownCollection
from api.kit.replies import is_known
from boundaries.features.fields import FeatureScope


def version_of(source: TownCollection, scope: FeatureScope, cases: str = "") -> str:
    """Return a text that changes when the features of a scope change.

    Parameters
    ----------
    source, scope : TownCollection, FeatureScope
        Of what.
    cases : str
        Version of the cases, where they matter.
    """
    parts = [f"{each.plan_id}.{each.duties}.{each.valid_from}.{each.valid_to}" for each in source.editions(scope)]
    # Who sees no duties has other features than who sees them.
    shown = len(source.collection.fields)
    return f"{source.calendar.code} {shown} {scope.plain} {' '.join(parts)} {cases}"


def etag_of(request: Request, version: str, form: str, lang: str = "") -> str:
    """Return the ETag of an answer: it changes with the features, the address, the format and the program.

    Parameters
    ----------
    request : Request
        Its address, and the program that answers.
    version : str
        See `version_of`.
    form : str
        The format, which the header Accept may have chosen.
    lang : str
        Language of a page, which the header Accept-Language may have chosen.
    """
    content = f"{version} {request.url} {form} {lang} {request.app.version}"
    return f'"{hashlib.sha256(content.encode()).hexdigest()[:20]}"'


def fresh_headers(etag: str, seen: datetime) -> dict[str, str]:
    """Return the headers by which a client can ask whether an answer is still good."""
    return {
        "ETag": etag,
        "Last-Modified": format_datetime(seen, usegmt=True),
        "Cache-Control": "no-cache",
        "Vary": "Accept",
    }


def unchanged(request: Request, headers: Mapping[str, str]) -> Response | None:
    """Return 304 where the client has the answer already, by its ETag or, without one, by its date."""
    if "if-none-match" in request.headers:
        is_same = is_known(request, headers["ETag"])
    else:
        last_modified = parsedate_to_datetime(headers["Last-Modified"])
        is_same = _is_since(request.headers.get("if-modified-since", ""), last_modified)
    return Response(status_code=304, headers=dict(headers)) if is_same else None


def _is_since(text: str, moment: datetime) -> bool:
    try:
        return parsedate_to_datetime(text) >= moment
    except (TypeError, ValueError):
        return False
