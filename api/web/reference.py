"""``/docs``: the interface, explained and ready to be tried."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from api.web.assets import STATIC
from api.web.rendering import page, view_of

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def docs(request: Request) -> Response:
    """Show the description of the interface."""
    return page(request, "docs.html", view_of(request))


@router.get("/favicon.ico")
def favicon() -> Response:
    """Return the sign that browsers ask for on pages that name none."""
    return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})
