"""``/docs``: the interface, explained and ready to be tried."""

from fastapi import APIRouter, Request, Response

from api.pages.rendering import page, view_of

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def docs(request: Request) -> Response:
    """Show the description of the interface."""
    return page(request, "docs.html", view_of(request))
