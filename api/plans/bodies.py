"""Plans, edits and comparisons as the plain dictionaries that JSON answers are made of."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import geopandas as gpd
import orjson
from fastapi import Request, Response

from api.kit.links import CSV, GEOJSON, JSON, address, link
from api.kit.negotiation import prefers_chinese
from api.kit.replies import json_reply
from api.kit.sentences.matching import in_chinese
from boundaries.grids.records import PlanRecord
from boundaries.plans.claims import ClaimRecord
from boundaries.plans.comments import CommentRecord
from boundaries.plans.edits.answering import EditAnswer
from boundaries.plans.reading import features
from boundaries.text.cells import CellWriter
from geogrid.errors import Problem
from geogrid.plans import GridFigures
from geogrid.plans.comparing import MEASURES, Comparison, GridChange

Shape = dict[str, Any]


def plan_shape(request: Request, plan: PlanRecord) -> Shape:
    """Return a plan with its links."""
    path = f"/plans/{plan.id}"
    return {
        "id": plan.id,
        "name": plan.name,
        "state": plan.state,
        "scheduled": plan.is_to_come,
        "version": plan.version,
        "position": plan.position,
        "based_on": plan.based_on,
        "source": plan.source,
        "load": plan.load,
        "band": plan.band,
        "code_profile": plan.code_profile,
        "created_at": plan.created_at,
        "valid_from": plan.valid_from,
        "valid_to": plan.valid_to,
        "links": [
            link(address(request, path), "self", JSON, plan.name),
            link(address(request, f"{path}/grids"), "grids", GEOJSON, "Its grids"),
            link(address(request, f"{path}/blocks"), "blocks", GEOJSON, "Its blocks"),
            link(address(request, f"{path}/edits"), "edits", JSON, "Its edits"),
        ],
    }


def plan_reply(request: Request, plan: PlanRecord, *, status: int = 200, **more: Any) -> Response:
    """Return a plan, with the ETag that a write has to give back as If-Match."""
    headers = {"ETag": etag(plan), "Cache-Control": "no-cache"}
    if status == 201:  # noqa: PLR2004 - created
        headers["Location"] = address(request, f"/plans/{plan.id}")
    return json_reply({**plan_shape(request, plan), **more}, status=status, headers=headers)


def etag(plan: PlanRecord) -> str:
    """Return the entity tag of a plan: its version."""
    return f'"{plan.version}"'


def edit_reply(request: Request, answer: EditAnswer, *, claims: Sequence[ClaimRecord] = ()) -> Response:
    """Return what an edit did, and who had said that he works there."""
    return plan_reply(
        request,
        answer.plan,
        changed=list(answer.changed),
        blocks_moved=answer.blocks,
        figures=[{**figures_shape(each), "open_cases": answer.open_cases.get(each.code, 0)} for each in answer.figures],
        versions=answer.versions,
        claims=[claim_shape(each) for each in claims],
    )


def claim_shape(claim: ClaimRecord) -> Shape:
    """Return who works where, until when."""
    return {"grid": claim.grid, "by": claim.made_by, "until": claim.until}


def comment_shape(comment: CommentRecord) -> Shape:
    """Return a comment."""
    place = None if comment.lon is None or comment.lat is None else [comment.lon, comment.lat]
    settled = None if comment.resolved_at is None else {"by": comment.resolved_by, "at": comment.resolved_at}
    return {
        "id": comment.id,
        "words": comment.words,
        "grid": comment.grid,
        "lonlat": place,
        "by": comment.made_by,
        "at": comment.made_at,
        "resolved": settled,
    }


def figures_shape(figures: GridFigures) -> Shape:
    """Return the figures of a grid; it is contiguous where it has one fragment."""
    shape = asdict(figures)
    shape["contiguous"] = len(figures.fragments) == 1
    return shape


def problem_shapes(problems: tuple[Problem, ...], *, accept_language: str = "") -> list[Shape]:
    """Return problems as records, what they say in the language that is asked for."""
    say = in_chinese if prefers_chinese(accept_language) else str
    return [
        {
            "kind": problem.kind,
            "severity": problem.severity,
            "subject": problem.subject,
            "message": say(problem.message),
            "remedy": say(problem.remedy),
            "lonlat": None if problem.lonlat is None else list(problem.lonlat),
            "size": problem.size,
            "unit": problem.unit,
        }
        for problem in problems
    ]


def features_reply(frame: gpd.GeoDataFrame, *, tag: str | None = None) -> Response:
    """Return a table as GeoJSON."""
    body = {
        "type": "FeatureCollection",
        "numberReturned": len(frame),
        "features": [
            {"type": "Feature", "id": number, "properties": properties, "geometry": orjson.Fragment(shape)}
            for number, properties, shape in features(frame)
        ],
    }
    headers = {"Cache-Control": "no-cache"} | ({} if tag is None else {"ETag": tag})
    return json_reply(body, media_type=GEOJSON, headers=headers)


def comparison_shape(comparison: Comparison, *, with_duties: bool = True) -> Shape:
    """Return a comparison: what became of each grid that changed, and the totals; duties for whom they are."""
    changed = [change for change in comparison.grids if change.fates != ("unchanged",)]
    return {
        "unchanged": len(comparison.grids) - len(changed),
        "grids": [_change_shape(change) for change in changed],
        "totals": comparison.totals(),
        "open_cases_moved": int(comparison.cases.sum()),
        "duties": [asdict(move) for move in comparison.duties] if with_duties else [],
    }


def _change_shape(change: GridChange) -> Shape:
    def side(node: Any) -> Shape | None:
        return None if node is None else {"code": node.code, "name": node.name, "kind": node.kind}

    return {
        "level": change.level,
        "before": side(change.before),
        "after": side(change.after),
        "fates": list(change.fates),
        "gained": dict(zip(MEASURES, change.gained.tolist(), strict=True)),
        "lost": dict(zip(MEASURES, change.lost.tolist(), strict=True)),
    }


def comparison_csv(comparison: Comparison) -> Response:
    """Return what became of each grid as CSV."""
    columns = [f"{side}_{name}" for side in ("gained", "lost") for name in MEASURES]
    rows: Iterable[Mapping[str, Any]] = map(_change_shape, comparison.grids)
    out = io.StringIO()
    writer = CellWriter(out)
    writer.write(["level", "before", "after", "fates", *columns])
    for row in rows:
        codes = [(row[side] or {}).get("code", "") for side in ("before", "after")]
        sums = [row[side][name] for side in ("gained", "lost") for name in MEASURES]
        writer.write([row["level"], *codes, " ".join(row["fates"]), *sums])
    return Response(out.getvalue(), media_type=f"{CSV}; charset=utf-8; header=present")
