"""Two plans compared, as a page: both as pictures, what each grid gains and loses, and a layout for print."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
from fastapi import Request, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from api.kit.identity import identity_of
from api.plans.listing import VARY, view_for
from api.plans.pictures import PictureFrame, frame_around, paths, svg
from api.plans.schemas import CompareQuery
from api.state.sight import sees_all_duties
from api.web.rendering import View, page
from boundaries.grids.records import PlanRecord
from boundaries.jurisdictions.reading import jurisdiction_of
from boundaries.plans.comparing import compare_plans, leaf_frames, moved_frame
from geogrid.maps.fates import FATE_COLORS, main_fate
from geogrid.plans.comparing import MEASURES, Comparison, GridChange, Tolerance

_WIDTH: Final = 620.0
_HEIGHT: Final = 460.0
_MOST_ROWS: Final = 400
_MOST_DRAWN: Final = 3_000
_SCALE_SHARE: Final = 0.25
_HOUSEHOLDS: Final = MEASURES.index("households")


@dataclass(frozen=True, slots=True)
class ComparedSide:
    """A plan as a picture."""

    plan: PlanRecord
    drawn: Markup


def compare_page(request: Request, session: Session, old: PlanRecord, new: PlanRecord, query: CompareQuery) -> Response:
    """Return the page of a comparison."""
    town = jurisdiction_of(session, new.jurisdiction_id)
    view = view_for(request, town.code)
    comparison = compare_plans(session, old, new, tolerance=Tolerance(area_m2=query.tolerance_m2))
    before, after = leaf_frames(session, comparison, old, new)
    moved = moved_frame(session, comparison, old, new)
    frame = _frame(after if len(after) else before)
    changes = _changes(comparison)
    cases = _cases_of(moved)
    with_duties = sees_all_duties(identity_of(request), town.code)
    values: dict[str, Any] = {
        "town": town,
        "old": ComparedSide(old, _drawn(view, frame, before, old.name)),
        "new": ComparedSide(new, _drawn(view, frame, after, new.name)),
        "rows": [_row(view, each, cases) for each in changes[:_MOST_ROWS]],
        "left": max(len(changes) - _MOST_ROWS, 0),
        "same": sum(each.fates == ("unchanged",) for each in comparison.grids if _is_leaf(each)),
        "totals": comparison.totals(),
        "moved_m2": float(moved["area_m2"].sum()),
        "moved_households": float(moved["households"].sum()),
        "cases": int(comparison.cases.sum()),
        "duties": comparison.duties if with_duties else None,
        "keys": [(fate, FATE_COLORS[fate]) for fate in FATE_COLORS if fate in _fates(before, after)],
        "bar": scale_bar(frame),
        "map_url": f"/plans/{old.id}/compare/{new.id}?f=html&lang={view.lang}",
        "file_url": f"/plans/{old.id}/compare/{new.id}",
    }
    return page(request, "plans/compare.html", view, values=values, headers=VARY)


def scale_bar(frame: PictureFrame) -> dict[str, Any]:
    """Return a length for a scale bar, round in metres, and what it measures in the picture."""
    most = _SCALE_SHARE * frame.width / frame.units_per_metre
    power = 10.0 ** np.floor(np.log10(most))
    metres = next(step * power for step in (5, 2, 1) if step * power <= most)
    words = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"  # noqa: PLR2004 - a kilometre
    return {"units": round(float(metres * frame.units_per_metre), 2), "words": words}


def _frame(grids: gpd.GeoDataFrame) -> PictureFrame:
    bounds = grids.total_bounds.tolist() if len(grids) else (0.0, 0.0, 1.0, 1.0)
    return frame_around(bounds, _WIDTH, _HEIGHT)


def _drawn(view: View, frame: PictureFrame, grids: gpd.GeoDataFrame, title: str) -> Markup:
    shown = grids if len(grids) <= _MOST_DRAWN else grids[grids["fates"].map(main_fate) != "unchanged"]
    fates = [main_fate(each) for each in shown["fates"]]
    names = [
        f"{code} {name}: {view.say(f'fate_{fate}')}"
        for code, name, fate in zip(shown["code"], shown["name"], fates, strict=True)
    ]
    fills = [FATE_COLORS[fate] for fate in fates]
    return svg(frame, list(zip(paths(frame, shown.geometry.to_numpy()), fills, names, strict=True)), title=title)


def _fates(*frames: gpd.GeoDataFrame) -> set[str]:
    return {main_fate(each) for frame in frames for each in frame["fates"]}


def _is_leaf(change: GridChange) -> bool:
    node = change.after or change.before
    return node is not None and node.is_leaf


def _changes(comparison: Comparison) -> list[GridChange]:
    """Return the leaves that change, those first between which most households move."""
    changed = [each for each in comparison.grids if _is_leaf(each) and each.fates != ("unchanged",)]
    return sorted(changed, key=lambda each: -float(each.gained[_HOUSEHOLDS] + each.lost[_HOUSEHOLDS]))


def _cases_of(moved: gpd.GeoDataFrame) -> dict[tuple[str, str], int]:
    """Return the open cases that each grid gains and loses, by side and code."""
    found: dict[tuple[str, str], int] = {}
    for side in ("before", "after"):
        for code, cases in zip(moved[side], moved["open_cases"], strict=True):
            if isinstance(code, str):
                found[side, code] = found.get((side, code), 0) + int(cases)
    return found


def _row(view: View, change: GridChange, cases: dict[tuple[str, str], int]) -> dict[str, Any]:
    before, after = change.before, change.after
    return {
        "before": None if before is None else {"code": str(before.code), "name": before.name},
        "after": None if after is None else {"code": str(after.code), "name": after.name},
        "fates": _said(view, change.fates),
        "color": FATE_COLORS[main_fate(change.fates)],
        "gained": float(change.gained[_HOUSEHOLDS]),
        "lost": float(change.lost[_HOUSEHOLDS]),
        "cases_gained": cases.get(("after", str(after.code)), 0) if after else 0,
        "cases_lost": cases.get(("before", str(before.code)), 0) if before else 0,
    }


def _said(view: View, fates: Sequence[str]) -> str:
    return " · ".join(view.say(f"fate_{fate}") for fate in fates)
