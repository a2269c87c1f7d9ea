"""Two plans compared, in the form that is asked for; on a page they are side by side."""

from collections.abc import Callable

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from api.kit.identity import identity_of
from api.kit.policies import MAP
from api.kit.replies import json_reply
from api.plans.bodies import comparison_csv, comparison_shape, features_reply
from api.plans.schemas import CompareQuery
from api.state.sight import sees_all_duties
from api.web.assets import served_address
from boundaries.grids.records import PlanRecord
from boundaries.jurisdictions.reading import jurisdiction_of
from boundaries.plans.comparing import compare_plans, leaf_frames, moved_frame
from geogrid.maps.labels import Language
from geogrid.plans.comparing import Comparison, Tolerance


def comparison_reply(
    request: Request, session: Session, old: PlanRecord, new: PlanRecord, query: CompareQuery
) -> Response:
    """Return what became of the grids of a plan in another; raises as `compare_plans`."""
    comparison = compare_plans(session, old, new, tolerance=Tolerance(area_m2=query.tolerance_m2))
    match query.f:
        case "geojson":
            return features_reply(moved_frame(session, comparison, old, new))
        case "csv":
            return comparison_csv(comparison)
        case "html":
            shown = comparison_page(session, comparison, old, new, resolve=served_address, language=query.lang)
            return HTMLResponse(shown, headers={**MAP, "Cache-Control": "no-cache"})
        case _:
            town = jurisdiction_of(session, old.jurisdiction_id).code
            return json_reply(comparison_shape(comparison, with_duties=sees_all_duties(identity_of(request), town)))


def comparison_page(  # noqa: PLR0913 - both plans and how to show them
    session: Session,
    comparison: Comparison,
    old: PlanRecord,
    new: PlanRecord,
    *,
    resolve: Callable[[str], str],
    language: Language = "both",
) -> str:
    """Return the page of a comparison.

    Parameters
    ----------
    session : Session
        Only read from.
    comparison : Comparison
        What differs.
    old, new : PlanRecord
        The plans.
    resolve : callable
        As for `geogrid.maps.render`.
    language : {"zh", "en", "both"}
        Of the labels.
    """
    from geogrid.maps import Compared, comparison_map, render

    town = jurisdiction_of(session, new.jurisdiction_id)
    before, after = leaf_frames(session, comparison, old, new)
    names = (f"{old.name} ({old.id})", f"{new.name} ({new.id})")
    compared = Compared(before, after, moved_frame(session, comparison, old, new), names)
    return render(
        comparison_map(compared, attribution=town.attribution, language=language, subtitle=town.name), resolve
    )
