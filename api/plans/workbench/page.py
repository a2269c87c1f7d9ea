"""The page of the workbench: what its scripts need to begin, and the words that they show."""

from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from fastapi import Request, Response
from sqlalchemy.orm import Session

from api.kit.identity import identity_of
from api.kit.policies import DRAWN
from api.web.assets import STATIC
from api.web.rendering import in_script, page, view_of
from api.web.workbench_words import WORKBENCH_WORDS
from boundaries.editions.reading import edition_until
from boundaries.grids.records import PlanRecord
from boundaries.jurisdictions.reading import jurisdiction_of
from boundaries.tiles.storing import MAX_ZOOM
from boundaries.tiles.tilesets import tileset_of
from geogrid.access import Action, Target
from geogrid.tiles import WEB_MERCATOR_QUAD
from geogrid.types import DEDICATED_CATEGORIES

_PREFIX: Final = "wb_"
_ELSEWHERE: Final = ("/workbench.mjs", "_worker.mjs", "/raster.mjs", "/mesh.mjs")
"""The page's own script, and what only its worker reads."""


def workbench_page(request: Request, session: Session, plan: PlanRecord) -> Response:
    """Return the workbench of a plan; with tools where the plan is a draft and who asks may edit it."""
    town = jurisdiction_of(session, plan.jurisdiction_id)
    view = view_of(request)
    identity = identity_of(request)
    may_edit = identity.may(Action.PLANS_EDIT, Target(town.code))
    path = f"/plans/{plan.id}"
    data: dict[str, Any] = {
        "lang": view.lang,
        "plan": path,
        "me": identity.login if identity.is_known else None,
        "can_edit": may_edit and plan.state == "draft",
        "base": view.plain_url("/pages/base-map", jurisdiction=town.code),
        "edition": _edition(session, plan),
        "attribution": list(town.attribution),
        "categories": {name: view.say(f"{_PREFIX}category_{name}") for name in DEDICATED_CATEGORIES},
        "words": {key.removeprefix(_PREFIX): view.say(key) for key in WORKBENCH_WORDS},
    }
    values = {
        "plan": plan,
        "town": town,
        "state": view.say(f"{_PREFIX}state_{plan.state}"),
        "looks_only": None if data["can_edit"] else view.say(f"{_PREFIX}looks_{'state' if may_edit else 'right'}"),
        "data": in_script(data),
        "compare": view.url(f"{path}/compare"),
        "review": view.url(f"{path}/review"),
        "plans": view.url("/plans"),
        "modules": _modules(),
    }
    return page(request, "workbench.html", view, values=values, headers=DRAWN)


def _edition(session: Session, plan: PlanRecord) -> dict[str, Any] | None:
    """Return where the tiles are of the edition in force, or else of the last one; None where the plan is it."""
    edition = edition_until(session, plan.jurisdiction_id, datetime.now(UTC))
    if edition is None or edition.id == plan.id:
        return None
    return {
        "tiles": f"/editions/{edition.id}/tiles/{WEB_MERCATOR_QUAD.id}/{{z}}/{{y}}/{{x}}",
        "maxzoom": MAX_ZOOM,
        "bounds": list(tileset_of(session, edition).bounds),
    }


@cache
def _modules() -> tuple[str, ...]:
    """Return the addresses of the modules of the page: asked for at once, not one import after the other."""
    own = sorted(str(path.relative_to(STATIC)) for path in (STATIC / "workbench").rglob("*.mjs"))
    shown = [f"static/{name}" for name in ("elements.mjs", *own) if not name.endswith(_ELSEWHERE)]
    return tuple(f"/assets/{name}" for name in ("vendor/maplibre/maplibre-gl.mjs", *shown))
