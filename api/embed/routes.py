"""``/embed/map``, ``/embed.js``, ``/oembed``: a map of the grids inside other people's pages."""

from typing import Annotated, Any
from xml.sax.saxutils import escape

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from api.embed.oembed import oembed_of
from api.embed.page import embed_page
from api.embed.schemas import EmbedQuery, OembedQuery
from api.kit.links import JSON
from api.kit.parameters import refuse_repeats
from api.kit.replies import json_reply
from api.state.dependencies import OpenSession
from api.web.assets import STATIC
from boundaries.text.xml import xml_text

router = APIRouter(tags=["embed"], dependencies=[Depends(refuse_repeats)])

_XML = "text/xml"
_NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such jurisdiction, grid or edition."}}


@router.get("/embed/map", response_class=HTMLResponse, responses=_NOT_FOUND)
def embedded_map(request: Request, query: Annotated[EmbedQuery, Query()], session: OpenSession) -> Response:
    """Return a map to be framed: grids, cases, a marker. GEOGRID_FRAME_ANCESTORS says which sites may frame it."""
    return embed_page(request, query, session)


@router.get("/embed.js", include_in_schema=False)
def element() -> Response:
    """Return the script that defines the element `<geogrid-map>`; it needs nothing of the page that loads it."""
    return FileResponse(STATIC / "embed.js", media_type="text/javascript", headers={"Cache-Control": "no-cache"})


@router.get(
    "/oembed",
    response_class=Response,
    responses={200: {"content": {JSON: {"schema": {"type": "object"}}, _XML: {}}}, **_NOT_FOUND},
)
def oembed(request: Request, query: Annotated[OembedQuery, Query()], session: OpenSession) -> Response:
    """Say how to embed the address of a map or of a grid of this server (oEmbed 1.0, type rich)."""
    answer = oembed_of(request, query, session)
    if query.format == "json":
        return json_reply(answer)
    members = "".join(f"<{name}>{escape(xml_text(str(value)))}</{name}>" for name, value in answer.items())
    text = f'<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<oembed>{members}</oembed>\n'
    return Response(text, media_type=_XML)
