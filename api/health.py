"""``/health``: whether the process lives, and whether it can do its work."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Response

from api.kit.replies import json_reply
from api.state.dependencies import Editions, OpenStore
from boundaries.store.schema import require_current
from geogrid.errors import GeogridError

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
async def live() -> Response:
    """Say that the process answers."""
    return json_reply({"status": "live"})


@router.get("/ready", responses={503: {"description": "Not ready, with the reasons."}})
def ready(store: OpenStore, editions: Editions) -> Response:
    """Say whether the database answers with the right tables, and an edition is in memory; 503 with the reasons."""
    checks = {"database": _database_problem, "edition": _edition_problem}
    problems = {name: check(store, editions) for name, check in checks.items()}
    reasons = [reason for reason in problems.values() if reason is not None]
    body: dict[str, Any] = {
        "status": "not ready" if reasons else "ready",
        "checks": {name: "ok" if reason is None else reason for name, reason in problems.items()},
    }
    headers = {"Cache-Control": "no-store"}
    return json_reply(body, status=503 if reasons else 200, headers=headers)


def _database_problem(store: OpenStore, _editions: Editions) -> str | None:
    try:
        require_current(store.engine())
    except GeogridError as error:
        return str(error)
    return None


def _edition_problem(_store: OpenStore, editions: Editions) -> str | None:
    now = datetime.now(UTC)
    if any(calendar.edition_at(now) for calendar in editions.calendars.values()):
        return None
    return editions.problem or "No edition is in force. Publish a plan, or run: geogrid demo"
